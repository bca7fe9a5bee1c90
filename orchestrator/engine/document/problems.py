"""A problem in a graph document, as data: shown on the node and the field it concerns."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import EdgeId, NodeId


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Problem(BaseModel):
    """`code` names the rule; `message` says what was got and expected; `cure` how to mend it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    message: str
    cure: str
    severity: Severity = Severity.ERROR
    node: NodeId | None = None
    edge: EdgeId | None = None
    agent: str | None = None
    field: str | None = None


class GraphInvalid(EngineError):
    """The graph document has problems."""

    code = ErrorCode.INVALID_GRAPH
    cure = "Mend every problem listed, then try again."

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        first = f": {problems[0].message}" if problems else ""
        super().__init__(f"The graph has {len(problems)} problem(s){first}")
