"""The one gate that every tool call and model call passes before it happens."""

from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.ids import Json


class GateSubject(StrEnum):
    TOOL = "tool"
    MODEL = "model"


class Verdict(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"
    """A person must approve exactly this call."""


class GateRequest(BaseModel):
    """Who wants to do what. `own_tools` is the agent's tool list as frozen in its version;
    None for a tool node, which a person drew. A call that was approved is asked about again when it is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: GateSubject
    name: str
    agent: str
    own_tools: tuple[str, ...] | None = None
    arguments: Json = None
    approved_by: str | None = None
    """Who approved exactly this call, as the host identifies them; empty where the log names nobody, None where nobody has."""


class GateDecision(BaseModel):
    """The answer, and which rule of which layer gave it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdict: Verdict
    layer: str = "default"
    """`tool_list`, `identity`, `policy`, `approval` or `default`."""
    rule: str = ""
    reason: str = ""
    cure: str = ""
    """How to mend a refusal; empty for the usual way."""
    policy_version: int | None = None


class Authority(Protocol):
    """What the host knows of rights: the agent's identity and the tenant's policy."""

    async def decide(self, request: GateRequest) -> GateDecision:
        """The decision of identity permissions and tenant policy, as they stand now."""
        ...


async def pass_gate(request: GateRequest, authority: Authority) -> GateDecision:
    """Deny what is not on the agent's own list; ask the host about the rest."""
    if request.subject is GateSubject.TOOL and request.own_tools is not None and request.name not in request.own_tools:
        return GateDecision(
            verdict=Verdict.DENY,
            layer="tool_list",
            rule="tools",
            reason=f"Agent {request.agent!r} does not have tool {request.name!r} on its list",
        )
    return await authority.decide(request)
