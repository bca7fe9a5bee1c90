"""What a person types into an approval's form."""

from typing import Any

from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import NotJson, read_json
from runs.control.answers import EDIT
from runs.control.problems import InvalidAnswer

LONGEST = 200_000

Request = dict[str, Any]


def takes_text(request: Request) -> bool:
    """Whether the answer is a text that a person writes as it is."""
    schema = request.get("answer_schema") or {}
    return schema.get("type") == "string" or (not schema and request["mode"] == "review" and isinstance(request.get("payload"), str))


def answer_of(request: Request, action: str, typed: str | None) -> Json:
    """The value of an answer. What a form that offers an edit sends back as it was shown is no value."""
    if typed is None:
        return None
    if len(typed) > LONGEST:
        raise InvalidAnswer(f"The value is longer than {LONGEST} characters.", cure="Shorten it.")
    value: Json = typed.replace("\r\n", "\n") if takes_text(request) else _read(typed)
    ways = {way["name"] for way in request.get("actions", [])}
    unchanged = value == request.get("payload") or not typed.strip()
    return None if EDIT in ways and action != EDIT and unchanged else value


def _read(text: str) -> Json:
    """JSON; nothing at all is no value."""
    if not text.strip():
        return None
    try:
        return read_json(text)
    except NotJson as error:
        raise InvalidAnswer(f"The value is not JSON: {error}.", cure='Write text in quotes, such as "yes", or leave it empty.') from error
