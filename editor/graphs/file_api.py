"""The files of a graph over REST: its tools look things up in them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from editor.graphs.files import LONGEST_FILE, NAME, content_of, delete_file, file_rows, put_file
from editor.graphs.serializers import FileOut, FilesOut
from editor.lookup import graph_for
from tenants.problems import TooLarge
from tenants.web.api_view import MemberApiView
from tenants.web.paging import PAGING

BINARY = "application/octet-stream"
NAMED = OpenApiParameter("file", {"type": "string", "pattern": f"^{NAME}$"}, location="path", description="The file's name")


class FileParser(BaseParser):
    """The bytes as they come, whatever they are said to be."""

    media_type = "*/*"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        content = stream.read(LONGEST_FILE + 1)
        if len(content) > LONGEST_FILE:
            raise TooLarge(f"The file is larger than {LONGEST_FILE // 1024**2} MiB.")
        return content


class FilesView(MemberApiView):
    filters = PAGING

    @extend_schema(operation_id="graphs_files_list", responses=FilesOut)
    def get(self, request: Request, slug: str) -> Response:
        page, following = self.page_of(file_rows(graph_for(self.user, slug).files), lambda row: row.name)
        return Response({"files": [asdict(row) for row in page], "next": following})


@extend_schema(parameters=[NAMED])
class FileView(MemberApiView):
    parser_classes = [FileParser]

    @extend_schema(responses={(200, BINARY): OpenApiTypes.BINARY})
    def get(self, request: Request, slug: str, file: str) -> HttpResponse:
        content = content_of(graph_for(self.user, slug), file)
        # Never shown in place: whoever uploads a page must not have it open as one of ours.
        headers = {"Content-Disposition": f'attachment; filename="{file}"', "Content-Security-Policy": "sandbox"}
        return HttpResponse(content, content_type=BINARY, headers=headers)

    @extend_schema(request={BINARY: OpenApiTypes.BINARY}, responses={200: FileOut, 201: FileOut})
    def put(self, request: Request, slug: str, file: str) -> Response:
        graph = graph_for(self.user, slug)
        known = file in graph.files
        content = request.data if isinstance(request.data, bytes) else b""
        row = put_file(graph=graph, name=file, content=content, by=self.user)
        return Response(asdict(row), status=200 if known else 201)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, file: str) -> Response:
        delete_file(graph=graph_for(self.user, slug), name=file, by=self.user)
        return Response(status=204)
