"""Everything that installed packages add, of every kind of plug-in."""

from orchestrator.capabilities.language_models.providers import providers
from orchestrator.capabilities.tools.registry import shipped_and_added
from orchestrator.engine.document.registry import load_kinds
from orchestrator.engine.plugins import Plugin, loaded_plugins


def every_plugin() -> list[Plugin]:
    """All of them, broken ones included. Loads what has not been loaded yet."""
    load_kinds()
    shipped_and_added()
    providers()
    return loaded_plugins()
