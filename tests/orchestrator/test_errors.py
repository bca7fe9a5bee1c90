"""Errors outside any view: an address that leads nowhere, a fault of ours."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.test import Client, RequestFactory

from orchestrator.exception_handler import fault
from tenants.problems import ApiProblem
from tenants.web import api_view

PARTS = {"code", "message", "cure", "details"}


def test_programs_get_data_and_people_a_page(db: Any) -> None:
    program, person = Client().get("/api/v1/nowhere"), Client().get("/nowhere/")
    assert (program.status_code, set(program.json())) == (404, PARTS)
    assert person.status_code == 404 and person["Content-Type"].startswith("text/html")


def test_a_fault_of_ours_says_nothing_about_it(db: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(api_view.MemberApiView, "initial", broken)
    answer = Client(raise_request_exception=False).get("/api/v1/runs")
    assert (answer.status_code, set(answer.json())) == (500, PARTS)
    assert answer.json()["code"] == "internal" and b"secret of the house" not in answer.content
    assert fault(RequestFactory().get("/runs/"))["Content-Type"].startswith("text/html")


def every_problem(of: type[ApiProblem] = ApiProblem) -> Iterator[type[ApiProblem]]:
    for problem in of.__subclasses__():
        yield problem
        yield from every_problem(problem)


def test_every_problem_says_how_to_mend_it() -> None:
    import_module("orchestrator.urls")
    problems = list(every_problem())
    assert len(problems) > 20 and [problem.__name__ for problem in problems if not problem().cure] == []
