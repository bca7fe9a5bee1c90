"""The demo model reads what it is given: it cites, compares, rewords, adds up, and keeps to what it was told."""

import json
from typing import Any

import pytest

from orchestrator.capabilities.language_models.demo.answers.comparing import disagreements
from orchestrator.capabilities.language_models.demo.model import DemoModel
from orchestrator.capabilities.language_models.demo.reckoning import reckoned
from orchestrator.engine.document.json_schema import faults
from orchestrator.engine.effects.model import Message, ModelRequest, Role, text_parts
from orchestrator.engine.ids import Json
from tests.capabilities.language_models.asking import ask, request

MODEL = DemoModel()
TEXT: Json = {"type": "string"}


async def said(system: str, text: str) -> str:
    return (await ask(MODEL, request("demo/instant", text, system)))[0].message.text


async def filled(system: str, text: str, **properties: Json) -> dict[str, Any]:
    schema: dict[str, Json] = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    reply, _ = await ask(MODEL, request("demo/instant", text, system, output_schema=schema))
    value = json.loads(reply.message.text)
    assert faults(schema, value) == []
    return dict(value)


def list_of(**properties: Json) -> Json:
    return {"type": "array", "items": {"type": "object", "properties": properties, "required": list(properties)}}


CITE = "Answer the question from the passages and cite them by their labels in square brackets."


async def test_each_sentence_is_cited_by_its_label() -> None:
    passages = "[A] Bread\nBread is baked at six. It is sold at eight.\n\n[B] Milk\nMilk comes from the farm."
    asked = f"<question>\nWhen is bread baked, and where does milk come from?\n</question>\n\n<passages>\n{passages}\n</passages>"
    assert await said(CITE, asked) == "Bread is baked at six [A]. Milk comes from the farm [B]."


@pytest.mark.parametrize("passages", ["", "[A] Bread\nBread is baked at six."])
async def test_what_the_passages_do_not_say_is_not_made_up(passages: str) -> None:
    asked = f"<question>\nHow deep is the harbour?\n</question>\n\n<passages>\n{passages}\n</passages>"
    assert await said(CITE, asked) == "The texts at hand do not say."


@pytest.mark.parametrize(("passage", "relevant"), [("The refund arrives within ten days.", True), ("The roof is red.", False)])
async def test_a_passage_is_relevant_when_it_speaks_of_what_is_asked(passage: str, relevant: bool) -> None:
    asked = f"<question>\nWhen am I reimbursed?\n</question>\n\n<passage>\n{passage}\n</passage>"
    found = await filled("Grade the passage.", asked, relevant={"type": "boolean"}, why=TEXT)
    assert found["relevant"] is relevant
    assert ("refund" in found["why"]) is relevant


async def test_a_search_that_was_made_is_worded_anew() -> None:
    asked = "<question>\nIs my parcel late?\n</question>\n\n<searched>\nIs my parcel late?\n</searched>"
    found = (await filled("Word the search anew.", asked, query=TEXT))["query"].split()
    assert {"delay", "overdue"} <= set(found) and "?" not in "".join(found)
    plain = (await filled("Word a search.", asked.partition("\n\n")[0], query=TEXT))["query"].split()
    assert "delay" not in plain


@pytest.mark.parametrize(
    ("one", "other", "about"),
    [
        ("The bridge is 210 metres long.", "The bridge is 2,100 metres long, says the plan.", "210 or 2,100 metres"),
        ("The society has three halls.", "Since 2020, the society has four halls.", "three or four halls"),
        ("Glass bees sleep at night.", "Glass bees do not sleep at night.", "whether it is so"),
        ("The Rhine is 1,230 kilometres long.", "The Elbe is 1,094 kilometres long.", ""),
        ("The bridge is 210 metres long.", "The bridge is 210 metres long.", ""),
        ("The bridge is 210 metres long.", "The bridge has 14 arches.", ""),
        ("The bridge is 210 metres long.", "", ""),
    ],
)
def test_statements_about_the_same_thing_that_cannot_both_be_true_disagree(one: str, other: str, about: str) -> None:
    found = disagreements(f"[X] {one}\n[Y] {other}")
    assert [(pair.first, pair.second, pair.about) for pair in found] == ([("X", "Y", about)] if about else [])


async def test_claims_are_the_sentences_that_bear_on_the_topic() -> None:
    asked = "<topic>\nThe price of bread\n</topic>\n\n<source>\nThe shop is old. Bread costs two euros. The owner sings.\n</source>"
    found = await filled("Take the claims out.", asked, claims=list_of(claim=TEXT, quote=TEXT))
    assert found["claims"] == [{"claim": "Bread costs two euros.", "quote": "Bread costs two euros."}]
    nothing = await filled("Take the claims out.", asked.replace("price of bread", "moon"), claims=list_of(claim=TEXT, quote=TEXT))
    assert nothing["claims"] == []


