"""The REST API of what agents remember."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orchestrator.engine.document.agents.memory import SPACE
from orchestrator.engine.effects.memory import LONGEST_MEMORY
from runs.memory.people import correct, forget, forget_space, found_by, memories_for, memory_for, spaces_for
from runs.memory.ranking import Ranked
from runs.models import Memory
from tenants.roles import Action
from tenants.web.api_view import MemberApiView, body_of, text_field
from tenants.web.filters import ChoiceFilter, TextFilter
from tenants.web.paging import NEWEST_FIRST, PAGING
from tenants.web.rest.serializers import PageOut

LONGEST_ASKED = 500
NUMBERED = OpenApiParameter("memory_id", {"type": "integer", "minimum": 0}, location="path", description="The memory's id")
NAMED = OpenApiParameter("space", {"type": "string", "pattern": SPACE}, location="path", description="The memory's name")


class OriginOut(serializers.Serializer[object]):
    run = serializers.UUIDField(allow_null=True)
    path = serializers.CharField()
    agent = serializers.CharField()
    graph = serializers.CharField()
    person = serializers.CharField()


class MemoryOut(serializers.Serializer[object]):
    """The scores are null where nothing was searched for."""

    id = serializers.IntegerField()
    space = serializers.CharField()
    kind = serializers.ChoiceField(choices=Memory.Kind.choices)
    text = serializers.CharField()
    model = serializers.CharField()
    sensitive = serializers.ListField(child=serializers.CharField())
    origin = OriginOut()
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField(allow_null=True)
    recalled_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    score = serializers.FloatField(allow_null=True)


class MemoriesOut(PageOut):
    memories = MemoryOut(many=True)


class MemoryIn(serializers.Serializer[object]):
    text = serializers.CharField(max_length=LONGEST_MEMORY)


class SpaceOut(serializers.Serializer[object]):
    """`models`: how many memories were made comparable by which model."""

    name = serializers.CharField()
    memories = serializers.IntegerField()
    models = serializers.DictField(child=serializers.IntegerField())


class SpacesOut(PageOut):
    spaces = SpaceOut(many=True)


class MemoriesView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = (
        TextFilter("space", "Memories of this name.", longest=63, pattern=SPACE.strip("^$")),
        ChoiceFilter("kind", "Of this kind.", choices=Memory.Kind.values),
        TextFilter("q", "The most alike, at most 50, instead of all.", longest=LONGEST_ASKED),
        *PAGING,
    )
    answers: ClassVar[dict[str, tuple[int, ...]]] = {"GET": (409,)}

    @extend_schema(operation_id="memories_list", responses=MemoriesOut)
    def get(self, request: Request) -> Response:
        asked = {"space": self.asked("space"), "kind": self.asked("kind")}
        if self.asked("q").strip():
            found = found_by(self.user, self.asked("q"), **asked)[: self.number("limit")]
            return Response({"memories": [memory_data(one.memory, one.ranked) for one in found], "next": None})
        rows, following = self.page(memories_for(self.user, **asked), NEWEST_FIRST)
        return Response({"memories": [memory_data(row) for row in rows], "next": following})


@extend_schema(parameters=[NUMBERED])
class MemoryView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view", "PATCH": "edit", "DELETE": "edit"}
    answers: ClassVar[dict[str, tuple[int, ...]]] = {"PATCH": (409,)}

    @extend_schema(responses=MemoryOut)
    def get(self, request: Request, memory_id: int) -> Response:
        return Response(memory_data(memory_for(self.user, memory_id)))

    @extend_schema(request=MemoryIn, responses=MemoryOut)
    def patch(self, request: Request, memory_id: int) -> Response:
        memory, data = memory_for(self.user, memory_id), body_of(request, optional=frozenset({"text"}))
        if "text" in data:
            memory = correct(self.user, memory_id, text_field(data, "text", longest=LONGEST_MEMORY))
        return Response(memory_data(memory))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, memory_id: int) -> Response:
        forget(self.user, memory_id)
        return Response(status=204)


class MemorySpacesView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = PAGING

    @extend_schema(operation_id="memory_spaces_list", responses=SpacesOut)
    def get(self, request: Request) -> Response:
        rows, following = self.page_of(spaces_for(self.user), lambda row: row.name)
        return Response({"spaces": [{"name": row.name, "memories": row.memories, "models": row.models} for row in rows], "next": following})


@extend_schema(parameters=[NAMED])
class MemorySpaceView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"DELETE": "edit"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, space: str) -> Response:
        forget_space(self.user, space)
        return Response(status=204)


def memory_data(memory: Memory, ranked: Ranked | None = None) -> dict[str, object]:
    return {
        "id": memory.pk,
        "space": memory.space.name,
        "kind": memory.kind,
        "text": memory.text,
        "model": memory.model,
        "sensitive": memory.sensitive,
        "origin": {
            "run": memory.run_id,
            "path": memory.path,
            "agent": memory.agent,
            "graph": memory.graph,
            "person": memory.person,
        },
        "created_at": memory.created_at,
        "changed_at": memory.changed_at,
        "recalled_at": memory.recalled_at,
        "expires_at": memory.expires_at,
        "score": None if ranked is None else ranked.score,
    }
