"""Which agent may use which tool: the matrix, a right given, a right taken away."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.policy.identities import MatrixRow, find_identity_and_tool, grant_tool, revoke_tool, tool_matrix
from tenants.roles import Action
from tenants.web.api_view import MemberApiView
from tenants.web.paging import PAGING
from tenants.web.rest.serializers import RightsOut
from tenants.web.rest.tools import NAMED, tool_named


class RightsView(MemberApiView):
    """For managers only: names of agents tell of graphs that others may not see."""

    needs: ClassVar[dict[str, Action]] = {"GET": "manage"}
    filters = PAGING

    @extend_schema(operation_id="rights_list", responses=RightsOut)
    def get(self, request: Request) -> Response:
        page, following = self.page_of(tool_matrix()[1], lambda row: row.identity.name)
        return Response({"rights": _rights(page), "next": following})


@extend_schema(parameters=[NAMED])
class RightView(MemberApiView):
    """It holds from now on, also for runs in flight. With a tool every tool of its family is taken away."""

    needs: ClassVar[dict[str, Action]] = {"PUT": "manage", "DELETE": "manage"}

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, identity_id: UUID, tool: str) -> Response:
        identity, found = find_identity_and_tool(identity_id, tool_named(tool).pk)
        grant_tool(identity=identity, tool=found, by=self.user)
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, identity_id: UUID, tool: str) -> Response:
        identity, found = find_identity_and_tool(identity_id, tool_named(tool).pk)
        revoke_tool(identity=identity, tool=found, by=self.user)
        return Response(status=204)


def _rights(rows: Sequence[MatrixRow]) -> list[dict[str, Any]]:
    return [
        {"id": row.identity.pk, "name": row.identity.name, "tools": [{"name": cell.tool.name, "state": cell.state} for cell in row.cells]}
        for row in rows
    ]
