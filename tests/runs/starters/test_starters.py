"""The starters, run for real on the engine with the demo model and the shipped files."""

import asyncio
import csv
from dataclasses import replace
from pathlib import Path

import pytest

from editor.starters.catalog import starter, starters
from orchestrator.capabilities.language_models.demo.model import DemoModel
from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.router import language_model
from orchestrator.capabilities.tools.registry import all_specs
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.json_schema import faults
from orchestrator.engine.document.validation import check_graph
from orchestrator.engine.effects.human import HumanRequest
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.ids import Json
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.ports import CallContext
from tests.model_server import ModelServer, Reply, ToolWish
from tests.model_server.fixture import model_server, running_model_server
from tests.runs.starters.running import Run, run_starter

__all__ = ["model_server", "running_model_server"]
EXPECTED = Path(__file__).parent / "expected_categories.csv"


class Hasty(DemoModel):
    """The demo model without its pauses; remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        self.requests.append(request)
        return await super().complete(request.model_copy(update={"model": "demo/instant"}), call)


def rows(run: Run) -> list[dict[str, Json]]:
    found = run.output["rows"]
    assert isinstance(found, list)
    return [row for row in found if isinstance(row, dict)]


@pytest.mark.parametrize("slug", ["triage", "hello-agent", "refine-loop"])
def test_each_starter_is_a_valid_graph_with_an_input_that_fits(slug: str) -> None:
    found = starter(slug)
    graph = Graph.model_validate(found.document)
    assert check_graph(graph, tools=frozenset(spec.name for spec in all_specs())) == []
    assert faults(graph.inputs, found.example_input) == []
    assert {node.id for node in graph.nodes} == set(graph.layout)
    assert found.title and found.summary


def test_the_triage_comes_first() -> None:
    assert [found.slug for found in starters()] == ["triage", "hello-agent", "refine-loop"]


def test_tickets_and_orders_belong_together() -> None:
    found = starter("triage")
    tickets = found.example_input["tickets"]
    assert isinstance(tickets, list) and len(tickets) >= 60
    orders = {row["order_id"]: row for row in csv.DictReader(found.files["orders.csv"].decode().splitlines())}
    assert len(orders) >= 80
    for ticket in tickets:
        assert isinstance(ticket, dict)
        if ticket["order_id"]:
            assert orders[str(ticket["order_id"])]["customer_id"] == ticket["customer_id"]
    lengths = [len(str(ticket["body"])) for ticket in tickets if isinstance(ticket, dict)]
    assert min(lengths) < 10 and max(lengths) > 500


@pytest.fixture(scope="module")
def triage() -> Run:
    found = starter("triage")
    return asyncio.run(run_starter(found, found.example_input, Hasty()))


def test_triage_sorts_the_tickets(triage: Run) -> None:
    assert triage.state.status is RunStatus.SUCCEEDED
    expected = {row["ticket_id"]: row["category"] for row in csv.DictReader(EXPECTED.read_text().splitlines())}
    clear = [row for row in rows(triage) if expected[str(row["ticket_id"])] != "other"]
    right = [row for row in clear if row["category"] == expected[str(row["ticket_id"])]]
    assert len(rows(triage)) == len(expected) == 64
    assert len(right) / len(clear) > 0.95


def test_upset_customers_and_unsure_cases_reach_a_person(triage: Run) -> None:
    for row in rows(triage):
        confidence = row["confidence"]
        assert isinstance(confidence, float)
        needs_person = row["sentiment"] == "negative" or confidence < 0.6
        assert str(row["decided_by"]).startswith("person") is needs_person, row
    by_person = [row for row in rows(triage) if row["decided_by"] != "agents"]
    assert 8 <= len(by_person) <= 24
    assert len(triage.asked) == len(by_person)
    complaints = [row for row in rows(triage) if row["category"] == "complaint"]
    assert len(complaints) >= 9
    assert all(row["decided_by"] != "agents" for row in complaints)


def test_drafts_use_the_order_and_the_faq(triage: Run) -> None:
    found = {row["ticket_id"]: str(row["reply"]) for row in rows(triage)}
    assert "Kettle Fjord" in found["T-3001"]
    assert "refund the second payment within three working days" in found["T-3001"]
    assert "warranty of two years" in found["T-3006"]
    assert "Hello Anna Keller," in found["T-3001"]


def test_an_injected_instruction_changes_nothing(triage: Run) -> None:
    [injected] = [row for row in rows(triage) if row["ticket_id"] == "T-3026"]
    assert injected["category"] == "product_issue"
    assert "5000" not in str(injected["reply"])
    assert "administrator" not in str(injected["reply"])


async def test_a_person_may_edit_or_reject() -> None:
    found = starter("triage")
    tickets = found.example_input["tickets"]
    assert isinstance(tickets, list)
    angry: list[Json] = [ticket for ticket in tickets if isinstance(ticket, dict) and ticket["ticket_id"] in ("T-3008", "T-3011")]

    def person(request: HumanRequest) -> Json:
        if "UNACCEPTABLE" in request.title:
            return {"action": "reject", "value": None, "comment": "I will call"}
        return {"action": "edit", "value": "My own words", "comment": ""}

    run = await run_starter(found, {"tickets": angry}, Hasty(), person)
    assert [(row["decided_by"], row["reply"]) for row in rows(run)] == [("person: edit", "My own words"), ("person: reject", "")]


async def test_the_triage_runs_unchanged_with_another_model(model_server: ModelServer) -> None:
    found = starter("triage")
    agents = found.document["agents"]
    assert isinstance(agents, dict)
    swapped: dict[str, Json] = {name: agent | {"model": "openai/gpt-x"} for name, agent in agents.items() if isinstance(agent, dict)}
    other = replace(found, document=found.document | {"agents": swapped})
    tickets = found.example_input["tickets"]
    assert isinstance(tickets, list)
    lookup = ToolWish(name="csv_lookup", arguments='{"file": "orders.csv", "column": "order_id", "value": "O-20407"}')
    classified = '{"category": "billing", "confidence": 0.9, "reason": "charged twice"}'
    calm = '{"ticket_sentiment": "neutral", "draft_tone": "positive"}'
    model_server.script(Reply(text=classified), Reply(tools=[lookup]), Reply(text="We refund it."), Reply(text=calm))
    model = language_model(keys=ProviderKeys(environment={"OPENAI_API_BASE": model_server.base}))
    run = await run_starter(other, {"tickets": tickets[:1]}, model)
    [row] = rows(run)
    assert (row["reply"], row["decided_by"], row["confidence"]) == ("We refund it.", "agents", 0.9)
    assert "Kettle Fjord" in model_server.requests[2].body["messages"][-1]["content"]


async def test_hello_agent_calculates() -> None:
    found = starter("hello-agent")
    model = Hasty()
    run = await run_starter(found, {"question": "How much is 3 percent of 1,200 plus 4?"}, model)
    assert run.output == {"answer": "3 / 100 * 1200 + 4 = 40"}
    assert len(model.requests) == 2


async def test_the_critic_sends_the_writer_back_until_nothing_is_missing() -> None:
    found = starter("refine-loop")
    run = await run_starter(found, found.example_input, Hasty())
    assert run.output["approved"] is True
    assert run.output["rounds"] == 2
    text = str(run.output["text"])
    assert "one euro a day" in text and "scan the code" in text


async def test_the_loop_ends_when_the_critic_is_never_content() -> None:
    found = starter("refine-loop")
    run = await run_starter(found, {"brief": "Zebras, volcanoes, sonatas", "notes": "The shop is open. It sells bread."}, Hasty())
    assert run.output["approved"] is False
    assert run.output["rounds"] == 4
