"""Errors outside any view: an address that leads nowhere, a fault of ours."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from django.test import Client, RequestFactory

from orchestrator.exception_handler import fault
from tenants.isolation.database import DatabaseAway
from tenants.problems import ApiProblem
from tenants.web import api_view, sign_in_views

PARTS = {"type", "title", "status", "detail", "code", "cure", "details"}


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


def in_our_look(answer: Any, status: int) -> None:
    text = answer.content.decode()
    assert answer.status_code == status and answer["Content-Type"].startswith("text/html"), answer
    assert 'class="frame"' in text and "empty-state" in text and f">{status}<" in text, text


def big_form(client: Client) -> Any:
    return client.post("/sign-in/", {f"field{number}": "x" for number in range(1001)})


FORM = "application/x-www-form-urlencoded"
PEOPLE: dict[str, tuple[int, Callable[[Client], Any]]] = {
    "missing": (404, lambda client: client.get("/nowhere/")),
    "missing static": (404, lambda client: client.get("/static/nowhere.js")),
    "nul": (400, lambda client: client.get("/runs/?graph=%00")),
    "nul in a form": (400, lambda client: client.post("/sign-in/", {"username": "a\0b"})),
    "host": (400, lambda client: client.get("/", headers={"Host": "evil.example"})),
    "forged": (403, lambda client: Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "x"})),
    "method": (405, lambda client: client.get("/sign-out/")),
    "many fields": (413, big_form),
    "large": (
        413,
        lambda client: client.post("/sign-in/", {"username": "x" * 13_000_000}, content_type="application/x-www-form-urlencoded"),
    ),
}


@pytest.mark.parametrize("case", PEOPLE)
def test_people_get_every_error_in_the_look_of_the_product(db: Any, case: str) -> None:
    status, ask = PEOPLE[case]
    in_our_look(ask(Client()), status)


PROGRAMS: dict[str, tuple[int, Callable[[Client], Any]]] = {
    "missing": (404, lambda client: client.get("/api/v1/nowhere")),
    "missing without slash": (404, lambda client: client.get("/api/")),
    "nul": (400, lambda client: client.get("/api/v1/runs?graph=%00")),
    "host": (400, lambda client: client.get("/api/v1/runs", headers={"Host": "evil.example"})),
    "nobody": (401, lambda client: client.get("/api/v1/runs")),
}


@pytest.mark.parametrize("case", PROGRAMS)
def test_programs_get_every_error_as_data(db: Any, case: str) -> None:
    status, ask = PROGRAMS[case]
    answer = ask(Client())
    assert (answer.status_code, set(answer.json())) == (status, PARTS)


def test_a_page_says_that_the_database_is_away_without_asking_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseAway("gone")

    monkeypatch.setattr(sign_in_views, "_safe_target", away)
    answer = Client(raise_request_exception=False).get("/sign-in/", headers={"Cookie": "theme=dark"})
    in_our_look(answer, 503)
    assert answer["Retry-After"] and 'data-theme="dark"' in answer.content.decode()


def every_problem(of: type[ApiProblem] = ApiProblem) -> Iterator[type[ApiProblem]]:
    for problem in of.__subclasses__():
        yield problem
        yield from every_problem(problem)


def test_every_problem_says_how_to_mend_it() -> None:
    import_module("orchestrator.urls")
    problems = list(every_problem())
    assert len(problems) > 20 and [problem.__name__ for problem in problems if not problem.cure] == []
