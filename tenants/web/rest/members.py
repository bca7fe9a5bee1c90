"""The people of the workspace: listed, given another role, taken out. They come in by invitations."""

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.models import Membership
from tenants.people.actions import change_role, remove_member
from tenants.problems import NotFound
from tenants.roles import Action
from tenants.web.api_view import MemberApiView, body_of, text_field
from tenants.web.pages import role_named
from tenants.web.paging import OLDEST_FIRST, PAGING
from tenants.web.rest.serializers import MemberIn, MemberOut, MembersOut


class MembersView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = PAGING

    @extend_schema(operation_id="members_list", responses=MembersOut)
    def get(self, request: Request) -> Response:
        rows, following = self.page(_people(), OLDEST_FIRST)
        return Response({"members": MemberOut(rows, many=True).data, "next": following})


class MemberView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view", "PUT": "manage", "DELETE": "manage"}

    @extend_schema(responses=MemberOut)
    def get(self, request: Request, membership_id: UUID) -> Response:
        return Response(MemberOut(_member(membership_id)).data)

    @extend_schema(request=MemberIn, responses=MemberOut)
    def put(self, request: Request, membership_id: UUID) -> Response:
        membership = _member(membership_id)
        role = role_named(text_field(body_of(request, required=frozenset({"role"})), "role", longest=16))
        change_role(membership=membership, role=role, by=self.user)
        return Response(MemberOut(_member(membership_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, membership_id: UUID) -> Response:
        """With their keys, links, invitations and permissions."""
        remove_member(membership=_member(membership_id), by=self.user)
        return Response(status=204)


def _people() -> "QuerySet[Membership]":
    return Membership.objects.filter(user__is_service=False).select_related("user")


def _member(membership_id: UUID) -> Membership:
    membership = _people().filter(pk=membership_id).first()
    if membership is None:
        raise NotFound()
    return membership
