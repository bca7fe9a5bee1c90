"""What is known of an expression before it is evaluated: never less than what it does."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.engine.document.expressions.cost import CHEAP, is_cheap, size_of
from orchestrator.engine.document.expressions.evaluation import evaluate, evaluate_seen
from orchestrator.engine.document.expressions.expression import ITERATING, read_expression, require_readable
from orchestrator.engine.document.expressions.library import ADDED, OWN, cel
from orchestrator.engine.document.expressions.tokens import NoToken, calls_inside, depth_of, tokens_of
from orchestrator.engine.document.expressions.variables import Variables
from orchestrator.engine.errors import ExpressionFailed
from orchestrator.engine.ids import Json
from tests.engine.json_values import TEXTS, json_values

PIECES = ["'", '"', "'''", '"""', "\\", "r'", "b'", 'rb"', "//", "\n", "(", ")", "[", "]", "{", "}", "a", "b.c", ".map(x, ", "1", "2u"]
PIECES += [
    "0x1F",
    " ",
    "+",
    "==",
    "&&",
    "!",
    "?",
    ":",
    ",",
    ".",
    "in",
    "size(",
    "has(",
    "'a'",
    "'('",
    "\"')'\"",
    "\\'",
    '\\"',
    "1.5e3",
    ".5",
]
PIECES += ["null", "x"]
SOURCES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join)


@settings(max_examples=1_500, deadline=None)
@given(SOURCES)
@example("'\\''+a")
@example("r'\\'+a")
@example("'''a'b'''+a")
@example("a // b\n+ c")
@example("'//' + a // 'b")
@example(".a + size(.b.c)")
def test_parser_and_we_cut_the_same_tokens(source: str) -> None:
    """Whatever the parser takes, we read: the same variables, no function unknown to us, and brackets no deeper than ours.
    Names that begin with a dot are none of ours, and refused."""
    try:
        program = cel.compile(source.strip())
    except Exception:  # noqa: BLE001 - the parser's own error types are private
        return
    if any(name.startswith(".") for name in (*program.variables(), *program.functions())):
        with pytest.raises(ExpressionFailed, match="begins with a dot"):
            read_expression(source)
        return
    expression = read_expression(source)
    assert expression.in_order.variables() is not None
    bound = {name for name in program.variables() if name == "x"}
    assert set(program.variables()) - bound <= set(expression.reads)
    named = {name for name in program.functions() if name[:1].isalpha()}
    assert named <= {name.split(".")[-1] for name in expression.functions} | set(expression.functions)


AROUND = ["({})", "[{}]", "1 + ({})", "[1] + [{}]", "{}.first().map(x, x)", "{}.all(x, true)", "size({})", "[{}][0]", "{{'k': {}}}.k"]
AROUND += ["(true ? {} : 1)", "{} + 1", "1 - ({} + x)", "{}.k", "{}[0]", "{} in [1]"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(AROUND), min_size=20, max_size=140) | st.sampled_from(AROUND).map(lambda one: [one] * 140))
def test_whatever_may_stand_inside_each_other_can_be_put_in_order(around: list[str]) -> None:
    deepest = source = "input"
    for one in around:
        source = one.format(source)
        try:
            read_expression(source)
        except ExpressionFailed:
            break
        deepest = source
    require_readable(deepest)
    assert read_expression(deepest).in_order.variables() is not None


SEEN = json_values(30)
CALLS = ["{a}.map(x, {b})", "{a}.filter(x, {b})", "{a}.all(x, {b})", "[{a}, {b}]", "{a} + {b}", "{{'k': {a}, 'l': {b}}}", "{a} == {b}"]
CALLS += ["{a} in {b}", "size({a})", "{a}.join(',')", "string({a})", "{a} ? {b} : {a}", "{a}.reverse()", "{a}.flatten()", "{a}[0]", "{a}.k"]
CALLS += ["[{a}, {a}, {b}, {b}]", "dyn({a})", "type({a})", "{a} - {b}", "{a} * {b}", "{a} < {b}", "{a} && {b}", "{a}.exists_one(x, {b})"]
CALLS += ["{{{a}: {b}}}", "({a} ? {b} : {a}) + {a}", "[{a}] + ({b})", "{a}[{b}]", "has({a}.k)", "{a}.map(x, {b}, x)"]
CALLS_OF_ADDED = [f"{{a}}.{name}()" for name in sorted(ADDED) if "." not in name]
CALLS_OF_ADDED += [f"{{a}}.{name}({{b}})" for name in sorted(ADDED) if "." not in name]
CALLS_OF_ADDED += [f"{name}({arguments})" for name in sorted(ADDED) for arguments in ("{a}", "{a}, {b}")]


ODD = ["9223372036854775807", "-9223372036854775808", "18446744073709551615u", "0", "1e308", "null", "b'\\xff'", "'\U0001f600'"]
ODD += ["timestamp('9999-12-31T23:59:59Z')", "duration('9223372036s')", "[]", "{}"]


def written() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["input", "input.a", "item", "x", "x.a", "1", "'text'", "[1, 2, 3]", "true"]) | st.sampled_from(ODD)

    def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        calls = st.sampled_from(CALLS) | st.sampled_from(CALLS_OF_ADDED)
        return st.builds(lambda call, a, b: call.format(a=a, b=b), calls, inner, inner)

    return st.recursive(leaves, wider, max_leaves=8)


