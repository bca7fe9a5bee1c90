"""What a JSON Schema says to forms beside the standard.

`control`: which control a field gets. `labels`: words for the values of an enumeration. `unit`: what a number counts.
`empty`: what it means that nothing is given. `when`: the field matters while one of these fields, named from the object it
is in, has one of these values. Of an object: `fold`, shown on demand; `switch`, the field that says whether the others matter.
"""

from typing import Final

from orchestrator.engine.ids import Json

FORM_WORDS: Final = ("control", "labels", "unit", "empty", "when", "fold", "switch")


def labels(**words: str) -> dict[str, Json]:
    """Words for the values of an enumeration."""
    return {"labels": dict(words)}
