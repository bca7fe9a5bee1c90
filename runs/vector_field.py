"""A column of vectors: pgvector's type on PostgreSQL, elsewhere the bytes of their numbers."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

Vector = npt.NDArray[np.float32]


class VectorField(models.Field):  # type: ignore[type-arg]  # no class of its own at run time
    """float32, little-endian, of any length; a row of another model has another."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "vector" if connection.vendor == "postgresql" else "blob"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if value is None:
            return None
        vector = np.asarray(value, dtype="<f4")
        return as_text(vector) if connection.vendor == "postgresql" else vector.tobytes()

    def get_placeholder(self, value: Any, compiler: Any, connection: BaseDatabaseWrapper) -> str:
        return "%s::vector" if connection.vendor == "postgresql" else "%s"

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Vector | None:
        return None if value is None else read_vector(value)


def as_text(vector: Vector) -> str:
    """As PostgreSQL reads it; each number so that it is read back as the same float32."""
    return f"[{','.join(map(repr, vector.tolist()))}]"


def read_vector(stored: Any) -> Vector:
    if isinstance(stored, str):
        return np.array(json.loads(stored), dtype=np.float32)
    return np.frombuffer(stored, dtype="<f4")
