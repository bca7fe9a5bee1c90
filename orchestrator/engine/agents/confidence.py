"""How sure an agent is of its answer, in its own words and as a number."""

from dataclasses import dataclass

from orchestrator.engine.ids import Json


@dataclass(frozen=True, slots=True)
class Rated:
    """An answer with how sure the agent is, from 0 to 1, and what it doubts."""

    answer: Json
    confidence: float
    doubt: str


def rated_schema(schema: dict[str, Json] | None) -> dict[str, Json]:
    """Answers that fit `schema`, or texts when there is none, each with how sure the agent is."""
    return {
        "type": "object",
        "properties": {
            "answer": schema if schema is not None else {"type": "string", "minLength": 1},
            "doubt": {"type": "string", "description": "What speaks against the answer, or is not known; empty when nothing"},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1, "description": "How likely the answer is right, honestly"},
        },
        "required": ["answer", "doubt", "confidence"],
        "additionalProperties": False,
    }


def rated(value: Json) -> Rated:
    """What a value of that schema says."""
    assert isinstance(value, dict)
    confidence = value["confidence"]
    assert isinstance(confidence, int | float)
    return Rated(value["answer"], float(confidence), str(value["doubt"]))
