"""The README's own tools, as its lines stand there, in the whole product: listed, called by an agent, paid for."""

from typing import Any

from tests.runs.factories import chain
from tests.runs.installation import Installation, ended, run_of


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
