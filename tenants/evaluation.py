"""Evaluating what people sent, on behalf of the tenant being worked for, where it holds up nobody else.

For requests: whoever waits for it occupies a thread, so only a few of a tenant wait at once.
"""

from collections.abc import Callable
from typing import Final

from orchestrator.capabilities.evaluation.limits import WorkLimits
from orchestrator.capabilities.evaluation.pool import TooMuchWaiting, Unavailable
from orchestrator.capabilities.evaluation.shared import shared_pool
from orchestrator.engine.document.json_schema import faults_as_json, schema_of
from orchestrator.engine.ids import Json
from tenants.isolation.scope import current_tenant_id
from tenants.problems import ApiProblem

MOST_WAITING: Final = 2


class BusyChecking(ApiProblem):
    """Several large things of this workspace are being checked already."""

    code = "busy_checking"
    status = 503
    cure = "Try again in a few seconds."


def evaluated(function: Callable[..., Json], *arguments: Json, limits: WorkLimits | None = None) -> Json:
    """What a function of ours gives in an evaluating process. Raises its EngineErrors, TookTooMuch, BusyChecking."""
    try:
        asked = shared_pool().submit(str(current_tenant_id()), function, *arguments, limits=limits, most_waiting=MOST_WAITING)
        return asked.result()
    except (TooMuchWaiting, Unavailable) as error:
        raise BusyChecking() from error


def schema_faults(schema: dict[str, Json], value: Json) -> list[str]:
    """Where and why `value` does not fit, the first few places. Raises BadSchema, TookTooMuch, BusyChecking."""
    read = schema_of(schema)
    if read.is_cheap(value):
        return read.faults(value)
    found = evaluated(faults_as_json, schema, value)
    return [str(fault) for fault in found] if isinstance(found, list) else []
