"""Of all providers that LiteLLM knows only those on our list are asked, at no address but theirs, and no key but the one given."""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.providers import ProviderKey, providers
from orchestrator.capabilities.language_models.retries import Backoff
from orchestrator.capabilities.language_models.router import language_model
from orchestrator.engine.errors import ErrorCode, ModelError
from tests.capabilities.language_models.asking import ask, request
from tests.model_server import ModelServer, Reply

JUNK = "sk-junk-0123456789abcdef"

EVERY_PROVIDER = """
import asyncio, json, sys
from orchestrator.capabilities.egress import client as egress
from orchestrator.capabilities.language_models import litellm_model
from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.providers import ProviderKey, providers
from orchestrator.capabilities.language_models.retries import Backoff
from orchestrator.capabilities.language_models.router import language_model
from tests.capabilities.language_models.asking import ask, request

names = [str(getattr(name, "value", name)) for name in litellm_model.litellm().provider_list if name != "demo"]
touched, asked = [], []
async def no_names(host, port):
    asked.append(host)
    raise OSError(f"{host} is not asked for here")
egress.Egress.__init__.__kwdefaults__["resolve"] = no_names
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        touched.append(repr(args[1:] if event == "socket.connect" else args))
sys.addaudithook(watch)

async def main():
    failures = {}
    for name in names:
        keys = ProviderKeys({name: ProviderKey("sk-junk-0123456789abcdef")})
        model = language_model(keys=keys, backoff=Backoff(attempts=1))
        try:
            await asyncio.wait_for(ask(model, request(f"{name}/some-model", timeout_s=5)), 20)
            failures[name] = None
        except BaseException as error:
            info = getattr(error, "info", None)
            failures[name] = [info.code, info.message, info.cure] if info else repr(error)
    return failures

failures = asyncio.run(main())
print(json.dumps({"failures": failures, "touched": touched, "asked": sorted(set(asked)), "names": names}))
"""


def test_n07_no_provider_is_asked_that_is_not_listed(tmp_path: object) -> None:
    """N07: with a junk key and no address, beside tempting credentials of the operator."""
    ambient = {
        "AWS_ACCESS_KEY_ID": "AKIAAMBIENT",
        "AWS_SECRET_ACCESS_KEY": "ambient",
        "AWS_REGION_NAME": "us-east-1",
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path),
        "AZURE_API_KEY": "ambient",
    }
    done = subprocess.run(
        [sys.executable, "-c", EVERY_PROVIDER], capture_output=True, text=True, env={**os.environ, **ambient}, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert len(told["names"]) > 100 and {"ollama", "sagemaker", "llamafile", "lemonade", "docker_model_runner"} <= set(told["names"])
    assert told["touched"] == []
    listed = {host for provider in providers().values() for host in (*provider.hosts, urlsplit(provider.wire_base).netloc)}
    assert told["asked"] and set(told["asked"]) <= listed
    for name, failure in told["failures"].items():
        assert isinstance(failure, list) and failure[0] != "internal" and failure[2], (name, failure)
        if name not in providers() and name not in ("custom", "demo"):
            assert failure[0] == "model_unknown", (name, failure)


LOCAL = ("ollama", "llamafile", "lemonade", "docker_model_runner", "lm_studio", "hosted_vllm", "xinference", "oobabooga")
ENDS = {
    "end_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refused",
    "pause_turn": "paused",
}


@pytest.mark.parametrize("name", LOCAL)
async def test_n07_no_port_of_this_machine_is_a_default(name: str) -> None:
    """N07"""
    keys = ProviderKeys({name: ProviderKey(JUNK)})
    with pytest.raises(ModelError) as caught:
        await ask(language_model(keys=keys), request(f"{name}/some-model"))
    assert caught.value.info.code in (ErrorCode.MODEL_AUTH, ErrorCode.MODEL_UNKNOWN) and caught.value.info.cure


async def test_n07_what_litellm_serves_goes_to_the_named_address_alone(model_server: ModelServer) -> None:
    """N07: a redirect is not followed, neither with the key nor without."""
    environment = {"ANTHROPIC_API_BASE": model_server.url, "ANTHROPIC_API_KEY": JUNK}
    model = language_model(keys=ProviderKeys({}, environment), backoff=Backoff(attempts=1))
    reply, heard = await ask(model, request("anthropic/some-model"))
    assert reply.message.text == "Hello" == "".join(heard) and model_server.requests[0].key == JUNK
    with ModelServer() as other:
        model_server.script(Reply(status=307, location=f"{other.url}/v1/messages"))
        with pytest.raises(ModelError) as caught:
            await ask(model, request("anthropic/some-model"))
        assert other.requests == [] and caught.value.info.cure


async def test_n07_what_litellm_serves_passes_the_egress_rules(model_server: ModelServer) -> None:
    """N07, N03: an environment that only LiteLLM reads leads nowhere else."""
    os.environ["ANTHROPIC_BASE_URL"] = os.environ["ANTHROPIC_API_BASE"] = model_server.url
    try:
        model = language_model(keys=ProviderKeys({"anthropic": ProviderKey(JUNK)}), backoff=Backoff(attempts=1))
        with pytest.raises(ModelError) as caught:
            await ask(model, request("anthropic/some-model"))
    finally:
        del os.environ["ANTHROPIC_BASE_URL"], os.environ["ANTHROPIC_API_BASE"]
    assert model_server.requests == [] and caught.value.info.code is ErrorCode.MODEL_BAD_REQUEST, caught.value.info


@pytest.mark.parametrize(("word", "finish"), ENDS.items())
async def test_anthropics_words_for_an_end(word: str, finish: str, model_server: ModelServer) -> None:
    model_server.script(Reply(text="Good.", finish=word))
    environment = {"ANTHROPIC_API_BASE": model_server.url, "ANTHROPIC_API_KEY": JUNK}
    reply, _ = await ask(language_model(keys=ProviderKeys({}, environment)), request("anthropic/some-model"))
    assert (reply.message.text, reply.finish) == ("Good.", finish)
