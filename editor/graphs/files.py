"""The files that a graph brings along, which its tools look things up in: kept once, by content."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Length

from editor.models import FileContent, Graph
from tenants.models import Tenant, User
from tenants.people.access import require
from tenants.problems import InvalidValue, NotFound, TooLarge

MOST_BYTES = 16 * 1024 * 1024
"""Of all files of a graph together."""
LONGEST_FILE = 8 * 1024 * 1024
MOST_FILES = 100
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


@dataclass(frozen=True, slots=True)
class FileRow:
    name: str
    size: int
    sha256: str


def store_files(*, tenant: Tenant, files: Mapping[str, bytes]) -> dict[str, str]:
    """Keep the files; what each name stands for is returned as the hash of its content."""
    if sum(map(len, files.values())) > MOST_BYTES:
        raise TooLarge(f"The files of a graph are larger than {MOST_BYTES // 1024**2} MiB together.")
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    for name, digest in digests.items():
        # Written to, a content that is there already is not collected before this transaction has ended.
        if not FileContent.objects.filter(digest=digest).update(unused_since=None):
            FileContent.objects.get_or_create(digest=digest, defaults={"tenant": tenant, "content": files[name]})
    return digests


def files_of(digests: Mapping[str, str]) -> dict[str, bytes]:
    """The files that a version names, by name, as they were when it was frozen."""
    contents = dict(FileContent.objects.filter(digest__in=digests.values()).values_list("digest", "content"))
    return {name: bytes(contents[digest]) for name, digest in digests.items()}


def file_rows(digests: Mapping[str, str]) -> list[FileRow]:
    """By name. `size` is in bytes."""
    sizes = dict(FileContent.objects.filter(digest__in=digests.values()).values_list("digest", Length("content")))
    return [FileRow(name, sizes[digest], digest) for name, digest in sorted(digests.items())]


def content_of(graph: Graph, name: str) -> bytes:
    if name not in graph.files:
        raise NotFound()
    return files_of({name: graph.files[name]})[name]


def put_file(*, graph: Graph, name: str, content: bytes, by: User) -> FileRow:
    """Add a file, or put it in the place of the one of that name. Versions keep what they were frozen with."""
    require(by, "edit", graph)
    if not re.fullmatch(NAME, name):
        cure = "Use letters from a to z, digits, dots, dashes and underscores, at most 100, and begin with a letter or a digit."
        raise InvalidValue(f"{name[:60]!r} cannot be the name of a file.", cure=cure)
    if len(content) > LONGEST_FILE:
        raise TooLarge(f"The file is larger than {LONGEST_FILE // 1024**2} MiB.")
    with transaction.atomic():
        files = _locked_files(graph)
        others = [row for row in file_rows(files) if row.name != name]
        if len(others) >= MOST_FILES or sum(row.size for row in others) + len(content) > MOST_BYTES:
            raise TooLarge(f"A graph has at most {MOST_FILES} files of {MOST_BYTES // 1024**2} MiB together.", cure="Delete some first.")
        [digest] = store_files(tenant=graph.tenant, files={name: content}).values()
        _write(graph, files | {name: digest})
    return FileRow(name, len(content), digest)


def delete_file(*, graph: Graph, name: str, by: User) -> None:
    require(by, "edit", graph)
    with transaction.atomic():
        files = _locked_files(graph)
        if name not in files:
            raise NotFound()
        _write(graph, {other: digest for other, digest in files.items() if other != name})


def _locked_files(graph: Graph) -> dict[str, str]:
    """As they stand; nobody else changes them until the transaction ends."""
    row = Graph.objects.kept().select_for_update().only("files").filter(pk=graph.pk).order_by().first()
    if row is None:
        raise NotFound()
    files: dict[str, str] = row.files
    return files


def _write(graph: Graph, files: dict[str, str]) -> None:
    Graph.objects.filter(pk=graph.pk).update(files=files)
