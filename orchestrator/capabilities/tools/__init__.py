"""Tools: typed Python functions that agents and tool nodes call through the engine's ToolBox port."""
