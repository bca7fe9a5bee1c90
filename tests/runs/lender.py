"""Means for runs in tests: scripted models and tools in memory."""

from dataclasses import dataclass, field

from orchestrator.engine.testing import FixedAuthority, MemoryTools, ScriptedModel, says
from runs.execution import Means
from runs.models import Run


@dataclass
class ScriptedLender:
    """Lends every run the same model and tools."""

    models: ScriptedModel = field(default_factory=lambda: ScriptedModel(answer=lambda _request: says("done")))
    tools: MemoryTools = field(default_factory=MemoryTools)
    authority: FixedAuthority = field(default_factory=FixedAuthority)

    def means_of(self, run: Run) -> Means:
        return Means(self.models, self.tools, self.authority)
