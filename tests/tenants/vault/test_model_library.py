"""The library that asks some providers is loaded ahead only where a key leads to it, and whoever watches is told otherwise."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestrator.capabilities.egress.shared import shared_egress
from orchestrator.capabilities.language_models import litellm_model
from orchestrator.capabilities.language_models.litellm_model import LOADING, LiteLLMModel
from orchestrator.capabilities.language_models.retries import RESTART
from orchestrator.engine.errors import ModelError
from orchestrator.engine.testing import call_context
from tenants.isolation.scope import tenant_scope
from tenants.vault import model_library
from tenants.vault.provider_keys import save_provider_key
from tests.capabilities.language_models.asking import request
from tests.tenants.cast import House


def test_key_of_any_tenant_that_leads_to_the_library_has_it_loaded(alpha: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_library, "LEND_KEYS", ())
    with tenant_scope(alpha.tenant.id):
        save_provider_key(tenant=alpha.tenant, name="openai", value="sk-test-1234567", by=alpha.owner)
    assert not model_library.is_needed()
    with tenant_scope(alpha.tenant.id):
        save_provider_key(tenant=alpha.tenant, name="anthropic", value="sk-ant-test-1234567", by=alpha.owner)
    assert model_library.is_needed()


@pytest.mark.parametrize(("lent", "needed"), [((), False), (("demo",), True)])
@pytest.mark.django_db
def test_key_of_the_environment_counts_where_it_is_lent(lent: tuple[str, ...], needed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_library, "LEND_KEYS", lent)
    monkeypatch.setitem(model_library.env.ENVIRON, "GEMINI_API_KEY", "key-of-the-operator")
    assert model_library.is_needed() is needed


@pytest.mark.parametrize(("needed", "loaded"), [(False, []), (True, ["model-library"])])
@pytest.mark.django_db
def test_a_worker_loads_it_before_it_is_asked_for(needed: bool, loaded: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a thread of its own, beside the runs."""
    loads: list[str] = []
    monkeypatch.setattr(model_library, "is_needed", lambda: needed)
    monkeypatch.setattr(model_library, "litellm", lambda: loads.append(threading.current_thread().name))
    model_library.load_in_background()
    for thread in threading.enumerate():
        if thread.name == "model-library":
            thread.join(10)
    assert loads == loaded


def test_it_is_loaded_once_by_whoever_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsals: list[str] = []

    async def rehearse(_module: object) -> None:
        rehearsals.append("again")
        await asyncio.sleep(0.05)

    monkeypatch.setattr(litellm_model, "_rehearse", rehearse)
    litellm_model._loaded.cache_clear()
    with ThreadPoolExecutor(4) as asking:
        modules = list(asking.map(lambda _number: litellm_model.litellm(), range(8)))
    assert len(rehearsals) == 1 and len({id(module) for module in modules}) == 1


async def test_whoever_watches_is_told_while_it_is_loaded() -> None:
    heard: list[str] = []
    litellm_model.litellm()
    litellm_model._loaded.cache_clear()
    model = LiteLLMModel(key="key-for-nobody", hosts=("127.0.0.1:9",), egress=shared_egress(()))
    with pytest.raises(ModelError):
        await model.complete(request("anthropic/claude-x", timeout_s=5), call_context(on_delta=heard.append))
    assert heard == [LOADING, RESTART]
    with pytest.raises(ModelError):
        await model.complete(request("anthropic/claude-x", timeout_s=5), call_context(on_delta=heard.append))
    assert heard == [LOADING, RESTART]
