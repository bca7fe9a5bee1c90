"""Which tools a graph means to use, and under whose identity."""

from editor.library.agents import identities_of, resolve_agents
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.graph import Graph as GraphDocument
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.document.registry import load_kinds
from tenants.models import Tenant, ToolGrant, User
from tenants.policy.identities import agent_identity, graph_identity
from tenants.policy.listed_tools import give_listed_tools, not_given


def give_tools_of(graph: GraphDocument, *, slug: str, tenant: Tenant, by: User, first: bool) -> None:
    """Give the identities of a graph the tools newly on their lists. `first`: it has no version yet, so these are its agents' first."""
    wanted = tools_wanted(graph, slug)
    own = [name for name in wanted if first and (name == graph_identity(slug) or name.startswith(agent_identity(slug, "")))]
    give_listed_tools(tenant=tenant, wanted=wanted, by=by, first=own)


def tools_wanted(graph: GraphDocument, slug: str) -> dict[str, tuple[str, ...]]:
    """The tools on the list of every identity that acts in the graph."""
    resolved, _ = resolve_agents(graph)
    names = identities_of(graph, slug)
    wanted = {names[agent_id]: tuple(agent.tools) for agent_id, agent in resolved.agents.items() if isinstance(agent, Agent)}
    return {**wanted, graph_identity(slug): tools_drawn(graph)}


def tools_not_given(graph: GraphDocument, slug: str) -> list[Problem]:
    """A warning for each tool on a list whose calls are refused, because it waits for an admin or was taken away."""
    agents = {identity: agent_id for agent_id, identity in identities_of(graph, slug).items()}
    return [_not_given(grant, agents.get(grant.identity.name)) for grant in not_given(tools_wanted(graph, slug))]


def _not_given(grant: ToolGrant, agent: str | None) -> Problem:
    tool, whom = grant.tool.name, f"agent {agent!r}" if agent else "this graph's own nodes"
    return Problem(
        code="tool_waits" if grant.waits else "tool_revoked",
        message=f"Tool {tool!r} waits for an admin to allow it for {whom}" if grant.waits else f"Tool {tool!r} was taken from {whom}",
        cure="Ask an admin to allow it under Settings, Tool rights; until then its calls are refused.",
        severity=Severity.WARNING,
        agent=agent,
        field=f"agents.{agent}.tools" if agent else None,
    )


def tools_drawn(graph: GraphDocument) -> tuple[str, ...]:
    """The tools that nodes call by themselves: the parameters that hold a tool's name."""
    kinds = load_kinds()
    found: dict[str, None] = {}
    for node in graph.nodes:
        kind = kinds.get(node.kind)
        for name, info in kind.params.model_fields.items() if kind else ():
            extra = info.json_schema_extra
            value = node.params.get(name)
            if isinstance(extra, dict) and extra.get("control") == "tool" and isinstance(value, str):
                found[value] = None
    return tuple(found)