@settings(max_examples=600, deadline=None)
@given(written(), st.lists(SEEN, max_size=40) | SEEN, SEEN)
@example("[input, input, input].map(a, [a, a, a, a])", [*range(50)], None)
@example("input.map(x, input.map(y, input))", [*range(12)], None)
@example("input.map(x, x)", [[*range(50)]] * 20, None)
def test_g06_what_is_cheap_gives_no_more_than_a_bounded_result(source: str, value: Json, item: Json) -> None:
    seen: dict[str, Json] = {"input": value, "item": item}
    try:
        expression = read_expression(source)
        needed = expression.seen(Variables(seen))
    except ExpressionFailed:
        return
    if not is_cheap(expression, needed):
        return
    try:
        result = evaluate_seen(source, needed, ["input", "item"])
    except ExpressionFailed:
        return
    assert size_of([result], 2 * CHEAP) is not None


SMALL = st.dictionaries(st.sampled_from([*"abcdek"]), json_values(), max_size=6) | st.lists(st.integers() | TEXTS, max_size=4)


@settings(max_examples=1_200, deadline=None)
@given(written(), SMALL, SMALL)
@example("[1, 2, 3] + {'k': input, 'l': input}", {}, [])
@example("[x, 1].map(x, x + input)", {"a": 1, "b": 2, "c": 3}, [])
def test_part_that_is_read_of_the_variables_gives_what_all_of_them_give(source: str, value: Json, item: Json) -> None:
    seen: dict[str, Json] = {"input": value, "item": item}
    try:
        expression = read_expression(source)
        whole: object = evaluate_seen(source, seen, ["input", "item"])
    except ExpressionFailed:
        with pytest.raises(ExpressionFailed):
            evaluate(source, Variables(seen))
        return
    assert expression.plain_path is not None or evaluate_seen(source, expression.seen(Variables(seen)), ["input", "item"]) == whole
    assert evaluate(source, Variables(seen)) == whole


@pytest.mark.parametrize(
    ("source", "seen", "cheap"),
    [
        ("input.score > 0.8", {"input": {"score": 1, "rest": [*range(100_000)]}}, True),
        ("input.label == 'x' && size(input.tags) > 1", {"input": {"label": "x", "tags": ["a"] * 20}}, True),
        ("input.filter(i, i.t == 'abc')", {"input": [{"t": "abc"}] * 50}, True),
        ("input.map(i, i.n)", {"input": [{"n": 1}] * 300}, True),
        ("input.all(a, input.all(b, a <= b))", {"input": [*range(10)]}, True),
        ("input.all(a, input.all(b, a <= b))", {"input": [*range(100)]}, False),
        ("input.all(a, a in input)", {"input": [*range(100)]}, False),
        ("input.map(a, input)", {"input": [*range(100)]}, False),
        ("[" + ", ".join(["input"] * 80) + "]", {"input": [*range(1_000)]}, False),
        ("input.matches('a+')", {"input": "a"}, False),
        ("input.split('')", {"input": "a"}, False),
        ("sets.contains(input, input)", {"input": [1]}, False),
        ("math.bitShiftLeft(1, 99999999)", {"input": 1}, False),
        ("input + input", {"input": "x" * 400_000}, False),
        (" + ".join(["1"] * 200), {}, False),
        ("size(input)", {"input": [[[*range(20)] * 20] * 20]}, False),
    ],
)
def test_g06_only_what_is_known_to_be_small_is_evaluated_in_place(source: str, seen: dict[str, Json], cheap: bool) -> None:
    expression = read_expression(source)
    assert is_cheap(expression, expression.seen(Variables(seen))) is cheap


def test_every_function_that_is_not_known_to_be_quick_goes_elsewhere() -> None:
    for name in set(ADDED) | OWN:
        source = f"{name}(input)"
        assert read_expression(source).functions == {name}, name


@pytest.mark.parametrize(("source", "place"), [("a $ b", 3), ("'open", 1), ("a\x00", 2), ("#", 1), ("a ` b", 3), ("\u00e4", 1)])
def test_what_is_no_token_is_told_with_its_place(source: str, place: int) -> None:
    with pytest.raises(NoToken, match=f"at character {place} begins nothing"):
        tokens_of(source, 100)


def test_tokens_are_read_no_further_than_asked_for() -> None:
    assert len(tokens_of("1+" * 5_000 + "$", 10)) == 11


@pytest.mark.parametrize(
    ("source", "depth", "iterations"),
    [
        ("(')')", 1, 0),
        ("[1].map(a, ')' + '(')", 1, 1),
        ("a // (((\n", 0, 0),
        ("x.all(a, y.all(b, '))))' == b))", 2, 2),
        ("map.all[0](1)", 1, 0),
    ],
)
def test_brackets_in_texts_and_comments_are_none(source: str, depth: int, iterations: int) -> None:
    tokens = tokens_of(source, 100)
    assert (depth_of(tokens), calls_inside(tokens, ITERATING)) == (depth, iterations)
