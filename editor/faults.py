"""What does not fit the form of what was sent, found without holding up anybody."""

import json
from collections.abc import Callable
from typing import Any

from orchestrator.capabilities.evaluation.limits import DOCUMENT_LIMITS
from orchestrator.engine.document.problems import Problem
from orchestrator.engine.document.validation import CHEAP_CHARACTERS
from orchestrator.engine.ids import Json
from tenants.evaluation import evaluated


def faults_of(reader: Callable[[str], Json], sent: Any) -> tuple[list[Problem], int]:
    """What a reader of the engine finds wrong with what was sent, and how much there is; what is large is read where it holds up
    nobody. Raises TookTooMuch, BusyChecking."""
    text = json.dumps(sent)
    found = reader(text) if len(text) <= CHEAP_CHARACTERS else evaluated(reader, text, limits=DOCUMENT_LIMITS)
    assert isinstance(found, dict) and isinstance(found["problems"], list)
    return [Problem.model_validate(problem) for problem in found["problems"]], int(str(found["count"]))
