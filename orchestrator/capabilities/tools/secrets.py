"""Secrets that a workspace may store for its tools. No model, no result and no log shows one."""

from typing import Final

POSTGRESQL: Final = "postgresql"
TAVILY: Final = "tavily"
BRAVE: Final = "brave"

SECRETS: Final = {
    POSTGRESQL: "Where sql_query reads, as postgresql://user:password@host:5432/database. Give a role that may only read.",
    TAVILY: "Tavily's key, for web_search",
    BRAVE: "Brave Search's key, for web_search",
}
"""By name, what each is for."""
