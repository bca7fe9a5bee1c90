"""The starters that plan, and the one that learns from a check: their sums, their lookups, and where they end."""

import csv
import json
from typing import Any

import pytest

from editor.starters.catalog import starter
from orchestrator.engine.ids import Json
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.status import RunStatus
from tests.model_server import ModelServer, Reply, ToolWish
from tests.model_server.fixture import model_server, running_model_server
from tests.runs.starters.running import Hasty, Run, on_openai, prompt, run_starter

__all__ = ["model_server", "running_model_server"]


async def done(slug: str, run_input: Json = None) -> Run:
    found = starter(slug)
    run = await run_starter(found, found.example_input if run_input is None else run_input, Hasty())
    assert run.state.status is RunStatus.SUCCEEDED, run.state.error
    return run


async def outcome(slug: str, run_input: Json = None) -> dict[str, Any]:
    return dict((await done(slug, run_input)).output)


def rows(slug: str, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(starter(slug).files[name].decode().splitlines()))


async def test_the_plan_leads_to_the_right_sums() -> None:
    answer = (await outcome("plan-and-execute"))["answer"]
    spent = sum(float(row["amount"]) for row in rows("plan-and-execute", "expenses.csv") if row["category"] == "travel")
    [limit] = [float(row["limit"]) for row in rows("plan-and-execute", "budget.csv") if row["category"] == "travel"]
    assert f"= {round(spent, 2):g}" in answer and f"= {round(limit - spent, 2):g}" in answer
    assert answer.splitlines()[-1] == "Subtract the sum from the limit: 1150.00 - 1090.7 = 59.3"


async def test_each_step_of_the_plan_is_done_with_its_tool_and_seen() -> None:
    run = await done("plan-and-execute")
    plans = [event for event in run.log if isinstance(event, ev.Planned)]
    assert len(plans[0].steps) == 4 and [plan.done for plan in plans] == [0, 1, 2, 3, 4]
    tools = [
        effect.request["tool"] for effect in run.state.effects.values() if isinstance(effect.request, dict) and "tool" in effect.request
    ]
    assert tools == ["csv_lookup", "calculator", "csv_lookup", "calculator"]


async def test_what_the_tables_do_not_have_is_said() -> None:
    answer = (await outcome("plan-and-execute", {"task": "Find the rows of expenses.csv where category is fireworks."}))["answer"]
    assert "Nothing was found." in answer


async def test_the_planning_agent_runs_unchanged_with_another_model(model_server: ModelServer) -> None:
    found, model = on_openai(starter("plan-and-execute"), model_server)
    lookup = ToolWish(name="csv_lookup", arguments='{"file": "budget.csv", "column": "category", "value": "venue"}')
    finished = json.dumps({"why": "The limit is known.", "finished": True, "steps": []})
    model_server.script(
        Reply(text='{"steps": ["Look the limit up", "Be done"]}'),
        Reply(tools=[lookup]),
        Reply(text="The limit is 3200.00"),
        Reply(text=finished),
        Reply(text="3200 euros, looked up by Ines."),
    )
    run = await run_starter(found, {"task": "How much may the venue cost?"}, model)
    assert run.output == {"answer": "3200 euros, looked up by Ines."}
    assert '"limit": "3200.00"' in prompt(model_server, 2)


async def test_calls_that_were_planned_are_made_and_put_together() -> None:
    found = await outcome("function-calling-planner")
    assert [call["tool"] for call in found["calls"]] == ["csv_lookup", "csv_lookup", "calculator", "text_search"]
    suppliers = {row["supplier"]: row for row in rows("function-calling-planner", "suppliers.csv")}
    assert [call["result"]["rows"] for call in found["calls"][:2]] == [[suppliers["Alder"]], [suppliers["Birch"]]]
    assert found["calls"][2]["result"]["result"] == 48 * 189.5 + 350
    rules = starter("function-calling-planner").files["purchasing.md"].decode()
    assert found["calls"][3]["result"]["passages"][0]["text"] in rules
    for said in ("price each 189.50", "price each 164.00", "= 9446", "need three offers in writing"):
        assert said in found["answer"]


