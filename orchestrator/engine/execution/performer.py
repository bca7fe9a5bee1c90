"""The door between code inside a run and the world: every effect goes through `perform`.

An effect the log has an answer for is not done again: its answer is returned. So running
a function again over its log continues it where it stopped.
"""

import asyncio
from collections.abc import Callable

from orchestrator.engine.effects.digest import digest, fingerprint
from orchestrator.engine.effects.gate import GateDecision, Verdict, pass_gate
from orchestrator.engine.effects.human import HumanAction, HumanAnswer, HumanRequest
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import EngineError, ErrorCode, ErrorInfo, ReplayDiverged
from orchestrator.engine.execution.branches import Branch, Slots
from orchestrator.engine.execution.effect import Effect, Waiting
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.effect_state import EffectState
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import EffectStatus
from orchestrator.engine.ports import CallContext, FailedAttempt, Host

APPROVE = HumanAction(name="approve", title="Approve", style="primary", takes_value=False)
REJECT = HumanAction(name="reject", title="Reject", style="danger", takes_value=False)


class Refused(EngineError):
    """The gate refused the call."""

    code = ErrorCode.REFUSED
    cure = "Ask an administrator to allow it in the policy or to grant it to the agent."


class Rejected(EngineError):
    """A person rejected the call."""

    code = ErrorCode.REJECTED


