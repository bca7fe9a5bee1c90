"""Leases: who may write a run's log."""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from runs.leases.claim import MAX_CRASHES, SUSPECT_CRASHES, Claim
from runs.leases.lease import (
    claim_due,
    claim_named,
    claim_suspect,
    database_clock,
    expire_leases_of,
    give_back,
    lease_seconds,
    renew,
    suspects_wait,
    wake_for_commands,
)
from runs.leases.stranded import stranded
from runs.models import Command, Run
from tenants.isolation.scope import system_scope
from tests.runs.databases import Database
from tests.runs.factories import world
from tests.runs.services import wait_until

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def platform() -> Iterator[None]:
    with system_scope():
        yield


def expire(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(due_at=Now())


def test_a_run_is_claimed_by_one_worker_only() -> None:
    run = world().run()
    first = claim_named("a", 10, {run.pk: run.tenant_id})
    second = claim_named("b", 10, {run.pk: run.tenant_id})
    assert [claim.run_id for claim in first] == [run.pk] and second == []
    assert (first[0].epoch, first[0].cause) == (1, "first")


def test_a_hint_with_another_tenants_id_claims_nothing() -> None:
    """T07"""
    run, other = world().run(), world()
    assert claim_named("a", 10, {run.pk: other.tenant.pk}) == []
    assert len(claim_named("a", 10, {run.pk: run.tenant_id})) == 1


def test_a_hint_that_names_runs_of_two_tenants_with_their_ids_exchanged_claims_nothing() -> None:
    """T07: both tenants are among those named, so only the pair tells."""
    one, other = world().run(), world().run()
    exchanged = {one.pk: other.tenant_id, other.pk: one.tenant_id}
    assert claim_named("a", 10, exchanged) == []
    assert len(claim_named("a", 10, {one.pk: one.tenant_id, other.pk: other.tenant_id})) == 2


def test_what_is_named_is_claimed_exactly_when_it_is_due_free_and_no_suspect() -> None:
    place, expected = world(), {}
    for owner, crashes, due in product(("", "me", "gone"), range(MAX_CRASHES + 1), ("2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z", None)):
        run = place.run(lease_owner=owner, lease_epoch=7, crashes=crashes, due_at=due)
        deaths = crashes + bool(owner)
        if due and due < "2100" and owner != "me" and not SUSPECT_CRASHES <= deaths < MAX_CRASHES:
            expected[run.pk] = ("takeover" if owner else "first", 8, deaths)
    named = dict.fromkeys(Run.objects.values_list("pk", flat=True), place.tenant.pk)
    claims = claim_named("me", 100, named)
    assert {claim.run_id: (claim.cause, claim.epoch, claim.crashes) for claim in claims} == expected
    rows = Run.objects.filter(pk__in=expected).values_list("pk", "lease_owner", "lease_epoch", "crashes")
    assert {run_id: rest for run_id, *rest in rows} == {run_id: ["me", epoch, deaths] for run_id, (_, epoch, deaths) in expected.items()}
    held = timedelta(seconds=lease_seconds())
    assert Run.objects.filter(pk__in=expected, due_at__gt=Now() + held / 2, due_at__lte=Now() + held).count() == len(expected)


def test_no_more_is_claimed_than_there_is_room_for() -> None:
    place = world()
    named = {place.run().pk: place.tenant.pk for _ in range(3)}
    assert claim_named("me", 0, named) == [] and len(claim_named("me", 2, named)) == 2
    assert Run.objects.filter(lease_owner="me").count() == 2


def test_a_suspect_is_claimed_by_an_idle_worker_only_and_given_up_only_when_it_died_alone() -> None:
    """F22"""
    place = world()
    suspect = place.run(lease_owner="gone", crashes=1)
    harmed = place.run(lease_owner="gone", crashes=0)
    Run.objects.update(due_at="2020-01-01T00:00:00Z")
    assert [claim.run_id for claim in claim_due("a", 10)] == [harmed.pk]
    assert claim_named("a", 10, {suspect.pk: suspect.tenant_id}) == []
    [claim] = claim_suspect("a")
    assert (claim.run_id, claim.crashes, claim.suspect) == (suspect.pk, 2, True)
    Run.objects.filter(pk=suspect.pk).update(due_at="2020-01-01T00:00:00Z")
    assert claim_suspect("b") == []
    [last] = claim_due("b", 10)
    assert (last.run_id, last.crashes, last.suspect) == (suspect.pk, 3, False)


def test_thousands_of_timers_leave_half_of_the_room_to_new_runs_and_to_those_that_were_told_something() -> None:
    """F27"""
    place = world()
    for _ in range(20):
        place.run(status="waiting", last_seq=3, due_at="2020-01-01T00:00:00Z")
    new = place.run(due_at="2021-01-01T00:00:00Z")
    answered = place.run(status="waiting", last_seq=3, due_at="2021-01-01T00:00:00Z")
    Command.objects.create(tenant=answered.tenant, run=answered, kind="cancel", body={"by": "x", "comment": ""})
    claims = claim_due("a", 8)
    assert len(claims) == 8 and {new.pk, answered.pk} <= {claim.run_id for claim in claims}


def test_an_expired_lease_is_taken_over_with_a_higher_epoch_and_counts_as_a_crash() -> None:
    run = world().run()
    wake_up = {run.pk: run.tenant_id}
    claim_named("a", 10, wake_up)
    expire(run)
    [taken] = claim_named("b", 10, wake_up)
    assert (taken.epoch, taken.cause, taken.crashes) == (2, "takeover", 1)


def test_a_run_given_back_is_not_counted_as_a_crash() -> None:
    run = world().run(last_seq=3)
    wake_up = {run.pk: run.tenant_id}
    [claim] = claim_named("a", 10, wake_up)
    give_back("a", [(run.pk, claim.epoch)])
    [again] = claim_named("b", 10, wake_up)
    assert (again.cause, again.crashes) == ("woken", 0)


def test_a_heartbeat_renews_all_runs_of_a_worker_and_no_others() -> None:
    place = world()
    mine, other = place.run(), place.run()
    claim_named("a", 10, {mine.pk: mine.tenant_id})
    claim_named("b", 10, {other.pk: other.tenant_id})
    before = {run.pk: run.due_at for run in Run.objects.all()}
    renewal = renew("a")
    after = {run.pk: run.due_at for run in Run.objects.all()}
    assert renewal.epochs == {mine.pk: 1}
    assert after[mine.pk] > before[mine.pk] and after[other.pk] == before[other.pk]


def test_a_run_that_is_given_back_is_due_at_once_or_after_a_while_and_never_left_to_nobody() -> None:
    place = world()
    soon, later = place.run(), place.run()
    claims = claim_named("a", 10, {run.pk: run.tenant_id for run in (soon, later)})
    epochs = {claim.run_id: claim.epoch for claim in claims}
    give_back("a", [(soon.pk, epochs[soon.pk])])
    give_back("a", [(later.pk, epochs[later.pk])], after=timedelta(hours=1))
    assert [run.pk for run in Run.objects.due()] == [soon.pk]
    assert Run.objects.get(pk=later.pk).due_at is not None and not stranded().exists()


def test_a_run_that_has_ended_is_not_due_when_it_is_given_back() -> None:
    run = world().run(status="succeeded", lease_owner="a", lease_epoch=1)
    give_back("a", [(run.pk, 1)])
    row = Run.objects.get(pk=run.pk)
    assert (row.lease_owner, row.due_at) == ("", None)


def test_what_did_harm_is_counted_when_it_is_given_back() -> None:
    run = world().run(lease_owner="a", lease_epoch=1)
    give_back("a", [(run.pk, 1)], crashed=True)
    assert Run.objects.get(pk=run.pk).crashes == 1


def test_a_worker_never_claims_its_own_run_again_while_it_has_it() -> None:
    run = world().run()
    claim_named("a", 10, {run.pk: run.tenant_id})
    expire(run)
    assert claim_named("a", 10, {run.pk: run.tenant_id}) == [] and claim_due("a", 10) == []


def test_a_former_owner_cannot_give_the_run_back() -> None:
    run = world().run()
    wake_up = {run.pk: run.tenant_id}
    [old] = claim_named("a", 10, wake_up)
    expire(run)
    claim_named("b", 10, wake_up)
    give_back("a", [(run.pk, old.epoch)])
    assert Run.objects.get(pk=run.pk).lease_owner == "b"


def test_the_sweep_leaves_fresh_runs_to_the_wake_ups() -> None:
    run = world().run()
    assert claim_due(str(uuid4()), 10) == []
    Run.objects.filter(pk=run.pk).update(due_at="2020-01-01T00:00:00Z")
    assert [claim.run_id for claim in claim_due(str(uuid4()), 10)] == [run.pk]


LONG_AGO = "2020-01-01T00:00:00Z"


def test_a_hint_with_another_tenants_id_takes_nobodys_place() -> None:
    """T07: the foreign run has been due for longer, and there is room for one."""
    mine, foreign = world().run(due_at="2021-01-01T00:00:00Z"), world().run(due_at=LONG_AGO)
    named = {foreign.pk: mine.tenant_id, mine.pk: mine.tenant_id}
    assert [claim.run_id for claim in claim_named("a", 1, named)] == [mine.pk]


def named_alone(owner: str, beyond: Collection[UUID]) -> list[Claim]:
    return claim_named(owner, 10, dict(Run.objects.values_list("pk", "tenant")), beyond)


@pytest.mark.parametrize(
    ("claims", "fields"),
    [
        (named_alone, {}),
        (lambda owner, beyond: claim_due(owner, 10, beyond), {}),
        (lambda owner, beyond: claim_due(owner, 10, beyond), {"status": "waiting"}),
        (claim_suspect, {"crashes": 2}),
    ],
    ids=["named", "new", "due", "suspect"],
)
def test_runs_beyond_a_workers_build_are_left_to_others(
    claims: Callable[[str, Collection[UUID]], list[Claim]], fields: dict[str, object]
) -> None:
    place = world()
    beyond, within = (place.run(due_at=LONG_AGO, **fields) for _ in range(2))
    if fields.get("crashes"):
        assert suspects_wait("a", timedelta(0), [beyond.pk]) and not suspects_wait("a", timedelta(0), [beyond.pk, within.pk])
    assert [claim.run_id for claim in claims("a", [beyond.pk])] == [within.pk]
    assert claims("a", [beyond.pk]) == []
    assert [claim.run_id for claim in claims("b", [])] == [beyond.pk]


def test_a_suspect_is_waited_for_only_when_it_has_been_due_for_long_and_is_not_the_askers_own() -> None:
    run = world().run(crashes=2, due_at=Now() - timedelta(seconds=30))
    assert suspects_wait("a", timedelta(seconds=20)) and not suspects_wait("a", timedelta(seconds=40))
    Run.objects.filter(pk=run.pk).update(lease_owner="a", crashes=1)
    assert suspects_wait("b", timedelta(seconds=20)) and not suspects_wait("a", timedelta(seconds=20))


@pytest.mark.parametrize(
    ("crashes", "owned", "suspect"),
    [(0, False, False), (1, False, False), (2, False, True), (3, False, False), (0, True, False), (1, True, True), (2, True, False)],
)
def test_a_suspect_has_lost_two_workers_the_last_one_included_and_not_yet_three(crashes: int, owned: bool, suspect: bool) -> None:
    """F22"""
    world().run(crashes=crashes, lease_owner="gone" if owned else "", due_at=LONG_AGO)
    assert suspects_wait("a", timedelta(0)) is suspect
    usual = [*named_alone("a", []), *claim_due("b", 10)]
    claims = [*usual, *claim_suspect("c")]
    assert [claim.suspect for claim in claims] == [suspect] and bool(usual) is not suspect
    assert claims[0].crashes == Run.objects.get().crashes == crashes + owned


def test_one_suspect_is_claimed_at_a_time_and_neither_a_fresh_one_nor_the_askers_own() -> None:
    """F22"""
    place = world()
    fresh = place.run(crashes=2)
    place.run(crashes=1, lease_owner="a", due_at=LONG_AGO)
    assert claim_suspect("a") == []
    Run.objects.filter(pk=fresh.pk).update(due_at=LONG_AGO)
    place.run(crashes=2, due_at=LONG_AGO)
    assert len(claim_suspect("a")) == len(claim_suspect("a")) == 1
    assert claim_suspect("a") == [] and Run.objects.filter(lease_owner="a").count() == 3


def test_the_limit_is_kept_and_none_means_none() -> None:
    place = world()
    for _ in range(5):
        place.run(due_at=LONG_AGO)
    named = dict(Run.objects.values_list("pk", "tenant"))
    assert claim_named("a", 0, named) == claim_due("a", 0) == []
    assert len(claim_named("a", 1, named)) == len(claim_due("b", 1)) == 1
    assert len(claim_due("b", 2)) == 2 and len(claim_named("c", 9, named)) == 1


def test_of_an_odd_limit_the_greater_half_is_kept_for_what_is_new() -> None:
    place = world()
    for _ in range(4):
        place.run(status="waiting", last_seq=3, due_at=LONG_AGO)
    new = {place.run(due_at="2021-01-01T00:00:00Z").pk for _ in range(3)}
    claims = claim_due("a", 5)
    assert len(claims) == 5 and {claim.run_id for claim in claims} >= new


def test_a_command_that_was_applied_gives_no_precedence() -> None:
    place = world()
    timers = {place.run(status="waiting", last_seq=3, due_at=LONG_AGO).pk for _ in range(2)}
    told = place.run(status="waiting", last_seq=3, due_at="2021-01-01T00:00:00Z")
    Command.objects.create(tenant=told.tenant, run=told, kind="cancel", body={"by": "x", "comment": ""}, applied_at=Now())
    assert {claim.run_id for claim in claim_due("a", 2)} == timers


class TestHowLong:
    def test_a_lease_holds_longer_where_one_writer_keeps_the_others_waiting(self, database: Database) -> None:
        assert lease_seconds() == {"postgresql": 4.0, "sqlite": 8.0}[database.vendor]

    def test_by_the_own_clock_it_ends_no_later_than_in_the_database(self) -> None:
        """It counts from before the question, so that the way of the answer is on the safe side."""
        run = world().run()
        before = time.monotonic()
        [claim] = claim_named("a", 1, {run.pk: run.tenant_id})
        between = time.monotonic()
        renewal = renew("a")
        after = time.monotonic()
        assert before + lease_seconds() <= claim.valid_until <= between + lease_seconds()
        assert between + lease_seconds() <= renewal.valid_until <= after + lease_seconds()
        assert between <= renewal.asked_at <= renewal.answered_at <= after

    @pytest.mark.parametrize("database", ["postgresql"], indirect=True)
    @pytest.mark.parametrize(
        "writes", [lambda: renew("a"), lambda: give_back("a", [(Run.objects.get().pk, 1)], after=timedelta(seconds=4))]
    )
    def test_it_counts_from_when_the_row_is_written_however_long_a_commit_held_it(self, writes: Callable[[], object]) -> None:
        """F19: by its beginning a statement that waited for a commit of the log would give a lease that has run out in part, or wholly."""
        run = world().run(lease_owner="a", lease_epoch=1, due_at=LONG_AGO)
        waiting = threading.Thread(target=elsewhere, args=[writes])
        with transaction.atomic():
            Run.objects.filter(pk=run.pk).update(last_seq=1)
            waiting.start()
            wait_until(somebody_waits_for_a_lock, 10, "the statement waits for the commit")
            released = database_clock()
        waiting.join()
        due_at = Run.objects.get(pk=run.pk).due_at
        assert due_at is not None and due_at >= released + timedelta(seconds=lease_seconds())


def elsewhere(work: Callable[[], object]) -> None:
    """Over a connection of this thread's own."""
    try:
        with system_scope():
            work()
    finally:
        connection.close()


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        waits: bool = cursor.fetchone()[0]
        return waits


def test_the_clock_of_the_database_is_read_with_its_zone() -> None:
    shown, again = database_clock(), database_clock()
    assert isinstance(shown, datetime) and shown.utcoffset() == timedelta(0) and shown <= again


class TestGivingBack:
    def test_only_what_is_still_the_owners_counts(self) -> None:
        place = world()
        mine, lost, later = (place.run(lease_owner=owner, lease_epoch=1) for owner in ("a", "b", "a"))
        assert give_back("a", [(mine.pk, 1), (lost.pk, 1), (later.pk, 2)]) == 1
        assert dict(Run.objects.values_list("pk", "lease_owner")) == {mine.pk: "", lost.pk: "b", later.pk: "a"}
        assert Run.objects.get(pk=mine.pk).crashes == 0

    def test_runs_of_a_process_that_is_dead_are_due_and_it_stays_their_last_owner(self) -> None:
        place = world()
        dead, other = (place.run(lease_owner=owner, lease_epoch=1, due_at=Now() + timedelta(hours=1)) for owner in ("a", "b"))
        assert expire_leases_of("a") == 1
        assert [run.pk for run in Run.objects.due()] == [dead.pk]
        [claim] = claim_named("c", 1, {dead.pk: dead.tenant_id})
        assert (claim.cause, claim.crashes) == ("takeover", 1) and Run.objects.get(pk=other.pk).lease_owner == "b"

    @pytest.mark.parametrize(
        ("fields", "applied", "woken"),
        [
            ({}, False, True),
            ({}, True, False),
            ({"lease_owner": "a"}, False, False),
            ({"status": "succeeded"}, False, False),
        ],
        ids=["told", "told and taken", "owned", "ended"],
    )
    def test_who_is_left_to_nobody_and_was_told_something_is_woken(self, fields: dict[str, object], applied: bool, woken: bool) -> None:
        place = world()
        run, beside = (place.run(due_at=None, **{"status": "waiting", **fields}) for _ in range(2))
        for told in (run, beside):
            Command.objects.create(tenant=told.tenant, run=told, kind="cancel", body={"by": "x"}, applied_at=Now() if applied else None)
        wake_for_commands([run.pk])
        assert [due.pk for due in Run.objects.exclude(due_at=None)] == ([run.pk] if woken else [])
