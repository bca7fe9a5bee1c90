"""Which tools a graph means to use, and under whose identity."""

from editor.library.agents import identities_of, resolve_agents
from orchestrator.engine.document.agent import Agent
from orchestrator.engine.document.graph import Graph as GraphDocument
from orchestrator.engine.document.registry import load_kinds
from tenants.models import Tenant, User
from tenants.policy.identities import give_listed_tools, graph_identity


def give_tools_of(graph: GraphDocument, *, slug: str, tenant: Tenant, by: User) -> None:
    """Give the identities of a graph the tools newly on their lists."""
    resolved, _ = resolve_agents(graph)
    names = identities_of(graph, slug)
    wanted = {names[agent_id]: agent.tools for agent_id, agent in resolved.agents.items() if isinstance(agent, Agent) and agent.tools}
    drawn = tools_drawn(graph)
    if drawn:
        wanted[graph_identity(slug)] = drawn
    give_listed_tools(tenant=tenant, wanted=wanted, by=by)


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
