"""Tools: typed Python functions that agents and tool nodes call through the engine's ToolBox port."""

from runs.tools.registry import built_in_specs
from runs.tools.tool import Tool, ToolContext, tool
from runs.tools.toolbox import toolbox

__all__ = ["Tool", "ToolContext", "built_in_specs", "tool", "toolbox"]
