"""What an agent has spent on its work, and whether it may spend more."""

from dataclasses import dataclass

from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.effects.model import NANO, Usage
from orchestrator.engine.errors import LimitExceeded


@dataclass(slots=True)
class Spending:
    """Model calls, tokens, nano-dollars, and corrections of malformed answers."""

    calls: int = 0
    tokens: int = 0
    nano_usd: int = 0
    repairs: int = 0

    def call(self, usage: Usage) -> None:
        self.calls += 1
        self.tokens += usage.input_tokens + usage.output_tokens
        self.nano_usd += usage.cost_nano_usd

    def add(self, later: "Spending", earlier: "Spending") -> None:
        """Take over what was spent between two moments of somebody else's work."""
        self.calls += later.calls - earlier.calls
        self.tokens += later.tokens - earlier.tokens
        self.nano_usd += later.nano_usd - earlier.nano_usd
        self.repairs += later.repairs - earlier.repairs

    def require(self, agent: Agent) -> None:
        """Raises LimitExceeded when the agent may make no further model call."""
        limits = agent.limits
        if self.calls >= limits.max_iterations:
            raise LimitExceeded(
                f"Agent {agent.name!r} made {self.calls} model calls without an answer",
                cure="Raise its max_iterations, or make its instructions say when to stop.",
            )
        if self.tokens >= limits.max_tokens:
            raise LimitExceeded(f"Agent {agent.name!r} used {self.tokens} tokens, its limit", cure="Raise its max_tokens.")
        if limits.max_cost_usd is not None and self.nano_usd >= limits.max_cost_usd * NANO:
            spent = f"{self.nano_usd / NANO:.4f}"
            raise LimitExceeded(
                f"Agent {agent.name!r} spent {spent} US dollars, at most {limits.max_cost_usd:g} are allowed",
                cure="Raise its max_cost_usd.",
            )
