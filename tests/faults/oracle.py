"""What must hold after every fault, whatever it was."""

import sys
from collections import Counter

from orchestrator.engine.log.events import EffectFinished, NodeFinished
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import EffectStatus, RunStatus
from runs.leases.stranded import stranded
from runs.log.run_log import load
from runs.models import Approval, Run
from tenants.isolation.scope import system_scope
from tests.model_server.server import ModelServer


def say(text: str) -> None:
    """A figure or a seed, for whoever reads the test's output."""
    sys.stdout.write(f"{text}\n")


def check(sink: ModelServer) -> None:
    """Every run of this database against its log and against what happened outside."""
    happened = Counter(entry.key for entry in sink.sink)
    with system_scope():
        for run in Run.objects.select_related("graph_version"):
            state = check_log(run)
            for path, effect in state.effects.items():
                if effect.kind == "tool":
                    check_effect(f"{effect.name}:{effect.idempotency_key}", effect.status, happened, f"{run.pk} {path}")
        check_nothing_is_stranded()


def check_nothing_is_stranded() -> None:
    """The invariant, as production looks for it."""
    with system_scope():
        left = [(str(run.pk), run.status, run.lease_owner, run.last_seq) for run in stranded()]
        assert not left, f"{len(left)} runs are unfinished, and nothing will take them up: {left[:5]}"


def check_paid_once(sink: ModelServer) -> None:
    """No model's answer was thrown away and asked for again."""
    paid = Counter(entry.key for entry in sink.sink if entry.key.startswith("model:"))
    with system_scope():
        calls = {f"model:{pk}": count for pk, count in Run.objects.values_list("pk", "calls")}
    repeated = {key: (paid[key], count) for key, count in calls.items() if paid[key] != count}
    assert not repeated, f"{len(repeated)} runs paid more calls than their logs say: {list(repeated.items())[:5]}"


def check_log(run: Run) -> RunState:
    """The log is gapless, can be folded, says each result once, and the row says the same."""
    log = load(run)
    assert [event.seq for event in log] == list(range(1, run.last_seq + 1)), f"{run.pk} has gaps"
    ended = Counter((event.scope, event.node, event.activation) for event in log if isinstance(event, NodeFinished))
    ended_effects = Counter(event.path for event in log if isinstance(event, EffectFinished))
    assert max((*ended.values(), *ended_effects.values()), default=1) == 1, f"{run.pk} has a result twice"
    state = fold(log)
    assert state.status == run.status or not log, f"{run.pk} is {state.status} by its log and {run.status} by its row"
    assert run.terminal or run.status == RunStatus.WAITING, f"{run.pk} is {run.status}"
    assert run.calls == state.usage.calls
    pending = set(Approval.objects.filter(run=run, status=Approval.Status.PENDING).values_list("path", flat=True))
    assert pending == {path for path in state.waiting() if state.effects[path].kind == "human"}
    return state


def check_effect(key: str, status: EffectStatus, happened: Counter[str], where: str) -> None:
    if key.startswith("send:"):
        assert happened[key] <= 1, f"{where}: an unsafe call was made {happened[key]} times"
    if status is EffectStatus.SUCCEEDED:
        assert happened[key] >= 1, f"{where} succeeded without having happened"
