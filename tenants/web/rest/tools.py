"""The tools of the workspace: listed, switched on and off for everybody."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.models import Tool
from tenants.policy.tools import enable_tool
from tenants.problems import InvalidValue, NotFound
from tenants.roles import Action
from tenants.web.api_view import MemberApiView, body_of
from tenants.web.paging import PAGING, Order
from tenants.web.rest.serializers import ToolIn, ToolOut, ToolsOut

BY_NAME = Order(("name",))
NAMED = OpenApiParameter("tool", {"type": "string", "maxLength": 64}, location="path", description="The tool's name")


class ToolsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = PAGING

    @extend_schema(operation_id="tools_list", responses=ToolsOut)
    def get(self, request: Request) -> Response:
        rows, following = self.page(Tool.objects.all(), BY_NAME)
        return Response({"tools": ToolOut(rows, many=True).data, "next": following})


@extend_schema(parameters=[NAMED])
class ToolView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view", "PUT": "manage"}

    @extend_schema(responses=ToolOut)
    def get(self, request: Request, tool: str) -> Response:
        return Response(ToolOut(tool_named(tool)).data)

    @extend_schema(request=ToolIn, responses=ToolOut)
    def put(self, request: Request, tool: str) -> Response:
        enabled = body_of(request, required=frozenset({"enabled"}))["enabled"]
        if not isinstance(enabled, bool):
            raise InvalidValue("`enabled` must be true or false.", details={"field": "enabled"})
        enable_tool(tool_id=tool_named(tool).pk, enabled=enabled, by=self.user)
        return Response(ToolOut(tool_named(tool)).data)


def tool_named(name: str) -> Tool:
    tool = Tool.objects.filter(name=name).first()
    if tool is None:
        raise NotFound()
    return tool
