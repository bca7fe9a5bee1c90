"""The tools that come with Baton, those of installed packages, and the operator's own."""

from functools import lru_cache, partial

from orchestrator.capabilities.tools.code.lint_python import lint_python
from orchestrator.capabilities.tools.computing.calculator import calculator
from orchestrator.capabilities.tools.computing.date_time import date_time
from orchestrator.capabilities.tools.computing.json_query import json_query
from orchestrator.capabilities.tools.databases.sql_query import sql_query
from orchestrator.capabilities.tools.folder import files_of_tools
from orchestrator.capabilities.tools.host_tools.ask_person import ask_person
from orchestrator.capabilities.tools.host_tools.run_graph import run_graph
from orchestrator.capabilities.tools.http import http_get, http_request, http_send_once
from orchestrator.capabilities.tools.search.literature_search import literature_search
from orchestrator.capabilities.tools.search.web_search import web_search
from orchestrator.capabilities.tools.shipped.csv_lookup import csv_lookup
from orchestrator.capabilities.tools.shipped.text_search import text_search
from orchestrator.capabilities.tools.tool import Tool
from orchestrator.capabilities.tools.workspace.tools import workspace_list, workspace_read, workspace_write
from orchestrator.engine.document.json_schema import schema_fault
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.plugins import TOOLS, BadPlugin, load_plugins

_ALL = (
    *(calculator, csv_lookup, date_time, http_get, http_request, http_send_once, json_query, text_search),
    *(sql_query, workspace_write, workspace_read, workspace_list, lint_python, web_search, literature_search, ask_person, run_graph),
)


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Tool]:
    found: dict[str, Tool] = {}
    for tool in _ALL:
        _add(found, tool)
    load_plugins(TOOLS, partial(_take, found), files_of_tools())
    return found


def _take(found: dict[str, Tool], given: object) -> None:
    """A tool, or all of a file."""
    for tool in given if isinstance(given, tuple) else (given,):
        _add(found, tool)


def _add(found: dict[str, Tool], tool: object) -> None:
    if not isinstance(tool, Tool):
        raise BadPlugin(f"Got {type(tool).__name__}, expected a Tool")
    if tool.spec.name in found:
        raise BadPlugin(f"Two tools are called {tool.spec.name!r}")
    if not tool.spec.description or not tool.spec.title:
        raise BadPlugin(f"Tool {tool.spec.name!r} has no title or no description. Models choose a tool by its docstring: write one.")
    fault = schema_fault(tool.spec.parameters)
    if fault:
        raise BadPlugin(f"The parameters of tool {tool.spec.name!r} are no JSON Schema: {fault}")
    found[tool.spec.name] = tool


def shipped_and_added() -> dict[str, Tool]:
    """Every tool by name."""
    return dict(_by_name())


def all_specs() -> list[ToolSpec]:
    """What the tools are, for lists and for the rows of a tenant."""
    return [tool.spec for tool in _by_name().values()]
