"""The tenant's policy: versions of it, each complete and valid."""

from dataclasses import asdict
from difflib import unified_diff

from django.db import IntegrityError, transaction

from tenants.models import PolicyVersion, Tenant, Tool, User
from tenants.people.access import require_here
from tenants.policy.rights import forget_rights
from tenants.policy.text import read_policy
from tenants.problems import ApiProblem, StaleRevision

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
    reading = read_policy(yaml, frozenset(Tool.objects.values_list("name", flat=True)))
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


def policy_diff(before: PolicyVersion | None, after: PolicyVersion) -> list[str]:
    """What `after` changed, as the lines of a unified diff."""
    old = before.yaml.splitlines() if before else []
    name = f"version {before.number}" if before else "nothing"
    return list(unified_diff(old, after.yaml.splitlines(), name, f"version {after.number}", lineterm=""))


def _stale(latest: PolicyVersion | None) -> StaleRevision:
    return StaleRevision(
        "Somebody saved a newer version of the policy.",
        details={"version": latest.number if latest else 0, "yaml": latest.yaml if latest else STARTER},
    )
