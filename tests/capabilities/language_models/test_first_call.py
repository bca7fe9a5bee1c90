"""The library that asks some providers is whole when it is loaded: its first call brings nothing more, and nobody's run waits for it."""

import json
import subprocess
import sys

import pytest

from tests.model_server import ModelServer

FIRST_CALLS = """
import asyncio, json, sys
from orchestrator.capabilities.egress.client import Egress
from orchestrator.capabilities.language_models.litellm_model import LiteLLMModel, litellm
from tests.capabilities.language_models.asking import LOOKUP, ask, request

url, touched = sys.argv[1], []
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        touched.append(repr(args[1:]))
sys.addaudithook(watch)
litellm()
before, quiet = set(sys.modules), list(touched)

async def main():
    for model, base in (("anthropic/claude-sonnet-4-5", url), ("gemini/gemini-2.5-flash", url + "/v1beta")):
        asked = LiteLLMModel(key="sk-first-0123456789", base=base, egress=Egress(private_hosts=[url.partition("//")[2]]))
        await ask(asked, request(model, "Greet me", "Be brief", tools=(LOOKUP,), timeout_s=30))

asyncio.run(main())
new = sorted(name for name in set(sys.modules) - before if not name.startswith(("orchestrator", "tests")))
print(json.dumps({"quiet": quiet, "new": new}))
"""


@pytest.fixture(scope="module")
def first_calls(running_model_server: ModelServer) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_CALLS, running_model_server.url],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def test_n07_loading_the_library_asks_nobody(first_calls: dict[str, object]) -> None:
    """N07: also while it tries its providers out."""
    assert first_calls["quiet"] == []


def test_the_first_call_loads_nothing_more(first_calls: dict[str, object]) -> None:
    assert isinstance(first_calls["new"], list) and len(first_calls["new"]) < 10, first_calls["new"]
