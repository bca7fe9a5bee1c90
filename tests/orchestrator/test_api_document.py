"""The OpenAPI document is kept: what it allows and what it forbids is sent, and every answer is held against it."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.errors import FailureGroup
from schemathesis.specs.openapi import checks

from orchestrator.engine.document.agents.agent import Agent, LibraryAgent
from orchestrator.engine.document.graph import Edge, Graph, Node
from orchestrator.engine.document.problems import Problem
from orchestrator.engine.log.upcast import VERSIONS
from tenants.isolation.scope import tenant_scope
from tenants.people.api_keys import create_api_key
from tenants.web.rest.serializers import BLANKS
from tests.tenants.cast import House
from tests.tenants.conftest import alpha, key_file
from tests.tenants.isolation.test_walk import known_parameters, of_pattern

__all__ = ["alpha", "key_file"]

LEADING, MISSING = 8, 3
"""Examples for each operation and kind of data: of addresses that lead somewhere, and of invented ones."""
BY_CHANCE = {
    *("POST /api/v1/agents", "PUT /api/v1/agents/{slug}", "PUT /api/v1/graphs/{slug}/draft", "PUT /api/v1/policy"),
    *("POST /api/v1/graphs/{slug}/versions/{number}/restore", "PUT /api/v1/members/{membership_id}", "GET /api/v1/costs"),
    *(
        "POST /api/v1/files/{file}",
        "GET /api/v1/runs/{run_id}/table.csv",
        "POST /api/v1/runs/{run_id}/commands",
        "POST /api/v1/runs/{run_id}/messages",
        "DELETE /api/v1/members/{membership_id}",
    ),
}
"""What the document allows is rarely a policy, an agent or the present revision, and the only owner stays: few examples are taken."""
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
ACCEPTED = [*CHECKS, checks.positive_data_acceptance]
BEYOND_FORMS: dict[str, Callable[[Any], bool]] = {
    # Tools are named by what stands in the database.
    "POST /api/v1/agents": lambda case: bool(case.body["agent"].get("tools")),
    "PUT /api/v1/agents/{slug}": lambda case: bool(case.body["agent"].get("tools")),
    # Both must say the same.
    "PUT /api/v1/graphs/{slug}/draft": lambda case: "revision" in case.body and "If-Match" in case.headers,
    # Which characters can be shown, no pattern can list.
    "POST /api/v1/invitations": lambda case: not case.body["who"].isprintable(),
    # It must end in the future.
    "POST /api/v1/keys": lambda case: isinstance(case.body, dict) and case.body.get("expires_at") is not None,
    # No more than the tool's own terms, which its card says.
    "PUT /api/v1/tools/{tool}/terms": lambda case: isinstance(case.body, dict) and any(value is not None for value in case.body.values()),
    "PATCH /api/v1/tools/{tool}/terms": lambda case: isinstance(case.body, dict) and any(value is not None for value in case.body.values()),
    # A text in YAML has a grammar of its own.
    "PUT /api/v1/policy": lambda case: True,
    # A file is what its bytes say, and must be called accordingly.
    "POST /api/v1/files/{file}": lambda case: True,
    # The question says which actions, values and digest it takes.
    "POST /api/v1/runs/{run_id}/commands": lambda case: case.body["type"] == "answer",
    # The path must lead to a list of the run's output, which is none where there is no path.
    "GET /api/v1/runs/{run_id}/table.csv": lambda case: True,
}
"""What is refused although the document allows it, by operation: nothing else is. And everywhere a cursor that no page gave."""
BOUNDED = settings(derandomize=True, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests within a test's transaction do not close its connection when they end, as in Django's own client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def key(alpha: House) -> str:
    """Of somebody who may do everything."""
    with tenant_scope(alpha.tenant.id):
        return create_api_key(tenant=alpha.tenant, user=alpha.owner).secret


def document() -> Any:
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str)))
    schema.app = WSGIHandler()
    schema.config.generation.update(allow_x00=False)  # it is nowhere taken: databases do not store it
    schema.config.checks.positive_data_acceptance.expected_statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "428"]
    return schema


def operations() -> Iterator[Any]:
    for found in document().get_all_operations():
        yield found.ok()


def beyond_forms(case: Any) -> bool:
    return "cursor" in (case.query or {}) or BEYOND_FORMS.get(case.operation.label, lambda case: False)(case)


def findings(operation: Any, mode: GenerationMode, key: str, places: dict[str, Any] | None, answered: set[str]) -> Iterator[str]:
    """What is wrong with one operation; `places` are path parameters that lead somewhere. Notes in `answered` what went well."""
    found: list[str] = []

    @settings(BOUNDED, max_examples=MISSING if places is None and operation.path_parameters else LEADING)
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=places))
    def send(case: Any) -> None:
        with transaction.atomic():
            response = case.call(headers={"Authorization": f"Bearer {key}"})
            transaction.set_rollback(True)
        if response.status_code < 300:
            answered.add(operation.label)
        try:
            case.validate_response(response, checks=CHECKS if mode is GenerationMode.NEGATIVE or beyond_forms(case) else ACCEPTED)
        except FailureGroup as group:
            found.extend(f"{case.as_curl_command()}: {failure} - {response.text[:300]}" for failure in group.exceptions)

    try:
        send()
    except Unsatisfiable:
        pass
    yield from found[:3]


def test_documents_are_described_by_the_models_that_check_them() -> None:
    GENERATOR_STATS.reset()
    described = SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"]
    assert not GENERATOR_STATS
    for name in ("GraphIn", "DraftIn", "GraphOut", "DraftDocumentOut", "VersionOut", "RunOut"):
        assert described[name]["properties"]["document"] == {"$ref": "#/components/schemas/Graph"}, name
    for name in ("AgentIn", "AgentChange", "AgentOut"):
        assert described[name]["properties"]["agent"] == {"$ref": "#/components/schemas/Agent"}, name
    for model in (Graph, Node, Edge, Agent, LibraryAgent):
        own = described[model.__name__]
        assert own["properties"].keys() == model.model_fields.keys() and own["additionalProperties"] is False
    assert described["Node"]["properties"]["id"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "pattern": "^[A-Za-z][A-Za-z0-9_]*$",
    }
    assert described["RunEvent"]["discriminator"]["mapping"].keys() == VERSIONS.keys()
    assert described["Problem"]["required"] == [*Problem.model_fields] and described["Graph"].get("required") is None


def test_a_pattern_takes_for_blank_what_is_stripped() -> None:
    blank, letters = re.compile(f"[{BLANKS}]"), map(chr, range(sys.maxunicode + 1))
    assert [letter for letter in letters if bool(blank.match(letter)) == bool(letter.strip())] == []


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_what_the_document_says(alpha: House, key: str, mode: GenerationMode) -> None:
    known = {name: str(value) for name, value in known_parameters(alpha)[0].items()}
    wrong: list[str] = []
    answered: set[str] = set()
    labels: set[str] = set()
    for operation in operations():
        labels.add(operation.label)
        names = {parameter.name for parameter in operation.path_parameters}
        places = {name: value for name, value in of_pattern(known, operation.path.replace("{", "<")).items() if name in names}
        for way in [places, None] if places else [None]:
            wrong += [f"{operation.label}: {finding}" for finding in findings(operation, mode, key, way, answered)]
    assert not wrong, "\n".join(wrong)
    assert mode is GenerationMode.NEGATIVE or labels - answered <= BY_CHANCE
