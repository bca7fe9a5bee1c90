"""Expressions and placeholders: what they give, what they refuse, and that they cannot run away."""

import time

import pytest

from orchestrator.engine.document.expressions.evaluation import evaluate
from orchestrator.engine.document.expressions.expression import require_readable
from orchestrator.engine.document.expressions.variables import Members, Variables
from orchestrator.engine.errors import ExpressionFailed
from orchestrator.engine.ids import Json
from tests.engine.in_place import is_open, render

SEEN = Variables(
    {"input": {"score": 1, "name": "Ann", "items": [{"n": 2}, {"n": 5}], "none": None}},
    Members(lambda name: {"out": f"from {name}"} if name == "writer" else None, lambda: ["writer"]),
    Members(lambda name: {"seen": [1, 2], "total": 3}[name], lambda: ["seen", "total"]),
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("input.score", 1),
        ("input.score > 0.8", True),
        ("input.items.map(i, i.n)", [2, 5]),
        ("input.items.filter(i, i.n > 2)[0].n", 5),
        ("{'a': input.name, 'b': [1, 2.5, null]}", {"a": "Ann", "b": [1, 2.5, None]}),
        ("nodes.writer.out", "from writer"),
        ("nodes.writer.out + '!'", "from writer!"),
        ("size(nodes)", 1),
        ("state.total", 3),
        ("state", {"seen": [1, 2], "total": 3}),
        ("size(state.seen) + state.total", 5),
        ("state['total']", 3),
        ("has(state.other)", False),
        ("has(input.missing)", False),
        ("['x', 'y'].join(', ')", "x, y"),
        ("input.name.lowerAscii()", "ann"),
        ("timestamp('2026-01-01T00:00:00Z')", "2026-01-01T00:00:00+00:00"),
        ("true", True),
        ("'plain'", "plain"),
    ],
)
def test_expression_gives_json(source: str, expected: object) -> None:
    assert evaluate(source, SEEN) == expected


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("input.missing", "there are items, name, none, score"),
        ("input.missing + 1", "'missing'"),
        ("other.x", "there is no variable 'other'"),
        ("other + 1", "there is no variable 'other'"),
        ("input.name.first", "a text"),
        ("1 / 0", "zero"),
        ("1 +", "cannot be read"),
        ("", "cannot be read"),
        ("lists.range(1000000000)", "lists"),
        ("double('nan')", "not a JSON number"),
    ],
)
def test_failure_names_expression_cause_and_cure(source: str, told: str) -> None:
    with pytest.raises(ExpressionFailed) as caught:
        evaluate(source, SEEN)
    assert told in caught.value.info.message
    assert caught.value.info.cure


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("1 + + +\n2 +", "<input>:1:5: Syntax error: mismatched input '+' expecting"),
        ("'ERROR:' +", "<input>:1:11: Syntax error: mismatched input '<EOF>' expecting"),
        ("a b", "<input>:1:3: Syntax error: extraneous input 'b' expecting <EOF>"),
        (" ", "it is empty"),
    ],
)
def test_expression_that_cannot_be_read_is_told_with_its_first_fault(source: str, told: str) -> None:
    with pytest.raises(ExpressionFailed) as caught:
        require_readable(source)
    text = source.strip()
    assert caught.value.info.message.startswith(f"Expression `{text}` cannot be read: {told}")
    assert "\n" not in caught.value.info.message.removeprefix(f"Expression `{text}`"), "nothing is drawn"


def test_condition_must_be_true_or_false() -> None:
    assert is_open("input.score == 1", SEEN)
    with pytest.raises(ExpressionFailed, match="expected true or false"):
        is_open("input.score", SEEN)


def test_placeholders_are_replaced_and_values_are_never_read_again() -> None:
    seen = Variables({"input": {"text": "{{ secret }}", "data": {"a": [1]}}})
    assert render("<{{ input.text }}> {{input.data}}", seen) == '<{{ secret }}> {"a": [1]}'
    assert render("no placeholders {", seen) == "no placeholders {"


OBJECT: Json = {name: number for number, name in enumerate("gfedcba")}
IN_ORDER: list[tuple[str, Json]] = [
    ("input.map(k, k)", [*"abcdefg"]),
    ("input.map(k, input[k])", [6, 5, 4, 3, 2, 1, 0]),
    ("input.filter(k, k > 'c').map(k, k + '!')", ["d!", "e!", "f!", "g!"]),
    ("[input, input].map(o, o.map(k, k + '.'))", [[f"{k}." for k in "abcdefg"]] * 2),
    ("(input).map(k, k > 'e', k)", ["f", "g"]),
    ("{'z': 1, 'y': 2, 'x': 3}.map(k, k)", ["x", "y", "z"]),
    ("{'o': input}['o'].map(k, k)", [*"abcdefg"]),
    ("{'o': input}.o.map(k, k)", [*"abcdefg"]),
    ("'b,a'.split(',').map(x, x)", ["b", "a"]),
    ("input.join(',')", "a,b,c,d,e,f,g"),
    ("input.distinct()", [*"abcdefg"]),
    ("[input].flatten()", [OBJECT]),
    ("[input].first()", OBJECT),
    ("{'a': [input].last()}", {"a": OBJECT}),
    ("[].first()", None),
    ("input.exists(k, k == 'a') && input.all(k, k < 'h') && input.exists_one(k, k == 'g')", True),
]


