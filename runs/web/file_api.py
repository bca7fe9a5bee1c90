"""The files of a run, for who may see the run: pictures, sounds and films to be shown, everything else to be saved."""

import re
from typing import ClassVar, Final
from urllib.parse import quote
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from editor.graphs.contents import Held, held, piece, whole
from orchestrator.capabilities.media.documents import has_words
from orchestrator.capabilities.media.reading import FIRST_CHARACTERS, first_words
from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.errors import EngineError
from runs.models import Run, RunFile
from runs.web.lookup import run_for
from runs.web.serializers import FileWordsOut
from tenants.evaluation import evaluated
from tenants.problems import NotFound
from tenants.roles import Action
from tenants.web.api_view import MemberApiView
from tenants.web.filters import TextFilter

LONGEST_PIECE: Final = 4 * 1024 * 1024
"""Of a film that is played: a browser asks for the next one by itself."""
BINARY: Final = "application/octet-stream"
_SHOWN: Final = frozenset({Modality.IMAGE, Modality.AUDIO, Modality.VIDEO})
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


class RunFileView(MemberApiView):
    """The bytes, never as a page: whatever they hold, nothing in them is executed or framed, and no other site may take them in."""

    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = (TextFilter("name", "What the file is called where it is saved.", longest=255),)

    @extend_schema(operation_id="runs_files_retrieve", responses={(200, BINARY): OpenApiTypes.BINARY})
    def get(self, request: Request, run_id: UUID, sha256: str) -> HttpResponse:
        found = file_of_run(run_for(self.user, run_id), sha256)
        asked = _RANGE.fullmatch(request.headers.get("Range", ""))
        answer = _part(found, sha256, int(asked[1]), asked[2]) if asked else HttpResponse((whole(sha256) or (b"", ""))[0])
        is_shown = found.kind in _SHOWN
        answer["Content-Type"] = found.media_type if is_shown else BINARY
        name = quote(self.asked("name") or sha256[:12], safe="")
        answer["Content-Disposition"] = f"{'inline' if is_shown else 'attachment'}; filename*=UTF-8''{name}"
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        answer["Cross-Origin-Resource-Policy"] = "same-origin"
        answer["Accept-Ranges"] = "bytes"
        answer["Cache-Control"] = "private, max-age=86400, immutable"
        return answer


class RunFileWordsView(MemberApiView):
    """How a document begins, as plain text."""

    needs: ClassVar[dict[str, Action]] = {"GET": "view"}

    @extend_schema(operation_id="runs_files_words", responses=FileWordsOut)
    def get(self, request: Request, run_id: UUID, sha256: str) -> Response:
        found = file_of_run(run_for(self.user, run_id), sha256)
        if not has_words(found.media_type):
            return Response({"text": "", "cut": False, "why_not": "Files of this type have no words that could be shown."})
        try:
            words = first_words(evaluated, whole(sha256), found.media_type)
        except EngineError as error:
            return Response({"text": "", "cut": False, "why_not": error.info.message})
        return Response({"text": words.text[:FIRST_CHARACTERS], "cut": words.cut, "why_not": ""})


def file_of_run(run: Run, digest: str) -> Held:
    """Raises NotFound alike for what is missing, and for a file of another run or tenant."""
    found = held([digest]).get(digest)
    if found is None or not RunFile.objects.filter(run=run, digest=digest).exists():
        raise NotFound()
    return found


def _part(found: Held, digest: str, start: int, last: str) -> HttpResponse:
    end = min(found.size, int(last) + 1 if last else found.size, start + LONGEST_PIECE)
    if start >= end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{found.size}"})
    return HttpResponse(piece(digest, start, end - start), status=206, headers={"Content-Range": f"bytes {start}-{end - 1}/{found.size}"})
