"""An agent that is given files its model has no sense for is a problem of the graph, found before any provider is asked."""

from typing import Any

import pytest

from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.document.files.senses import sense_problems
from orchestrator.engine.document.graph import Graph
from tests.graphs import edge, graph, node, path

ABLE = {"reads": {Modality.TEXT}, "sees": {Modality.TEXT, Modality.IMAGE}}
FORM = {
    "type": "object",
    "properties": {
        "photo": {"type": "object", "format": "file", "accept": ["image"]},
        "either": {"type": "object", "format": "file", "accept": ["image", "audio"]},
        "paper": {"type": "object", "format": "file", "accept": ["document"]},
        "any": {"type": "object", "format": "file"},
    },
}


def looking(model: str, attachments: str) -> Graph:
    look = node("look", "agent", {"agent": "eye", "attachments": attachments})
    agents = {"eye": {"name": "Eye", "model": model}}
    return graph([node("start", "input"), look, node("end", "output")], path("start", "look", "end"), agents=agents, inputs=FORM)


def found(document: Graph) -> list[tuple[str, str, str]]:
    problems = sense_problems(document, lambda model: frozenset(ABLE[model]) if model in ABLE else None)
    return [(problem.code, problem.severity, problem.message) for problem in problems]


ERROR, WARNING = ("missing_sense", "error"), ("missing_sense", "warning")
UNKNOWN = ("unknown_senses", "warning")


@pytest.mark.parametrize(
    ("model", "attachments", "expected"),
    [
        ("sees", "input.photo", []),
        ("reads", "", []),
        ("reads", "input.paper", []),
        ("reads", "input.photo", [(*ERROR, "reads does not see images, and images are given to it")]),
        ("reads", "[input.photo, input.paper]", [(*ERROR, "reads does not see images, and images are given to it")]),
        ("sees", "[input.either]", [(*WARNING, "sees does not hear audio, and audio files are given to it")]),
        ("reads", "input.any", [(*WARNING, "reads only reads: images, audio and video among these files cannot be shown to it")]),
        ("sees", "input.any", []),
        ("odd", "input.photo", [(*UNKNOWN, "Whether odd can be shown images is not known")]),
        ("odd", "input.any", [(*UNKNOWN, "Whether odd can be shown these files is not known")]),
        ("odd", "input.paper", []),
    ],
)
def test_files_are_held_against_what_the_model_takes(model: str, attachments: str, expected: list[Any]) -> None:
    assert found(looking(model, attachments)) == expected


def test_a_port_says_which_kind_it_carries() -> None:
    nodes = [node("start", "input"), node("split", "split_files"), node("listen", "agent", {"agent": "ear", "attachments": "input"})]
    edges = [*path("start", "split"), edge("split.audio", "listen")]
    document = graph(nodes, edges, agents={"ear": {"name": "Ear", "model": "sees"}})
    assert found(document) == [(*ERROR, "sees does not hear audio, and audio files are given to it")]
    [problem] = sense_problems(document, lambda _model: frozenset({Modality.IMAGE, Modality.TEXT}))
    assert (problem.node, problem.field) == ("listen", "attachments") and problem.cure


def test_a_document_that_is_not_done_is_no_trouble() -> None:
    document = graph(
        [node("a", "agent", {"attachments": "input"}), node("b", "agent", {"agent": 3, "attachments": "x"}), node("c", "odd")], []
    )
    assert found(document) == []
