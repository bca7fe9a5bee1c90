"""Contents of files that nothing refers to any more are taken away, and no others: on both databases, beside uploads."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from editor.graphs.actions import delete_graph, duplicate_graph
from editor.graphs.files import content_of, delete_file, files_of, put_file
from editor.graphs.unused_files import PATIENCE, collect_unused_files
from editor.models import FileContent, Graph, GraphVersion
from runs.models import Run, RunFile
from runs.worker.scheduler import Scheduler
from tenants.isolation.scope import system_scope, tenant_scope
from tests.runs.databases import Database
from tests.tenants.cast import House, build_house

CONTENT = b"a,b\n1,2\n"
ROUNDS = 20


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    """Its graph has a version that is run, and the file `notes.txt`; `data.csv` is new in the draft."""
    house = build_house("alpha", "plain")
    with tenant_scope(house.tenant.id):
        put_file(graph=house.graph, name="data.csv", content=CONTENT, by=house.owner)
        yield house


def look() -> int:
    return collect_unused_files(GraphVersion.objects.none().values("pk"), RunFile.objects.values_list("digest", flat=True))


def wait() -> None:
    """As long as a note must be old."""
    FileContent.objects.exclude(unused_since=None).update(unused_since=Now() - 2 * PATIENCE)


def kept() -> set[bytes]:
    """The contents that are left, but for the one of the house's run, which stays as long as the run does."""
    of_runs = RunFile.objects.values("digest")
    return {bytes(content) for content in FileContent.objects.exclude(digest__in=of_runs).values_list("content", flat=True)}


def looked_for_long() -> int:
    collected = look()
    wait()
    return collected + look()


def test_what_nothing_refers_to_goes_when_that_stays_so(house: House) -> None:
    assert looked_for_long() == 0
    delete_file(graph=house.graph, name="data.csv", by=house.owner)
    assert look() == look() == 0
    assert CONTENT in kept()
    wait()
    assert look() == 1
    assert kept() == {b"note plain"}
    assert looked_for_long() == 0


def test_of_a_deleted_graph_everything_goes(house: House) -> None:
    delete_graph(graph=house.graph, by=house.owner)
    assert looked_for_long() == 2 and kept() == set()


def test_a_file_that_a_version_or_another_graph_has_stays(house: House) -> None:
    copy = duplicate_graph(graph=Graph.objects.get(), by=house.owner)
    delete_file(graph=house.graph, name="data.csv", by=house.owner)
    delete_file(graph=house.graph, name="notes.txt", by=house.owner)
    delete_file(graph=copy, name="notes.txt", by=house.owner)
    assert looked_for_long() == 0
    assert content_of(copy, "data.csv") == CONTENT
    assert files_of(house.version.files) == {"notes.txt": b"note plain"}


def test_what_is_used_again_is_no_longer_noted(house: House) -> None:
    delete_file(graph=house.graph, name="data.csv", by=house.owner)
    look()
    wait()
    put_file(graph=house.graph, name="again.csv", content=CONTENT, by=house.owner)
    assert look() == look() == 0
    assert not FileContent.objects.exclude(unused_since=None).exists()
    # Whoever has only begun to refer to it is as safe: the note that was made meanwhile ends with the next look.
    FileContent.objects.update(unused_since=Now())
    wait()
    assert look() == 0 and not FileContent.objects.exclude(unused_since=None).exists()


def test_the_contents_of_a_neighbour_are_left_alone(house: House) -> None:
    with system_scope():
        neighbour = build_house("beta", "other")
    with tenant_scope(neighbour.tenant.id):
        put_file(graph=neighbour.graph, name="data.csv", content=CONTENT, by=neighbour.owner)
    delete_graph(graph=house.graph, by=house.owner)
    assert looked_for_long() == 2
    with tenant_scope(neighbour.tenant.id):
        assert kept() == {CONTENT, b"note other"}


def test_the_scheduler_leaves_what_a_run_still_needs(house: House) -> None:
    delete_graph(graph=house.graph, by=house.owner)
    for stays, status in [({b"note plain"}, "waiting"), (set(), "succeeded")]:
        Run.objects.update(status=status)
        for _ in range(2):
            with system_scope():
                Scheduler().tick()
            wait()
        assert kept() == stays


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Do `work` on a connection of its own meanwhile; it has ended when the block has."""
    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join(30)
    assert not thread.is_alive()


def in_scope(house: House, work: Callable[[], object]) -> Callable[[], None]:
    def scoped() -> None:
        try:
            with tenant_scope(house.tenant.id):
                work()
        finally:
            connection.close()

    return scoped


def forsaken(house: House) -> None:
    """Its content is due to be taken away."""
    if "data.csv" in Graph.objects.get().files:
        delete_file(graph=house.graph, name="data.csv", by=house.owner)
    put_file(graph=house.graph, name="other.csv", content=CONTENT, by=house.owner)
    delete_file(graph=house.graph, name="other.csv", by=house.owner)
    look()
    wait()


def upload(house: House) -> None:
    put_file(graph=house.graph, name="data.csv", content=CONTENT, by=house.owner)


def test_an_upload_that_comes_first_keeps_the_content(house: House) -> None:
    forsaken(house)
    written, looking = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            upload(house)
            written.set()
            looking.wait(5)

    with beside(in_scope(house, hold)):
        assert written.wait(20)
        threading.Timer(0.5, looking.set).start()
        assert look() == 0
    assert content_of(Graph.objects.get(), "data.csv") == CONTENT


def test_an_upload_that_comes_second_stores_the_content_anew(house: House) -> None:
    forsaken(house)
    taken, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            assert look() == 1
            taken.set()
            ended.wait(0.5)

    with beside(in_scope(house, hold)):
        assert taken.wait(20)
        upload(house)
    assert content_of(Graph.objects.get(), "data.csv") == CONTENT


def test_uploads_and_looks_at_once_lose_nothing(house: House) -> None:
    for _ in range(ROUNDS):
        forsaken(house)
        together = threading.Barrier(2)
        with beside(in_scope(house, lambda barrier=together: (barrier.wait(), look()))):  # type: ignore[misc]
            together.wait()
            upload(house)
        assert content_of(Graph.objects.get(), "data.csv") == CONTENT
