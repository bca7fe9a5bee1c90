"""Contents of files that nothing refers to any more: noted first, and taken away when that is still so after a while.

Whoever comes to refer to one either writes to it (`store_files`), which ends the note, or copies what refers to it already.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Now

from editor.models import FileContent, Graph, GraphVersion

PATIENCE = timedelta(hours=1)
"""Longer than any request takes."""
AT_ONCE = 500
"""Contents in one statement."""


def collect_unused_files(at_work: "QuerySet[Model, Any]", of_runs: "QuerySet[Model, Any]") -> int:
    """How many contents of the tenant being worked for were taken away.

    A graph refers to its files, and so do its versions; when it was deleted, only those `at_work`: the keys of the versions
    that runs are not done with. `of_runs` are the digests of the files that were given to runs or came of them.
    """
    known = dict(FileContent.objects.values_list("digest", "unused_since"))  # before what refers to them
    noted = {digest for digest, since in known.items() if since is not None}
    used = _used(at_work) | set(of_runs)
    for digests in _parts(noted & used):
        FileContent.objects.filter(digest__in=digests).update(unused_since=None)
    for digests in _parts(known.keys() - noted - used):
        FileContent.objects.filter(digest__in=digests).update(unused_since=Now())
    return sum(map(_take_away, _parts(noted - used)))


def _used(at_work: "QuerySet[Model, Any]") -> set[str]:
    """The digests that something refers to."""
    of_drafts = Graph.objects.kept().exclude(files={}).order_by().values_list("files", flat=True)
    needed = GraphVersion.objects.filter(Q(graph__deleted_at=None) | Q(pk__in=at_work))
    of_versions = needed.exclude(files={}).order_by().values_list("files", flat=True)
    return {digest for rows in (of_drafts, of_versions) for files in rows for digest in files.values()}


def _parts(digests: set[str]) -> Iterator[list[str]]:
    ordered = sorted(digests)
    return (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))


def _take_away(digests: list[str]) -> int:
    """Those for which the note is old by now. What somebody is writing to is left to them."""
    with transaction.atomic():
        old = FileContent.objects.filter(digest__in=digests, unused_since__lt=Now() - PATIENCE)
        keys = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True))
        FileContent.objects.filter(pk__in=keys).delete()
    return len(keys)
