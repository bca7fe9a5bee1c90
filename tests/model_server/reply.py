"""What the server answers: scripted, named by the model, or computed from the request."""

import json
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Fault = Literal[
    "none", "html", "truncated_json", "empty_choices", "stall", "cut", "no_done", "echo_key", "drop_connection", "error_chunk", "no_finish"
]


class ToolWish(BaseModel):
    """A tool call in a reply. `arguments` is sent as it stands, well-formed or not."""

    model_config = ConfigDict(extra="forbid")

    name: str
    arguments: str = "{}"


class Reply(BaseModel):
    """One answer. `fault` says how it goes wrong; `latency_s` is waited before the first byte."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""
    reasoning: str = ""
    tools: list[ToolWish] = []
    message: dict[str, Any] | None = None
    """Sent as it stands in place of a message made of the fields above; in a stream as its only delta."""
    deltas: list[dict[str, Any]] | None = None
    """What a stream sends as it stands."""
    parts: list[dict[str, Any]] | None = None
    """Where Anthropic's or Gemini's protocol is spoken: the blocks or parts of the answer, in place of its text."""
    body: Any = None
    """Where theirs is spoken: sent as it stands in place of everything else, be it an answer or a refusal."""
    finish: Any = None
    """The word for the end; None: the usual one."""
    status: int = 200
    retry_after: str | None = None
    location: str | None = None
    gzip: bool = False
    """Packed, whatever was asked for."""
    latency_s: float = 0.0
    chunk_s: float = 0.0
    chunks: int | None = None
    usage: Any = True
    """True: as it is; False: none; anything else is sent in its place."""
    fault: Fault = "none"
    fault_after: int = 2
    """The pieces of a stream that come before its fault."""

    @property
    def finish_reason(self) -> Any:
        if self.fault == "no_finish":
            return None
        return self.finish if self.finish is not None else ("tool_calls" if self.tools else "stop")


def words_of(text: str) -> list[str]:
    """The text in pieces, each with the space behind it."""
    words = text.split(" ")
    return [word + (" " if index < len(words) - 1 else "") for index, word in enumerate(words)]


_FAULTS: dict[str, Reply] = {
    "401": Reply(status=401),
    "403": Reply(status=403),
    "404": Reply(status=404),
    "400": Reply(status=400),
    "429": Reply(status=429, retry_after="0"),
    "500": Reply(status=500),
    "503": Reply(status=503),
    "html": Reply(fault="html"),
    "truncated": Reply(fault="truncated_json"),
    "empty-choices": Reply(fault="empty_choices"),
    "stall": Reply(text="one two three four", fault="stall"),
    "cut": Reply(text="one two three four", fault="cut"),
    "no-done": Reply(text="one two three four", fault="no_done"),
    "echo-key": Reply(status=401, fault="echo_key"),
    "drop": Reply(text="one two three four", fault="drop_connection"),
    "error-chunk": Reply(text="one two three four", fault="error_chunk"),
    "bad-arguments": Reply(tools=[ToolWish(name="lookup", arguments='{"id": 7')]),
}


def reply_for(body: dict[str, Any]) -> Reply:
    """The reply that the model's name asks for: `fault-<name>`, `slow-<ms>`, `chunks-<n>`, `tools-<n>`; else an echo."""
    model = str(body.get("model", ""))
    if model.startswith("fault-") and model[6:] in _FAULTS:
        return _FAULTS[model[6:]]
    named = re.fullmatch(r"(slow|chunks|tools)-(\d+)", model)
    if named and named[1] == "slow":
        return computed(body).model_copy(update={"latency_s": int(named[2]) / 1000})
    if named and named[1] == "chunks":
        return Reply(text=" ".join(f"word{i}" for i in range(int(named[2]))), chunks=int(named[2]))
    if named and named[1] == "tools":
        done = sum(1 for message in body["messages"] if message.get("role") == "tool")
        return _tool_round(body, done) if done < int(named[2]) else Reply(text=f"Done after {done} tool calls.")
    return computed(body)


def computed(body: dict[str, Any]) -> Reply:
    """An instance of the schema asked for, or an echo of the last message."""
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return Reply(text=json.dumps(instance(wanted["json_schema"]["schema"])))
    last = body["messages"][-1].get("content") or ""
    return Reply(text=f"Echo: {last}")


def _tool_round(body: dict[str, Any], done: int) -> Reply:
    tools = body.get("tools") or []
    if not tools:
        return Reply(text="No tool was offered.")
    function = tools[done % len(tools)]["function"]
    return Reply(tools=[ToolWish(name=function["name"], arguments=json.dumps(instance(function["parameters"])))])


def instance(schema: dict[str, Any]) -> Any:
    """The plainest value that satisfies a schema."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        return {name: instance(part) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [instance(schema.get("items", {}))] * int(schema.get("minItems", 0))
    plain: dict[str, Any] = {"number": schema.get("minimum", 0.5), "integer": schema.get("minimum", 1), "boolean": True, "null": None}
    return plain.get(kind, "text")
