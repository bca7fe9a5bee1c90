"""What the server tells of graphs, runs and open questions."""

from dataclasses import dataclass, field
from datetime import datetime

from baton_client.fields import Fields
from baton_client.json_values import Json

ENDS = frozenset({"succeeded", "failed", "cancelled", "crashed", "limit_exceeded"})
"""Statuses after which nothing happens any more. The others: queued, running, waiting, paused."""


@dataclass(frozen=True)
class Graph:
    """`latest_version` is None for one that was never published."""

    slug: str
    title: str
    latest_version: int | None
    updated_at: datetime
    raw: dict[str, Json] = field(repr=False, compare=False)

    @classmethod
    def read(cls, row: Fields) -> "Graph":
        return cls(
            slug=row.text("slug"),
            title=row.text("title"),
            latest_version=row.number_or_none("latest_version"),
            updated_at=row.time("updated_at"),
            raw=row.all,
        )


@dataclass(frozen=True)
class RunError:
    """Why a run failed. `path` is the place in the run, empty where it has none."""

    code: str
    message: str
    cure: str
    path: str

    @classmethod
    def read(cls, row: Fields) -> "RunError":
        return cls(**{name: row.text(name, "") for name in ("code", "message", "cure", "path")})


@dataclass(frozen=True)
class Result:
    """What became of a run. `output` is None unless it succeeded."""

    run_id: str
    status: str
    output: Json
    error: RunError | None

    @property
    def succeeded(self) -> bool:
        return self.status == "succeeded"


@dataclass(frozen=True)
class Run:
    """How a run stands. `waiting` counts its questions that people have not answered; `version` is None for a draft.

    `output` and `last_seq`, the number of its latest event, are known of a run that was asked for by its id.
    """

    id: str
    status: str
    graph: str
    version: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    waiting: int
    last_seq: int
    output: Json
    error: RunError | None
    raw: dict[str, Json] = field(repr=False, compare=False)

    @classmethod
    def read(cls, row: Fields) -> "Run":
        return cls(
            id=row.text("id"),
            status=row.text("status"),
            graph=row.fields("graph").text("slug"),
            version=row.number_or_none("version"),
            created_at=row.time("created_at"),
            started_at=row.time_or_none("started_at"),
            finished_at=row.time_or_none("finished_at"),
            waiting=row.number("waiting"),
            last_seq=row.number("last_seq", 0),
            output=row.json("output"),
            error=None if row.json("error") is None else RunError.read(row.fields("error")),
            raw=row.all,
        )

    @property
    def ended(self) -> bool:
        return self.status in ENDS

    @property
    def waits_for_person(self) -> bool:
        return self.status == "waiting" and self.waiting > 0

    @property
    def result(self) -> Result:
        return Result(self.id, self.status, self.output, self.error)


@dataclass(frozen=True)
class Approval:
    """An open question of a run. `digest` binds an answer to what was shown; `request` is all that was shown.

    `why_not` says why the key must leave the answer to somebody else, and is empty where it need not.
    """

    run: str
    path: str
    graph: str
    title: str
    message: str
    actions: tuple[str, ...]
    digest: str
    why_not: str
    created_at: datetime
    deadline: datetime | None
    request: dict[str, Json] = field(repr=False)
    raw: dict[str, Json] = field(repr=False, compare=False)

    @classmethod
    def read(cls, row: Fields) -> "Approval":
        request = row.fields("request")
        return cls(
            run=row.text("run"),
            path=row.text("path"),
            graph=row.fields("graph").text("slug"),
            title=row.text("title", ""),
            message=row.text("message", ""),
            actions=tuple(request.list("actions", lambda action: action.text("name"))),
            digest=row.text("digest"),
            why_not=row.text("why_not", ""),
            created_at=row.time("created_at"),
            deadline=row.time_or_none("deadline"),
            request=request.all,
            raw=row.all,
        )
