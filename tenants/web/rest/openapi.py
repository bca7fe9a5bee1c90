"""How every view is described in OpenAPI: its filters, what its bodies may have, and every error that it may answer."""

from functools import cache
from http import HTTPStatus
from typing import Any, Literal

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from tenants.web.api_view import MemberApiView

EVERYWHERE = (400, 401, 403, 404, 406, 429, 503)
WITH_BODY = (409, 413, 415)
"""Of what changes something."""


class ProblemOut(serializers.Serializer[object]):
    """RFC 9457, with a code for programs and a cure for people."""

    type = serializers.RegexField(r"^/problems/[a-z0-9_]+$", help_text="Answers with the code's meaning")
    title = serializers.CharField(help_text="What all problems of this code have in common")
    status = serializers.IntegerField(min_value=400, max_value=599)
    detail = serializers.CharField(help_text="What was got, and what was expected")
    code = serializers.RegexField(r"^[a-z0-9_]+$")
    cure = serializers.CharField(allow_blank=True, help_text="How to mend it")
    details = serializers.DictField(help_text="What a program may want to know")


class OnceForAll(SchemaGenerator):
    """Describes the API once in a process: it takes seconds of the interpreter, and is the same for everybody who asks."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        if public:
            return _described()
        own: dict[str, Any] = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        return own


@cache
def _described() -> dict[str, Any]:
    described: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return described


class ApiSchema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        view = self.view
        filters = view.filters if self.method == "GET" and isinstance(view, MemberApiView) else ()
        return [OpenApiParameter(each.name, each.schema(), description=each.about) for each in filters]

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        return {**schema, "additionalProperties": False} if direction == "request" else schema

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if isinstance(self.view, MemberApiView):
            problem = {"application/problem+json": {"schema": self.resolve_serializer(ProblemOut, direction).ref}}
            for status in self._problems(self.view):
                bodies[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
        return bodies

    def _problems(self, view: MemberApiView) -> tuple[int, ...]:
        changing = () if self.method == "GET" else WITH_BODY
        return (*EVERYWHERE, *changing, *view.answers.get(self.method, ()))
