"""The tenant's policy: versions of it, each complete and valid."""

from dataclasses import asdict
from difflib import unified_diff

from django.db import IntegrityError, transaction

from orchestrator.capabilities.evaluation.limits import TookTooMuch, WorkLimits
from tenants.evaluation import evaluated
from tenants.models import PolicyVersion, Tenant, Tool, User
from tenants.people.access import require_here
from tenants.policy.rights import forget_rights
from tenants.policy.text import PolicyReading, read_as_json, read_policy
from tenants.problems import ApiProblem, StaleRevision

COMPARED_LINES = 100
"""Where more than that lie between the first and the last change, they are shown as replaced: to compare them takes their square."""
READ_IN_PLACE = 2_000
"""Characters: about 0.1 s at most."""
STARTER = """\
# Which agents may use which tools, and which calls a person must approve first.
# A tool that is not listed may be used by every agent that was given it.
tools: []
"""


class PolicyInvalid(ApiProblem):
    """The policy has problems."""

    code = "invalid_policy"
    cure = "Mend every line listed, then save again."


def current_policy() -> PolicyVersion | None:
    """The newest version of the tenant being worked for; None before the first was saved."""
    return PolicyVersion.objects.order_by("-number").first()


def save_policy(*, tenant: Tenant, yaml: str, version: int, by: User) -> PolicyVersion:
    """Save a new version on top of `version` (0 before the first)."""
    require_here(by, "manage")
    reading = _read(yaml)
    if reading.problems:
        raise PolicyInvalid(
            f"The policy has {len(reading.problems)} problem(s).", details={"problems": [asdict(problem) for problem in reading.problems]}
        )
    try:
        with transaction.atomic():
            latest = current_policy()
            if (latest.number if latest else 0) != version:
                raise _stale(latest)
            saved = PolicyVersion.objects.create(tenant=tenant, number=version + 1, yaml=yaml, rules=reading.as_json(), created_by=by)
            transaction.on_commit(lambda: forget_rights(tenant.id))
            return saved
    except IntegrityError as error:
        raise _stale(current_policy()) from error


def _read(yaml: str) -> PolicyReading:
    """YAML is slow to read: what is not short is read where that holds up nobody. Raises PolicyInvalid if it takes too long there."""
    families = dict(Tool.objects.order_by("name").values_list("name", "family"))
    tools, known = list(families), sorted({family for family in families.values() if family})
    if len(yaml) <= READ_IN_PLACE:
        return read_policy(yaml, frozenset(tools), frozenset(known))
    try:
        read = evaluated(read_as_json, yaml, [*tools], [*known], limits=WorkLimits(cpu_s=5))
    except TookTooMuch as error:
        raise PolicyInvalid(f"The policy cannot be read. {error.info.message}", cure="Make it shorter and simpler.") from error
    assert isinstance(read, dict)
    return PolicyReading.of_json(read)


def policy_diff(before: PolicyVersion | None, after: PolicyVersion) -> list[str]:
    """What `after` changed, as the lines of a unified diff."""
    old = before.yaml.splitlines() if before else []
    new, names = after.yaml.splitlines(), (f"version {before.number}" if before else "nothing", f"version {after.number}")
    first, last = _where_they_differ(old, new)
    if max(len(old), len(new)) - first - last <= COMPARED_LINES:
        return list(unified_diff(old, new, *names, lineterm=""))
    gone, come = old[first : len(old) - last], new[first : len(new) - last]
    place = f"@@ -{first + 1},{len(gone)} +{first + 1},{len(come)} @@"
    return [f"--- {names[0]}", f"+++ {names[1]}", place, *(f"-{line}" for line in gone), *(f"+{line}" for line in come)]


def _where_they_differ(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many lines are the same at the beginning and at the end."""
    shorter = min(len(old), len(new))
    first = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    last = next((index for index in range(shorter - first) if old[-1 - index] != new[-1 - index]), shorter - first)
    return first, last


def _stale(latest: PolicyVersion | None) -> StaleRevision:
    return StaleRevision(
        "Somebody saved a newer version of the policy.",
        details={"version": latest.number if latest else 0, "yaml": latest.yaml if latest else STARTER},
    )