async def test_a_call_that_fails_or_finds_nothing_is_told_and_stops_nothing() -> None:
    found = await outcome(
        "function-calling-planner", {"task": "Find the row of suppliers.csv where supplier is Elm. Calculate 3 / 0. Calculate 6 * 7."}
    )
    assert len(found["calls"]) == 3 and found["calls"][1]["error"]["message"] == "Division by zero"
    assert "Nothing was found" in found["answer"] and "Division by zero" in found["answer"] and "6 * 7 = 42" in found["answer"]


async def test_the_planner_runs_unchanged_with_another_model(model_server: ModelServer) -> None:
    found, model = on_openai(starter("function-calling-planner"), model_server)
    empty = dict.fromkeys(("file", "column", "value", "expression", "query"), "")
    calls = [
        {**empty, "tool": "calculator", "purpose": "The price", "expression": "48 * 164"},
        {**empty, "tool": "csv_lookup", "purpose": "The supplier", "file": "no.csv", "column": "supplier", "value": "Birch"},
    ]
    model_server.script(Reply(text=json.dumps({"calls": calls})), Reply(text="7872 euros; the supplier is not known."))
    run = await run_starter(found, {"task": "What do 48 chairs of Birch cost?"}, model)
    assert run.output["answer"] == "7872 euros; the supplier is not known."
    assert '"result": 7872' in prompt(model_server, 1) and '"error"' in prompt(model_server, 1)


async def test_no_call_is_no_failure(model_server: ModelServer) -> None:
    found, model = on_openai(starter("function-calling-planner"), model_server)
    model_server.script(Reply(text='{"calls": []}'), Reply(text="No tool helps here."))
    assert (await run_starter(found, {"task": "Sing."}, model)).output == {"answer": "No tool helps here.", "calls": []}


async def test_lessons_are_kept_until_the_check_passes() -> None:
    found = await outcome("reflexion")
    example: Any = starter("reflexion").example_input
    assert found["passed"] is True and found["faults"] == []
    assert 1 < len(found["attempts"]) <= 4 and len(found["lessons"]) == len(found["attempts"]) - 1
    assert found["text"] == found["attempts"][-1] and len(found["text"]) <= example["most_characters"]
    assert all(word in found["text"].lower() for word in example["must_mention"])
    assert not any(word in found["text"].lower() for word in example["never_say"])


async def test_attempts_end_when_the_check_never_passes() -> None:
    example: Any = starter("reflexion").example_input
    found = await outcome("reflexion", example | {"must_mention": ["zebra"]})
    assert found["passed"] is False and found["faults"] == ["Mention zebra."]
    assert len(found["attempts"]) == 4 and len(found["lessons"]) == 3


async def test_a_text_without_rules_passes_at_once() -> None:
    example: Any = starter("reflexion").example_input
    found = await outcome("reflexion", example | {"must_mention": [], "never_say": []})
    assert found["passed"] is True and len(found["attempts"]) == 1 and found["lessons"] == []


async def test_all_lessons_reach_another_model(model_server: ModelServer) -> None:
    found, model = on_openai(starter("reflexion"), model_server)
    example: Any = starter("reflexion").example_input
    model_server.script(
        Reply(text="An amazing garage."),
        Reply(text='{"lesson": "No praise."}'),
        Reply(text="A garage at the main station."),
        Reply(text='{"lesson": "Name the price."}'),
        Reply(text="Main station. Price: 1 euro. Opening hours: 5 to 1. Register by phone."),
    )
    run = await run_starter(found, example, model)
    assert run.output["passed"] is True and run.output["lessons"] == ["No praise.", "Name the price."]
    assert "Never say amazing." in prompt(model_server, 1)
    assert "- No praise.\n- Name the price." in prompt(model_server, 4)


@pytest.mark.parametrize("slug", ["plan-and-execute", "function-calling-planner", "reflexion"])
async def test_the_same_input_has_the_same_outcome(slug: str) -> None:
    assert await outcome(slug) == await outcome(slug)
