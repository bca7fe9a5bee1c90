"""The demo model computes its answers from its input."""

import json
from typing import Any

import pytest

from orchestrator.capabilities.language_models.demo.model import DemoModel
from orchestrator.capabilities.language_models.demo.sentiment import mood
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.document.json_schema import faults
from orchestrator.engine.effects.model import Message, ModelRequest, Role, ToolRequest, text_parts
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json
from tests.capabilities.language_models.asking import ask, request

MODEL = DemoModel()
FILES = {"orders.csv": b"order_id,customer_id,status\nO-1,C-7,sent\n", "faq.md": b"# Returns\nSend it back within 30 days.\n"}


def tools(*names: str) -> tuple[ToolSpec, ...]:
    box = toolbox(files=FILES)
    return tuple(spec for name in names if (spec := box.spec(name)) is not None)


async def filled(system: str, text: str, **properties: Json) -> dict[str, Any]:
    schema: dict[str, Json] = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    reply, _ = await ask(MODEL, request("demo/instant", text, system, output_schema=schema))
    value = json.loads(reply.message.text)
    assert faults(schema, value) == []
    return dict(value)


async def wishes(system: str, text: str, *names: str) -> list[tuple[str, dict[str, Any]]]:
    reply, _ = await ask(MODEL, request("demo/instant", text, system, tools=tools(*names)))
    return [(wish.name, json.loads(wish.arguments)) for wish in reply.message.tool_requests]


async def test_it_says_what_it_is_and_costs_nothing() -> None:
    reply, heard = await ask(MODEL, request("demo/instant", "Good morning"))
    assert reply.demo
    assert reply.usage.cost_nano_usd == 0 and reply.usage.priced
    assert "demo model" in reply.message.text
    assert "".join(heard) == reply.message.text and len(heard) > 3


async def test_the_same_question_has_the_same_answer() -> None:
    wish = request("demo/instant", "The parcel is late and the box is broken. I paid twice.", "Summarise in one sentence.")
    assert (await ask(MODEL, wish))[0] == (await ask(MODEL, wish))[0]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I was charged twice, please refund me", "billing"),
        ("Mein Paket ist noch nicht angekommen", "shipping"),
        ("El aparato no funciona, está roto", "product"),
        ("Je n'ai pas reçu mon colis", "shipping"),
        ("Tôi muốn hoàn tiền cho hóa đơn này", "billing"),
        ("The screen is cracked", "product"),
    ],
)
async def test_labels_are_chosen_by_what_the_text_says(text: str, label: str) -> None:
    category: Json = {"type": "string", "enum": ["billing", "shipping", "product"]}
    value = await filled("Sort the message.", text, category=category, confidence={"type": "number", "minimum": 0, "maximum": 1})
    assert value["category"] == label
    assert value["confidence"] > 0.6


async def test_labels_nobody_foresaw_are_chosen_by_their_definitions() -> None:
    system = "Pick the team.\n- alpha: gardens, roses, lawns\n- beta: engines, pistons, gearboxes\n- gamma: sonnets, rhymes, verses"
    team: Json = {"type": "string", "enum": ["alpha", "beta", "gamma"]}
    assert (await filled(system, "The piston of my engine knocks", team=team))["team"] == "beta"
    assert (await filled(system, "Do these verses rhyme?", team=team))["team"] == "gamma"


async def test_options_listed_in_the_question_are_told_from_the_question() -> None:
    text = "The gearbox grinds\n\nChoose exactly one route:\n- garden: lawns, roses\n- garage: engine, gearbox\n- office"
    route: Json = {"type": "string", "enum": ["garden", "garage", "office"], "description": "The route that fits best"}
    value = await filled("You decide who takes over.", text, route=route, why={"type": "string"})
    assert value == {"route": "garage", "why": "Words that decided: gearbox."}


