"""The tools that come with Baton."""

from functools import lru_cache

from orchestrator.capabilities.tools.calculator import calculator
from orchestrator.capabilities.tools.csv_lookup import csv_lookup
from orchestrator.capabilities.tools.date_time import date_time
from orchestrator.capabilities.tools.http import http_get, http_request, http_send_once
from orchestrator.capabilities.tools.json_query import json_query
from orchestrator.capabilities.tools.text_search import text_search
from orchestrator.capabilities.tools.tool import Tool
from orchestrator.engine.effects.tool import ToolSpec

_ALL = (calculator, csv_lookup, date_time, http_get, http_request, http_send_once, json_query, text_search)


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Tool]:
    found: dict[str, Tool] = {}
    for tool in _ALL:
        if tool.spec.name in found:
            raise RuntimeError(f"Two tools are called {tool.spec.name}")
        found[tool.spec.name] = tool
    return found


def built_in() -> dict[str, Tool]:
    """Every built-in tool by name."""
    return dict(_by_name())


def built_in_specs() -> list[ToolSpec]:
    """What the tools are, for lists and for the rows of a tenant."""
    return [tool.spec for tool in _by_name().values()]
