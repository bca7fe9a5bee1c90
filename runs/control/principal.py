"""On whose behalf a run starts."""

from dataclasses import dataclass

from runs.models import Run
from tenants.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Principal:
    """`user` answers for the rights of the run, whatever started it: a page, a key, a schedule, another run."""

    trigger: Run.Trigger
    user: User
    key: ApiKey | None = None
    parent: Run | None = None
