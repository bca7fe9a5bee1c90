"""The value that a person types into an approval's form."""

import json

from orchestrator.engine.ids import Json
from runs.problems import InvalidAnswer

LONGEST = 200_000


def value_of(text: str) -> Json:
    """JSON; nothing at all is no value."""
    if not text.strip():
        return None
    if len(text) > LONGEST:
        raise InvalidAnswer(f"The value is longer than {LONGEST} characters.", cure="Shorten it.")
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswer("The value is not JSON.", cure='Write text in quotes, such as "yes", or leave it empty.') from error
    return value
