"""The policy and its versions."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.models import PolicyVersion
from tenants.policy.policy import STARTER, current_policy, policy_diff, save_policy
from tenants.policy.text import MAX_BYTES
from tenants.roles import Action
from tenants.web.api_view import MemberApiView, body_of, number_field, text_field
from tenants.web.paging import PAGING, Order
from tenants.web.rest.serializers import PolicyIn, PolicyOut, PolicyVersionOut, PolicyVersionsOut

LATEST_FIRST = Order(("number",), newest_first=True)


class PolicyView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view", "PUT": "manage"}

    @extend_schema(responses=PolicyOut)
    def get(self, request: Request) -> Response:
        latest = current_policy()
        return Response({"version": latest.number, "yaml": latest.yaml} if latest else {"version": 0, "yaml": STARTER})

    @extend_schema(request=PolicyIn, responses=PolicyOut)
    def put(self, request: Request) -> Response:
        data = body_of(request, required=frozenset({"yaml", "version"}))
        yaml = text_field(data, "yaml", longest=MAX_BYTES)
        saved = save_policy(tenant=self.tenant, yaml=yaml, version=number_field(data, "version"), by=self.user)
        return Response({"version": saved.number, "yaml": saved.yaml})


class PolicyVersionsView(MemberApiView):
    """Each with what it changed."""

    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = PAGING

    @extend_schema(operation_id="policy_versions_list", responses=PolicyVersionsOut)
    def get(self, request: Request) -> Response:
        versions, following = self.page(PolicyVersion.objects.select_related("created_by"), LATEST_FIRST)
        numbers = [version.number - 1 for version in versions]
        before = {version.number: version for version in PolicyVersion.objects.filter(number__in=numbers)}
        for version in versions:
            version.diff = policy_diff(before.get(version.number - 1), version)  # type: ignore[attr-defined]
        return Response({"versions": PolicyVersionOut(versions, many=True).data, "next": following})
