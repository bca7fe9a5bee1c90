"""What happens in a run, in the order of its numbers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from baton_client.errors import bad_answer
from baton_client.fields import Fields
from baton_client.json_values import Json

_LAST = frozenset({"run_succeeded", "run_failed", "run_cancelled", "run_crashed", "run_limit_exceeded"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """Event number `seq` of a run, counted from 1 without gaps. `data` is all of it, as the log has it.

    A value in it that is longer than 16 K stands as `{"$blob": sha256, "size": ..., "preview": ...}`; `Baton.blob` gives it.
    """

    seq: int
    type: str
    at: datetime
    data: dict[str, Json] = field(repr=False)

    @classmethod
    def read(cls, row: Fields) -> "Event":
        try:
            at = _EPOCH + timedelta(microseconds=row.number("at_us"))
        except OverflowError:
            raise bad_answer("The server's answer has an event outside of all times.") from None
        return cls(seq=row.number("seq"), type=row.text("type"), at=at, data=row.all)

    @property
    def ends_run(self) -> bool:
        return self.type in _LAST

    @property
    def place(self) -> str:
        """Where in the run: the path of a call, of a node or of an item; empty for the run as a whole."""
        found = (self.data.get(name) for name in ("path", "scope", "to"))
        return next((place for place in found if isinstance(place, str) and place), "")
