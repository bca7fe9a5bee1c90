"""The REST API of this room: node kinds, graphs, versions, agents."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from editor.graphs.actions import (
    LONGEST_NOTE,
    LONGEST_TITLE,
    create_graph,
    delete_graph,
    duplicate_graph,
    publish_version,
)
from editor.graphs.serializers import (
    AgentChange,
    AgentIn,
    AgentOut,
    AgentRows,
    GraphIn,
    GraphOut,
    GraphRow,
    GraphRows,
    NodeKindsOut,
    VersionIn,
    VersionOut,
    VersionRow,
    VersionRows,
)
from editor.library.actions import LONGEST_SLUG, create_agent, delete_agent, save_agent
from editor.lookup import agent_for, graph_for, rights_on
from editor.models import Graph, GraphVersion, LibraryAgent
from editor.problems import as_json, problems_of, stored_document
from editor.versions.tool_use import tools_not_given
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.registry import kind_schemas
from tenants.problems import InvalidValue, NotFound
from tenants.web.api_view import MemberApiView, body_of, number_field, text_field
from tenants.web.paging import PAGING, Order

LATEST_FIRST = Order(("updated_at", "pk"), newest_first=True)
BY_SLUG = Order(("slug",))
HIGHEST_FIRST = Order(("number",), newest_first=True)


class NodeKindsView(MemberApiView):
    filters = PAGING

    @extend_schema(operation_id="node_kinds_list", responses=NodeKindsOut)
    def get(self, request: Request) -> Response:
        page, following = self.page_of(kind_schemas(), lambda kind: kind.name)
        return Response({"kinds": [kind.model_dump(mode="json") for kind in page], "next": following})


class AgentSchemaView(MemberApiView):
    """What an agent is, for forms: the JSON Schema of the agents of graphs and of the library."""

    @extend_schema(operation_id="agent_schema_retrieve", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response(Agent.model_json_schema())


class GraphsView(MemberApiView):
    filters = PAGING

    @extend_schema(operation_id="graphs_list", responses=GraphRows)
    def get(self, request: Request) -> Response:
        rows = Graph.objects.visible_to(self.user).with_latest_version().select_related("updated_by").defer("document", "example_input")
        page, following = self.page(rows, LATEST_FIRST)
        return Response({"graphs": GraphRow(page, many=True).data, "next": following})

    @extend_schema(request=GraphIn, responses={201: GraphRow})
    def post(self, request: Request) -> Response:
        data = body_of(request, required=frozenset({"title"}), optional=frozenset({"document"}))
        title = text_field(data, "title", longest=LONGEST_TITLE)
        document = data.get("document", {})
        if document is None:
            raise InvalidValue("`document` must be an object.", cure="Leave it out for an empty graph.", details={"field": "document"})
        graph = create_graph(tenant=self.tenant, title=title, document=document, by=self.user)
        return Response(GraphRow(graph_for(self.user, graph.slug)).data, status=201)


class GraphView(MemberApiView):
    @extend_schema(responses=GraphOut)
    def get(self, request: Request, slug: str) -> Response:
        graph = graph_for(self.user, slug)
        content = stored_document(graph.document)
        problems = [*problems_of(content), *tools_not_given(content, graph.slug)]
        more = {"problems": as_json(problems), "may": rights_on(self.user, graph), "files": sorted(graph.files)}
        return Response({**GraphRow(graph).data, "id": graph.pk, "document": graph.document, "example_input": graph.example_input, **more})

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        delete_graph(graph=graph_for(self.user, slug), by=self.user)
        return Response(status=204)


class DuplicateView(MemberApiView):
    @extend_schema(request=None, responses={201: GraphRow})
    def post(self, request: Request, slug: str) -> Response:
        copy = duplicate_graph(graph=graph_for(self.user, slug), by=self.user)
        return Response(GraphRow(graph_for(self.user, copy.slug)).data, status=201)


class VersionsView(MemberApiView):
    filters = PAGING

    @extend_schema(operation_id="graphs_versions_list", responses=VersionRows)
    def get(self, request: Request, slug: str) -> Response:
        versions = graph_for(self.user, slug).versions.filter(is_draft=False).select_related("created_by").defer("document", "source")
        page, following = self.page(versions, HIGHEST_FIRST)
        return Response({"versions": VersionRow(page, many=True).data, "next": following})

    @extend_schema(request=VersionIn, responses={201: VersionRow})
    def post(self, request: Request, slug: str) -> Response:
        graph = graph_for(self.user, slug)
        note = text_field(body_of(request, optional=frozenset({"note"})), "note", longest=LONGEST_NOTE)
        version = publish_version(graph=graph, note=note, by=self.user)
        return Response(VersionRow(version).data, status=201)


class VersionView(MemberApiView):
    @extend_schema(responses=VersionOut)
    def get(self, request: Request, slug: str, number: int) -> Response:
        graph = graph_for(self.user, slug)
        version = GraphVersion.objects.filter(graph=graph, number=number).select_related("created_by").first()
        if version is None:
            raise NotFound()
        return Response(VersionOut(version).data)


class AgentsView(MemberApiView):
    filters = PAGING

    @extend_schema(operation_id="agents_list", responses=AgentRows)
    def get(self, request: Request) -> Response:
        page, following = self.page(LibraryAgent.objects.visible_to(self.user), BY_SLUG)
        return Response({"agents": AgentOut(page, many=True).data, "next": following})

    @extend_schema(request=AgentIn, responses={201: AgentOut})
    def post(self, request: Request) -> Response:
        data = body_of(request, required=frozenset({"agent"}), optional=frozenset({"slug"}))
        slug = text_field(data, "slug", longest=LONGEST_SLUG)
        return Response(AgentOut(create_agent(tenant=self.tenant, agent=data["agent"], slug=slug, by=self.user)).data, status=201)


class AgentView(MemberApiView):
    @extend_schema(responses=AgentOut)
    def get(self, request: Request, slug: str) -> Response:
        return Response(AgentOut(agent_for(self.user, slug)).data)

    @extend_schema(request=AgentChange, responses=AgentOut)
    def put(self, request: Request, slug: str) -> Response:
        row = agent_for(self.user, slug)
        data = body_of(request, required=frozenset({"agent", "revision"}))
        return Response(AgentOut(save_agent(row=row, agent=data["agent"], revision=number_field(data, "revision"), by=self.user)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        delete_agent(row=agent_for(self.user, slug), by=self.user)
        return Response(status=204)
