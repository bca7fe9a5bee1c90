"""Events of every type about a few names, in any order: most of them cannot follow each other."""

from typing import Any, get_args

from hypothesis import strategies as st

from orchestrator.engine.log.events import Event, RunEvent, run_event

ERROR = {"code": "internal", "message": "x"}
SCOPES = ["", "m#1/item.0", "m#1/item.1", "m#1/item.0/k#1/item.0"]
PATHS = [
    "a#1/tool.1",
    "a#1/tool.1/outcome.1",
    "a#1~2/tool.1",
    "m#1/item.0/a#1/tool.1",
    "m#1/item.1/a#1/tool.1",
    "m#1/item.0/k#1/item.0/a#1/x.1",
]
USAGE = {"input_tokens": 3, "output_tokens": 2, "cost_nano_usd": 7}
WRITES = [
    [],
    [{"channel": "c", "reducer": "sum", "value": 1}],
    [{"channel": "c", "reducer": "append", "value": 1}],
    [{"channel": "c", "reducer": "sum", "value": "x"}],
    [{"channel": "d", "reducer": "merge", "value": {}}, {"channel": "c", "reducer": "sum", "value": 2}],
]

_SCOPE = st.sampled_from(SCOPES)
_PATH = st.sampled_from(PATHS)
_GATE = st.sampled_from([{"verdict": "deny"}, {"verdict": "allow"}])
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "at_us": st.integers(0, 50),
    "worker": st.just("w"),
    "epoch": st.integers(1, 4),
    "cause": st.sampled_from(["first", "woken", "takeover"]),
    "build": st.sampled_from(["", "1", "2"]),
    "input": st.integers(0, 3),
    "output": st.integers(0, 3),
    "wake_at_us": st.none() | st.integers(1, 9),
    "error": st.just(ERROR),
    "detector": st.just("d"),
    "scope": _SCOPE,
    "parent": _SCOPE,
    "node": st.sampled_from(["a", "m"]),
    "index": st.integers(0, 1),
    "activation": st.integers(1, 2),
    "attempt": st.integers(1, 3),
    "retry_at_us": st.integers(0, 9),
    "handled": st.booleans(),
    "writes": st.sampled_from(WRITES),
    "edges": st.sampled_from([[], ["e"]]),
    "outputs": st.sampled_from([{}, {"out": 1}]),
    "inputs": st.sampled_from([{}, {"in": 1}]),
    "path": _PATH,
    "of": _PATH,
    "kind": st.sampled_from(["model", "tool", "human"]),
    "fingerprint": st.sampled_from(["f", "g"]),
    "waits": st.booleans(),
    "safety": st.sampled_from(["pure", "unsafe"]),
    "idempotency_key": st.sampled_from(["", "k"]),
    "gate": _GATE,
    "retried": st.booleans(),
    "result": st.integers(0, 3),
    "usage": st.none() | st.just(USAGE),
    "retry_in_s": st.just(0.5),
    "chosen": st.just("x"),
    "agent": st.just("helper"),
    "text": st.just("t"),
    "fault": st.just("f"),
    "left": st.integers(0, 2),
    "revision": st.integers(1, 3),
    "steps": st.just(["s"]),
    "thought": st.just("1"),
    "value": st.just(0.5),
    "kept": st.booleans(),
    "round": st.integers(1, 2),
    "good": st.booleans(),
    "score": st.just(0.5),
    "critique": st.just("c"),
    "to": st.sampled_from(["a#1", "m#1/item.0/a#1"]),
    "messages": st.integers(1, 3),
    "tokens_before": st.integers(5, 9),
    "tokens_after": st.integers(1, 4),
    "told": st.lists(st.integers(1, 9), max_size=2),
}
_WHAT = {"decision": "route", "correction": "empty"}
KINDS: tuple[type[Event], ...] = get_args(get_args(RunEvent)[0])


@st.composite
def events(draw: st.DrawFn) -> Event:
    """One event of any type, without a number."""
    kind = draw(st.sampled_from(KINDS))
    data = {name: draw(_FIELDS[name]) for name in kind.model_fields if name in _FIELDS}
    if "path" in data and "scope" in data:
        data["path"] = f"{data['scope']}/{data['node']}#{data['activation']}".lstrip("/")
    name = kind.model_fields["type"].default
    if "what" in kind.model_fields:
        data["what"] = _WHAT[name]
    if name == "considered":
        data["parent"] = ""
    return run_event.validate_python({"type": name, **data})
