"""Files inside the values of a run: what is one, what only looks like one, and what a form asks for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.engine.document.files.asked import ALL, AskedFile, asked_files, file_faults
from orchestrator.engine.document.files.modality import Modality, modality_of
from orchestrator.engine.effects.files import file_of, files_from, files_in
from orchestrator.engine.effects.model import FilePart, Message, ModelRequest, Role, TextPart, text_parts
from orchestrator.engine.errors import EngineError
from tests.engine.json_values import json_values

PHOTO = FilePart(type="file", digest="a" * 64, media_type="image/png", name="cat.png", size=12)
FRAME = PHOTO.model_copy(update={"at_s": 1.5})
MEDIA_TYPES = st.from_regex(r"\A[a-z]{1,12}/[a-z0-9][a-z0-9.+-]{0,40}\Z")
FILES = st.builds(
    FilePart,
    type=st.just("file"),
    digest=st.from_regex(r"\A[0-9a-f]{64}\Z"),
    media_type=MEDIA_TYPES,
    name=st.text(min_size=1, max_size=255),
    size=st.integers(0, 2**40),
    at_s=st.none() | st.floats(0, 1e6),
)


@given(FILES)
def test_a_file_is_the_same_after_it_went_through_a_value(file: FilePart) -> None:
    assert file_of(file.value()) == file
    assert list(files_in({"a": [1, {"b": file.value()}, None]})) == [file]
    assert modality_of(file.media_type) in Modality


@given(json_values())
def test_no_other_value_is_taken_for_a_file(value: Any) -> None:
    assert list(files_in(value)) == []


def test_a_file_without_a_time_does_not_say_so_and_a_frame_keeps_its_time() -> None:
    assert "at_s" not in PHOTO.value()
    assert FRAME.value()["at_s"] == 1.5


@pytest.mark.parametrize(
    "change", [{"digest": "A" * 64}, {"digest": "../../etc/passwd"}, {"media_type": "Image/PNG"}, {"size": -1}, {"name": ""}, {"more": 1}]
)
def test_what_only_looks_like_a_file_is_none(change: dict[str, Any]) -> None:
    assert file_of(PHOTO.value() | change) is None


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/webp", "image"),
        ("image/svg+xml", "text"),
        ("audio/mpeg", "audio"),
        ("video/mp4", "video"),
        ("application/pdf", "document"),
        ("application/json", "text"),
        ("text/html", "text"),
        ("application/octet-stream", "document"),
    ],
)
def test_each_media_type_is_of_one_kind(media_type: str, kind: str) -> None:
    assert modality_of(media_type) == kind


def test_a_message_says_its_texts_and_shows_its_files() -> None:
    message = Message(role=Role.USER, content=(*text_parts("Look: "), PHOTO, *text_parts("and tell")))
    assert message.text == "Look: and tell"
    assert message.files == (PHOTO,)
    read = ModelRequest.model_validate_json(ModelRequest(model="m", messages=(message,)).model_dump_json())
    assert read.messages[0].content == (TextPart(type="text", text="Look: "), PHOTO, TextPart(type="text", text="and tell"))


def test_a_part_of_no_known_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="hologram"):
        Message.model_validate({"role": "user", "content": [{"type": "hologram"}]})


def test_a_request_without_files_is_dumped_as_before() -> None:
    request = ModelRequest(model="m", messages=(Message(role=Role.USER, content=text_parts("hi")),))
    assert request.model_dump(mode="json", exclude_defaults=True) == {
        "model": "m",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }


def test_files_are_taken_from_one_a_list_or_nothing_and_anything_else_is_named() -> None:
    assert files_from(PHOTO.value(), "x") == (PHOTO,)
    assert files_from([PHOTO.value(), FRAME.value()], "x") == (PHOTO, FRAME)
    assert files_from(None, "x") == files_from([], "x") == ()
    with pytest.raises(EngineError, match=r"^Expression `input` gave str at place 2, expected a file or a list of files$"):
        files_from([PHOTO.value(), "cat.png"], "Expression `input`")
    with pytest.raises(EngineError, match="gave an object that is no file, expected"):
        files_from({"type": "file"}, "Expression `input`")


FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "photo": {"type": "object", "format": "file", "accept": ["image"]},
        "more": {"type": "array", "items": {"type": "object", "format": "file"}},
        "deep": {"type": "object", "properties": {"song": {"format": "file", "accept": ["audio", "telepathy"]}}},
        "name": {"type": "string"},
    },
}


def test_a_form_says_where_it_asks_for_which_files() -> None:
    assert list(asked_files(FORM)) == [
        AskedFile(("photo",), frozenset({Modality.IMAGE})),
        AskedFile(("more",), ALL),
        AskedFile(("deep", "song"), frozenset({Modality.AUDIO})),
    ]


def test_a_value_that_is_no_file_of_the_asked_kind_is_named_with_its_place() -> None:
    good = {"photo": PHOTO.value(), "more": [PHOTO.value()], "name": "x"}
    assert list(file_faults(FORM, good)) == []
    assert list(file_faults(FORM, {"photo": "cat.png"})) == ["at photo: got str, expected an image file"]
    assert list(file_faults(FORM, {"deep": {"song": PHOTO.value()}})) == ["at deep.song: cat.png is image/png, expected an audio file"]
    assert list(file_faults(FORM, {"more": [PHOTO.value(), 3]})) == ["at more.1: got int, expected a file"]


def test_a_form_that_holds_itself_has_an_end() -> None:
    endless: dict[str, Any] = {"type": "object", "properties": {}}
    endless["properties"]["again"] = endless
    endless["items"] = endless
    assert list(asked_files(endless)) == []
