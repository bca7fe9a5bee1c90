"""Resources for runs in tests: scripted models and tools in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator.engine.testing import FixedAuthority, MemoryTools, ScriptedModel, says
from runs.models import Run
from runs.worker.reading import Resources


@dataclass
class ScriptedResources:
    """Lends every run the same model and tools."""

    models: ScriptedModel = field(default_factory=lambda: ScriptedModel(answer=lambda _request: says("done")))
    tools: MemoryTools = field(default_factory=MemoryTools)
    authority: FixedAuthority = field(default_factory=FixedAuthority)

    def resources_of(self, runs: Sequence[Run]) -> list[Resources]:
        return [Resources(self.models, self.tools, self.authority) for _ in runs]