@pytest.mark.parametrize(("source", "expected"), IN_ORDER)
def test_objects_are_gone_through_in_the_order_of_their_keys_each_time(source: str, expected: Json) -> None:
    """CEL's library takes another order at each evaluation; a run that another worker takes over must see the same."""
    found = [evaluate(source, Variables({"input": OBJECT})) for _ in range(12)]
    assert found == [expected] * 12


@pytest.mark.parametrize(
    "source", ["[1] + input", "[1] + {'k': input}", "[1] + (true ? input : input)", "[1].map(x, [x] + input)", "[1] + [input][0]"]
)
def test_an_object_is_added_to_nothing(source: str) -> None:
    """The language has no such sum; its library would add the keys, in another order at each evaluation."""
    with pytest.raises(ExpressionFailed, match=r"failed: an object cannot be added; add the list"):
        evaluate(source, Variables({"input": OBJECT}))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[1] + input.map(k, k)", [1, *"abcdefg"]),
        ("[1] + [input]", [1, OBJECT]),
        ("input.a + [2][0]", 8),
        ("'x' + string(input.b) + ('y' + 'z')", "x5yz"),
        ("1 + -input.a + 2", -3),
        ("{'k': [1] + [2]}.k + [size(input)]", [1, 2, 7]),
        ("[1].map(x, x + input.a)", [7]),
        ("1u + uint(input.a)", 7),
        ("[1u, 2u].map(x, [x][0] + 1u)", [2, 3]),
        ("timestamp('2026-01-01T00:00:00Z') + [duration('1h')][0]", "2026-01-01T01:00:00+00:00"),
        ("'x' in ['x'] + ['y'] && 6 in [input.a].map(x, x)", True),
        ("size([input][0].map(k, k)) + {'a': 1}.map(k, 1)[0]", 8),
    ],
)
def test_all_else_is_added_as_ever(source: str, expected: Json) -> None:
    assert evaluate(source, Variables({"input": OBJECT})) == expected


@pytest.mark.parametrize(
    "attack",
    [
        "{{ input.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ ''.join(['a']).__class__ }}",
        "{{ __import__('os').system('id') }}",
        "{{ open('/etc/passwd') }}",
    ],
)
def test_g04_placeholders_reach_nothing_but_values(attack: str) -> None:
    with pytest.raises(ExpressionFailed):
        render(attack, SEEN)


def test_g04_text_cannot_grow_without_bound() -> None:
    seen = Variables({"input": "x" * 400_000})
    with pytest.raises(ExpressionFailed, match="grew over"):
        render("{{ input }}" * 1000, seen)


def test_g04_text_may_grow_up_to_its_bound() -> None:
    seen = Variables({"input": "x" * 99_999})
    assert len(render(f"{'-' * 100_000}{{{{ input }}}}" * 5, seen)) == 999_995


def test_g05_regular_expressions_take_linear_time() -> None:
    seen = Variables({"input": "a" * 5000 + "b"})
    began = time.perf_counter()
    assert evaluate("input.matches('(a+)+$')", seen) is False
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("source", ["(" * 5000 + "1" + ")" * 5000, "[1].map(a, [1].map(b, [1].map(c, c)))", "1" * 10_001])
def test_expressions_that_would_take_too_long_are_refused(source: str) -> None:
    with pytest.raises(ExpressionFailed, match="inside each other"):
        require_readable(source)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("input.a.join(',')", "failed: join does not take what it was given (input.a is a number)"),
        ("input.a.size()", "failed: size does not take what it was given (input.a is a number)"),
        ("int('x')", "failed: int: string parse error: invalid digit found in string"),
        ("input.a.trim()", "failed: trim does not take what it was given (input.a is a number)"),
        ("'a'.replace('a')", "failed: replace does not take what it was given"),
        ("'x'.charAt(9)", "failed: charAt: index 9 out of range for string of length 1"),
        ("bool('x')", "failed: bool: cannot convert string 'x' to bool"),
    ],
)
def test_a_function_that_fails_is_told_in_words_of_the_language(source: str, told: str) -> None:
    with pytest.raises(ExpressionFailed) as raised:
        evaluate(source, Variables({"input": OBJECT}))
    assert str(raised.value).endswith(told)


def test_replace_cannot_make_much_out_of_little() -> None:
    seen = Variables({"input": "a" * 1000, "big": "a" * 100_000})
    assert evaluate("'a-b'.replace('-', '+')", seen) == "a+b"
    with pytest.raises(ExpressionFailed, match="replace"):
        evaluate("input.replace('a', big)", seen)
