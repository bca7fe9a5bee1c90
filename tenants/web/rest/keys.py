"""API keys: made, listed without their secrets, revoked."""

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.people.api_keys import api_keys_for, create_api_key, revoke_api_key
from tenants.roles import Action
from tenants.web.api_view import MemberApiView, body_of, moment_field, text_field
from tenants.web.paging import NEWEST_FIRST, PAGING
from tenants.web.rest.serializers import LONGEST_LABEL, ApiKeyIn, ApiKeyOut, ApiKeysOut, NewApiKeyOut


class ApiKeysView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view", "POST": "view"}
    filters = PAGING

    @extend_schema(operation_id="keys_list", responses=ApiKeysOut)
    def get(self, request: Request) -> Response:
        rows, following = self.page(api_keys_for(self.user), NEWEST_FIRST)
        return Response({"keys": ApiKeyOut(rows, many=True).data, "next": following})

    @extend_schema(request=ApiKeyIn, responses={201: NewApiKeyOut})
    def post(self, request: Request) -> Response:
        data = body_of(request, optional=frozenset({"label", "expires_at"}))
        label, expires_at = text_field(data, "label", longest=LONGEST_LABEL), moment_field(data, "expires_at")
        made = create_api_key(tenant=self.tenant, user=self.user, label=label, expires_at=expires_at, made_with=self.key)
        return Response({**ApiKeyOut(made.row).data, "key": made.secret}, status=201)


class ApiKeyView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"DELETE": "view"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        revoke_api_key(key_id=key_id, by=self.user)
        return Response(status=204)
