"""What people say to agents at work. It is in the run's log before the agent's next turn, or it came too late and the log says so."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from editor.versions.frozen import graph_of
from orchestrator.engine.document.graph import Node
from orchestrator.engine.document.registry import kind_of
from orchestrator.engine.ids import NodeId, Path, Scope, is_within, step_path
from runs.control.commands import tell, unfinished
from runs.control.problems import NoAgentThere, StepEnded, UnknownStep
from runs.models import Command, Run, RunEvent
from tenants.models import User
from tenants.people.access import require
from tenants.problems import InvalidValue

LONGEST: Final = 10_000
"""Characters of one message."""
_STEP = re.compile(r"(?P<node>[A-Za-z][A-Za-z0-9_]*)#[0-9]+")
"""The last part of the path of a step's first attempt."""
_ENDS: Final = ("node_finished", "node_failed", "node_skipped", "node_retrying", "scope_finished")


def say_to_agent(*, run: Run, by: User, to: str, text: str) -> Command:
    """Say something to the agent at work in the step whose first attempt has the path `to`. It reads it before its next model call.

    Who may answer what an agent asks may also speak to it unasked.
    Raises InvalidValue, RunFinished, UnknownStep, StepEnded, NoAgentThere.
    """
    require(by, "answer", run)
    if not text.strip():
        raise InvalidValue("`text` is empty.", cure="Say what the agent should know or do.", details={"field": "text"})
    with transaction.atomic():
        locked = unfinished(run)
        _require_agent_at_work(locked, to)
        return tell(locked, by, Command.Kind.TELL, {"to": to, "text": text})


def _require_agent_at_work(run: Run, to: str) -> None:
    """By the log as it stands; whether the agent has another turn nobody can know."""
    step = _STEP.fullmatch(to.rpartition("/")[2])
    if step is None or not _begun(run, to):
        raise UnknownStep(details={"to": to[:200]})
    if any(_ends(json.loads(payload), to) for payload in _ends_around(run, to)):
        raise StepEnded(details={"to": to[:200]})
    node = next(node for node in graph_of(run.graph_version_id).nodes if node.id == step["node"])
    if not _has_agent(node):
        raise NoAgentThere(details={"to": to[:200]})


def _begun(run: Run, to: str) -> bool:
    return RunEvent.objects.filter(run=run, type="node_started", payload__contains=f'"path":{json.dumps(to)}').exists()


def _ends_around(run: Run, to: str) -> Iterable[str]:
    """The events that may have ended the step, or what it is in, as their JSON."""
    parts = to.split("/")
    named = Q(payload__contains=f'"path":{json.dumps(to)[:-1]}')  # whichever attempt
    for end in range(1, len(parts)):
        place = json.dumps("/".join(parts[:end]))
        named |= Q(payload__contains=f'"path":{place}') | Q(type="scope_finished", payload__contains=f'"scope":{place}')
    return RunEvent.objects.filter(named, run=run, type__in=_ENDS).values_list("payload", flat=True)


def _ends(event: dict[str, Any], to: str) -> bool:
    """Whether an event ended the step whose first attempt has this path: itself, or the item or the attempt that it is in."""
    if event["type"] == "scope_finished":
        return is_within(Path(to), Scope(event["scope"]))
    if event["path"] != to and is_within(Path(to), Path(event["path"])):
        return True
    step = step_path(Scope(event["scope"]), NodeId(event["node"]), event["activation"])
    return step == to and event["type"] != "node_retrying"


def _has_agent(node: Node) -> bool:
    fields = kind_of(node.kind).params.model_fields
    controls = {name: info.json_schema_extra.get("control") for name, info in fields.items() if isinstance(info.json_schema_extra, dict)}
    return any(control == "agent" and node.params.get(name) for name, control in controls.items())