async def test_a_correction_is_answered_from_the_task_before_it() -> None:
    talk = (
        Message(role=Role.USER, content=text_parts("My parcel is late")),
        Message(role=Role.ASSISTANT, content=text_parts("?")),
        Message(role=Role.USER, content=text_parts("Your answer cannot be used: billing is required. Answer with one JSON value.")),
    )
    schema: dict[str, Json] = {"type": "string", "enum": ["billing", "shipping"]}
    reply, _ = await ask(MODEL, ModelRequest(model="demo/instant", messages=talk, output_schema=schema))
    assert reply.message.text == '"shipping"'


async def test_it_is_unsure_when_the_text_fits_nothing() -> None:
    value = await filled("Sort.", "hm", label={"type": "string", "enum": ["billing", "other"]}, confidence={"type": "number"})
    assert value == {"label": "other", "confidence": 0.2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This is outrageous, I am furious!", "negative"),
        ("Das ist eine Frechheit, ich bin enttäuscht", "negative"),
        ("Thank you so much, it is lovely", "positive"),
        ("Merci, je suis très contente", "positive"),
        ("The lamp does not work", "neutral"),
        ("I am not happy with this", "negative"),
        ("WHERE IS MY ORDER?? ANSWER ME!!", "negative"),
    ],
)
def test_moods(text: str, expected: str) -> None:
    assert mood(text) == expected


async def test_a_field_looks_at_the_section_its_name_points_at() -> None:
    text = "<ticket>\nI am furious, this is terrible\n</ticket>\n\n<draft>\nThank you, we are glad to help\n</draft>"
    tone: Json = {"type": "string", "enum": ["negative", "neutral", "positive"]}
    assert await filled("Judge.", text, ticket_tone=tone, draft_tone=tone) == {"ticket_tone": "negative", "draft_tone": "positive"}


async def test_schemas_are_filled_from_the_text() -> None:
    text = "customer_name: Ada Moss\nPlease call about order O-1234. Write to ada@moss.example. The total was 45.50 EUR. It is urgent."
    value = await filled(
        "Extract the data.",
        text,
        customer_name={"type": "string"},
        order_id={"type": "string"},
        email={"type": "string"},
        total_amount={"type": "number"},
        urgent={"type": "boolean"},
        language={"type": "string"},
        keywords={"type": "array", "items": {"type": "string"}, "maxItems": 4},
    )
    assert value["customer_name"] == "Ada Moss"
    assert value["order_id"] == "O-1234"
    assert value["email"] == "ada@moss.example"
    assert value["total_amount"] == 45.5
    assert value["urgent"] is True
    assert value["language"] == "en"
    assert len(value["keywords"]) == 4


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "integer", "minimum": 3, "maximum": 9},
        {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}]},
        {"$ref": "#/$defs/thing", "$defs": {"thing": {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}}},
        {"type": ["string", "null"], "maxLength": 5},
        {"const": 7},
        {"type": "array", "items": {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}},
    ],
)
async def test_any_shape_of_schema_is_satisfied(schema: dict[str, Json]) -> None:
    reply, _ = await ask(MODEL, request("demo/instant", "- one thing\n- another thing", "List them.", output_schema=schema))
    assert faults(schema, json.loads(reply.message.text)) == []


async def test_the_tool_that_fits_is_called_with_what_the_text_says() -> None:
    both = ("calculator", "csv_lookup")
    assert await wishes("Help.", "What is 12 times (3 + 4)?", *both) == [("calculator", {"expression": "12 * (3 + 4)"})]
    found = await wishes("Look the customer up with csv_lookup by customer_id.", "customer_id: C-7\nWhere is my order?", *both)
    assert found == [("csv_lookup", {"file": "orders.csv", "column": "customer_id", "value": "C-7"})]


async def test_two_tools_are_called_at_once() -> None:
    found = await wishes(
        "Use csv_lookup by order_id and text_search.", "order_id: O-1\nI want to return it", "calculator", "csv_lookup", "text_search"
    )
    assert [name for name, _ in found] == ["csv_lookup", "text_search"]
    assert "return" in found[1][1]["query"]


