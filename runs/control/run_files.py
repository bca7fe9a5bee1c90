"""The files of a run: held for it when it is given them, lent to whoever executes it, and new ones kept."""

import base64
import tempfile
from collections.abc import Sequence
from pathlib import PurePath
from uuid import UUID

from django.db import transaction

from editor.graphs.contents import held, piece, whole
from editor.graphs.uploads import hold, keep
from orchestrator.capabilities.evaluation.shared import evaluator_for
from orchestrator.capabilities.media.films import frames_of
from orchestrator.capabilities.media.reading import MEDIA_LIMITS
from orchestrator.engine.effects.files import files_in
from orchestrator.engine.effects.model import FilePart
from orchestrator.engine.errors import HostUnavailable
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import Content, FramesWanted, missing_file
from runs.models import Run, RunFile
from tenants.isolation.database import DatabaseAway, DatabaseThreads
from tenants.isolation.scope import tenant_scope

_PIECE = 4 * 1024 * 1024


def hold_for(run: Run, value: Json) -> None:
    """The files that a value holds belong to the run from now on, in the present transaction. Raises BadFile."""
    rows = [RunFile(tenant_id=run.tenant_id, run=run, digest=digest) for digest in hold(files_in(value))]
    RunFile.objects.bulk_create(rows, ignore_conflicts=True)


class RunFiles:
    """The engine's Files of one claimed run. Reads what its tenant has, whichever run was given it; what it keeps belongs to its run."""

    def __init__(self, tenant_id: UUID, run_id: UUID, threads: DatabaseThreads) -> None:
        self._tenant_id = tenant_id
        self._run_id = run_id
        self._threads = threads

    async def content(self, file: FilePart) -> Content:
        try:
            found = await self._threads.run(content_of, self._tenant_id, file.digest)
        except DatabaseAway as error:
            raise HostUnavailable(str(error)) from error
        if found is None:
            raise missing_file(file)
        return found

    async def frames(self, video: FilePart, wanted: FramesWanted) -> list[FilePart]:
        with tempfile.NamedTemporaryFile(prefix="baton-video-") as copy:
            try:
                if not await self._threads.run(copy_to, self._tenant_id, video.digest, copy.name):
                    raise missing_file(video)
                work = (frames_of, copy.name, wanted.every_s, wanted.at_most)
                taken = await evaluator_for(str(self._tenant_id)).ask(*work, limits=MEDIA_LIMITS)
                assert isinstance(taken, list)
                return await self._threads.run(keep_frames, self._tenant_id, self._run_id, video.name, taken)
            except DatabaseAway as error:
                raise HostUnavailable(str(error)) from error


def content_of(tenant_id: UUID, digest: str) -> Content | None:
    with tenant_scope(tenant_id):
        found = whole(digest)
        return None if found is None else Content(*found)


def copy_to(tenant_id: UUID, digest: str, path: str) -> bool:
    """Write a content into a file, a piece at a time. False when the tenant does not have it."""
    with tenant_scope(tenant_id), open(path, "wb") as copy:
        known = held([digest]).get(digest)
        for start in range(0, known.size if known else 0, _PIECE):
            copy.write(piece(digest, start, _PIECE))
        return known is not None


def keep_frames(tenant_id: UUID, run_id: UUID, video: str, taken: Sequence[Json]) -> list[FilePart]:
    stem = PurePath(video).stem[:200]
    with tenant_scope(tenant_id), transaction.atomic():
        frames = []
        for frame in taken:
            assert isinstance(frame, dict)
            at_s = float(str(frame["at_s"]))
            content = base64.b64decode(str(frame["data"]))
            file = keep(tenant_id=tenant_id, name=f"{stem}-{at_s:g}s.jpg", media_type="image/jpeg", content=content)
            frames.append(file.model_copy(update={"at_s": at_s}))
        rows = [RunFile(tenant_id=tenant_id, run_id=run_id, digest=digest) for digest in dict.fromkeys(each.digest for each in frames)]
        RunFile.objects.bulk_create(rows, ignore_conflicts=True)
    return frames
