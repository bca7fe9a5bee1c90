"""An agent's answer, read from what its model said."""

import json
from dataclasses import dataclass
from typing import Final

from orchestrator.engine.execution.evaluation.evaluating import FaultIn
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import NotJson, read_json
from orchestrator.engine.log.events import CorrectionKind


@dataclass(frozen=True, slots=True)
class Reading:
    """`fault` says why the answer cannot be used, `advice` what the model is told then; both are empty when it can.

    `cure` is for people, when telling the model did not help.
    """

    value: Json = None
    fault: str = ""
    advice: str = ""
    what: CorrectionKind = "bad_answer"
    cure: str = "Use a model that follows schemas, or raise max_repairs."


TRUNCATED: Final = Reading(
    fault="The answer was cut at the output limit",
    advice="Your answer was cut off because it was too long. Answer again from the beginning, in fewer words.",
    what="truncated",
    cure="Raise max_output_tokens, or ask for less.",
)
_EMPTY: Final = Reading(fault="The answer is empty", advice="Your answer was empty. Answer the task.", what="empty")


async def read_answer(fault_in: FaultIn, text: str, schema: dict[str, Json] | None) -> Reading:
    """The text itself, or the data in it when there is a schema."""
    if schema is None:
        return Reading(text) if text.strip() else _EMPTY
    try:
        value = read_json(_without_fence(text))
    except NotJson as error:
        fault: str | None = f"it is not valid JSON ({str(error)[:120]})"
    else:
        fault = await fault_in(schema, value)
        if fault is None:
            return Reading(value)
    wanted = f"Answer with one JSON value that fits this schema and nothing else: {json.dumps(schema)}"
    what: CorrectionKind = "bad_answer" if text.strip() else "empty"
    return Reading(None, f"The answer does not fit the schema: {fault}", f"Your answer cannot be used: {fault}. {wanted}", what)


def _without_fence(text: str) -> str:
    """JSON that a model wrapped in a Markdown fence."""
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        return stripped[3:-3].removeprefix("json").strip()
    return stripped
