"""Keys of model providers. Write-only: what is read back is a mask."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orchestrator.capabilities.language_models.providers import providers
from tenants.models import ProviderKey
from tenants.problems import NotFound
from tenants.roles import Action
from tenants.vault.provider_keys import LONGEST, delete_provider_key, save_provider_key
from tenants.web.api_view import MemberApiView, body_of, text_field
from tenants.web.paging import PAGING, Order
from tenants.web.rest.serializers import ProviderKeyIn, ProviderKeyOut, ProviderKeysOut

BY_NAME = Order(("name",))
NAMED = OpenApiParameter("name", {"type": "string", "enum": sorted(providers())}, location="path")


class ProviderKeysView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = PAGING

    @extend_schema(operation_id="providers_list", responses=ProviderKeysOut)
    def get(self, request: Request) -> Response:
        rows, following = self.page(ProviderKey.objects.all(), BY_NAME)
        return Response({"providers": ProviderKeyOut(rows, many=True).data, "next": following})


@extend_schema(parameters=[NAMED])
class ProviderKeyView(MemberApiView):
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
