"""The draft of a graph over REST: read and saved under its revision, which is also its entity tag (RFC 9110)."""

import re
from typing import Any, ClassVar

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from editor.graphs.actions import SavedDraft, restore_version, save_draft
from editor.graphs.serializers import DraftDocumentOut, DraftIn, DraftOut, RestoreIn
from editor.lookup import graph_for
from editor.models import Graph
from editor.problems import as_json
from tenants.problems import InvalidValue, PreconditionFailed, PreconditionRequired, StaleRevision
from tenants.web.api_view import MemberApiView, body_of, number_field

NO_REVISION = 0
"""No draft has it."""
LONGEST_TAGS = 1000

_TAG = re.compile(r'"(\d{1,9})"', re.ASCII)


def _header(name: str, about: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string", "maxLength": LONGEST_TAGS}, location="header", description=about, **more)


ETAG = _header("ETag", 'The revision in quotes, as `"7"`.', response=[200])


class DraftView(MemberApiView):
    answers: ClassVar[dict[str, tuple[int, ...]]] = {"PUT": (412, 428)}

    @extend_schema(
        parameters=[_header("If-None-Match", "The `ETag` that is known: 304 while it is the latest."), ETAG],
        responses={200: DraftDocumentOut, 304: OpenApiResponse(description="Not Modified")},
    )
    def get(self, request: Request, slug: str) -> Response:
        graph = graph_for(self.user, slug)
        tag = etag_of(graph.revision)
        known = [each.removeprefix("W/") for each in _tags(request.headers.get("If-None-Match", ""))]
        if tag in known or "*" in known:
            return Response(status=304, headers={"ETag": tag})
        return Response(DraftDocumentOut(graph).data, headers={"ETag": tag})

    @extend_schema(
        request=DraftIn,
        parameters=[_header("If-Match", "The `ETag` that it is saved on top of; in its place `revision` may say so."), ETAG],
        responses=DraftOut,
    )
    def put(self, request: Request, slug: str) -> Response:
        graph = graph_for(self.user, slug)
        data = body_of(request, required=frozenset({"document"}), optional=frozenset({"revision"}))
        revision = number_field(data, "revision") if "revision" in data else None
        header = request.headers.get("If-Match")
        if header is None:
            if revision is None:
                raise PreconditionRequired()
            return _saved(save_draft(graph=graph, document=data["document"], revision=revision, by=self.user))
        matched = _matched(header, graph)
        if revision is not None and revision != matched:
            raise InvalidValue(f"`revision` is {revision} and `If-Match` {header[:40]}.", cure="Send one of them, or the same in both.")
        try:
            return _saved(save_draft(graph=graph, document=data["document"], revision=matched, by=self.user))
        except StaleRevision as error:
            raise PreconditionFailed(details=error.details) from error


class RestoreView(MemberApiView):
    @extend_schema(request=RestoreIn, responses=DraftOut)
    def post(self, request: Request, slug: str, number: int) -> Response:
        graph = graph_for(self.user, slug)
        revision = number_field(body_of(request, required=frozenset({"revision"})), "revision")
        return _saved(restore_version(graph=graph, number=number, revision=revision, by=self.user))


def etag_of(revision: int) -> str:
    return f'"{revision}"'


def _tags(header: str) -> list[str]:
    if len(header) > LONGEST_TAGS:
        raise InvalidValue(f"The header with entity tags is longer than {LONGEST_TAGS} characters.", cure="Send the one that you read.")
    return parse_etags(header)


def _matched(header: str, graph: Graph) -> int:
    """The revision that `If-Match` names: of several the present one, if it is among them."""
    tags = _tags(header)
    if "*" in tags or etag_of(graph.revision) in tags:
        return graph.revision
    numbers = [int(found[1]) for tag in tags if (found := _TAG.fullmatch(tag))]
    return numbers[0] if len(numbers) == 1 else NO_REVISION


def _saved(saved: SavedDraft) -> Response:
    body: dict[str, Any] = {"revision": saved.revision, "problems": as_json(saved.problems), "saved_at": saved.saved_at}
    return Response(body, headers={"ETag": etag_of(saved.revision)})
