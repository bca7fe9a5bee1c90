"""What happened, as a line that people read."""

import shlex
from collections.abc import Callable
from typing import Final

from baton_client.command.terminal import plain
from baton_client.events import Event
from baton_client.json_values import Json
from baton_client.rows import Approval, Result

Data = dict[str, Json]


def event_line(event: Event) -> str:
    """Local time, place in the run, what happened."""
    describe = _WORDS.get(event.type)
    what = event.type.replace("_", " ") if describe is None else describe(event.data)
    clock = event.at.astimezone().strftime("%H:%M:%S.%f")[:-3]
    return f"{clock}  {plain(event.place or 'run', 60):<40}  {plain(what)}"


def approval_lines(approval: Approval) -> list[str]:
    """The question, and for each action the command that takes it, or why somebody else must."""
    by = "" if approval.deadline is None else f" (until {approval.deadline.astimezone():%Y-%m-%d %H:%M})"
    told = " - ".join(filter(None, [plain(approval.title), plain(approval.message)]))
    answers = [plain(approval.why_not)] if approval.why_not else [_answer(approval, action) for action in approval.actions]
    return [f"{plain(approval.graph)}: {told}{by}", *(f"  {answer}" for answer in answers)]


def _answer(approval: Approval, action: str) -> str:
    words = ["baton", "answer", approval.run, approval.path, action, "--digest", approval.digest]
    return " ".join(shlex.quote(plain(word, 2000)) for word in words)


def end_line(result: Result) -> str:
    if result.error is None or result.status == "cancelled":
        return result.status
    return plain(f"{result.status}: {_error({'error': {'code': result.error.code, 'message': result.error.message}})}")


def _text(data: Data, name: str) -> str:
    value = data.get(name)
    return "" if value is None else str(value)


def _error(data: Data) -> str:
    error = data.get("error")
    return f"{_text(error, 'message')} ({_text(error, 'code')})" if isinstance(error, dict) else "unknown"


def _by(words: str) -> Callable[[Data], str]:
    def describe(data: Data) -> str:
        return f"{words} by {_text(data, 'by')}" if data.get("by") else words

    return describe


def _suspended(data: Data) -> str:
    return "waits for a person" if data.get("waiting_on") else "waits"


def _asked(data: Data) -> str:
    request = data.get("request")
    if data.get("kind") == "human" and isinstance(request, dict):
        return f"asks a person: {_text(request, 'title')}"
    return " ".join(filter(None, ["began", _text(data, "kind"), _text(data, "name")]))


def _answered(data: Data) -> str:
    usage = data.get("usage")
    tokens = f", {_text(usage, 'input_tokens')} + {_text(usage, 'output_tokens')} tokens" if isinstance(usage, dict) else ""
    return f"{_by('answered')(data)}{tokens}"


def _planned(data: Data) -> str:
    steps = data.get("steps")
    count = len(steps) if isinstance(steps, list) else 0
    return f"plan {_text(data, 'revision')}: {_text(data, 'done')} of {count} steps done"


_WORDS: Final[dict[str, Callable[[Data], str]]] = {
    "run_started": lambda _: "started",
    "run_claimed": lambda data: "taken up by a worker" + (" after another one was lost" if data.get("cause") == "takeover" else ""),
    "run_suspended": _suspended,
    "run_paused": _by("paused"),
    "run_unpaused": _by("goes on"),
    "run_succeeded": lambda _: "succeeded",
    "run_failed": lambda data: f"failed: {_error(data)}",
    "run_cancelled": lambda data: ": ".join(filter(None, [_by("cancelled")(data), _text(data, "reason")])),
    "run_crashed": lambda data: f"crashed: {_text(data, 'detail') or _text(data, 'detector')}",
    "run_limit_exceeded": lambda data: f"limit exceeded: {_error(data)}",
    "scope_started": lambda data: " ".join(filter(None, ["item begins", _text(data, "label")])),
    "scope_finished": lambda data: "item done" if data.get("error") is None else f"item failed: {_error(data)}",
    "node_started": lambda data: "node began" if data.get("attempt", 1) == 1 else f"node began, attempt {_text(data, 'attempt')}",
    "node_finished": lambda _: "node done",
    "node_failed": lambda data: f"node failed{', handled' if data.get('handled') else ''}: {_error(data)}",
    "node_retrying": lambda data: f"node will be tried again: {_error(data)}",
    "node_skipped": lambda _: "node skipped",
    "effect_started": _asked,
    "effect_finished": _answered,
    "effect_attempt_failed": lambda data: f"will be tried again: {_error(data)}",
    "effect_failed": lambda data: f"failed: {_error(data)}",
    "effect_refused": lambda data: " ".join(filter(None, ["refused", _text(data, "kind"), _text(data, "name")])),
    "effect_reused": lambda _: "result of an earlier attempt taken",
    "effect_unknown": lambda _: "cut off: a person is asked whether it happened",
    "agent_told": lambda data: f"{_by('told')(data)}: {_text(data, 'text')}",
    "agent_heard": lambda _: "what people said was read",
    "thought": lambda data: f"thinks: {_text(data, 'text')}",
    "correction": lambda data: f"corrected: {_text(data, 'fault')}",
    "planned": _planned,
    "considered": lambda data: f"considered {_text(data, 'thought')}, {'kept' if data.get('kept') else 'dropped'}: {_text(data, 'text')}",
    "reflected": lambda data: f"answer {_text(data, 'round')} is worth {_text(data, 'score')}: {_text(data, 'critique')}",
    "decision": lambda data: f"{_text(data, 'what')}: {_text(data, 'chosen')}",
}
