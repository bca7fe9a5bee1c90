"""The pool of evaluating processes: what is worked on there, what is stopped, who waits for whom."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from orchestrator.capabilities.evaluation import process
from orchestrator.capabilities.evaluation.evaluator import PooledEvaluator
from orchestrator.capabilities.evaluation.limits import TookTooMuch, WorkLimits
from orchestrator.capabilities.evaluation.pool import Pool, TooMuchWaiting, Unavailable
from orchestrator.capabilities.tools.computing.json_path import select
from orchestrator.engine.document.expressions.evaluation import evaluate_seen
from orchestrator.engine.document.json_schema import faults_as_json
from orchestrator.engine.errors import EngineError, ErrorCode, ExpressionFailed
from orchestrator.engine.ids import Json
from tests.capabilities.evaluation import work
from tests.capabilities.evaluation.attacks import BOUNDED, EXPRESSIONS, HOLDS_ITSELF, PATHS, nested

ROOT = Path(__file__).resolve().parents[3]
QUICK = WorkLimits(cpu_s=1, wall_s=90.0)
"""On a busy machine a second of processor time takes long."""


@pytest.fixture
def pool() -> Iterator[Pool]:
    before = children()
    yield Pool(idle_s=0.3)
    wait_until(lambda: children() <= before)


def children() -> set[int]:
    """The evaluating processes of this one."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it is gone by now
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"evaluation.process" in (place / "cmdline").read_bytes():
                found.add(int(place.name))
    return found


def wait_until(true: object, seconds: float = 20.0) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_work_is_done_in_another_process_which_ends_when_nothing_is_to_be_done() -> None:
    before, pool = children(), Pool(idle_s=5)
    worker = pool.submit("a", work.process_id).result()
    assert worker in children() - before and worker != os.getpid(), "none is started before there is work"
    assert pool.submit("a", work.process_id).result() == worker, "one process serves again and again"
    wait_until(lambda: worker not in children())
    again = pool.submit("a", work.process_id).result()
    assert again != worker
    wait_until(lambda: again not in children())


def test_one_process_serves_again_and_again_however_large_its_parent_is(pool: Pool) -> None:
    large = bytearray(b"x") * (400 << 20)
    worker = pool.submit("a", work.process_id).result()
    del large
    assert [pool.submit("a", work.process_id).result() for _ in range(3)] == [worker] * 3


def test_process_that_keeps_much_is_replaced(pool: Pool) -> None:
    worker = pool.submit("a", work.keeps, 100).result()
    assert pool.submit("a", work.keeps, 200).result() == worker, "it was not worn before"
    assert pool.submit("a", work.process_id).result() != worker


