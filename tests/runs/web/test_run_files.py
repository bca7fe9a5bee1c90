"""Files of runs: only what the workspace has can be given, and only who may see the run gets the bytes, never as a page."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from runs.models import Run, RunFile
from runs.web import file_api
from tenants.isolation.scope import tenant_scope
from tests.media import HTML, SVG, docx, film, pdf, picture, sound
from tests.tenants.cast import House
from tests.tenants.conftest import alpha, beta, key_file

__all__ = ["alpha", "beta", "key_file"]


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody is woken."""
    monkeypatch.setattr("runs.control.start._announce_start", lambda run: None)
    yield


def sent(house: House, content: bytes, name: str) -> dict[str, Any]:
    answer = house.client().post(f"/api/v1/files/{quote(name)}", content, content_type="application/octet-stream")
    assert answer.status_code == 201, answer.content
    file: dict[str, Any] = answer.json()["file"]
    return file


def start(house: House, value: Any) -> Any:
    return house.client().post(f"/api/v1/graphs/{house.graph.slug}/runs", {"input": value}, content_type="application/json")


def url(run: str, file: dict[str, Any], more: str = "") -> str:
    return f"/api/v1/runs/{run}/files/{file['digest']}{more}"


def run_with(house: House, *files: dict[str, Any]) -> str:
    answer = start(house, {"files": list(files)})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def test_a_run_holds_the_files_of_its_input(alpha: House) -> None:
    photo, note = sent(alpha, picture(), "cat.png"), sent(alpha, b"hello", "note.txt")
    run = run_with(alpha, photo, note, photo)
    with tenant_scope(alpha.tenant.id):
        assert set(RunFile.objects.filter(run=run).values_list("digest", flat=True)) == {photo["digest"], note["digest"]}
        assert Run.objects.get(pk=run).input == {"files": [photo, note, photo]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"digest": "0" * 64}, "cat.png is not among the files of this workspace."),
        ({"media_type": "text/html"}, "cat.png is said to be text/html of {size} bytes; it is image/png of {size}."),
        ({"size": 1}, "cat.png is said to be image/png of 1 bytes; it is image/png of {size}."),
    ],
)
def test_a_file_that_is_not_there_or_not_so_is_refused_and_no_run_is_made(alpha: House, change: dict[str, Any], told: str) -> None:
    photo = sent(alpha, picture(), "cat.png")
    answer = start(alpha, {"photo": photo | change})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input"), answer.content
    assert answer.json()["detail"] == told.format(size=photo["size"])
    with tenant_scope(alpha.tenant.id):
        assert Run.objects.count() == 1, "the one that the house came with"


def test_a_neighbours_file_cannot_be_given_to_a_run(alpha: House, beta: House) -> None:
    photo = sent(alpha, picture(), "cat.png")
    answer = start(beta, photo)
    assert answer.status_code == 400 and "is not among the files of this workspace" in answer.json()["detail"]


def test_a_file_of_a_graph_cannot_be_taken_for_one_of_a_run(alpha: House) -> None:
    digest = alpha.graph.files["notes.txt"]
    answer = start(alpha, {"type": "file", "digest": digest, "media_type": "text/plain", "name": "notes.txt", "size": 19})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("content", "name", "shown_as"),
    [
        (picture(), "cat.png", "image/png"),
        (sound(), "a.wav", "audio/wav"),
        (film(1), "a.mp4", "video/mp4"),
        (SVG, "logo.svg", ""),
        (HTML, "page.html", ""),
        (pdf("x"), "paper.pdf", ""),
        (b"plain", "a.txt", ""),
    ],
)
def test_bytes_are_served_so_that_nothing_in_them_is_executed(alpha: House, content: bytes, name: str, shown_as: str) -> None:
    file = sent(alpha, content, name)
    answer = alpha.client().get(url(run_with(alpha, file), file, f"?name={name}"))
    assert answer.status_code == 200 and answer.content == content
    assert answer["Content-Type"] == (shown_as or "application/octet-stream")
    assert answer["Content-Disposition"] == f"{'inline' if shown_as else 'attachment'}; filename*=UTF-8''{name}"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"


def test_a_name_cannot_break_out_of_its_header(alpha: House) -> None:
    file = sent(alpha, b"x", "a.txt")
    answer = alpha.client().get(url(run_with(alpha, file), file) + "?name=" + quote('a"; filename="b.html\r\nSet-Cookie: x=1'))
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''a%22%3B%20filename%3D%22b.html%0D%0ASet-Cookie%3A%20x%3D1"


def test_a_film_is_served_in_pieces(alpha: House, monkeypatch: pytest.MonkeyPatch) -> None:
    content = film(1)
    file = sent(alpha, content, "a.mp4")
    address, client = url(run_with(alpha, file), file), alpha.client()
    answer = client.get(address, headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, content[10:20])
    assert answer["Content-Range"] == f"bytes 10-19/{len(content)}"
    monkeypatch.setattr(file_api, "LONGEST_PIECE", 100)
    assert client.get(address, headers={"Range": "bytes=0-"}).content == content[:100]
    assert client.get(address, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    assert client.get(address, headers={"Range": "bytes=-5"}).status_code == 200


def test_who_may_not_see_the_run_does_not_get_its_files(alpha: House, beta: House) -> None:
    photo = sent(alpha, picture(), "cat.png")
    sent(beta, picture(), "cat.png")
    run = run_with(alpha, photo)
    for more in ("", "/words"):
        assert alpha.client().get(url(run, photo, more)).status_code == 200
        assert beta.client().get(url(run, photo, more)).status_code == 404
        assert beta.client().get(url(str(beta.run.pk), photo, more)).status_code == 404, "the run was never given it"
        assert alpha.client().get(url(str(alpha.run.pk), photo, more)).status_code == 404, "another run was"


@pytest.mark.parametrize(
    ("content", "name", "text", "why_not"),
    [
        (pdf("hello there"), "a.pdf", "hello there", ""),
        (docx("first", "second"), "a.docx", "first\nsecond", ""),
        (HTML, "a.html", HTML.decode(), ""),
        (pdf(""), "scan.pdf", "", "The PDF has no text on its 1 page: it is a scan, a picture of pages"),
        (picture(), "a.png", "", "Files of this type have no words that could be shown."),
    ],
)
def test_how_a_document_begins_is_told_as_text(alpha: House, content: bytes, name: str, text: str, why_not: str) -> None:
    file = sent(alpha, content, name)
    answer = alpha.client().get(url(run_with(alpha, file), file, "/words"))
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {"text": text, "cut": False, "why_not": why_not}
