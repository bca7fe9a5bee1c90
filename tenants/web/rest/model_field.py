"""Values that a pydantic type checks, described in OpenAPI by that very type: each of its models is a component."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentIdentity, ResolvedComponent
from drf_spectacular.utils import Direction
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from pydantic_core import core_schema
from rest_framework import serializers

REFERENCE = "#/components/schemas/{model}"


class ModelField(serializers.JSONField):
    """JSON of the form of `model`, a pydantic model or a union of some, which then has a `name` of its own.

    `kept`: it may be sent, and was perhaps stored by an earlier build, without the fields that have a default.
    What is made for the answer has them all.
    """

    def __init__(self, model: Any, *, name: str = "", kept: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.name: str = name or model.__name__
        self.mode: JsonSchemaMode = "validation" if kept else "serialization"


class ModelSchema(GenerateJsonSchema):
    """Without a title for each field that only spells its name; an answer has every field."""

    def field_title_should_be_set(self, schema: core_schema.CoreSchema) -> bool:
        return False

    def field_is_required(
        self, field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField, total: bool
    ) -> bool:
        return self.mode == "serialization" or super().field_is_required(field, total)


class ModelFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = ModelField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        field: ModelField = self.target
        schema = TypeAdapter(field.model).json_schema(ref_template=REFERENCE, schema_generator=ModelSchema, mode=field.mode)
        for name, form in {**schema.pop("$defs", {}), field.name: schema}.items():
            auto_schema.registry.register_on_missing(_component(name, form))
        return {"$ref": REFERENCE.format(model=field.name)}


def _component(name: str, form: dict[str, Any]) -> ResolvedComponent:
    """Known by its form: a second form under the name is warned of."""
    identity = ComponentIdentity(form)  # type: ignore[no-untyped-call]
    return ResolvedComponent(name, ResolvedComponent.SCHEMA, form, identity)  # type: ignore[no-untyped-call]
