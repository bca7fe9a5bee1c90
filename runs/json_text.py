"""JSON kept as text: PostgreSQL's jsonb refuses the NUL character, and nobody queries inside."""

import json
from typing import TYPE_CHECKING, Any

from django.db import models


class JsonTextField(models.TextField):  # type: ignore[type-arg]  # it takes no arguments at run time
    """Holds any JSON value, `None` included."""

    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: object) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def value_to_string(self, obj: models.Model) -> str:
        return json.dumps(self.value_from_object(obj))