async def test_no_tool_is_called_without_its_arguments() -> None:
    assert await wishes("Look orders up with csv_lookup by order_id.", "Good morning", "csv_lookup", "http_get") == []


async def test_tool_results_become_the_answer_and_no_tool_is_called_twice() -> None:
    talk = (
        Message(role=Role.USER, content=text_parts("What is 2 + 3?")),
        Message(role=Role.ASSISTANT, tool_requests=(ToolRequest(id="a", name="calculator", arguments='{"expression": "2 + 3"}'),)),
        Message(role=Role.TOOL, content=text_parts('{"expression": "2 + 3", "result": 5}'), tool_request_id="a"),
    )
    reply, _ = await ask(MODEL, ModelRequest(model="demo/instant", messages=talk, tools=tools("calculator")))
    assert (reply.finish, reply.message.text) == ("stop", "2 + 3 = 5")


async def test_a_failed_tool_is_not_quoted() -> None:
    talk = (
        Message(role=Role.USER, content=text_parts("What is 2 + 3?")),
        Message(role=Role.ASSISTANT, tool_requests=(ToolRequest(id="a", name="calculator", arguments="{}"),)),
        Message(role=Role.TOOL, content=text_parts("Error: the arguments of calculator do not fit"), tool_request_id="a"),
    )
    reply, _ = await ask(MODEL, ModelRequest(model="demo/instant", messages=talk, tools=tools("calculator")))
    assert "Error" not in reply.message.text


async def test_a_summary_is_made_of_sentences_of_the_text() -> None:
    text = "The council met on Monday. They decided to plant forty trees. It was sunny. The trees cost nine thousand euros. Lunch followed."
    reply, _ = await ask(MODEL, request("demo/instant", text, "Summarise in two sentences what was decided about the trees and the cost."))
    assert reply.message.text == "They decided to plant forty trees. The trees cost nine thousand euros."


async def test_labels_in_the_instructions_are_enough() -> None:
    reply, _ = await ask(MODEL, request("demo/instant", "The app crashes when I open it", "Answer with one of: bug, feature, question"))
    assert reply.message.text == "bug"


async def test_the_output_limit_cuts_and_says_so() -> None:
    reply, _ = await ask(MODEL, request("demo/instant", "Good morning to all of you", max_output_tokens=4))
    assert reply.finish == "length"
    assert len(reply.message.text.split()) <= 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n" * 50,
        "a" * 200_000,
        "word " * 100_000,
        '{"a": [' * 500,
        "<x>" * 2000,
        "((((((((" * 500,
        "1+" * 5000,
        "\ud83d\ude00" * 10,
    ],
)
async def test_odd_input_is_answered_quickly(text: str) -> None:
    reply, _ = await ask(
        MODEL, request("demo/instant", text, "Help with csv_lookup and calculator", tools=tools("csv_lookup", "calculator"))
    )
    assert reply.message.text or reply.message.tool_requests


@pytest.mark.parametrize("stream", [True, False])
async def test_litellm_reaches_the_demo_model_as_a_provider(stream: bool) -> None:
    from orchestrator.capabilities.egress.client import Egress
    from orchestrator.capabilities.language_models.litellm_model import LiteLLMModel

    wish = request("demo/assistant", "What is 12 times 3?", "Calculate.", tools=tools("calculator"))
    reply, _ = await ask(LiteLLMModel(egress=Egress(), stream=stream), wish)
    assert [(call.name, json.loads(call.arguments)) for call in reply.message.tool_requests] == [("calculator", {"expression": "12 * 3"})]
    plain, heard = await ask(LiteLLMModel(egress=Egress(), stream=stream), request("demo/assistant", "Good morning"))
    direct, _ = await ask(MODEL, request("demo/instant", "Good morning"))
    assert plain.message.text == direct.message.text == "".join(heard)
    assert plain.usage.input_tokens == direct.usage.input_tokens
