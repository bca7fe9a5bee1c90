"""Invitations: made, listed, taken back. Accepting is for the person, on the page of the link."""

from typing import ClassVar
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.people.invitations import LONGEST_WHO, invite, open_invitations, take_back
from tenants.roles import Action
from tenants.web.api_view import MemberApiView, body_of, text_field
from tenants.web.pages import role_named
from tenants.web.paging import OLDEST_FIRST, PAGING
from tenants.web.rest.serializers import InvitationIn, InvitationOut, InvitationsOut, NewInvitationOut


class InvitationsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "manage", "POST": "manage"}
    filters = PAGING

    @extend_schema(operation_id="invitations_list", responses=InvitationsOut)
    def get(self, request: Request) -> Response:
        rows, following = self.page(open_invitations(), OLDEST_FIRST)
        return Response({"invitations": InvitationOut(rows, many=True).data, "next": following})

    @extend_schema(request=InvitationIn, responses={201: NewInvitationOut})
    def post(self, request: Request) -> Response:
        data = body_of(request, required=frozenset({"who", "role"}))
        role = role_named(text_field(data, "role", longest=16))
        made = invite(tenant=self.tenant, who=text_field(data, "who", longest=LONGEST_WHO), role=role, by=self.user, made_with=self.key)
        link = request.build_absolute_uri(reverse("invitation", args=[made.token]))
        return Response({**InvitationOut(made.row).data, "link": link}, status=201)


class InvitationView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"DELETE": "manage"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, invitation_id: UUID) -> Response:
        take_back(invitation_id=invitation_id, by=self.user)
        return Response(status=204)
