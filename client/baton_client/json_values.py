"""Values as JSON has them, in answers that may turn out to be anything."""

from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
