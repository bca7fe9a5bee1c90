"""A run that another one starts, and how it ends."""

from orchestrator.engine.effects.model import Record
from orchestrator.engine.ids import Json

END = "/end"
"""Ends the path at which the end of a child run is waited for, below the effect that started it."""


class RunWanted(Record):
    """`graph` is the graph's name in the workspace; `input` is what the run begins with."""

    graph: str
    input: Json = None


class RunEnd(Record):
    """`status` is one of the terminal ones; `message` and `cure` say why it did not succeed."""

    run: str
    status: str
    output: Json = None
    message: str = ""
    cure: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status == "succeeded"
