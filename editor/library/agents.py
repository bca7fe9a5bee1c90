"""The agents of the library, and graphs with those agents written out."""

from editor.models import LibraryAgent
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.agents.agent import LibraryAgent as LibraryReference
from orchestrator.engine.document.graph import Graph as GraphDocument
from orchestrator.engine.document.problems import Problem
from orchestrator.engine.ids import AgentId
from tenants.policy.identities import agent_identity


def resolve_agents(graph: GraphDocument) -> tuple[GraphDocument, list[Problem]]:
    """The graph with every reference to the library replaced by the agent, and a problem for each that is missing."""
    references = {agent_id: agent.library for agent_id, agent in graph.agents.items() if isinstance(agent, LibraryReference)}
    if not references:
        return graph, []
    rows = LibraryAgent.objects.filter(slug__in=set(references.values()))
    found = {row.slug: Agent.model_validate(row.document) for row in rows}
    agents = {agent_id: found.get(references.get(agent_id, ""), agent) for agent_id, agent in graph.agents.items()}
    missing = [_missing(agent_id, slug) for agent_id, slug in references.items() if slug not in found]
    return graph.model_copy(update={"agents": agents}), missing


def identities_of(graph: GraphDocument, slug: str) -> dict[str, str]:
    """Under which service identity each agent of an unresolved graph acts."""
    return {
        agent_id: agent.library if isinstance(agent, LibraryReference) else agent_identity(slug, agent_id)
        for agent_id, agent in graph.agents.items()
    }


def _missing(agent_id: AgentId, slug: str) -> Problem:
    return Problem(
        code="library_agent_missing",
        message=f"Agent {agent_id!r} refers to {slug!r}, which is not in the library",
        cure="Choose another agent of the library, or make one of that name.",
        agent=agent_id,
        field=f"agents.{agent_id}.library",
    )
