"""What became of each question, told by the log: what one run's events say changes no other question."""

from typing import Any
from uuid import uuid4

import pytest

from orchestrator.engine.effects.human import EXPIRED
from orchestrator.engine.ids import NodeId, Path
from orchestrator.engine.log import events as ev
from runs.log.batch import WrittenRun, commit, prepare
from runs.models import Approval
from runs.projections.fact import moment
from tenants.isolation.scope import system_scope
from tests.runs.factories import world
from tests.runs.log.test_lost_answers import written

pytestmark = pytest.mark.usefixtures("database", "broker")
ASKED, OTHER = Path("ask#1/human.1"), Path("other#1/human.1")
REQUEST = {"title": "Go on?", "digest": "d" * 64, "deadline_us": 9_000_000}
FAILED = {"code": "timeout", "message": "late"}
Row = tuple[str, str, object, object]


def question(path: Path, seq: int, kind: str = "human", request: Any = REQUEST) -> ev.EffectStarted:
    return ev.EffectStarted(seq=seq, at_us=seq, path=path, kind=kind, fingerprint="f", request=request)


def answered(path: Path, result: Any, by_id: str = "") -> ev.EffectFinished:
    return ev.EffectFinished(seq=4, at_us=4_000_000, path=path, result=result, by_id=by_id)


def asking() -> list[WrittenRun]:
    """Two runs of one tenant that ask the same two questions, the first of which has called a model too."""
    place = world()
    runs = [written(place) for _ in range(2)]
    for to in runs:
        commit([prepare(to, [question(ASKED, 1), question(OTHER, 2), question(Path("ask#1/model.1"), 3, "model")])], again=False)
    return runs


def rows(to: WrittenRun) -> dict[str, Row]:
    found = Approval.objects.filter(run_id=to.claim.run_id)
    return {row.path: (row.status, row.action, row.decided_by_id, row.decided_at) for row in found}


PENDING: Row = ("pending", "", None, None)
VOID: Row = ("void", "", None, None)


@pytest.mark.parametrize(
    ("event", "asked", "other"),
    [
        (answered(ASKED, {"action": "approve"}), ("decided", "approve", None, moment(4_000_000)), PENDING),
        (answered(ASKED, {"action": "x" * 80}), ("decided", "x" * 64, None, moment(4_000_000)), PENDING),
        (answered(ASKED, "no record"), ("decided", "", None, moment(4_000_000)), PENDING),
        (answered(ASKED, {"action": EXPIRED}), ("void", EXPIRED, None, moment(4_000_000)), PENDING),
        (answered(Path("ask#1/model.1"), {"action": "approve"}), PENDING, PENDING),
        (ev.NodeFailed(seq=4, at_us=4, path=Path("ask#1"), scope="", node=NodeId("ask"), activation=1, error=FAILED), VOID, PENDING),  # type: ignore[arg-type]
        (ev.RunCancelled(seq=4, at_us=4), VOID, VOID),
    ],
    ids=["decided", "a long action", "no record", "expired", "a model's answer", "its node failed", "the run ended"],
)
def test_one_event_changes_the_questions_that_it_is_about(event: ev.Event, asked: Row, other: Row) -> None:
    with system_scope():
        to, beside = asking()
        commit([prepare(to, [event])], again=False)
        assert rows(to) == {ASKED: asked, OTHER: other}
        assert rows(beside) == {ASKED: PENDING, OTHER: PENDING}


def test_what_is_over_stays_as_it_ended_whatever_comes_later() -> None:
    with system_scope():
        to, _ = asking()
        commit([prepare(to, [answered(ASKED, {"action": "approve"})])], again=False)
        before = rows(to)[ASKED]
        commit([prepare(to, [ev.RunCancelled(seq=5, at_us=5)])], again=False)
        assert rows(to) == {ASKED: before, OTHER: VOID}


@pytest.mark.parametrize(
    ("request_", "digest", "deadline"),
    [(REQUEST, "d" * 64, moment(9_000_000)), ({"deadline_us": "soon"}, "", None), ({}, "", None), ("a text", "", None), (None, "", None)],
)
def test_a_question_is_shown_with_what_was_asked(request_: Any, digest: str, deadline: object) -> None:
    with system_scope():
        to = written()
        commit([prepare(to, [question(ASKED, 1, request=request_)])], again=False)
        row = Approval.objects.get(run_id=to.claim.run_id)
        assert (row.digest, row.deadline, row.created_at) == (digest, deadline, moment(1))
        assert row.request == (request_ if isinstance(request_, dict) else {})


def test_who_answered_is_named() -> None:
    with system_scope():
        place = world()
        to = written(place)
        commit([prepare(to, [question(ASKED, 1), answered(ASKED, {"action": "approve"}, str(place.user.pk))])], again=False)
        assert rows(to)[ASKED][2] == place.user.pk


def test_who_answered_may_be_no_more() -> None:
    """An account that was deleted since is not the run's fault."""
    gone = uuid4()
    with system_scope():
        to, _ = asking()
        commit([prepare(to, [answered(ASKED, {"action": "approve"}, str(gone))])], again=False)
        assert rows(to)[ASKED] == ("decided", "approve", gone, moment(4_000_000))
