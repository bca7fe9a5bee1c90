"""Which adapter is asked, with whose key, at which address."""

import subprocess
import sys

import pytest

from orchestrator.capabilities.language_models.catalog import catalog
from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.litellm_model import LiteLLMModel
from orchestrator.capabilities.language_models.openai_wire import OpenAIWire
from orchestrator.capabilities.language_models.providers import ProviderKey
from orchestrator.capabilities.language_models.router import RoutedModel, language_model
from orchestrator.engine.errors import ErrorCode, ModelError
from tests.capabilities.language_models.asking import ask, request
from tests.model_server import ModelServer

OPERATOR = "sk-operator-canary-1234567890"
TENANT = "sk-tenant-canary-0987654321"


def keys(tenant: dict[str, ProviderKey] | None = None, **environment: str) -> ProviderKeys:
    return ProviderKeys(tenant, environment)


async def refused(found: ProviderKeys, model: str) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await ask(language_model(keys=found), request(model))
    assert caught.value.info.cure
    return caught.value


async def test_the_environment_points_at_any_compatible_server(model_server: ModelServer) -> None:
    found = keys(OPENAI_API_BASE=model_server.base, OPENAI_API_KEY=OPERATOR)
    reply, _ = await ask(language_model(keys=found), request("openai/gpt-x", "Hello"))
    assert reply.message.text == "Echo: Hello"
    assert model_server.requests[0].key == OPERATOR


async def test_a_server_without_a_key_is_asked_without_one(model_server: ModelServer) -> None:
    await ask(language_model(keys=keys(OPENAI_API_BASE=model_server.base)), request("openai/gpt-x"))
    assert "authorization" not in model_server.requests[0].headers


async def test_a_bare_model_name_finds_its_provider(model_server: ModelServer) -> None:
    found = keys(OPENAI_API_BASE=model_server.base, OPENAI_API_KEY=OPERATOR)
    reply, _ = await ask(language_model(keys=found), request("gpt-5-mini", "Hi"))
    assert reply.usage.priced
    assert model_server.requests[0].body["model"] == "gpt-5-mini"


async def test_the_tenants_key_comes_before_the_operators(model_server: ModelServer) -> None:
    found = keys({"openai": ProviderKey(TENANT)}, OPENAI_API_BASE=model_server.base, OPENAI_API_KEY=OPERATOR)
    await ask(language_model(keys=found), request("openai/gpt-x"))
    assert model_server.requests[0].key == TENANT


async def test_a_tenants_private_address_is_refused_and_gets_no_key(model_server: ModelServer) -> None:
    found = keys({"openai": ProviderKey(TENANT, base=model_server.base)}, OPENAI_API_KEY=OPERATOR)
    error = await refused(found, "openai/gpt-x")
    assert "BATON_PRIVATE_HOSTS" in error.info.cure
    assert model_server.requests == []


async def test_an_operator_can_allow_a_tenants_private_address(model_server: ModelServer) -> None:
    found = keys({"openai": ProviderKey("", base=model_server.base)}, OPENAI_API_KEY=OPERATOR)
    await ask(language_model(keys=found, private_hosts=[f"127.0.0.1:{model_server.port}"]), request("openai/gpt-x"))
    assert "authorization" not in model_server.requests[0].headers


async def test_without_a_key_nothing_is_asked() -> None:
    for model in ("openai/gpt-5-mini", "anthropic/claude-sonnet-4-5", "ollama/llama3", "hosted_vllm/x", "azure/x"):
        error = await refused(keys(), model)
        assert error.info.code is ErrorCode.MODEL_AUTH, model
        assert "demo/assistant" in error.info.cure


NOBODY = ("", "nonsense", "/x", "x/", "text-embedding-3-small", "huggingface/http://127.0.0.1:9/x")
UNLISTED = ("bedrock/x", "sagemaker/x", "vertex_ai/x", "llamafile/x")


@pytest.mark.parametrize("model", [*NOBODY, *UNLISTED])
async def test_an_unknown_model_is_an_error_of_its_own(model: str) -> None:
    with pytest.raises(ModelError) as caught:
        await ask(language_model(keys=keys(OPENAI_API_KEY=OPERATOR)), request(model))
    assert caught.value.info.code is ErrorCode.MODEL_UNKNOWN


