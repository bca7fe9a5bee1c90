"""Installed packages add nodes, tools and model providers; a broken one is skipped and told of, and stops nothing."""

from pathlib import Path

import pytest

from tests.engine.installed_packages import install, seen

GOOD = """
from orchestrator.capabilities.language_models.providers import Provider
from orchestrator.capabilities.tools.tool import tool
from orchestrator.engine.document.node_kind import NodeKind, Params
from orchestrator.engine.effects.model import Message, ModelReply, Role, Usage, text_parts

async def run(ctx, params):
    return {"out": "shouted"}

SHOUT = NodeKind(name="shout", title="Shout", summary="Say it loud", group="data", icon="box", params=Params, run=run)

@tool("whisper", title="Whisper")
async def whisper(text: str) -> str:
    "Say it softly."
    return text.lower()

class Parrot:
    def __init__(self, key):
        self.key = key

    async def complete(self, request, call):
        message = Message(role=Role.ASSISTANT, content=text_parts(f"{self.key.secret} {request.model}: {request.messages[-1].text}"))
        usage = Usage(input_tokens=10**20, output_tokens=-1, cost_nano_usd=10**30)
        return ModelReply(message=message, model=request.model, finish="stop", usage=usage)

PARROT = Provider("parrot", "Parrot", "PARROT_API_KEY", needs_key=False, adapter=Parrot, models=("green",))
"""
PLUGINS = "[[one.group, one.name, one.package, one.problem] for one in load('orchestrator.capabilities.plugins').every_plugin()]"
KINDS = "sorted(load('orchestrator.engine.document.registry').load_kinds())"
SHOWN = "[kind.name for kind in load('orchestrator.engine.document.registry').kind_schemas()]"
TOOLS = "sorted(load('orchestrator.capabilities.tools.registry').shipped_and_added())"
KEYS = "load('orchestrator.capabilities.language_models.keys').ProviderKeys(environment={'PARROT_API_KEY': 'k'})"
MODELS = f"[row.name for row in load('orchestrator.capabilities.language_models.catalog').catalog({KEYS}) if row.available]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    install(
        tmp_path, "good", GOOD, {"baton.nodes": {"shout": "SHOUT"}, "baton.tools": {"whisper": "whisper"}, "baton.models": {"p": "PARROT"}}
    )
    return tmp_path


def test_what_a_package_adds_is_there(folder: Path) -> None:
    plugins, kinds, tools, models = seen(folder, f"[{PLUGINS}, {KINDS}, {TOOLS}, {MODELS}]")
    added = (("baton.models", "p"), ("baton.nodes", "shout"), ("baton.tools", "whisper"))
    assert plugins == [[group, name, "good 1.2", ""] for group, name in added]
    assert "shout" in kinds and "whisper" in tools and "parrot/green" in models


def test_a_provider_of_a_package_answers_and_its_numbers_are_bounded(folder: Path) -> None:
    asked = (
        "load('asyncio').run(load('orchestrator.engine.execution.effect').ModelCall("
        "load('tests.capabilities.language_models.asking').request('parrot/green', 'Hello'), 'ann').act("
        "load('orchestrator.engine.testing').host_of("
        f"load('orchestrator.capabilities.language_models.router').language_model(keys={KEYS}), None, None, None, None),"
        "load('orchestrator.engine.testing').call_context()))"
    )
    text, usage = seen(folder, f"(lambda said: [said[0]['message']['content'][0]['text'], said[1].model_dump()])({asked})")
    assert text == "k parrot/green: Hello"
    assert (usage["input_tokens"], usage["output_tokens"], usage["cost_nano_usd"]) == (10**9, 0, 10**15)
    assert usage["estimated"]


OTHER = GOOD.replace('"shout"', '"yell"').replace('"whisper"', '"mumble"')
BROKEN = {
    "cannot_import": ("import nothing_of_that_name", {"baton.nodes": {"x": "X"}}, "ModuleNotFoundError"),
    "bad_syntax": ("def", {"baton.tools": {"x": "X"}}, "SyntaxError"),
    "leaves": ("raise SystemExit(3)", {"baton.models": {"x": "X"}}, "SystemExit"),
    "lacks_it": ("", {"baton.nodes": {"x": "X"}}, "AttributeError"),
    "another_thing": ("X = 3", {"baton.nodes": {"a": "X"}, "baton.tools": {"b": "X"}, "baton.models": {"c": "X"}}, "expected a"),
    "same_kind": (GOOD.replace('"shout"', '"agent"'), {"baton.nodes": {"x": "SHOUT"}}, "Two kinds of node are called 'agent'"),
    "same_tool": (GOOD.replace('"whisper"', '"calculator"'), {"baton.tools": {"x": "whisper"}}, "Two tools are called 'calculator'"),
    "same_provider": (GOOD.replace('"parrot"', '"openai"'), {"baton.models": {"x": "PARROT"}}, "Two providers are called 'openai'"),
    "untitled": (OTHER.replace('title="Shout"', 'title=""'), {"baton.nodes": {"x": "SHOUT"}}, "has no title"),
    "undescribed": (OTHER.replace('"Say it softly."', ""), {"baton.tools": {"x": "whisper"}}, "no description"),
    "no_params": (OTHER.replace("params=Params", "params=None"), {"baton.nodes": {"x": "SHOUT"}}, "AttributeError"),
}


def test_broken_packages_are_skipped_and_told_of(folder: Path) -> None:
    for name, (code, entries, _) in BROKEN.items():
        install(folder, name, code, entries)
    plugins, kinds, shown, tools, models = seen(folder, f"[{PLUGINS}, {KINDS}, {SHOWN}, {TOOLS}, {MODELS}]")
    skipped = [one for one in plugins if one[3]]
    for name, (_, entries, problem) in BROKEN.items():
        told = {group: text for group, _, package, text in skipped if package == f"{name} 1.2"}
        assert set(told) == set(entries) and all(problem in text for text in told.values()), (name, told)
    assert {package for *_, package, _ in skipped} == {f"{name} 1.2" for name in BROKEN}
    assert {"shout", "agent"} <= set(kinds) == set(shown) and {"whisper", "calculator"} <= set(tools)
    assert {"parrot/green", "demo/assistant"} <= set(models)
