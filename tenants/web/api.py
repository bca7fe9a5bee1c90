"""The REST API of this room: tools, policy, API keys, invitations, provider keys."""

from typing import ClassVar
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.models import PolicyVersion, ProviderKey, Tool
from tenants.people.api_keys import api_keys_for, create_api_key, revoke_api_key
from tenants.people.invitations import LONGEST_WHO, invite, open_invitations, take_back
from tenants.policy.policy import STARTER, current_policy, policy_diff, save_policy
from tenants.policy.text import MAX_BYTES
from tenants.problems import NotFound
from tenants.roles import Action
from tenants.vault.provider_keys import LONGEST, delete_provider_key, save_provider_key
from tenants.web.api_view import MemberApiView, body_of, moment_field, number_field, text_field
from tenants.web.pages import role_named
from tenants.web.serializers import (
    ApiKeyIn,
    ApiKeyOut,
    ApiKeysOut,
    InvitationIn,
    InvitationOut,
    InvitationsOut,
    NewApiKeyOut,
    NewInvitationOut,
    PolicyOut,
    PolicyVersionsOut,
    ProviderKeyIn,
    ProviderKeyOut,
    ProviderKeysOut,
    ToolsOut,
)


class ToolsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}

    @extend_schema(responses=ToolsOut)
    def get(self, request: Request) -> Response:
        return Response(ToolsOut({"tools": Tool.objects.order_by("name")}).data)


class PolicyView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view", "PUT": "manage"}

    @extend_schema(responses=PolicyOut)
    def get(self, request: Request) -> Response:
        latest = current_policy()
        return Response({"version": latest.number, "yaml": latest.yaml} if latest else {"version": 0, "yaml": STARTER})

    @extend_schema(request=PolicyOut, responses=PolicyOut)
    def put(self, request: Request) -> Response:
        data = body_of(request, required=frozenset({"yaml", "version"}))
        yaml = text_field(data, "yaml", longest=MAX_BYTES)
        saved = save_policy(tenant=self.tenant, yaml=yaml, version=number_field(data, "version"), by=self.user)
        return Response({"version": saved.number, "yaml": saved.yaml})


class PolicyVersionsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}

    @extend_schema(operation_id="policy_versions_list", responses=PolicyVersionsOut)
    def get(self, request: Request) -> Response:
        versions = list(PolicyVersion.objects.select_related("created_by").order_by("-number")[:101])
        for version, before in zip(versions, [*versions[1:], None], strict=False):
            version.diff = policy_diff(before, version)  # type: ignore[attr-defined]
        return Response(PolicyVersionsOut({"versions": versions[:100]}).data)


class ApiKeysView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view", "POST": "view"}

    @extend_schema(operation_id="keys_list", responses=ApiKeysOut)
    def get(self, request: Request) -> Response:
        return Response(ApiKeysOut({"keys": api_keys_for(self.user)}).data)

    @extend_schema(request=ApiKeyIn, responses={201: NewApiKeyOut})
    def post(self, request: Request) -> Response:
        data = body_of(request, optional=frozenset({"label", "expires_at"}))
        label, expires_at = text_field(data, "label", longest=80), moment_field(data, "expires_at")
        made = create_api_key(tenant=self.tenant, user=self.user, label=label, expires_at=expires_at, made_with=self.key)
        return Response({**ApiKeyOut(made.row).data, "key": made.secret}, status=201)


class ApiKeyView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"DELETE": "view"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        revoke_api_key(key_id=key_id, by=self.user)
        return Response(status=204)


class InvitationsView(MemberApiView):
    """Accepting is for the person, on the page of the link."""

    needs: ClassVar[dict[str, Action]] = {"GET": "manage", "POST": "manage"}

    @extend_schema(operation_id="invitations_list", responses=InvitationsOut)
    def get(self, request: Request) -> Response:
        return Response(InvitationsOut({"invitations": open_invitations()}).data)

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


class ProviderKeysView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}

    @extend_schema(operation_id="providers_list", responses=ProviderKeysOut)
    def get(self, request: Request) -> Response:
        return Response(ProviderKeysOut({"providers": ProviderKey.objects.all()}).data)


class ProviderKeyView(MemberApiView):
    """Write-only: what is read back is a mask."""

    needs: ClassVar[dict[str, Action]] = {"GET": "view", "PUT": "manage", "DELETE": "manage"}

    @extend_schema(responses=ProviderKeyOut)
    def get(self, request: Request, name: str) -> Response:
        row = ProviderKey.objects.filter(name=name).first()
        if row is None:
            raise NotFound()
        return Response(ProviderKeyOut(row).data)

    @extend_schema(request=ProviderKeyIn, responses=ProviderKeyOut)
    def put(self, request: Request, name: str) -> Response:
        value = text_field(body_of(request, required=frozenset({"value"})), "value", longest=LONGEST)
        return Response(ProviderKeyOut(save_provider_key(tenant=self.tenant, name=name, value=value, by=self.user)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        delete_provider_key(name=name, by=self.user)
        return Response(status=204)
