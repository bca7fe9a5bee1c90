"""Whether the models of a graph have a sense for the files that its agents are given: told before a run, not by a provider."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.files.asked import ALL, asked_files
from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.document.graph import Graph, Node
from orchestrator.engine.document.problems import Problem, Severity
from orchestrator.engine.document.registry import kind_of, load_kinds
from orchestrator.engine.document.wiring import output_ports

Takes = Callable[[str], frozenset[Modality] | None]
"""The kinds of file that a model takes as they are; None when nobody has said."""

LACKS: Final = {
    Modality.IMAGE: "does not see images",
    Modality.AUDIO: "does not hear audio",
    Modality.VIDEO: "does not watch videos",
    Modality.DOCUMENT: "does not take such documents",
    Modality.TEXT: "does not read",
}
CURES: Final = {
    Modality.IMAGE: "Choose a model that sees images, or send images to another agent.",
    Modality.AUDIO: "Choose a model that hears audio, or send audio to another agent.",
    Modality.VIDEO: "Take pictures out of it with a node Frames of a video, or choose a model that watches videos.",
    Modality.DOCUMENT: "Give it as PDF, DOCX or text.",
    Modality.TEXT: "",
}
SENSES: Final = frozenset({Modality.IMAGE, Modality.AUDIO, Modality.VIDEO})
"""What cannot be put into words for a model that only reads."""
_NAME = re.compile(r"[A-Za-z_]\w*")


def sense_problems(graph: Graph, takes: Takes) -> Iterator[Problem]:
    """Problems of the agents that are given files. `graph` has its library agents written out."""
    for node in graph.nodes:
        for field, expression in _file_fields(node):
            agent = graph.agents.get(node.params.get("agent"))  # type: ignore[call-overload]  # whatever the parameter holds
            if isinstance(agent, Agent):
                for code, severity, message, cure in _told(agent.model, _given(graph, node, expression), takes(agent.model)):
                    yield Problem(code=code, severity=severity, message=message, cure=cure, node=node.id, field=field)


def _told(model: str, given: frozenset[Modality], able: frozenset[Modality] | None) -> Iterator[tuple[str, Severity, str, str]]:
    needed = sorted(given & SENSES)
    if able is None:
        if needed or not given:
            told = f"Whether {model} can be shown {_listed(needed) if needed else 'these files'} is not known"
            yield "unknown_senses", Severity.WARNING, told, "Try it, or choose a model whose card says what it takes."
        return
    if not given and not able & SENSES:
        told = f"{model} only reads: images, audio and video among these files cannot be shown to it"
        yield "missing_sense", Severity.WARNING, told, "Choose a model that sees images, or split the files by kind first."
    for kind in needed:
        if kind not in able:
            # Where other kinds are asked for as well, the run may go well.
            severity = Severity.ERROR if given <= {kind} or not given & able else Severity.WARNING
            yield "missing_sense", severity, f"{model} {LACKS[kind]}, and {_listed([kind])} are given to it", CURES[kind]


def _given(graph: Graph, node: Node, expression: str) -> frozenset[Modality]:
    """The kinds of file that an expression is known to give; nothing when that cannot be told."""
    names = set(_NAME.findall(expression))
    found: set[Modality] = set()
    for asked in asked_files(graph.inputs):
        if asked.accepts != ALL and (names & set(asked.names) if asked.names else "input" in names):
            found |= asked.accepts
    nodes = {each.id: each for each in graph.nodes}
    for edge in graph.edges:
        source = nodes.get(edge.source)
        if edge.target == node.id and "input" in names and source is not None and source.kind in load_kinds():
            port = output_ports(source, kind_of(source.kind)).get(edge.source_port)
            if port is not None and port.modality is not None:
                found.add(port.modality)
    return frozenset(found)


def _file_fields(node: Node) -> Iterator[tuple[str, str]]:
    """The parameters of a node that say which files an agent is given, where they say anything."""
    if node.kind not in load_kinds():
        return
    for name, info in kind_of(node.kind).params.model_fields.items():
        extra = info.json_schema_extra
        value = node.params.get(name)
        if isinstance(extra, dict) and extra.get("holds") == "files" and isinstance(value, str) and value.strip():
            yield name, value


def _listed(kinds: list[Modality]) -> str:
    words = {Modality.IMAGE: "images", Modality.AUDIO: "audio files", Modality.VIDEO: "videos"}
    return " and ".join(words[kind] for kind in kinds)
