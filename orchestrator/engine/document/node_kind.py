"""What a kind of node is: everything the palette, the inspector, validation and the runner need."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.ids import Json, PortName

if TYPE_CHECKING:
    from orchestrator.engine.execution.context import NodeContext

Control = Literal[
    "text", "textarea", "template", "expression", "number", "switch", "select", "json", "agent", "tool", "model", "list", "schema"
]
"""How the inspector shows a field: `json_schema_extra={"control": ...}`."""

Template = Annotated[str, Field(json_schema_extra={"control": "template"}, max_length=200_000)]
"""Text in which `{{ expression }}` is replaced by its value."""

Expression = Annotated[str, Field(json_schema_extra={"control": "expression"}, max_length=10_000)]
"""A CEL expression."""

AgentRef = Annotated[str, Field(json_schema_extra={"control": "agent"}, min_length=1)]
"""The id of an agent of the document."""

ToolRef = Annotated[str, Field(json_schema_extra={"control": "tool"}, min_length=1)]
"""The name of a tool."""

PortType = Literal["any", "text", "object", "list", "number", "boolean"]


class Port(BaseModel):
    """`many`: several edges may end here and all their values arrive, as a list in edge order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: PortName
    title: str = ""
    type: PortType = "any"
    many: bool = False
    inner: bool = False
    """Leads into or out of the node's own body."""
    modality: Modality | None = None
    """What kind of files it carries, where that is known: whether a model can take them is checked before a run."""


def is_of_type(value: Json, port_type: PortType) -> bool:
    """Whether a value is what ports of a type carry."""
    if port_type == "any":
        return True
    if port_type == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, {"text": str, "object": dict, "list": list, "boolean": bool}[port_type])


class PortsFrom(BaseModel):
    """One more output port for each entry of the list parameter `param`, named by its `name` field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    param: str
    name: str = "name"


IN = Port(name=PortName("in"), title="In")
OUT = Port(name=PortName("out"), title="Out")
ERROR = Port(name=PortName("error"), title="Error", type="object")


class Params(BaseModel):
    """Base of a kind's parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


P = TypeVar("P", bound=Params)

Outputs = dict[PortName, Json]
"""What a node yields, by port. A port that is missing carries nothing."""


class Yields(StrEnum):
    """At which of its ports a node yields a value when its work succeeded."""

    ALL = "all"
    ONE = "one"
    """Always at one of them: never at two, never at none."""
    SOME = "some"
    """That cannot be said before."""


Group = Literal["flow", "agents", "tools", "people", "data", "notes"]


@dataclass(frozen=True, slots=True)
class NodeKind(Generic[P]):
    """One kind. `executes` is false for what only decorates the canvas."""

    name: str
    title: str
    summary: str
    group: Group
    icon: str
    params: type[P]
    run: Callable[["NodeContext", P], Awaitable[Outputs]]
    version: int = 1
    inputs: tuple[Port, ...] = (IN,)
    outputs: tuple[Port, ...] = (OUT,)
    ports_from: PortsFrom | None = None
    container: bool = False
    executes: bool = True
    yields: Yields = Yields.SOME
    delivers: bool = False
    """What it yields is the output of the run."""
    upgrade: Callable[[int, dict[str, Json]], dict[str, Json]] = field(default=lambda _version, params: params)

    def yields_with(self, params: Mapping[str, Json]) -> Yields:
        """At which of its ports a node with these parameters yields: one that has ways out beside its own takes one of them."""
        more = self.ports_from is not None and bool(params.get(self.ports_from.param))
        return Yields.ONE if self.yields is Yields.ALL and more else self.yields


class NodeKindSchema(BaseModel):
    """A kind as the browser gets it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    summary: str
    group: Group
    icon: str
    version: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    ports_from: PortsFrom | None
    container: bool
    executes: bool
    params: dict[str, Json]
    """JSON Schema of the parameters."""
    defaults: dict[str, Json]