class Performer:
    """Performs the effects of one run. `record` numbers an event, folds it and hands it to the log."""

    def __init__(self, run_id: str, state: RunState, host: Host, record: Callable[[ev.Event], None]) -> None:
        self._run_id = run_id
        self._state = state
        self._host = host
        self._record = record
        self._answers: dict[Path, asyncio.Future[None]] = {}
        self._timers: dict[Path, int] = {}
        self._resting: dict[Path, Branch] = {}
        self._held: list[tuple[Branch, asyncio.Future[None]]] = []
        self.holding = False
        self.answered_since_idle = False

    async def perform(self, effect: Effect, path: Path, branch: Branch) -> Json:
        """The result of `effect`: from the log, or by doing it. Raises EngineError."""
        mark = fingerprint(effect.kind, effect.name, effect.request())
        known = self._known(path, mark)
        if known is not None and known.status is EffectStatus.SUCCEEDED:
            return known.result
        await self.hold(branch)
        decision = None
        if known is None:
            decision = await self._ask_gate(effect, path, mark, branch)
        elif effect.safety is Safety.UNSAFE:
            settled, value = await self._ask_what_happened(effect, path, branch)
            if settled:
                return value
        return await self._act(effect, path, mark, decision, again=known is not None)

    async def wait(self, waiting: Waiting, path: Path, branch: Branch, slots: Slots | None = None) -> Json:
        """The answer of a person, or null when a time has come. The branch rests meanwhile."""
        mark = fingerprint(waiting.kind, waiting.name, waiting.request())
        known = self._known(path, mark)
        if known is None:
            await self.hold(branch)
            known = self._begin_waiting(waiting, path, mark)
        if known.status is EffectStatus.WAITING:
            self._set_timer(path, known, waiting)
            await self._rest_until_answered(path, branch, slots)
            if known.status is EffectStatus.WAITING:  # nobody answered: its time has come
                self._record(ev.EffectFinished(path=path, result=waiting.unanswered))
        return known.result

    async def sleep_until(self, due_us: int, path: Path, branch: Branch, slots: Slots | None = None) -> None:
        """Rest until a time that the log already records."""
        if due_us > self._host.clock.now_us():
            self._timers[path] = due_us
            await self._rest_until_answered(path, branch, slots)

    def deliver(self, path: Path, answer: Json, by: str, by_id: str) -> bool:
        """Record the answer to a waiting effect. False when it waits no more."""
        effect = self._state.effects.get(path)
        if effect is None or effect.status is not EffectStatus.WAITING:
            return False
        self._record(ev.EffectFinished(path=path, result=answer, by=by, by_id=by_id))
        self._wake(path)
        return True

    def next_due_us(self) -> int | None:
        """When the next timer is due."""
        return min(self._timers.values(), default=None)

    async def hold(self, branch: Branch) -> None:
        """While the run is being paused nothing new begins."""
        if not self.holding:
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._held.append((branch, turn))
        branch.rest()
        await turn

    def release(self) -> None:
        """Let what was held go on: it is live from this moment."""
        self.holding = False
        self.answered_since_idle = True
        held, self._held = self._held, []
        for branch, turn in held:
            if not turn.done():
                branch.wake()
                turn.set_result(None)

    def _known(self, path: Path, mark: str) -> EffectState | None:
        known = self._state.effects.get(path)
        if known is None:
            return None
        if known.fingerprint != mark:
            raise ReplayDiverged(f"At {path} the log has a {known.kind} effect {known.name!r} with other arguments", path=path)
        if known.status is EffectStatus.FAILED and known.error is not None:
            raise EngineError.of(known.error)
        if known.status is EffectStatus.REFUSED and known.gate is not None:
            raise _refusal(known.gate, path)
        return known

    async def _ask_gate(self, effect: Effect, path: Path, mark: str, branch: Branch) -> GateDecision | None:
        request = effect.gate_request()
        if request is None:
            return None
        approval = Path(f"{path}/approval")
        decision = await pass_gate(request, self._host.authority)
        if decision.verdict is Verdict.ALLOW and approval not in self._state.effects:
            return decision
        if decision.verdict is Verdict.DENY:
            self._record(
                ev.EffectRefused(
                    path=path,
                    kind=effect.kind,
                    name=effect.name,
                    agent=effect.agent,
                    fingerprint=mark,
                    request=effect.request(),
                    gate=decision,
                )
            )
            raise _refusal(decision, path)
        await self._ask_approval(effect, approval, decision, branch)
        return decision

    async def _ask_approval(self, effect: Effect, path: Path, decision: GateDecision, branch: Branch) -> None:
        asked = HumanRequest(
            mode="approval",
            title=f"Approve {effect.name}?",
            message=f"{effect.agent or 'This graph'} wants to call {effect.name}. The policy asks for a person's approval.",
            payload=effect.request(),
            actions=(APPROVE, REJECT),
            digest=digest([self._run_id, path, effect.kind, effect.request()]),
        )
        waiting = Waiting("human", asked.model_dump(mode="json"), agent=effect.agent, gate=decision)
        answer = HumanAnswer.model_validate(await self.wait(waiting, path, branch))
        if answer.action != APPROVE.name:
            raise Rejected(f"A person rejected the call of {effect.name}{': ' + answer.comment if answer.comment else ''}", path=path)

    async def _ask_what_happened(self, effect: Effect, path: Path, branch: Branch) -> tuple[bool, Json]:
        """A worker died inside an unsafe effect: a person says whether it happened."""
        if self._state.effects[path].status is not EffectStatus.UNKNOWN:
            self._record(ev.EffectUnknown(path=path))
        asked = HumanRequest(
            mode="unknown_outcome",
            title=f"Did {effect.name} happen?",
            message="The worker stopped while this call was under way, and it must not be made twice. Look where it acts, then say.",
            payload=effect.request(),
            actions=(
                HumanAction(name="happened", title="It happened", style="primary"),
                HumanAction(name="again", title="It did not: call again", takes_value=False),
                HumanAction(name="fail", title="Give up", style="danger", takes_value=False),
            ),
            digest=digest([self._run_id, path, effect.request()]),
        )
        request = asked.model_dump(mode="json")
        answer = HumanAnswer.model_validate(await self.wait(Waiting("human", request, agent=effect.agent), Path(f"{path}/outcome"), branch))
        if answer.action == "happened":
            self._record(ev.EffectFinished(path=path, result=answer.value))
            return True, answer.value
        if answer.action == "fail":
            error = ErrorInfo(code=ErrorCode.OUTCOME_UNKNOWN, message=f"Nobody knows whether {effect.name} happened", path=path)
            self._record(ev.EffectFailed(path=path, error=error))
            raise EngineError.of(error)
        return False, None

    async def _act(self, effect: Effect, path: Path, mark: str, decision: GateDecision | None, *, again: bool) -> Json:
        key = digest([self._run_id, path])[:40]
        self._record(
            ev.EffectStarted(
                path=path,
                kind=effect.kind,
                name=effect.name,
                agent=effect.agent,
                fingerprint=mark,
                request=effect.request(),
                safety=effect.safety,
                idempotency_key=key,
                gate=decision,
                retried=again,
            )
        )
        # Everything this depends on is durable before it happens; a worker that lost the run stops here.
        await self._host.sink.flush()
        try:
            result, usage = await effect.act(self._host, self._call(effect, path, key))
        except EngineError as error:
            error.info = error.info.model_copy(update={"path": path})
            self._record(ev.EffectFailed(path=path, error=error.info))
            raise
        self._record(ev.EffectFinished(path=path, result=result, usage=usage))
        if effect.safety is Safety.UNSAFE:
            await self._host.sink.flush()
        return result

    def _call(self, effect: Effect, path: Path, key: str) -> CallContext:
        def failed(tried: FailedAttempt) -> None:
            self._record(
                ev.EffectAttemptFailed(path=path, attempt=tried.attempt, error=tried.error, retry_in_s=tried.retry_in_s, usage=tried.usage)
            )

        return CallContext(
            run_id=self._run_id,
            path=path,
            agent=effect.agent,
            tenant=self._host.tenant,
            idempotency_key=key,
            attempt=self._state.effects[path].attempts,
            on_delta=lambda text: self._host.sink.delta(path, text),
            on_failed_attempt=failed,
        )

    def _begin_waiting(self, waiting: Waiting, path: Path, mark: str) -> EffectState:
        request = waiting.request()
        if waiting.within_s is not None:
            request = {**request, waiting.due_field: self._host.clock.now_us() + int(waiting.within_s * 1e6)}
        self._record(
            ev.EffectStarted(
                path=path,
                kind=waiting.kind,
                name=waiting.name,
                agent=waiting.agent,
                fingerprint=mark,
                request=request,
                waits=True,
                gate=waiting.gate,
            )
        )
        return self._state.effects[path]

    def _set_timer(self, path: Path, known: EffectState, waiting: Waiting) -> None:
        due = known.request.get(waiting.due_field) if isinstance(known.request, dict) else None
        if isinstance(due, int):
            self._timers[path] = due

    async def _rest_until_answered(self, path: Path, branch: Branch, slots: Slots | None) -> None:
        loop = asyncio.get_running_loop()
        answered = self._answers[path] = loop.create_future()
        timer = None
        if path in self._timers:
            delay = max(0.0, (self._timers[path] - self._host.clock.now_us()) / 1e6)
            timer = loop.call_later(delay, self._wake, path)
        if slots is not None:
            slots.give_back()
        self._resting[path] = branch
        if branch.deadline is not None:
            branch.deadline.stop()
        branch.rest()
        try:
            await answered
            if branch.deadline is not None:
                branch.deadline.go_on()
        finally:
            self._answers.pop(path, None)
            self._timers.pop(path, None)
            self._resting.pop(path, None)
            if timer is not None:
                timer.cancel()
        if slots is not None:
            await slots.take(branch)

    def _wake(self, path: Path) -> None:
        """The branch is live from this moment, so that the run is not taken for idle."""
        self.answered_since_idle = True
        answered = self._answers.get(path)
        if answered is not None and not answered.done():
            self._resting[path].wake()
            answered.set_result(None)


def _refusal(decision: GateDecision, path: Path) -> Refused:
    reason = decision.reason or "Not allowed"
    return Refused(f"{reason} (decided by {decision.layer}{', rule ' + decision.rule if decision.rule else ''})", path=path)