def test_litellm_serves_the_other_providers_but_never_a_tenants_address() -> None:
    routed = RoutedModel(
        keys({"anthropic": ProviderKey(TENANT), "gemini": ProviderKey(TENANT, base="https://x.test")}), private_hosts=(), stream=True
    )
    assert isinstance(routed.adapter("anthropic/claude", "anthropic"), LiteLLMModel)
    with pytest.raises(ModelError) as caught:
        routed.adapter("gemini/x", "gemini")
    assert caught.value.info.code is ErrorCode.MODEL_BAD_REQUEST


async def test_a_path_is_added_to_an_address_that_lacks_it(model_server: ModelServer) -> None:
    for base in (model_server.url, f"{model_server.url}/", model_server.base):
        reply, _ = await ask(language_model(keys=keys(OLLAMA_API_BASE=base)), request("ollama/gpt-x", "Hello"))
        assert reply.message.text == "Echo: Hello"


def test_openai_itself_is_asked_by_the_lean_adapter() -> None:
    routed = RoutedModel(keys(OPENAI_API_KEY=OPERATOR), private_hosts=(), stream=True)
    assert isinstance(routed.adapter("openai/gpt-5-mini", "openai"), OpenAIWire)


async def test_s08_what_is_not_lent_is_not_used(model_server: ModelServer) -> None:
    """S08: neither the operator's key nor an address without one; the error names the setting, and the list offers nothing."""
    environment = {"OPENAI_API_KEY": OPERATOR, "HOSTED_VLLM_API_BASE": model_server.base}
    kept = ProviderKeys({}, environment, lent=False)
    for model in ("openai/gpt-5-mini", "hosted_vllm/gpt-x"):
        error = await refused(kept, model)
        assert error.info.code is ErrorCode.MODEL_AUTH and "BATON_LEND_KEYS" in error.info.cure
    assert model_server.requests == [] and kept.secrets() == ()
    assert not any(row.available for row in catalog(kept) if not row.demo)
    assert any(row.available for row in catalog(ProviderKeys({}, environment)) if not row.demo)


async def test_s08_a_tenants_own_key_needs_no_lending(model_server: ModelServer) -> None:
    """S08"""
    own = ProviderKeys({"openai": ProviderKey(TENANT)}, {"OPENAI_API_BASE": model_server.base, "OPENAI_API_KEY": OPERATOR}, lent=False)
    await ask(language_model(keys=own), request("openai/gpt-x"))
    assert model_server.requests[0].key == TENANT


def test_keys_do_not_show_in_a_repr() -> None:
    found = keys({"openai": ProviderKey(TENANT)}, OPENAI_API_KEY=OPERATOR)
    assert "canary" not in repr(found) + repr(found.of("openai"))
    assert found.secrets() == (OPERATOR, TENANT)


def test_the_catalog_begins_with_the_demo_models_and_shows_what_lacks_a_key() -> None:
    rows = {row.name: row for row in catalog(keys(ANTHROPIC_API_KEY="sk-ant-0123456789"))}
    assert next(iter(rows)) == "demo/assistant"
    assert rows["demo/assistant"].demo and rows["demo/assistant"].available and "no LLM" in rows["demo/assistant"].label
    assert not rows["openai/gpt-5-mini"].available
    assert rows["openai/gpt-5-mini"].input_price == 0.25
    assert any(row.provider == "Anthropic" and row.available for row in rows.values())
    assert len(rows) == len(catalog(keys(ANTHROPIC_API_KEY="sk-ant-0123456789")))


def test_the_web_process_never_imports_litellm() -> None:
    code = (
        "import sys; from orchestrator.capabilities.language_models.catalog import catalog;"
        "from orchestrator.capabilities.language_models.keys import ProviderKeys;"
        "from orchestrator.capabilities.language_models.router import language_model;"
        "import orchestrator.capabilities.tools.toolbox, orchestrator.capabilities.egress.shared;"
        "catalog(ProviderKeys({}, {'OPENAI_API_KEY': 'x'})); language_model(keys=ProviderKeys());"
        "print([name for name in sys.modules if name.split('.')[0] in ('litellm', 'openai', 'httpx', 'django')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
