"""What is wrong with an agent, or with how a node uses one, as far as it can be known before a run."""

from collections.abc import Iterable, Iterator

from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.agents.strategy import Direct, PlanAndExecute, ReAct, Reflection, Strategy, TreeOfThoughts
from orchestrator.engine.document.graph import Graph, Node
from orchestrator.engine.document.node_kind import Params, Yields
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.document.registry import kind_of
from orchestrator.engine.ids import AgentId


def agent_problems(graph: Graph) -> Iterator[Problem]:
    for name, agent in graph.agents.items():
        if isinstance(agent, Agent):
            yield from _calls(name, agent)


def way_problems(graph: Graph, node: Node, params: Params) -> Iterator[Problem]:
    """Ways out of a node beside its own ports to which nothing is connected: what leaves by them is lost."""
    kind = kind_of(node.kind)
    ports_from = kind.ports_from
    if ports_from is None or kind.yields is not Yields.ALL:
        return
    for index, way in enumerate(_entries(getattr(params, ports_from.param))):
        port = str(getattr(way, "name", ""))
        if port and not any(edge.source == node.id and edge.source_port == port for edge in graph.edges):
            yield Problem(
                code="way_to_nowhere",
                node=node.id,
                field=f"{ports_from.param}.{index}.name",
                message=f"Nothing is connected to the port {port!r}: what leaves by it is lost",
                cure="Connect it to another agent or to a person, or remove this way out.",
                severity=Severity.WARNING,
            )


def most_calls(strategy: Strategy) -> int:
    """The most model calls that a way of planning makes when every answer can be used and no tool is asked for."""
    match strategy:
        case Direct() | ReAct():
            return 1
        case PlanAndExecute():
            return 1 + strategy.max_steps * (2 if strategy.replan else 1) + 1
        case Reflection():
            return 2 * strategy.max_rounds
        case TreeOfThoughts():
            return _most_calls_of_tree(strategy) + 1


def _most_calls_of_tree(strategy: TreeOfThoughts) -> int:
    if strategy.search == "depth_first":
        # Down one line: how often it must come back nobody knows beforehand.
        return strategy.depth * _calls_at(strategy, 1)
    parents, calls, thoughts = 1, 0, 0
    for _ in range(strategy.depth):
        if thoughts + parents > strategy.max_thoughts:
            break
        calls += _calls_at(strategy, parents)
        thoughts += parents * strategy.thoughts
        parents = min(strategy.breadth, parents * strategy.thoughts)
    return calls


def _calls_at(strategy: TreeOfThoughts, parents: int) -> int:
    """To think on from so many thoughts, and to judge what came of it."""
    generating = parents * (1 if strategy.generate == "propose" else strategy.thoughts)
    judged = parents * strategy.thoughts if strategy.evaluate == "value" else 1
    return generating + judged * strategy.judgements


def _calls(name: AgentId, agent: Agent) -> Iterator[Problem]:
    needed, given = most_calls(agent.strategy), agent.limits.max_iterations
    if needed > given:
        yield Problem(
            code="too_few_calls",
            agent=name,
            field="strategy",
            message=f"Its way of planning may take {needed} model calls, and its limits allow {given}",
            cure=f"Raise its model calls to {needed} or more, or let it plan less far.",
            severity=Severity.WARNING,
        )


def _entries(value: object) -> Iterable[object]:
    return value if isinstance(value, tuple) else ()
