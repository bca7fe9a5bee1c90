"""Reading and writing of memories, as things done to the world."""

from pydantic import TypeAdapter

from orchestrator.engine.effects.gate import GateRequest
from orchestrator.engine.effects.memory import KeptMemory, MemoryQuery, NewMemory, RecalledMemory
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext, Host

_RECALLED: TypeAdapter[tuple[RecalledMemory, ...]] = TypeAdapter(tuple[RecalledMemory, ...])


class Recall:
    """Look for memories. A replay sees those that the run saw."""

    kind = "recall"
    safety = Safety.PURE
    begins_durably = False

    def __init__(self, query: MemoryQuery, agent: str) -> None:
        self.name = query.space
        self.agent = agent
        self._query = query
        self._data: Json = query.model_dump(mode="json", exclude_defaults=True)

    def request(self) -> Json:
        return self._data

    def gate_request(self) -> GateRequest | None:
        return None

    async def act(self, host: Host, call: CallContext) -> tuple[Json, Usage | None]:
        found, usage = await host.memory.recall(self._query, call)
        return _RECALLED.dump_python(found, mode="json", exclude_defaults=True), usage


class Remember:
    """Keep a memory: once, however often it is begun, by its idempotency key."""

    kind = "remember"
    safety = Safety.IDEMPOTENT
    begins_durably = True

    def __init__(self, memory: NewMemory, agent: str) -> None:
        self.name = memory.space
        self.agent = agent
        self._memory = memory
        self._data: Json = memory.model_dump(mode="json", exclude_defaults=True)

    def request(self) -> Json:
        return self._data

    def gate_request(self) -> GateRequest | None:
        return None

    async def act(self, host: Host, call: CallContext) -> tuple[Json, Usage | None]:
        kept, usage = await host.memory.remember(self._memory, call)
        return kept.model_dump(mode="json", exclude_defaults=True), usage


async def recall(ctx: NodeContext, query: MemoryQuery, agent_id: str) -> tuple[RecalledMemory, ...]:
    """Raises MemoryFailed."""
    return _RECALLED.validate_python(await ctx.perform(Recall(query, agent_id)))


async def remember(ctx: NodeContext, memory: NewMemory, agent_id: str) -> KeptMemory:
    """Raises MemoryFailed."""
    return KeptMemory.model_validate(await ctx.perform(Remember(memory, agent_id)))