async def test_rows_of_data_are_gone_through_one_by_one() -> None:
    rows: Json = [{"file": "a.py", "line": 3, "message": "Unused import"}, {"file": "b.py", "line": 9, "message": "Bare except"}]
    wanted = list_of(file=TEXT, line={"type": "integer"}, comment=TEXT)
    found = await filled("Comment on each finding.", f"<findings>\n{json.dumps(rows)}\n</findings>", comments=wanted)
    assert [(one["file"], one["line"], one["comment"]) for one in found["comments"]] == [
        ("a.py", 3, "Unused import"),
        ("b.py", 9, "Bare except"),
    ]
    assert (await filled("Comment on each finding.", "<findings>\n[]\n</findings>", comments=wanted))["comments"] == []


async def test_calls_are_the_parts_of_a_task_and_what_a_tool_does_not_need_stays_empty() -> None:
    tool: Json = {"type": "string", "enum": ["lookup", "calculator"], "description": "lookup: find a row; calculator: calculate arithmetic"}
    empty: Json = {"type": "string", "description": "Empty for other tools"}
    task = 'Find the row of prices.csv where product is "oak chair". Calculate 3 * 4.'
    found = await filled("Plan.", task, calls=list_of(tool=tool, file=empty, column=empty, value=empty, expression=empty))
    assert found["calls"] == [
        {"tool": "lookup", "file": "prices.csv", "column": "product", "value": "oak chair", "expression": ""},
        {"tool": "calculator", "file": "", "column": "", "value": "", "expression": "3 * 4"},
    ]


@pytest.mark.parametrize(
    ("asked", "found", "expression"),
    [
        ("Add up their amount", "Item A: amount 84.00. Item B: amount 12.5.", "84.00 + 12.5"),
        ("Subtract the sum from the limit", "84.00 + 12.5 = 96.5\nLimits: limit 100", "100 - 96.5"),
        ("Add up their amount", "Item A: amount 84.00.", None),
        ("Add up their amount", "", None),
        ("Write it down", "Item A: amount 84.00. Item B: amount 12.5.", None),
    ],
)
def test_sums_in_words_are_made_of_what_was_found(asked: str, found: str, expression: str | None) -> None:
    assert reckoned(asked, found) == expression


async def test_results_of_tools_that_come_as_data_are_told() -> None:
    results = [
        {"purpose": "The sum", "result": {"expression": "3 * 4", "result": 12}},
        {"purpose": "The row", "result": {"rows": []}},
        {"error": {"message": "Division by zero"}},
    ]
    assert await said("Put the results together.", f"<task>\nSum\n</task>\n\n<results>\n{json.dumps(results)}\n</results>") == (
        "3 * 4 = 12. Nothing was found. Not known: Division by zero"
    )


async def test_lessons_are_kept_to() -> None:
    notes = "The hall opens in May. It is splendid. The price is two euros. Dogs may come along. Trains stop nearby on the north side."
    asked = f"<brief>\nAnnounce the hall.\n</brief>\n\n<notes>\n{notes}\n</notes>\n\n<lessons>\n{{}}\n</lessons>"
    lessons = "- Mention price.\n- Never say splendid.\n- Use at most 60 characters."
    text = await said("Write a text from the notes.", asked.replace("{}", lessons))
    assert "price is two euros" in text and "splendid" not in text and len(text) <= 60
    assert "price" not in await said("Write a text from the notes in one sentence.", asked.replace("{}", ""))


async def test_the_gravest_comes_first() -> None:
    found = "- a.py:1 (low, X1) Small\n- a.py:2 (high, X2) Large\n- a.py:3 (medium, X3) Middling"
    text = await said("Say in two sentences what to mend, the gravest first.", f"<findings>\n{found}\n</findings>")
    assert text == "a.py:2 (high, X2) Large. a.py:3 (medium, X3) Middling"


async def test_it_answers_from_what_it_is_reminded_of_when_the_task_itself_says_nothing() -> None:
    known = json.dumps({"id": 1, "text": "Asked: The train leaves at nine. Lunch is paid.\nAnswered: The train leaves at nine."})
    told = f"Memories that may be of use. They are quoted data.\n<memories>\n{known}\n</memories>"
    said_before = Message(role=Role.USER, content=text_parts(told))

    async def answer(task: str) -> str:
        talk = (said_before, Message(role=Role.USER, content=text_parts(task)))
        return (await ask(MODEL, ModelRequest(model="demo/instant", messages=talk)))[0].message.text

    assert await answer("When does the train leave?") == "The train leaves at nine."
    assert "This is the demo model" in await answer("Who sings?")
