"""The door between code inside a run and the world: every effect goes through `perform`.

An effect the log has an answer for is not done again: its answer is returned. So running
a function again over its log continues it where it stopped.
"""

from dataclasses import dataclass
from functools import partial

from orchestrator.engine.effects.digest import digest, fingerprint
from orchestrator.engine.effects.gate import GateDecision, GateRequest, Verdict, pass_gate
from orchestrator.engine.effects.human import HumanAnswer
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import (
    EngineError,
    ErrorCode,
    ErrorInfo,
    HostUnavailable,
    Refused,
    Rejected,
    ReplayDiverged,
    failure_of,
)
from orchestrator.engine.execution.asking import Asking
from orchestrator.engine.execution.branches import Branch, gather
from orchestrator.engine.execution.effect import Effect, Waiting
from orchestrator.engine.execution.journal import Journal
from orchestrator.engine.execution.questions import AGAIN, APPROVE, GIVE_UP, HAPPENED, another_call, approval_of, outcome_of, outcome_path
from orchestrator.engine.execution.waits import Waits
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.json_text import NotJson, clean_json
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.effect_state import EffectState
from orchestrator.engine.log.status import EffectStatus
from orchestrator.engine.ports import CallContext, FailedAttempt, Host
from orchestrator.engine.unforeseen import in_words


@dataclass(frozen=True, slots=True)
class Place:
    """Where an effect happens. `path` names it in the log; `attempt` is the attempt at a step that it belongs to.

    `origin` is the step whatever the attempt, at it and at the maps around it: attempts that make the same call meet there.
    """

    path: Path
    attempt: Path
    origin: str


