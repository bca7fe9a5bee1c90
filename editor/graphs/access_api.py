"""Who may use a graph, over REST: whether it is restricted, and what single people may do beyond their role."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from editor.graphs.actions import restrict_graph
from editor.graphs.serializers import AccessIn, AccessOut, PersonAccessIn, PersonAccessOut, RestrictedOut
from editor.lookup import graph_for
from editor.models import Graph
from tenants.models import Membership
from tenants.people.access import actions_on, share
from tenants.problems import InvalidValue, NotFound
from tenants.roles import ROLE_ACTIONS, SHARED_ACTIONS, Action, MemberRole
from tenants.web.api_view import MemberApiView, body_of
from tenants.web.paging import OLDEST_FIRST, PAGING


class AccessView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "manage", "PUT": "manage"}
    filters = PAGING

    @extend_schema(operation_id="graphs_access_list", responses=AccessOut)
    def get(self, request: Request, slug: str) -> Response:
        graph = graph_for(self.user, slug)
        page, following = self.page(_people(), OLDEST_FIRST)
        people = [_person(membership, graph) for membership in page]
        return Response({"restricted": graph.restricted, "people": people, "next": following})

    @extend_schema(request=AccessIn, responses=RestrictedOut)
    def put(self, request: Request, slug: str) -> Response:
        graph = graph_for(self.user, slug)
        restricted = body_of(request, required=frozenset({"restricted"}))["restricted"]
        if not isinstance(restricted, bool):
            raise InvalidValue("`restricted` must be true or false.", details={"field": "restricted"})
        restrict_graph(graph=graph, restricted=restricted, by=self.user)
        return Response({"restricted": restricted})


class PersonAccessView(MemberApiView):
    """Exactly these actions, beyond what the person's role gives; none takes all of them away."""

    needs: ClassVar[dict[str, Action]] = {"PUT": "manage"}

    @extend_schema(operation_id="graphs_access_person_update", request=PersonAccessIn, responses=PersonAccessOut)
    def put(self, request: Request, slug: str, membership_id: UUID) -> Response:
        graph = graph_for(self.user, slug)
        membership = _people().filter(pk=membership_id).first()
        if membership is None:
            raise NotFound()
        chosen = _actions(body_of(request, required=frozenset({"actions"}))["actions"])
        share(target=graph, user=membership.user, actions=chosen, by=self.user)
        return Response(_person(membership, graph))


def _people() -> Any:
    return Membership.objects.filter(user__is_service=False).select_related("user")


def _person(membership: Membership, graph: Graph) -> dict[str, Any]:
    by_role, own = ROLE_ACTIONS[MemberRole(membership.role)], actions_on(membership.user, graph)
    return {
        "id": membership.pk,
        "user": membership.user.username,
        "role": membership.role,
        "by_role": [action for action in SHARED_ACTIONS if action in by_role],
        "actions": [action for action in SHARED_ACTIONS if action in own],
    }


def _actions(value: object) -> frozenset[Action]:
    known = dict(zip(SHARED_ACTIONS, SHARED_ACTIONS, strict=True))
    if not isinstance(value, list) or not all(isinstance(each, str) and each in known for each in value):
        raise InvalidValue(
            "`actions` must be a list of actions.", cure=f"Actions: {', '.join(SHARED_ACTIONS)}.", details={"field": "actions"}
        )
    return frozenset(known[each] for each in value)