def test_s05_evaluating_process_has_nothing_of_the_environment_and_no_framework(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_KEY", "canary-value")
    seen = pool.submit("a", work.surroundings).result()
    assert isinstance(seen, dict)
    assert set(seen["environment"]) <= {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LC_CTYPE"}  # type: ignore[arg-type]
    assert not set(seen["modules"]) & {"django", "celery", "litellm", "aiohttp", "rest_framework", "channels", "redis", "ruamel"}  # type: ignore[arg-type]


def test_one_core_is_left_to_who_waits_for_it(pool: Pool) -> None:
    """Both processes leave the same one, or there were none left; who has only one shares it."""
    of_parent = sorted(os.sched_getaffinity(0))
    assert pool.submit("a", work.cores).result() == (of_parent[1:] or of_parent)
    os.sched_setaffinity(0, of_parent[:1])
    try:
        assert Pool(idle_s=0.1).submit("a", work.cores).result() == of_parent[:1]
    finally:
        os.sched_setaffinity(0, of_parent)


def test_where_cores_may_not_be_chosen_the_process_works_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(process.os, "sched_setaffinity", forbidden)
    process._leave_a_core()


def test_answers_and_errors_come_back_as_they_are(pool: Pool) -> None:
    value: Json = {"a": [1, 2.5, None, True, "\u00fc\U0001f600"], "b": {"c": []}}
    assert pool.submit("a", work.same, value).result() == value
    with pytest.raises(EngineError) as caught:
        pool.submit("a", evaluate_seen, "input.missing + 1", {"input": {}}, ["input"]).result()
    assert caught.value.info.code is ErrorCode.EXPRESSION_FAILED and "there is no 'missing'" in caught.value.info.message
    with pytest.raises(RuntimeError, match="ValueError: no"):
        pool.submit("a", work.raises, "no").result()
    assert pool.submit("a", work.same, 1).result() == 1


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_g06_expression_that_explodes_is_stopped(pool: Pool, name: str) -> None:
    source, seen = EXPRESSIONS[name]
    with pytest.raises(TookTooMuch):
        pool.submit("a", evaluate_seen, source, seen, ["input"], limits=QUICK).result()
    assert pool.submit("a", work.same, 1).result() == 1, "the next work has a process again"


@pytest.mark.parametrize("name", BOUNDED)
def test_g06_expression_that_might_explode_gives_something_or_is_stopped(pool: Pool, name: str) -> None:
    source, seen = BOUNDED[name]
    asked = pool.submit("a", evaluate_seen, source, seen, ["input"], limits=QUICK)
    assert asked.exception() is None or isinstance(asked.exception(), EngineError)


@pytest.mark.parametrize("name", PATHS)
def test_g07_path_that_goes_down_again_and_again_is_stopped(pool: Pool, name: str) -> None:
    data, path = PATHS[name]
    with pytest.raises(TookTooMuch):
        pool.submit("a", select, data, path, limits=QUICK).result()


def test_g08_schema_that_holds_itself_over_deep_data_is_stopped(pool: Pool) -> None:
    with pytest.raises(TookTooMuch):
        pool.submit("a", faults_as_json, HOLDS_ITSELF, nested(18), limits=QUICK).result()


@pytest.mark.parametrize(
    ("function", "argument", "told"),
    [
        (work.spins, None, "It took more than 1 s of processor time"),
        (work.sleeps, 600, "It took longer than 1 s"),
        (work.grows, None, "It took more than 640 MB of memory"),
        (work.aborts, None, "It took more than 640 MB of memory"),
        (work.gives, 20 * 1024 * 1024, "at most 16777216 are allowed"),
        (work.leaves, 3, "The evaluating process ended with 3"),
        (work.prints, None, None),
    ],
)
def test_what_takes_too_much_is_stopped_and_told_apart(pool: Pool, function: object, argument: Json, told: str | None) -> None:
    assert callable(function)
    limits = WorkLimits(cpu_s=1, wall_s=1.0) if function is work.sleeps else QUICK
    asked = pool.submit("a", function, argument, limits=limits)
    if told is None:
        assert asked.result() == "printed"
    else:
        with pytest.raises(TookTooMuch) as caught:
            asked.result()
        assert told in caught.value.info.message and caught.value.info.code is ErrorCode.LIMIT_EXCEEDED and caught.value.info.cure
    assert pool.submit("a", work.same, "next").result() == "next"


def test_owner_whose_work_never_ends_leaves_a_process_to_the_others(pool: Pool) -> None:
    before = children()
    attack = [pool.submit("attacker", work.sleeps, 600, limits=WorkLimits(wall_s=600)) for _ in range(4)]
    wait_until(lambda: children() - before)
    busy = children() - before
    assert [pool.submit("other", work.same, number).result() for number in range(20)] == [*range(20)]
    assert [one.running() for one in attack] == [True, False, False, False]
    assert all(one.cancel() for one in attack[1:])
    for pid in busy:
        os.kill(pid, signal.SIGKILL)
    assert isinstance(attack[0].exception(), TookTooMuch)


def test_owners_take_turns() -> None:
    """What one owner gave first does not all go before what another gave."""
    pool, done = Pool(processes=1, idle_s=0.3), []
    running = pool.submit("a", work.sleeps, 0.3)
    asked = [pool.submit(owner, work.same, owner) for owner in ("a", "a", "a", "b")]
    for one in asked:
        one.add_done_callback(lambda answer: done.append(answer.result()))
    assert [one.result() for one in (running, *asked)] == [None, "a", "a", "a", "b"]
    assert done.index("b") <= 1


def test_only_so_much_of_an_owner_waits_where_that_is_said(pool: Pool) -> None:
    running = pool.submit("a", work.sleeps, 1.0, most_waiting=1)
    wait_until(running.running)
    waiting = pool.submit("a", work.same, 1, most_waiting=1)
    with pytest.raises(TooMuchWaiting):
        pool.submit("a", work.same, 2, most_waiting=1)
    assert pool.submit("b", work.same, 3, most_waiting=1).result() == 3
    assert waiting.result() == 1


def test_work_that_nobody_waits_for_any_more_is_not_begun(pool: Pool, tmp_path: Path) -> None:
    running = pool.submit("a", work.sleeps, 1.0)
    wait_until(running.running)
    given_up = pool.submit("a", work.sleeps, 60)
    assert given_up.cancel()
    assert pool.submit("a", work.same, 1).result(timeout=10) == 1


def test_limits_of_one_piece_of_work_are_no_limits_of_the_next(pool: Pool) -> None:
    """Not even where the process is not root's, so that what was lowered for good could not be raised."""
    small, large = WorkLimits(cpu_s=1, memory_bytes=512 << 20), WorkLimits(cpu_s=9, memory_bytes=900 << 20)
    first = pool.submit("a", work.limits, limits=small).result()
    second = pool.submit("a", work.limits, limits=large).result()
    assert isinstance(first, list) and isinstance(second, list)
    assert (first[0], second[0]) == (512 << 20, 900 << 20) and first[1] == second[1] == resource.getrlimit(resource.RLIMIT_AS)[1]


def test_where_no_process_can_be_started_that_is_said_and_the_next_work_is_tried(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise RuntimeError("no more threads")

    with monkeypatch.context() as patched:
        patched.setattr("orchestrator.capabilities.evaluation.pool.Child", fails)
        for _ in range(3):
            with pytest.raises(Unavailable):
                pool.submit("a", work.same, 1).result(timeout=30)
    assert pool.submit("a", work.same, 1).result(timeout=60) == 1


def test_many_threads_get_their_own_answers(pool: Pool) -> None:
    wrong: list[int] = []

    def ask(number: int) -> None:
        for turn in range(5):
            if pool.submit(f"owner-{number % 3}", work.same, [number, turn]).result() != [number, turn]:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


async def test_g06_loop_goes_on_while_the_worst_is_evaluated(pool: Pool) -> None:
    source, seen = EXPRESSIONS["two-level all"]
    evaluator = PooledEvaluator(pool, "a")
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.01)

    turning = asyncio.create_task(turn())
    with pytest.raises(TookTooMuch, match=r"was stopped\. It took more than 2 s"):
        await evaluator.value(source, seen, ["input"])
    turning.cancel()
    assert turns > 50
    with pytest.raises(ExpressionFailed):
        await evaluator.value("input + 'x'", {"input": 1}, ["input"])


def test_processes_end_with_their_parent() -> None:
    program = (
        "import os, time\n"
        "from orchestrator.capabilities.evaluation.pool import Pool\n"
        "from tests.capabilities.evaluation import work\n"
        "pool = Pool()\nprint(pool.submit('a', work.process_id).result(), flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    worker = int(ended.stdout)
    wait_until(lambda: not Path(f"/proc/{worker}").exists() or "Z" in Path(f"/proc/{worker}/stat").read_text().split(")")[1][:3])