class Performer:
    """Performs the effects of one run."""

    def __init__(self, run_id: str, journal: Journal, host: Host, waits: Waits) -> None:
        self._run_id = run_id
        self._journal = journal
        self._state = journal.state
        self._host = host
        self._waits = waits
        self._asking = Asking(journal, waits)
        self._keys: dict[str, Path] = {}

    async def perform(self, effect: Effect, place: Place, branch: Branch) -> Json:
        """The result of `effect`: from the log, or by doing it. Raises EngineError."""
        path, request = place.path, effect.request()
        mark = fingerprint(effect.kind, effect.name, request)
        while True:
            known = self._known(path, effect.kind, mark)
            if known is None:
                key = self._key(place, mark)
                known = self._done_before(effect, place, key)
            else:
                key = known.idempotency_key
            if known is not None and known.status is EffectStatus.SUCCEEDED:
                return known.result
            if known is not None and Safety.UNSAFE in (known.safety, effect.safety):
                answer = await self._ask_outcome(path, branch)
                if answer.action != AGAIN.name:
                    self._settle(path, answer)
                    continue
            decision = await self._permit(effect, path, mark, request, branch)
            if await self._act(effect, path, mark, request, key, decision):
                return self._state.effects[path].result

    async def wait(self, waiting: Waiting, path: Path, branch: Branch) -> Json:
        """The answer of a person, how another run ended, or null when a time has come. The branch rests meanwhile."""
        request = waiting.request()
        mark = fingerprint(waiting.kind, waiting.name, request)
        known = self._known(path, waiting.kind, mark)
        if known is None:
            await (self._asking.place(path, branch) if waiting.kind == "human" else self._waits.hold(branch))
            known = self._begin_waiting(waiting, path, mark, request)
        if waiting.kind == "run":
            await self._take_end(path, str(request["run"]), branch)
        left_us: int | None = None
        while known.status is EffectStatus.WAITING:
            due = known.request.get(waiting.due_field) if isinstance(known.request, dict) else None
            due_us = due if isinstance(due, int) else None
            await self._waits.until(path, due_us, branch, left_us)
            if known.status is EffectStatus.WAITING and due_us is not None:
                left_us = await self._left_us(waiting, due_us, branch)
                if left_us <= 0 and known.status is EffectStatus.WAITING:  # answered meanwhile, the answer counts
                    self._journal.record(ev.EffectFinished(path=path, result=waiting.unanswered))
        return known.result

    async def sleep_until(self, due_us: int, path: Path, branch: Branch) -> None:
        """Rest until a time that the log already records."""
        await self._waits.until(path, due_us, branch)

    def deliver(self, path: Path, answer: Json, by: str, by_id: str) -> bool:
        """Record the answer to a waiting effect. False when it waits no more."""
        effect = self._state.effects.get(path)
        if effect is None or effect.status is not EffectStatus.WAITING:
            return False
        self._journal.record(ev.EffectFinished(path=path, result=clean_json(answer), by=by, by_id=by_id))
        self._waits.wake(path)
        return True

    async def ask_about(self, below: Path, branch: Branch) -> dict[Path, HumanAnswer]:
        """What people say became of the unsafe effects below a path that were cut off."""
        paths = self._state.cut_off(below)
        answers = await gather(branch, [partial(self._ask_outcome, path) for path in paths])
        return dict(zip(paths, answers, strict=True))

    async def settle(self, below: Path, branch: Branch) -> None:
        """Record what people say became of the unsafe effects below a path. Raises EngineError when one gives up."""
        answers = await self.ask_about(below, branch)
        for path, answer in answers.items():
            self._settle(path, answer)
        for path, answer in answers.items():
            error = self._state.effects[path].error
            if answer.action == GIVE_UP.name and error is not None:
                raise EngineError.of(error)

    def _known(self, path: Path, kind: str, mark: str) -> EffectState | None:
        """What the log has at this path. Raises what its failure raised, or ReplayDiverged."""
        known = self._state.effects.get(path)
        if known is None:
            return None
        if known.fingerprint != mark:
            if known.kind != kind or known.build == self._state.build:
                raise ReplayDiverged(f"At {path} the log has a {known.kind} effect {known.name!r} with other arguments", path=path)
            if known.status is EffectStatus.SUCCEEDED:
                self._journal.record(ev.ReplayAdopted(path=path, fingerprint=mark))
        if known.status is EffectStatus.FAILED and known.error is not None:
            raise failure_of(known.kind, known.error)
        if known.status is EffectStatus.REFUSED and known.gate is not None:
            raise _refusal(known.gate, path)
        return known

    def _key(self, place: Place, mark: str) -> str:
        """What names this call to the world: the same in every attempt at the step, another for each like call of one attempt."""
        inside = f"{place.attempt}/"
        number = 1
        while True:
            key = digest([self._run_id, place.origin, mark, number])[:40]
            holder = self._keys.get(key, place.path)
            earlier = self._state.calls.get(key, ())
            if (holder == place.path or not holder.startswith(inside)) and not any(path.startswith(inside) for path in earlier):
                self._keys[key] = place.path
                return key
            number += 1

    def _done_before(self, effect: Effect, place: Place, key: str) -> EffectState | None:
        """What an earlier attempt has of this unsafe call, when it succeeded."""
        if effect.safety is not Safety.UNSAFE:
            return None
        done = (path for path in self._state.calls.get(key, ()) if self._state.effects[path].status is EffectStatus.SUCCEEDED)
        source = next(done, None)
        if source is None:
            return None
        self._journal.record(ev.EffectReused(path=place.path, of=source))
        return self._state.effects[place.path]

    async def _permit(self, effect: Effect, path: Path, mark: str, request: Json, branch: Branch) -> GateDecision | None:
        """Return when the effect may begin now: the gate is asked again after a person approved it. Raises Refused or Rejected."""
        asked = effect.gate_request()
        approval = Path(f"{path}/approval")
        decision: GateDecision | None = None
        while True:
            if approval in self._state.effects or (decision is not None and decision.verdict is Verdict.ASK):
                other = await self._require_approval(effect, request, approval, decision, branch)
                if other is not None:
                    self._refuse(effect, path, mark, request, other)
            await self._waits.hold(branch)
            approved = self._state.effects.get(approval)
            decision = None if asked is None else await self._decide(asked, None if approved is None else approved.by_id)
            if self._waits.closed:
                decision = None  # it is made anew when the run goes on
                continue
            if decision is not None and decision.verdict is Verdict.DENY:
                self._refuse(effect, path, mark, request, decision)
            if decision is None or decision.verdict is Verdict.ALLOW or approved is not None:
                return decision

    async def _decide(self, asked: GateRequest, approved_by: str | None) -> GateDecision | None:
        try:
            return await pass_gate(asked.model_copy(update={"approved_by": approved_by}), self._host.authority)
        except HostUnavailable as error:
            self._waits.stalled = error
            return None

    def _refuse(self, effect: Effect, path: Path, mark: str, request: Json, decision: GateDecision) -> None:
        refused = ev.EffectRefused(
            path=path, kind=effect.kind, name=effect.name, agent=effect.agent, fingerprint=mark, request=request, gate=decision
        )
        self._journal.record(refused)
        raise _refusal(decision, path)

    async def _require_approval(
        self, effect: Effect, request: Json, path: Path, decision: GateDecision | None, branch: Branch
    ) -> GateDecision | None:
        """Why what a person approved is not this call; None where it is. Raises Rejected."""
        known = self._state.effects.get(path)
        asked_under = known.gate if known is not None and known.gate is not None else decision
        assert asked_under is not None
        question = approval_of(effect, request, path, self._run_id, asked_under)
        answer = HumanAnswer.model_validate(await self.wait(question, path, branch))
        if answer.action != APPROVE.name:
            raise Rejected(f"A person rejected the call of {effect.name}{': ' + answer.comment if answer.comment else ''}", path=path)
        return another_call(question.request(), self._state.effects[path].request)

    async def _ask_outcome(self, path: Path, branch: Branch) -> HumanAnswer:
        """What a person says became of an unsafe effect that was cut off."""
        known = self._state.effects[path]
        if known.status is EffectStatus.RUNNING:
            self._journal.record(ev.EffectUnknown(path=path))
        return HumanAnswer.model_validate(await self.wait(outcome_of(path, known, self._run_id), outcome_path(path, known), branch))

    def _settle(self, path: Path, answer: HumanAnswer) -> None:
        """Record what a person said of an effect that is not done again here."""
        name = self._state.effects[path].name
        if answer.action == HAPPENED.name:
            self._journal.record(ev.EffectFinished(path=path, result=answer.value))
            return
        code = ErrorCode.OUTCOME_UNKNOWN if answer.action == GIVE_UP.name else ErrorCode.TOOL_FAILED
        message = f"Nobody knows whether {name} happened" if answer.action == GIVE_UP.name else f"{name} did not happen"
        self._journal.record(ev.EffectFailed(path=path, error=ErrorInfo(code=code, message=message, path=path)))

    async def _act(self, effect: Effect, path: Path, mark: str, request: Json, key: str, decision: GateDecision | None) -> bool:
        """Do it. False when nobody knows whether it was done; raises EngineError when it failed."""
        async with self._host.guard.passed():
            self._journal.record(
                ev.EffectStarted(
                    path=path,
                    kind=effect.kind,
                    name=effect.name,
                    agent=effect.agent,
                    fingerprint=mark,
                    request=request,
                    safety=effect.safety,
                    idempotency_key=key,
                    gate=decision,
                    retried=path in self._state.effects,
                )
            )
            if effect.begins_durably:
                # Everything this depends on is durable before it happens; a worker that lost the run stops here.
                await self._host.sink.flush()
            result, usage, error = await self._attempt(effect, path, key)
            if error is None:
                self._journal.record(ev.EffectFinished(path=path, result=result, usage=usage))
                if effect.safety is Safety.UNSAFE:
                    await self._host.sink.flush()
                return True
            if effect.safety is Safety.UNSAFE and error.code is ErrorCode.OUTCOME_UNKNOWN:
                self._journal.record(ev.EffectUnknown(path=path))
                return False
            self._journal.record(ev.EffectFailed(path=path, error=error, usage=usage))
            raise failure_of(effect.kind, error)

    async def _attempt(self, effect: Effect, path: Path, key: str) -> tuple[Json, Usage | None, ErrorInfo | None]:
        """What came of it, what it cost, and why it failed."""
        try:
            result, usage = await effect.act(self._host, self._call(effect, path, key))
            return clean_json(result), usage, None
        except EngineError as error:
            return None, error.usage, error.info.model_copy(update={"path": path})
        except NotJson as error:
            message = f"{effect.name} gave something that is not JSON: {error}"
            return None, None, ErrorInfo(code=ErrorCode.INVALID_OUTPUT, message=message, path=path)
        except Exception as error:  # noqa: BLE001 - a fault of a tool or a model fails the effect, never the worker
            told = in_words(error)
            info = ErrorInfo(code=ErrorCode.INTERNAL, message=told, cure="Report this; what was called has a fault.", path=path)
            return None, None, info

    def _call(self, effect: Effect, path: Path, key: str) -> CallContext:
        def failed(tried: FailedAttempt) -> None:
            self._journal.record(
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
            files=self._host.files,
        )

    def _begin_waiting(self, waiting: Waiting, path: Path, mark: str, request: dict[str, Json]) -> EffectState:
        if waiting.within_s is not None:
            request = {**request, waiting.due_field: self._host.clock.now_us() + int(waiting.within_s * 1e6)}
        self._journal.record(
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

    async def _take_end(self, path: Path, run: str, branch: Branch) -> None:
        """Another run may have ended before anybody waited for it here: nobody tells of that a second time."""
        while self._state.effects[path].status is EffectStatus.WAITING:
            try:
                end = await self._host.runs.ended(run)
            except HostUnavailable as error:
                self._waits.stalled = error
                await self._waits.hold(branch)
                continue
            if end is not None:
                self.deliver(path, end.model_dump(mode="json"), "", "")
            return

    async def _left_us(self, waiting: Waiting, due_us: int, branch: Branch) -> int:
        """How long it is until nobody can have answered in time; what was accepted before is delivered first."""
        if waiting.kind != "human":
            return 0
        try:
            return due_us - await self._host.inbox.settle()
        except HostUnavailable as error:
            self._waits.stalled = error
            await self._waits.hold(branch)
            return 0


def _refusal(decision: GateDecision, path: Path) -> Refused:
    reason = decision.reason or "Not allowed"
    return Refused(
        f"{reason} (decided by {decision.layer}{', rule ' + decision.rule if decision.rule else ''})", cure=decision.cure, path=path
    )
