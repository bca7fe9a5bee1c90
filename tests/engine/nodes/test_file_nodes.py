"""Nodes that take files apart, and the agent that looks at them."""

from collections.abc import Sequence
from typing import Any

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.model import FilePart
from orchestrator.engine.ports import FramesWanted
from orchestrator.engine.testing import Bench, MemoryLog, ScriptedModel, says
from tests.graphs import edge, graph, node, path

PHOTO = FilePart(type="file", digest="a" * 64, media_type="image/png", name="cat.png", size=12)
SONG = FilePart(type="file", digest="b" * 64, media_type="audio/wav", name="song.wav", size=12)
FILM = FilePart(type="file", digest="c" * 64, media_type="video/mp4", name="film.mp4", size=12)
PAPER = FilePart(type="file", digest="d" * 64, media_type="application/pdf", name="paper.pdf", size=12)
NOTE = FilePart(type="file", digest="e" * 64, media_type="text/markdown", name="note.md", size=12)


class FilmRoll:
    """Takes two frames of everything; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[FilePart, FramesWanted]] = []

    async def frames(self, video: FilePart, wanted: FramesWanted) -> list[FilePart]:
        self.asked.append((video, wanted))
        return [PHOTO.model_copy(update={"at_s": at}) for at in (0.0, 2.5)]


def alone(inner: dict[str, Any], **rest: Any) -> Graph:
    """One node between an input and an output."""
    return graph([node("start", "input"), inner, node("end", "output")], path("start", inner["id"], "end"), **rest)


def split(ports: Sequence[str]) -> Graph:
    """Each port leads over transforms, one more for each, to a join that waits for all."""
    nodes = [node("start", "input"), node("split", "split_files"), node("all", "join"), node("end", "output")]
    edges = [*path("start", "split"), *path("all", "end")]
    for length, port in enumerate(ports, 1):
        names = [f"{port}{step}" for step in range(length)]
        nodes += [node(name, "transform", {"expression": "input"}) for name in names]
        edges += [edge(f"split.{port}", names[0]), *path(*names, "all")]
    return graph(nodes, edges)


async def test_each_kind_of_file_leaves_by_its_own_port_and_the_join_waits_for_all() -> None:
    files = [NOTE, PHOTO, SONG, PAPER, FILM, PHOTO]
    state = await Bench(split(["image", "audio", "video", "document", "text"])).finish([file.value() for file in files])
    expected = [[PHOTO, PHOTO], [SONG], [FILM], [PAPER], [NOTE]]
    assert state.output == [[file.value() for file in some] for some in expected]


async def test_a_kind_that_is_not_there_does_not_hold_up_the_join() -> None:
    state = await Bench(split(["image", "audio"])).finish(SONG.value())
    assert state.output == [[SONG.value()]]


async def test_nothing_to_split_is_an_error_that_says_so() -> None:
    state = await Bench(split(["image"])).finish([])
    assert state.error is not None and state.error.message == "There is no file to send on"
    state = await Bench(split(["image"])).finish([{"name": "cat.png"}])
    assert state.error is not None and "an object that is no file at place 1" in state.error.message


def looking(attachments: str) -> Graph:
    look = node("look", "agent", {"agent": "eye", "prompt": "What is it?", "attachments": attachments})
    return alone(look, agents={"eye": {"name": "Eye", "model": "demo/instant"}})


@pytest.mark.parametrize(
    ("attachments", "seen"), [("", []), ("input.photo", [PHOTO]), ("[input.photo, input.song]", [PHOTO, SONG]), ("input.nothing", [])]
)
async def test_an_agent_sees_the_files_that_its_node_names(attachments: str, seen: list[FilePart]) -> None:
    model = ScriptedModel([says("A cat")])
    await Bench(looking(attachments), model=model).finish({"photo": PHOTO.value(), "song": SONG.value(), "nothing": None})
    [request] = model.requests
    assert [file for message in request.messages for file in message.files] == seen
    assert request.messages[-1].text == "What is it?"


async def test_fields_of_a_file_are_there_for_expressions() -> None:
    say = node("say", "transform", {"expression": "input.photo.name + ': ' + input.photo.media_type"})
    state = await Bench(alone(say)).finish({"photo": PHOTO.value()})
    assert state.output == "cat.png: image/png"


async def test_frames_come_with_their_times_and_are_taken_once() -> None:
    film = FilmRoll()
    bench = Bench(alone(node("frames", "video_frames", {"every_s": 2.5, "at_most": 4})), files=film)
    state = await bench.finish(FILM.value())
    assert isinstance(state.output, list)
    assert [frame["at_s"] for frame in state.output if isinstance(frame, dict)] == [0.0, 2.5]
    assert film.asked == [(FILM, FramesWanted(every_s=2.5, at_most=4))]
    for cut in range(1, len(bench.log.events)):
        again = Bench(bench.graph, log=MemoryLog(bench.log.events[:cut]), files=film)
        assert (await again.finish(FILM.value())).output == state.output
    finished = next(place for place, event in enumerate(bench.log.events) if event.type == "effect_finished")
    assert len(film.asked) == 1 + finished, "never again once the log says what came of it"


@pytest.mark.parametrize(("given", "told"), [(PHOTO.value(), "got cat.png, image/png"), ([FILM.value(), FILM.value()], "got 2 files")])
async def test_frames_of_anything_but_one_video_are_refused(given: Any, told: str) -> None:
    state = await Bench(alone(node("frames", "video_frames")), files=FilmRoll()).finish(given)
    assert state.error is not None and state.error.message == f"Frames are taken from one video; {told}"


async def test_a_run_whose_input_is_no_file_of_the_asked_kind_fails_before_its_first_node() -> None:
    document = alone(node("say", "transform", {"expression": "1"}))
    form = {"type": "object", "properties": {"photo": {"type": "object", "format": "file", "accept": ["image"]}}}
    state = await Bench(document.model_copy(update={"inputs": form})).finish({"photo": SONG.value()})
    assert state.error is not None
    assert state.error.message == "The input does not fit the graph: at photo: song.wav is audio/wav, expected an image file"
