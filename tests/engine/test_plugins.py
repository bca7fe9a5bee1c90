"""What installed packages add: each entry point is taken or skipped with its reason, and none stops another."""

import logging
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.engine import plugins
from orchestrator.engine.plugins import BadPlugin, Plugin, load_plugins, loaded_plugins, plugin_problems


class Entry(SimpleNamespace):
    """An entry point as the standard library gives it, of a package that need not be installed."""

    def load(self) -> object:
        if isinstance(self.gives, BaseException):
            raise self.gives
        return self.gives


def entry(name: str, gives: object, package: str | None = "packet") -> Entry:
    dist = None if package is None else SimpleNamespace(name=package, version="1.2")
    return Entry(name=name, value=f"mod:{name}", group="baton.test", dist=dist, gives=gives)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Entry]]:
    """The entry points that there are."""
    entries: list[Entry] = []

    def those(group: str) -> list[Entry]:
        return [one for one in entries if one.group == group]

    monkeypatch.setattr(plugins, "entry_points", those)
    monkeypatch.setattr(plugins, "_found", {})
    yield entries


def test_each_object_is_handed_over_in_the_order_of_the_names(found: list[Entry]) -> None:
    found += [entry("b", 2), entry("a", 1), entry("c", 3)]
    taken: list[object] = []
    load_plugins("baton.test", taken.append)
    assert taken == [1, 2, 3]
    assert loaded_plugins() == [Plugin("baton.test", name, "packet 1.2") for name in "abc"] and plugin_problems() == []


def refuse(value: object) -> None:
    if value == "bad":
        raise BadPlugin("Got str, expected more")


@pytest.mark.parametrize(
    ("gives", "problem"),
    [
        (ImportError("no module"), "ImportError: no module"),
        (SystemExit("left"), "SystemExit: left"),
        ("bad", "BadPlugin: Got str, expected more"),
        (ValueError("x" * 1000), ("ValueError: " + "x" * 1000)[:500]),
    ],
)
def test_broken_one_is_skipped_said_to_be_so_and_stops_no_other(
    found: list[Entry], caplog: pytest.LogCaptureFixture, gives: Any, problem: str
) -> None:
    found += [entry("a", gives), entry("b", "fine")]
    with caplog.at_level(logging.WARNING):
        load_plugins("baton.test", refuse)
    assert plugin_problems() == [Plugin("baton.test", "a", "packet 1.2", problem)]
    assert loaded_plugins()[1] == Plugin("baton.test", "b", "packet 1.2")
    assert caplog.messages == ["Plug-in a of packet 1.2 (baton.test) is skipped"]
    assert caplog.records[0].exc_info is not None, "whoever wrote it sees where it broke"


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), GeneratorExit()])
def test_what_is_to_end_the_process_is_not_taken_for_a_broken_plug_in(found: list[Entry], stop: BaseException) -> None:
    found.append(entry("a", stop))
    with pytest.raises(type(stop)):
        load_plugins("baton.test", refuse)


def test_package_that_is_not_known_is_called_by_what_its_entry_point_names(found: list[Entry]) -> None:
    found.append(entry("a", 1, package=None))
    load_plugins("baton.test", refuse)
    assert loaded_plugins() == [Plugin("baton.test", "a", "mod:a")]


def test_group_that_is_loaded_again_is_listed_once_and_groups_in_order(found: list[Entry]) -> None:
    found.append(entry("a", 1))
    for group in ("baton.test", "baton.other", "baton.test"):
        load_plugins(group, refuse)
    assert [plugin.name for plugin in loaded_plugins()] == ["a"]


def test_groups_are_called_as_the_readme_says() -> None:
    assert (plugins.NODES, plugins.TOOLS, plugins.MODELS) == ("baton.nodes", "baton.tools", "baton.models")
    assert EntryPoint(name="a", value="b:c", group=plugins.NODES).group == "baton.nodes"
