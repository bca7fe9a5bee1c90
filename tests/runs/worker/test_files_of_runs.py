"""Files of runs where they are executed: whichever worker goes on, it sees the same bytes, of its own tenant and no other."""

import asyncio
import hashlib
from typing import Any

from editor.graphs.contents import whole
from editor.graphs.uploads import keep
from orchestrator.capabilities.media.types import media_type_of
from orchestrator.engine.effects.model import FilePart, ModelReply, ModelRequest
from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.ports import CallContext
from orchestrator.engine.testing import says
from runs.log.run_log import load
from runs.models import Run, RunFile
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope, tenant_scope
from tests.media import film, picture
from tests.runs.databases import Database
from tests.runs.factories import World, chain, world
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until
from tests.runs.worker.test_worker import ends

LOOK = {"id": "look", "kind": "agent", "params": {"agent": "a", "attachments": "input"}}
LOOKING = chain(LOOK, agents={"a": {"name": "Ann", "model": "scripted"}})
FRAMES = chain({"id": "frames", "kind": "video_frames", "params": {"every_s": 1.0, "at_most": 3}})
PNG = picture()


class Eye:
    """Looks at what it is shown, and at `first` never comes to an end."""

    def __init__(self, *, stuck: bool = False) -> None:
        self.stuck = stuck
        self.seen: list[str] = []

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        for file in request.messages[-1].files:
            content = await call.files.content(file)
            self.seen.append(hashlib.sha256(content.data).hexdigest())
        if self.stuck:
            await asyncio.Event().wait()
        return says("seen")


def put(place: World, data: bytes, name: str) -> FilePart:
    with tenant_scope(place.tenant.pk):
        return keep(tenant_id=place.tenant.pk, name=name, media_type=media_type_of(data, name), content=data)


def lent(eye: Eye) -> ScriptedResources:
    resources = ScriptedResources()
    resources.models = eye  # type: ignore[assignment]  # another model
    return resources


def test_a_run_that_another_worker_takes_over_sees_the_same_bytes(database: Database, broker: str) -> None:
    place, first, second = world(LOOKING), Eye(stuck=True), Eye()
    photo = put(place, PNG, "cat.png")
    run = place.run(photo.value())
    worker = RunWorker(lent(first))
    worker.start()
    worker.admit(run.tenant_id, run.pk)
    wait_until(lambda: first.seen, 10, "the file is being looked at")
    worker.stop()
    rescuer = RunWorker(lent(second))
    rescuer.start()
    try:
        rescuer.admit(run.tenant_id, run.pk)
        ended = ends(run, RunStatus.SUCCEEDED, 20)
    finally:
        rescuer.stop()
    assert first.seen == second.seen == [photo.digest] == [hashlib.sha256(PNG).hexdigest()]
    assert ended.output == "seen"
    with system_scope():
        log = [event.model_dump_json() for event in load(ended)]
    assert photo.digest in " ".join(log) and max(map(len, log)) < 3000, "events name the file and do not hold it"


def test_frames_of_a_real_film_become_files_of_the_run(worker: RunWorker) -> None:
    place = world(FRAMES)
    run = place.run(put(place, film(3), "trip.mp4").value())
    worker.admit(run.tenant_id, run.pk)
    output: Any = ends(run, RunStatus.SUCCEEDED, 30).output
    assert [(frame["name"], frame["at_s"], frame["media_type"]) for frame in output] == [
        (f"trip-{at}s.jpg", float(at), "image/jpeg") for at in range(3)
    ]
    with tenant_scope(place.tenant.pk):
        assert set(RunFile.objects.filter(run=run).values_list("digest", flat=True)) == {frame["digest"] for frame in output}
        for frame in output:
            found = whole(frame["digest"])
            assert found is not None and hashlib.sha256(found[0]).hexdigest() == frame["digest"]


def test_a_worker_gives_a_run_nothing_of_another_tenant(worker: RunWorker, resources: ScriptedResources) -> None:
    """A digest that a graph made up, of a file that only the neighbour has."""
    here, there = world(LOOKING), world(LOOKING)
    theirs = put(there, PNG, "secret.png")
    eye = Eye()
    resources.models = eye  # type: ignore[assignment]  # another model
    run = here.run(theirs.value())
    worker.admit(run.tenant_id, run.pk)
    failed = ends(run, RunStatus.FAILED)
    assert eye.seen == [] and failed.error["message"] == "The content of secret.png is not there"
    film_run = world(FRAMES).run(put(there, film(1), "secret.mp4").value())
    worker.admit(film_run.tenant_id, film_run.pk)
    assert ends(film_run, RunStatus.FAILED).error["message"] == "The content of secret.mp4 is not there"


def test_what_is_no_film_fails_in_words(worker: RunWorker) -> None:
    place = world(FRAMES)
    with tenant_scope(place.tenant.pk):
        broken = keep(tenant_id=place.tenant.pk, name="a.mp4", media_type="video/mp4", content=film(1)[:200])
    run = place.run(broken.value())
    worker.admit(run.tenant_id, run.pk)
    error = ends(run, RunStatus.FAILED, 30).error
    assert (error["message"], error["code"]) == ("The file is no video that can be played.", "invalid_input")


def test_a_replay_of_the_log_ends_as_the_run_did(worker: RunWorker) -> None:
    place = world(FRAMES)
    run = place.run(put(place, film(1), "trip.mp4").value())
    worker.admit(run.tenant_id, run.pk)
    ended = ends(run, RunStatus.SUCCEEDED, 30)
    with system_scope():
        state = fold(load(Run.objects.get(pk=run.pk)))
    assert state.output == ended.output
