"""What every event of a run has.

`seq` (1, 2, ...) and `at_us` (microseconds since the Unix epoch) are given by the log when the
event is appended. Times never influence what a replay does. `v` is the version of the form of its type.
"""

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    model_config = ConfigDict(extra="forbid")

    v: int = 1
    type: str = ""
    seq: int = 0
    at_us: int = 0
