"""Every code that can be answered has an address that says what it means and how to mend it."""

import ast
from pathlib import Path
from typing import Any

from django.test import Client

from orchestrator.engine.errors import ErrorCode
from orchestrator.problem_types import MEANINGS, problem_types
from tests.orchestrator.test_errors import every_problem

ROOT = Path(__file__).resolve().parents[2]


def test_every_code_of_a_problem_and_of_a_run_is_in_the_list() -> None:
    known = problem_types()
    assert set(MEANINGS) == set(ErrorCode)
    assert {problem.code for problem in every_problem()} | {code.value for code in ErrorCode} == set(known)
    assert [code for code, kind in known.items() if not (kind.title and kind.cure)] == []


def test_no_two_problems_mean_different_things_by_one_code() -> None:
    own = [problem.code for problem in every_problem() if "code" in vars(problem) and problem.__name__ != "EngineProblem"]
    assert len(own) == len(set(own))


def test_no_problem_changes_its_code_after_it_was_made() -> None:
    """Else a code could be answered that the list does not have."""
    guilty = []
    for path in (path for room in ("orchestrator", "tenants", "editor", "runs") for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("problem.code"):
                guilty.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert guilty == []


def test_the_type_of_a_problem_leads_to_its_meaning(db: Any) -> None:
    answer = Client().get("/api/v1/runs")
    problem = answer.json()
    assert answer["Content-Type"] == "application/problem+json" and problem["status"] == answer.status_code == 401
    meaning = Client().get(problem["type"]).json()
    assert (meaning["code"], meaning["title"], meaning["status"]) == (problem["code"], problem["title"], 401) and meaning["cure"]
    assert problem["code"] in {each["code"] for each in Client().get("/problems/").json()["problems"]}
    assert Client().get("/problems/nothing").status_code == 404
