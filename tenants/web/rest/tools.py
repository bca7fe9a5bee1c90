"""The tools of the workspace: their cards, switched on and off for everybody, called on narrower terms."""

from dataclasses import asdict
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orchestrator.capabilities.tools.terms import Lowered, Terms
from tenants.models import Tool
from tenants.policy.cards import card_of
from tenants.policy.tools import enable_tool, lower_tool, lowered
from tenants.problems import InvalidValue, NotFound
from tenants.roles import Action
from tenants.web.api_view import MemberApiView, body_of, number_field
from tenants.web.paging import PAGING, Order
from tenants.web.rest.serializers import LoweredIn, LoweredOut, ToolIn, ToolOut, ToolsOut

BY_NAME = Order(("name",))
TERMS = frozenset({"timeout_s", "retries", "per_minute"})
NAMED = OpenApiParameter("tool", {"type": "string", "maxLength": 64}, location="path", description="The tool's name")


class ToolsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = PAGING

    @extend_schema(operation_id="tools_list", responses=ToolsOut)
    def get(self, request: Request) -> Response:
        rows, following = self.page(Tool.objects.all(), BY_NAME)
        return Response({"tools": [tool_data(row) for row in rows], "next": following})


@extend_schema(parameters=[NAMED])
class ToolView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view", "PUT": "manage"}

    @extend_schema(responses=ToolOut)
    def get(self, request: Request, tool: str) -> Response:
        return Response(tool_data(tool_named(tool)))

    @extend_schema(request=ToolIn, responses=ToolOut)
    def put(self, request: Request, tool: str) -> Response:
        enabled = body_of(request, required=frozenset({"enabled"}))["enabled"]
        if not isinstance(enabled, bool):
            raise InvalidValue("`enabled` must be true or false.", details={"field": "enabled"})
        enable_tool(tool_id=tool_named(tool).pk, enabled=enabled, by=self.user)
        return Response(tool_data(tool_named(tool)))


@extend_schema(parameters=[NAMED])
class ToolTermsView(MemberApiView):
    """What the workspace allows a tool less than the tool allows itself."""

    needs: ClassVar[dict[str, Action]] = {"GET": "view", "PUT": "manage", "PATCH": "manage"}

    @extend_schema(responses=LoweredOut)
    def get(self, request: Request, tool: str) -> Response:
        return Response(LoweredOut(lowered(tool_named(tool))).data)

    @extend_schema(request=LoweredIn, responses=LoweredOut)
    def put(self, request: Request, tool: str) -> Response:
        return self._lower(tool_named(tool), body_of(request, required=TERMS))

    @extend_schema(request=LoweredIn, responses=LoweredOut)
    def patch(self, request: Request, tool: str) -> Response:
        row = tool_named(tool)
        return self._lower(row, asdict(lowered(row)) | body_of(request, optional=TERMS))

    def _lower(self, row: Tool, data: dict[str, Any]) -> Response:
        terms = Lowered(timeout_s=_seconds(data), retries=_count(data, "retries", least=0), per_minute=_count(data, "per_minute", least=1))
        return Response(LoweredOut(lowered(lower_tool(tool_id=row.pk, terms=terms, by=self.user))).data)


def _seconds(data: dict[str, Any]) -> float | None:
    value = data["timeout_s"]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValue("`timeout_s` must be a number of seconds, or null.", details={"field": "timeout_s"})
    return float(value)


def _count(data: dict[str, Any], name: str, *, least: int) -> int | None:
    return None if data[name] is None else number_field(data, name, least=least)


def tool_data(row: Tool) -> dict[str, object]:
    """Its card, as JSON."""
    card = card_of(row)
    return {
        "name": row.name,
        "title": row.title,
        "description": row.description,
        "parameters": row.parameters,
        "safety": row.safety,
        "timeout_s": row.timeout_s,
        "family": row.family,
        "enabled": row.enabled,
        "example": card.example,
        "touches": card.touches,
        "if_cut_off": card.safety,
        "price_usd": card.price_usd,
        "own_terms": _terms(card.own),
        "terms": _terms(card.terms),
    }


def _terms(terms: Terms | None) -> dict[str, object] | None:
    if terms is None:
        return None
    return {"timeout_s": terms.timeout_s, "retries": terms.retry.times, "per_minute": terms.per_minute}


def tool_named(name: str) -> Tool:
    tool = Tool.objects.filter(name=name).first()
    if tool is None:
        raise NotFound()
    return tool
