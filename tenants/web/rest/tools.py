"""The tools of the workspace."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.models import Tool
from tenants.roles import Action
from tenants.web.api_view import MemberApiView
from tenants.web.paging import PAGING, Order
from tenants.web.rest.serializers import ToolOut, ToolsOut

BY_NAME = Order(("name",))


class ToolsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = PAGING

    @extend_schema(operation_id="tools_list", responses=ToolsOut)
    def get(self, request: Request) -> Response:
        rows, following = self.page(Tool.objects.all(), BY_NAME)
        return Response({"tools": ToolOut(rows, many=True).data, "next": following})
