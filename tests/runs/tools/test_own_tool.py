"""The README's own tools, as its lines stand there, in the whole product: listed, called by an agent, paid for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.model_server import ModelServer
from tests.runs.checkout import blocks_of
from tests.runs.databases import Templates
from tests.runs.factories import chain
from tests.runs.installation import Installation, ended, run_of
from tests.runs.services import Valkey

BROKEN = "from orchestrator.capabilities.tools.tool import tool\n@tool\ndef broken(x): return x\n"


@pytest.fixture(scope="module")
def extended(
    database_templates: Templates,
    tmp_path_factory: pytest.TempPathFactory,
    service_folder: Path,
    providers: ModelServer,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Installation]:
    """Started with a folder that holds the README's tools, and a broken one that stops nothing."""
    folder = tmp_path_factory.mktemp("tools")
    weather, taxi = blocks_of("Your own tool", "python")
    for name, code in (("weather", weather), ("taxi", taxi), ("broken", BROKEN)):
        (folder / f"{name}.py").write_text(code)
        (folder / f"{name}.py").chmod(0o644)
    broker = Valkey(service_folder / "extended-valkey").start()
    with django_db_blocker.unblock():
        made = Installation(
            database_templates.fresh("sqlite"), broker.url, service_folder / "extended", providers.base, {"BATON_TOOLS": str(folder)}
        )
        made.start()
        done = made.manage("seed")  # as every start does
        assert done.returncode == 0, done.stderr
        yield made
        made.stop()
    broker.stop()


def agent(tool: str) -> dict[str, Any]:
    ann = {"name": "Ann", "model": "demo/assistant", "instructions": f"Use {tool}.", "tools": [tool]}
    return chain({"id": "work", "kind": "agent", "params": {"agent": "a"}}, agents={"a": ann})


def test_the_readmes_first_tool_is_listed_and_an_agent_answers_with_it(extended: Installation) -> None:
    client = extended.client()
    weather = client.get("tools/get_weather")
    assert (weather["title"], weather["enabled"]) == ("Get weather", True) and weather["description"].startswith("Tell the current weather")
    assert "get_weather" in {tool["name"] for tool in extended.client("acme", "rival").get("tools?limit=200")["tools"]}
    run = ended(client, run_of(client, "weather", "location: Tokyo", agent("get_weather")))
    assert run["status"] == "succeeded" and "Sunny, 22 °C in Tokyo" in str(run["output"]), run


def test_the_readmes_second_tool_is_called_once_and_paid_for(extended: Installation) -> None:
    client = extended.client()
    node = {"id": "order", "kind": "tool", "params": {"tool": "order_taxi", "arguments": {"place": "Main street 1", "passengers": 2}}}
    run = ended(client, run_of(client, "taxi", None, chain(node)))
    assert run["status"] == "succeeded" and run["output"]["passengers"] == 2 and len(run["output"]["order"]) == 8
    assert run["usage"]["cost_nano_usd"] == 2_000_000
