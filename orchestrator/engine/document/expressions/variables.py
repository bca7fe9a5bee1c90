"""What an expression can see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orchestrator.engine.ids import Json


def _nothing(_name: str) -> Json:
    return None


@dataclass(slots=True)
class Members:
    """A variable of which only what an expression names is looked up: `nodes` and `state` may hold much.

    `of` gives one member, null when there is none of that name; `names` lists them all.
    """

    of: Callable[[str], Json] = _nothing
    names: Callable[[], list[str]] = list


@dataclass(slots=True)
class Variables:
    """Plain values, and `nodes` and `state` by their members."""

    values: Mapping[str, Json]
    nodes: Members = field(default_factory=Members)
    state: Members | None = None

    def members(self, root: str) -> Members | None:
        return self.nodes if root == "nodes" else self.state if root == "state" else None

    def known(self) -> set[str]:
        return {"nodes", *self.values} if self.state is None else {"nodes", "state", *self.values}
