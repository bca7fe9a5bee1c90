"""Rows of this room as JSON."""

from rest_framework import serializers

from editor.graphs.actions import LONGEST_NOTE, LONGEST_TITLE
from editor.library.actions import LONGEST_SLUG
from editor.models import Graph, GraphVersion, LibraryAgent
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.graph import Graph as GraphDocument
from orchestrator.engine.document.node_kind import NodeKindSchema
from orchestrator.engine.document.problems import Problem
from tenants.roles import SHARED_ACTIONS, MemberRole
from tenants.web.rest.model_field import ModelField
from tenants.web.rest.serializers import MOST, NOT_BLANK, PageOut

SLUG = r"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$"


class GraphRow(serializers.ModelSerializer[Graph]):
    latest_version = serializers.IntegerField(allow_null=True)
    updated_by = serializers.CharField(source="updated_by.username", default=None, allow_null=True)

    class Meta:
        model = Graph
        fields = ("slug", "title", "revision", "latest_version", "updated_at", "updated_by", "problem_count")


class GraphRows(PageOut):
    graphs = GraphRow(many=True)


class GraphIn(serializers.Serializer[object]):
    title = serializers.RegexField(NOT_BLANK, max_length=LONGEST_TITLE)
    document = ModelField(GraphDocument, required=False)


class MayOut(serializers.Serializer[object]):
    edit = serializers.BooleanField()
    run = serializers.BooleanField()
    publish = serializers.BooleanField()


class GraphOut(GraphRow):
    document = ModelField(GraphDocument)
    problems = serializers.ListField(child=ModelField(Problem, kept=False))
    may = MayOut()
    example_input = serializers.DictField(allow_null=True)
    files = serializers.ListField(child=serializers.CharField(), help_text="Names")

    class Meta:
        model = Graph
        fields = (*GraphRow.Meta.fields, "id", "document", "problems", "may", "example_input", "files")


class DraftIn(serializers.Serializer[object]):
    document = ModelField(GraphDocument)
    revision = serializers.IntegerField(required=False, min_value=0, max_value=MOST, help_text="That it is saved on top of")


class DraftDocumentOut(serializers.ModelSerializer[Graph]):
    updated_by = serializers.CharField(source="updated_by.username", default=None, allow_null=True)
    document = ModelField(GraphDocument)

    class Meta:
        model = Graph
        fields = ("revision", "document", "updated_at", "updated_by")


class DraftOut(serializers.Serializer[object]):
    revision = serializers.IntegerField(min_value=0, max_value=MOST)
    problems = serializers.ListField(child=ModelField(Problem, kept=False))
    saved_at = serializers.DateTimeField()


class FileOut(serializers.Serializer[object]):
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes")
    sha256 = serializers.CharField()


class FilesOut(PageOut):
    files = FileOut(many=True)


def _actions(about: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.ChoiceField(choices=SHARED_ACTIONS), help_text=about)


class PersonAccessOut(serializers.Serializer[object]):
    id = serializers.UUIDField(help_text="Of the membership")
    user = serializers.CharField()
    role = serializers.ChoiceField(choices=MemberRole.choices)
    by_role = _actions("What the role allows, where the graph is not restricted")
    actions = _actions("What was given to the person for this graph")


class AccessOut(PageOut):
    restricted = serializers.BooleanField(help_text="Only for managers and people with actions of their own")
    people = PersonAccessOut(many=True)


class RestrictedOut(serializers.Serializer[object]):
    restricted = serializers.BooleanField()


class AccessIn(serializers.Serializer[object]):
    restricted = serializers.BooleanField()


class PersonAccessIn(serializers.Serializer[object]):
    actions = _actions("All that the person may do beyond the role; none takes everything away")


class VersionIn(serializers.Serializer[object]):
    note = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_NOTE)


class RestoreIn(serializers.Serializer[object]):
    revision = serializers.IntegerField(min_value=0, max_value=MOST)


class VersionRow(serializers.ModelSerializer[GraphVersion]):
    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True)

    class Meta:
        model = GraphVersion
        fields = ("number", "digest", "created_at", "created_by", "note")


class VersionRows(PageOut):
    versions = VersionRow(many=True)


class VersionOut(VersionRow):
    document = ModelField(GraphDocument)

    class Meta:
        model = GraphVersion
        fields = (*VersionRow.Meta.fields, "document")


class AgentOut(serializers.ModelSerializer[LibraryAgent]):
    agent = ModelField(Agent, source="document")

    class Meta:
        model = LibraryAgent
        fields = ("slug", "agent", "revision", "updated_at")


class AgentRows(PageOut):
    agents = AgentOut(many=True)


class AgentIn(serializers.Serializer[object]):
    agent = ModelField(Agent)
    slug = serializers.RegexField(SLUG, required=False, max_length=LONGEST_SLUG)


class AgentChange(serializers.Serializer[object]):
    agent = ModelField(Agent)
    revision = serializers.IntegerField(min_value=0, max_value=MOST)


class NodeKindsOut(PageOut):
    kinds = serializers.ListField(child=ModelField(NodeKindSchema, kept=False))
