"""Where a run, a node and an effect can stand: the whole table, so that no step is allowed by accident."""

import pytest

from orchestrator.engine.log.status import EffectStatus, NodeStatus, RunStatus, run_transitions

ALWAYS = {"cancelled", "crashed", "failed"}
"""What may end a run that has not ended, wherever it stands."""
LEADS_TO: dict[str, set[str]] = {
    "queued": ALWAYS | {"running"},
    "running": ALWAYS | {"running", "waiting", "paused", "succeeded", "limit_exceeded"},
    "waiting": ALWAYS | {"running"},
    "paused": ALWAYS | {"running"},
    "succeeded": set(),
    "failed": set(),
    "cancelled": set(),
    "crashed": set(),
    "limit_exceeded": set(),
}


def test_every_status_of_a_run_is_in_the_table() -> None:
    assert set(LEADS_TO) == set(RunStatus)


@pytest.mark.parametrize("status", list(RunStatus))
def test_a_run_goes_where_the_table_says_and_nowhere_else(status: RunStatus) -> None:
    assert {str(other) for other in RunStatus if status.may_become(other)} == LEADS_TO[status]
    assert status.terminal is (LEADS_TO[status] == set())


def test_transitions_to_draw_are_those_of_the_table_without_staying() -> None:
    drawn = run_transitions()
    assert len(drawn) == len(set(drawn))
    assert {(str(old), str(new)) for old, new in drawn} == {(old, new) for old, leads in LEADS_TO.items() for new in leads if new != old}


@pytest.mark.parametrize("status", list(NodeStatus))
def test_a_node_has_ended_unless_it_works_or_will_try_again(status: NodeStatus) -> None:
    assert status.ended is (status not in ("running", "retrying"))


@pytest.mark.parametrize("status", list(EffectStatus))
def test_an_effect_has_ended_unless_it_works_waits_or_is_unknown(status: EffectStatus) -> None:
    assert status.ended is (status not in ("running", "waiting", "unknown"))
