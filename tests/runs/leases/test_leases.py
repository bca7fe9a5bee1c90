"""Leases: who may write a run's log."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from runs.leases.claim import MAX_CRASHES, SUSPECT_CRASHES
from runs.leases.lease import claim_due, claim_named, claim_suspect, give_back, lease_seconds, renew
from runs.leases.stranded import stranded
from runs.models import Command, Run
from tenants.isolation.scope import system_scope
from tests.runs.factories import world

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
