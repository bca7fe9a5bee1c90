"""Expressions are bounded, and whatever is written in them ends in a value or in one error that says what to do."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine.document.expressions.evaluation import evaluate, to_json
from orchestrator.engine.document.expressions.expression import MAX_DEPTH, MAX_SOURCE, read_expression, require_readable
from orchestrator.engine.document.expressions.failures import describe
from orchestrator.engine.document.expressions.library import MAX_TEXT
from orchestrator.engine.document.expressions.templates import placeholders
from orchestrator.engine.document.expressions.variables import Members, Variables
from orchestrator.engine.errors import ErrorCode, ExpressionFailed
from orchestrator.engine.ids import Json
from tests.engine.in_place import is_open, render
from tests.engine.json_values import json_values

SEEN = Variables(
    {"input": {"n": 1, "text": "Ann", "list": [1, 2], "none": None}, "item": 3},
    Members(lambda name: {"out": name} if name == "writer" else None, lambda: ["writer"]),
    Members(lambda name: {"total": 3}[name], lambda: ["total"]),
)
TOKENS = ["input", "item", "nodes", "state", "run", ".n", ".text", ".list", ".writer.out", "[0]", "['n']", "(", ")", "[", "]", "{", "}"]
TOKENS += ["+", "-", "*", "/", "%", "==", ">", "&&", "||", "!", "?", ":", ",", "1", "2.5", "'a'", "null", "true", "1u", "b'x'", "x"]
TOKENS += [".map(x, x)", ".filter(x, x > 1)", "size(", "has(", "string(", "int(", "timestamp('2026-01-01T00:00:00Z')", "duration('1s')"]
SOURCES = st.lists(st.sampled_from(TOKENS), max_size=12).map("".join) | st.text(max_size=40)


def failure(source: str, seen: Variables = SEEN) -> ExpressionFailed:
    with pytest.raises(ExpressionFailed) as caught:
        evaluate(source, seen)
    return caught.value


@settings(max_examples=300, deadline=None)
@given(SOURCES)
def test_any_text_gives_a_json_value_or_fails_as_an_expression(source: str) -> None:
    try:
        value = evaluate(source, SEEN)
    except ExpressionFailed as error:
        assert error.info.code is ErrorCode.EXPRESSION_FAILED
        assert error.info.cure and error.info.message.startswith(("Expression `", "An expression may have "))
        assert "Traceback" not in error.info.message and "\n" not in error.info.message.replace(source.strip(), "")
    else:
        assert json.loads(json.dumps(value, allow_nan=False)) == value


@settings(max_examples=150, deadline=None)
@given(SOURCES)
def test_any_text_as_a_condition_holds_or_not_or_fails(source: str) -> None:
    try:
        assert isinstance(is_open(source, SEEN), bool)
    except ExpressionFailed as error:
        assert error.info.cure


@settings(max_examples=150, deadline=None)
@given(json_values(), st.text(st.characters(blacklist_characters="{}", blacklist_categories=["Cs"]), max_size=10))
def test_a_value_goes_into_a_template_as_it_is_and_is_not_read_again(value: Json, around: str) -> None:
    written = render(f"{around}{{{{ input }}}}{around}", Variables({"input": value}))
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    assert written == f"{around}{shown}{around}".replace("\x00", "\x00")


@settings(max_examples=150, deadline=None)
@given(json_values())
def test_a_variable_that_is_looked_up_comes_out_as_it_is(value: Json) -> None:
    assert evaluate("input", Variables({"input": value})) == value
    assert evaluate(" input ", Variables({"input": value})) == value
    assert evaluate("input.a", Variables({"input": {"a": value}})) == value


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("'" + "x" * (MAX_SOURCE - 2) + "'", True),
        ("'" + "x" * (MAX_SOURCE - 1) + "'", False),
        (" " * 5000 + "1" + " " * 6000, True),
        ("(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH, True),
        ("(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1), False),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), False),
        ("{1: " * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1), False),
        ("+".join(["(1)"] * (MAX_DEPTH + 1)), True),
        ("'" + "X" * (MAX_DEPTH + 1) + "'", True),
        ("'" + "(" * (MAX_DEPTH + 1) + "'", True),
        ("(" * (MAX_DEPTH + 1) + "')'" + ")" * (MAX_DEPTH + 1), False),
        ("('))))'+" * (MAX_DEPTH + 1) + "''" + ")" * (MAX_DEPTH + 1), False),
        ("( // )\n" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1), False),
        ("[1].map(a, ')' == '' || [1].all(b, ')' == '' || [1].all(c, true)))", False),
        ("[1].map(a, ' map( map( map( ' == '')", True),
        ("1" + "+1" * 999, True),
        ("1" + "+1" * 1000, False),
        ("'X'+" + "(" * (MAX_DEPTH + 1) + "'x'" + ")" * (MAX_DEPTH + 1), False),
        ("[1].map(a, [1].filter(b, true))", True),
        ("[1].map(a, [1].filter(b, [1].all(c, true)))", False),
        ("[1].exists(a, [1].exists_one(b, [1].map(c, true)))", False),
        ("(1)-" + "(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH, True),
        ("1+" + "(" * (MAX_DEPTH - 1) + "1" + ")" * (MAX_DEPTH - 1), True),
        ("1+" + "(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH, False),
        ("1" + "+(1" * (MAX_DEPTH // 2) + ")" * (MAX_DEPTH // 2), True),
        ("1" + "+(1" * (MAX_DEPTH // 2 + 1) + ")" * (MAX_DEPTH // 2 + 1), False),
        ("a" + ".first().map(x, x)" * (MAX_DEPTH - 2), True),
        ("a" + ".first().map(x, x)" * (MAX_DEPTH + 1), False),
        ("(" * MAX_DEPTH + "1)" + "+((1))" + ")" * (MAX_DEPTH - 1), False),
        ("[1].map(a, a).map(b, b).map(c, c)", True),
        ("[1].map(a, (a) == 1 && [1].all(b, [1].all(c, true)))", False),
        ("[1].map(a, (a)) + [1].map(b, [1].map(c, (c)))", True),
    ],
)
def test_an_expression_may_be_so_large_and_no_larger(source: str, fits: bool) -> None:
    if fits:
        require_readable(source)
        assert read_expression(source).source == source.strip()
        return
    with pytest.raises(ExpressionFailed) as caught:
        require_readable(source)
    assert caught.value.info.message == (
        "An expression may have 10000 characters, 2000 words and signs, 64 brackets inside each other "
        "(what is added, and what is gone through, counts as in brackets) and 2 iterations inside each other"
    )
    assert caught.value.info.cure == "Split it over several nodes."


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("input.missing", "there is no 'missing'; there are list, n, none, text"),
        ("input.n.deep", "'deep' was looked up in a number, which has no fields"),
        ("input.text.deep", "'deep' was looked up in a text, which has no fields"),
        ("input.none.deep", "'deep' was looked up in null, which has no fields"),
        ("input.list.deep", "'deep' was looked up in a list, which has no fields"),
        ("nodes.writer.out.deep", "'deep' was looked up in a text, which has no fields"),
        ("nodes.nobody.out", "'out' was looked up in null, which has no fields"),
        ("ghost", "there is no variable 'ghost'; there are input, item, nodes, state"),
        ("ghost.a", "there is no variable 'ghost'; there are input, item, nodes, state"),
        ("ghost + 1", "there is no variable 'ghost'; there are input, item, nodes, state"),
        ("state.missing", "there is no 'missing'; there are total"),
        ("input['missing']", "there is no 'missing'"),
    ],
)
def test_failure_says_what_there_is_instead(source: str, why: str) -> None:
    info = failure(source).info
    assert info.message == f"Expression `{source}` failed: {why}"
    assert info.cure == "Correct the expression, or test with has(...) before a value is read that may be missing."


def test_object_without_fields_says_so_and_one_with_many_names_twelve() -> None:
    assert failure("input.a", Variables({"input": {}})).info.message.endswith("there is no 'a'; there are no fields")
    many = Variables({"input": {f"f{index:02}": 1 for index in range(20)}})
    assert failure("input.a", many).info.message.endswith("there are " + ", ".join(f"f{index:02}" for index in range(12)))


def test_state_is_a_variable_only_where_there_is_shared_state() -> None:
    seen = Variables({"input": 1})
    assert seen.known() == {"input", "nodes"}
    assert failure("state.total", seen).info.message.endswith("there is no variable 'state'; there are input, nodes")
    assert evaluate("nodes.anything", seen) is None and evaluate("size(nodes)", seen) == 0


@pytest.mark.parametrize("source", ["", "  ", "1 +", "(", "a b", "'open"])
def test_text_that_is_no_expression_says_where_and_shows_what_one_looks_like(source: str) -> None:
    info = failure(source).info
    assert info.message.startswith(f"Expression `{source.strip()}` cannot be read: ")
    assert not info.message.endswith(": ") and "ERROR" not in info.message
    assert info.cure == "Write a CEL expression, such as input.score > 0.8 or nodes.classify.out.label == 'billing'."


def test_long_source_is_shown_shortened() -> None:
    source = "input.missing + '" + "x" * 500 + "'"
    assert f"`{source[:200]}`" in failure(source).info.message
    condition = "'" + "y" * 500 + "'"
    with pytest.raises(ExpressionFailed) as caught:
        is_open(condition, SEEN)
    assert caught.value.info.message == f"Condition `{condition[:200]}` gave a text, expected true or false"
    assert caught.value.info.cure == "Compare the value with something, such as size(input) > 0."


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "null"), (True, "true or false"), (1, "a number"), (1.5, "a number"), ("", "a text"), ([], "a list"), ({}, "an object")],
)
def test_value_is_described_in_plain_words(value: Json, words: str) -> None:
    assert describe(value) == words


class Looking:
    """Members that note what is asked of them."""

    def __init__(self, **members: Json) -> None:
        self.members = members
        self.asked: list[str] = []
        self.listed = 0

    def variables(self, root: str) -> Variables:
        members = Members(self._of, self._names)
        return Variables({}, nodes=members) if root == "nodes" else Variables({}, state=members)

    def _of(self, name: str) -> Json:
        self.asked.append(name)
        return self.members.get(name)

    def _names(self) -> list[str]:
        self.listed += 1
        return list(self.members)


@pytest.mark.parametrize("root", ["nodes", "state"])
@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("{root}.a", {"a"}),
        ("{root}.a == 1", {"a"}),
        ("{root} . a == {root}.b", {"a", "b"}),
        ("size({root})", {"a", "b", "c"}),
        ("{root}['a']", {"a", "b", "c"}),
        ("{root}", {"a", "b", "c"}),
        ("{root}.a == 1 || size({root}) > 1", {"a", "b", "c"}),
    ],
)
def test_only_what_an_expression_names_is_looked_up(root: str, source: str, asked: set[str]) -> None:
    looking = Looking(a=1, b=2, c=3)
    evaluate(source.replace("{root}", root), looking.variables(root))
    assert set(looking.asked) == asked


def test_a_node_that_has_not_run_is_null_and_a_channel_that_is_not_there_is_missing() -> None:
    assert evaluate("nodes.a == null", Looking().variables("nodes")) is True
    assert evaluate("has(state.a)", Looking(b=1).variables("state")) is False
    assert failure("state.a == 1", Looking(b=1).variables("state")).info.message.endswith("there is no 'a'")


@pytest.mark.parametrize(
    ("value", "json_value"),
    [
        ((1, "a"), [1, "a"]),
        ({1: True}, {"1": True}),
        ("a\x00", "a\ufffd"),
        ({"a\x00": ["\ud800"]}, {"a\ufffd": ["\ufffd"]}),
        (b"x\xff", "eP8="),
        (1.5, 1.5),
    ],
)
def test_what_comes_out_of_an_expression_is_made_json(value: Any, json_value: Json) -> None:
    assert to_json(value) == json_value


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_what_is_no_number_any_more_is_refused(number: str) -> None:
    info = failure(f"double('{number}')").info
    assert info.message == f"Expression `double('{number}')` gave {number}, which is not a JSON number"
    assert info.cure == "Guard the division."


def test_refusal_of_a_number_names_the_expression_however_deep_it_was_found() -> None:
    for source in ("[double('nan')]", "{'a': [double('nan')]}"):
        assert failure(source).info.message == f"Expression `{source}` gave nan, which is not a JSON number"
    long = "[" + "1, " * 200 + "double('nan')]"
    assert failure(long).info.message == f"Expression `{long[:200]}` gave nan, which is not a JSON number"
    with pytest.raises(ExpressionFailed, match="Expression `` gave inf"):
        to_json([float("inf")])


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("", []),
        ("{{a}}", ["a"]),
        ("{{ a }} {{ b.c }}", ["a", "b.c"]),
        ("{{\na\n}}", ["a"]),
        ("{a}", []),
        ("{{ a", []),
        ("{{ {'x': 1}.x }}", ["{'x': 1}.x"]),
    ],
)
def test_placeholders_of_a_template(template: str, found: list[str]) -> None:
    assert placeholders(template) == found


def test_template_may_grow_to_its_bound_and_no_further() -> None:
    seen = Variables({"input": "x" * (MAX_TEXT - 1)})
    assert len(render("a{{ input }}tail", seen)) == MAX_TEXT + 4
    with pytest.raises(ExpressionFailed) as caught:
        render("ab{{ input }}", seen)
    assert caught.value.info.message == "The text grew over 1000000 characters"
    assert caught.value.info.cure == "Put less into the template."


def test_replace_may_make_a_text_of_so_many_characters() -> None:
    seen = Variables({"a": "x" * 1000, "fits": "y" * 999, "big": "y" * 1000})
    assert len(str(evaluate("a.replace('x', fits)", seen))) == 999_000
    assert "replace would make a text of over 1000000 characters" in failure("a.replace('x', big)", seen).info.message
    assert evaluate("a.replace('z', big) == a", seen) is True
