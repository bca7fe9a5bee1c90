"""Files that people give to runs: judged by their bytes, bounded by their kind, kept once by content for each workspace.

What no run refers to is taken away after a while, as the files of graphs are.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from django.db.models.functions import Now

from editor.graphs.contents import held
from editor.models import FileContent, Graph
from orchestrator.capabilities.media.pictures import BadPicture, dimensions_of
from orchestrator.capabilities.media.types import HEAD_BYTES, lies, media_type_of
from orchestrator.engine.document.files.modality import Modality, modality_of
from orchestrator.engine.effects.model import FilePart
from orchestrator.settings.env import FILES_PER_HOUR, LARGEST_FILES
from tenants.models import Tenant, User
from tenants.people.access import may_here, visible_to
from tenants.problems import ApiProblem, Forbidden, InvalidValue, TooLarge

LONGEST_NAME: Final = 255
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that have no place in a name: they end lines, lead to folders, or turn the direction of writing."""


class TooManyFiles(ApiProblem):
    """More files of one kind came in an hour than this workspace may send."""

    code = "too_many_files"
    status = 429
    cure = "Wait, then send the rest."


class BadFile(InvalidValue):
    """The file is not what it is called, or cannot be opened."""

    code = "bad_file"


class Stream(Protocol):
    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


def receive(*, tenant: Tenant, by: User, name: str, stream: Stream, length: int | None) -> FilePart:
    """Keep a file that is being sent. Its kind is told by the first bytes; one that is too large for it is read no further.

    `length` is what the sender says it has, None when they do not. Raises Forbidden, TooLarge, BadFile, TooManyFiles.
    """
    require_sender(by)
    name = _name(name)
    head = stream.read(HEAD_BYTES)
    if not head:
        raise BadFile(f"{name} is empty.", cure="Choose another file.")
    media_type = media_type_of(head, name)
    kind = modality_of(media_type)
    _refuse_size(name, kind, length or 0)
    if lies(name, media_type):
        raise BadFile(f"{name} is called otherwise than it is: it holds {media_type}.", cure="Give it the ending of what it holds.")
    _refuse_rate(kind)
    content = head + stream.read(LARGEST_FILES[kind] + 1 - len(head))
    _refuse_size(name, kind, len(content))
    if length is not None and len(content) < length:
        raise BadFile(f"{name} came with {len(content)} bytes of {length}.", cure="Send it again.")
    if kind is Modality.IMAGE:
        _refuse_picture(name, content)
    return keep(tenant_id=tenant.pk, name=name, media_type=media_type, content=content)


def keep(*, tenant_id: UUID, name: str, media_type: str, content: bytes) -> FilePart:
    """The content as a file of the tenant; one that is there already is the same."""
    file = FilePart(type="file", digest=hashlib.sha256(content).hexdigest(), media_type=media_type, name=name, size=len(content))
    fields = {"media_type": media_type, "kind": str(file.modality), "uploaded_at": Now(), "unused_since": None}
    if not FileContent.objects.filter(digest=file.digest).update(**fields):
        FileContent.objects.get_or_create(digest=file.digest, defaults={"tenant_id": tenant_id, "content": content, **fields})
    return file


def require_sender(user: User) -> None:
    """Whoever may start some run may send files. Raises Forbidden."""
    if not may_here(user, "run") and not visible_to(user, Graph.objects.kept(), "run").exists():
        raise Forbidden()


def hold(files: Iterable[FilePart]) -> list[str]:
    """Make sure that files stay: called in the transaction that refers to them. Their digests.

    Raises BadFile for one that is not there, or is not what it is said to be.
    """
    by_digest = {file.digest: file for file in files}
    if not by_digest:
        return []
    FileContent.objects.filter(digest__in=by_digest).update(unused_since=None)
    known = held(by_digest)
    for digest, file in by_digest.items():
        found = known.get(digest)
        if found is None or not found.kind:
            raise BadFile(f"{file.name} is not among the files of this workspace.", cure="Send it to /api/v1/files first, as it is.")
        if (found.size, found.kind) != (file.size, file.modality):
            told = f"{file.name} is said to be {file.media_type} of {file.size} bytes; it is {found.media_type} of {found.size}."
            raise BadFile(told, cure="Give the file as the answer to its upload describes it.")
    return list(by_digest)


def megabytes(size: int) -> str:
    return f"{size / 1024**2:.1f} MB"


def _name(name: str) -> str:
    plain = _UNPRINTABLE.sub("", name).strip(" .")
    if not plain or len(plain) > LONGEST_NAME:
        raise InvalidValue(f"A file's name has 1 to {LONGEST_NAME} characters, without slashes.", details={"field": "file"})
    return plain


def _refuse_size(name: str, kind: Modality, size: int) -> None:
    most = LARGEST_FILES[kind]
    if size > most:
        article = "An" if kind[0] in "ai" else "A"
        raise TooLarge(
            f"{name} has {megabytes(size)}. {article} {kind} has at most {megabytes(most)}.",
            cure="Make it smaller, or split it.",
            details={"kind": str(kind), "size": size, "most": most},
        )


def _refuse_rate(kind: Modality) -> None:
    most = FILES_PER_HOUR[kind]
    if FileContent.objects.filter(kind=kind, uploaded_at__gt=Now() - timedelta(hours=1)).count() >= most:
        raise TooManyFiles(f"This workspace has sent {most} files of kind {kind} within an hour, as many as it may.")


def _refuse_picture(name: str, content: bytes) -> None:
    try:
        dimensions_of(content)
    except BadPicture as error:
        raise BadFile(f"{name}: {error.info.message}", cure=error.info.cure) from error
