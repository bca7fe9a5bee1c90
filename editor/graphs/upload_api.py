"""Files for runs over REST: the bytes as they are; what comes back is put into the input of a run."""

from collections.abc import Mapping
from typing import IO, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from editor.graphs.file_api import BINARY
from editor.graphs.uploads import LONGEST_NAME, receive
from orchestrator.engine.effects.model import FilePart
from tenants.web.api_view import MemberApiView
from tenants.web.rest.model_field import ModelField

NAMED = OpenApiParameter(
    "file", {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}, location="path", description="What the file is called"
)


class UploadOut(serializers.Serializer[object]):
    file = ModelField(FilePart)


class UnreadBody(BaseParser):
    """Takes nothing in, whoever looks for a form: how much of the body is read depends on what it begins with."""

    media_type = "*/*"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return None


class UploadView(MemberApiView):
    parser_classes = [UnreadBody]
    answers = {"POST": (413, 429)}

    @extend_schema(parameters=[NAMED], request={BINARY: OpenApiTypes.BINARY}, responses={201: UploadOut})
    def post(self, request: Request, file: str) -> Response:
        told = request.headers.get("Content-Length", "")
        length = int(told) if told.isascii() and told.isdecimal() else None
        kept = receive(tenant=self.tenant, by=self.user, name=file, stream=request._request, length=length)
        return Response({"file": kept.value()}, status=201)
