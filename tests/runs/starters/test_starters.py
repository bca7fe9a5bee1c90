"""The starters, run for real on the engine with the demo model and the shipped files."""

import asyncio
import csv
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pytest

from editor.starters.catalog import starter, starters
from orchestrator.capabilities.tools.registry import all_specs
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.graph import Graph, Node
from orchestrator.engine.document.json_schema import faults
from orchestrator.engine.document.validation import check_graph
from orchestrator.engine.effects.human import HumanRequest
from orchestrator.engine.ids import Json
from orchestrator.engine.log.status import RunStatus
from tests.model_server import ModelServer, Reply, ToolWish
from tests.model_server.fixture import model_server, running_model_server
from tests.runs.starters.running import Hasty, Run, on_openai, run_starter

__all__ = ["model_server", "running_model_server"]
EXPECTED = Path(__file__).parent / "expected_categories.csv"


def rows(run: Run) -> list[dict[str, Json]]:
    found = run.output["rows"]
    assert isinstance(found, list)
    return [row for row in found if isinstance(row, dict)]


ORDER = [
    "triage",
    "hello-agent",
    "refine-loop",
    "agentic-rag",
    "plan-and-execute",
    "reflexion",
    "function-calling-planner",
    "code-review",
    "research-synthesis",
]


@pytest.mark.parametrize("slug", ORDER)
def test_each_starter_is_a_valid_graph_with_an_input_that_fits(slug: str) -> None:
    found = starter(slug)
    graph = Graph.model_validate(found.document)
    assert check_graph(graph, tools=frozenset(spec.name for spec in all_specs())) == []
    assert faults(graph.inputs, found.example_input) == []
    assert {node.id for node in graph.nodes} == set(graph.layout)
    assert found.title and found.summary


def test_the_triage_comes_first() -> None:
    assert [found.slug for found in starters()] == ORDER


@pytest.mark.parametrize("slug", ORDER)
def test_nothing_of_a_starter_lies_over_anything_else_and_it_reads_from_left_to_right(slug: str) -> None:
    graph = Graph.model_validate(starter(slug).document)
    for inside in {node.parent for node in graph.nodes}:
        boxes = [_box(graph, node) for node in graph.nodes if node.parent == inside]
        for one, other in combinations(boxes, 2):
            assert one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top, (one, other)
    titles = {node.id: node.title for node in graph.nodes}
    for edge in graph.edges:
        if edge.max_iterations is None and edge.source_port != "item" and edge.target_port != "result":
            assert graph.layout[edge.source].x < graph.layout[edge.target].x, (titles[edge.source], titles[edge.target])


@pytest.mark.parametrize("slug", ORDER[3:])
def test_each_starter_says_what_to_change_for_ones_own_use(slug: str) -> None:
    graph = Graph.model_validate(starter(slug).document)
    notes = [str(node.params["text"]) for node in graph.nodes if node.kind == "note"]
    assert len(notes) > 1 and any("Choose a real model" in note or "A real model" in note for note in notes)
    for field in _properties(graph.inputs):
        assert field.get("title") and (field.get("description") or field.get("type") == "integer"), field
    for agent in graph.agents.values():
        assert isinstance(agent, Agent) and agent.model == "demo/assistant" and len(agent.instructions) > 80


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


def _box(graph: Graph, node: Node) -> _Box:
    """As large as the editor draws it, or a little smaller."""
    at = graph.layout[node.id]
    return _Box(at.x, at.y, at.x + (at.width or 232), at.y + (at.height or 88))


def _properties(schema: dict[str, Json]) -> list[dict[str, Json]]:
    properties = schema["properties"]
    assert isinstance(properties, dict)
    return [field for field in properties.values() if isinstance(field, dict)]


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
    other, model = on_openai(found, model_server)
    tickets = found.example_input["tickets"]
    assert isinstance(tickets, list)
    lookup = ToolWish(name="csv_lookup", arguments='{"file": "orders.csv", "column": "order_id", "value": "O-20407"}')
    classified = '{"category": "billing", "confidence": 0.9, "reason": "charged twice"}'
    calm = '{"ticket_sentiment": "neutral", "draft_tone": "positive"}'
    model_server.script(Reply(text=classified), Reply(tools=[lookup]), Reply(text="We refund it."), Reply(text=calm))
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
