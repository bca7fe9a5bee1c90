"""Files that are sent for runs: told by their bytes, bounded by their kind, kept once in a workspace, and for nobody else."""

import hashlib
import io
from typing import Any
from urllib.parse import quote

import pytest
from django.db.models.functions import Now
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editor.graphs import uploads
from editor.graphs.contents import piece, whole
from editor.graphs.unused_files import PATIENCE, collect_unused_files
from editor.graphs.uploads import BadFile, receive
from editor.models import FileContent, GraphVersion
from orchestrator.settings.env import FILES_PER_HOUR, LARGEST_FILES
from runs.models import RunFile
from tenants.isolation.scope import tenant_scope
from tenants.problems import InvalidValue, TooLarge
from tenants.roles import MemberRole
from tests.media import HTML, SVG, bomb, docx, pdf, picture, sound
from tests.tenants.cast import House

PNG = picture()
MB = 1024 * 1024


def send(client: Client, content: bytes, name: str = "cat.png", **headers: Any) -> Any:
    return client.post(f"/api/v1/files/{quote(name, safe='')}", content, content_type="application/octet-stream", headers=headers)


def test_a_browser_sends_with_its_token_and_not_without(alpha: House) -> None:
    browser = alpha.client(enforce_csrf_checks=True)
    assert send(browser, PNG).status_code == 403
    browser.get(f"/graphs/{alpha.graph.slug}/")
    assert send(browser, PNG, **{"X-CSRFToken": browser.cookies["csrftoken"].value}).status_code == 201


class Counting(io.BytesIO):
    """Knows how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.taken += len(found)
        return found


def test_a_file_is_kept_and_described(alpha: House) -> None:
    answer = send(alpha.client(), PNG)
    assert answer.status_code == 201, answer.content
    digest = hashlib.sha256(PNG).hexdigest()
    expected = {"type": "file", "digest": digest, "media_type": "image/png", "name": "cat.png", "size": len(PNG)}
    assert answer.json() == {"file": expected}
    with tenant_scope(alpha.tenant.id):
        assert whole(digest) == (PNG, "image/png")
        assert piece(digest, 1, 3) == b"PNG" and piece(digest, len(PNG), 9) == b""


def test_the_same_content_is_kept_once_in_a_workspace_and_apart_in_two(alpha: House, beta: House) -> None:
    for name in ("a.png", "b.png"):
        assert send(alpha.client(), PNG, name).json()["file"]["name"] == name
    send(beta.client(), PNG)
    for house in (alpha, beta):
        with tenant_scope(house.tenant.id):
            assert FileContent.objects.filter(kind="image").count() == 1


def test_what_a_neighbour_has_is_not_there(alpha: House, beta: House) -> None:
    digest = send(alpha.client(), PNG).json()["file"]["digest"]
    with tenant_scope(beta.tenant.id):
        assert whole(digest) is None and piece(digest, 0, 9) == b""


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (picture("JPEG"), "cat.png", "image/jpeg"),
        (SVG, "logo.svg", "image/svg+xml"),
        (HTML, "page.html", "text/html"),
        (pdf("x"), "paper", "application/pdf"),
        (b"a,b\n", "table.csv", "text/csv"),
        (sound(), "../../etc/song.wav", "audio/wav"),
    ],
)
def test_a_file_is_what_it_holds(alpha: House, content: bytes, name: str, media_type: str) -> None:
    file = send(alpha.client(), content, name.replace("/", "")).json()["file"]
    assert file["media_type"] == media_type and "/" not in file["name"]


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (HTML, "cat.png", "cat.png is called otherwise than it is: it holds text/html."),
        (SVG, "cat.png", "cat.png is called otherwise than it is: it holds image/svg+xml."),
        (PNG, "song.mp3", "song.mp3 is called otherwise than it is: it holds image/png."),
        (b"MZ\x90\0\x03", "paper.txt", "holds application/vnd.microsoft.portable-executable."),
        (bomb(), "big.png", "big.png: The picture unpacks to 30000 x 30000 pixels, at most 50 million are taken"),
        (PNG[:20], "cat.png", "cat.png: The file is no picture that can be opened."),
        (b"", "cat.png", "cat.png is empty."),
    ],
)
def test_what_is_not_what_it_is_called_is_refused_in_words(alpha: House, content: bytes, name: str, told: str) -> None:
    answer = send(alpha.client(), content, name)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_file"), answer.content
    assert told in answer.json()["detail"]
    with tenant_scope(alpha.tenant.id):
        assert not FileContent.objects.exclude(uploaded_at=None).exists()


def test_a_picture_of_50_mb_is_refused_by_its_head(alpha: House) -> None:
    stream = Counting(PNG + bytes(50 * MB - len(PNG)))
    with tenant_scope(alpha.tenant.id), pytest.raises(TooLarge) as refused:
        receive(tenant=alpha.tenant, by=alpha.owner, name="cat.png", stream=stream, length=50 * MB)
    assert refused.value.message == "cat.png has 50.0 MB. An image has at most 10.0 MB."
    assert refused.value.details == {"kind": "image", "size": 50 * MB, "most": 10 * MB}
    assert stream.taken <= 64 * 1024


def test_a_picture_of_50_mb_is_refused_over_http(alpha: House) -> None:
    answer = send(alpha.client(), PNG + bytes(50 * MB - len(PNG)))
    assert (answer.status_code, answer.json()["detail"]) == (413, "cat.png has 50.0 MB. An image has at most 10.0 MB.")


def test_a_sender_that_does_not_say_how_much_comes_is_read_up_to_the_bound(alpha: House) -> None:
    stream = Counting(b"x" * (21 * MB))
    with tenant_scope(alpha.tenant.id), pytest.raises(TooLarge, match=r"A text has at most 20\.0 MB"):
        receive(tenant=alpha.tenant, by=alpha.owner, name="a.txt", stream=stream, length=None)
    assert stream.taken <= LARGEST_FILES["text"] + 1


def test_a_file_that_came_in_half_is_refused(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id), pytest.raises(BadFile, match="came with 3 bytes of 9"):
        receive(tenant=alpha.tenant, by=alpha.owner, name="a.txt", stream=io.BytesIO(b"abc"), length=9)


def test_more_of_a_kind_than_an_hour_allows_is_refused_and_other_kinds_are_not(alpha: House, beta: House, monkeypatch: Any) -> None:
    monkeypatch.setitem(FILES_PER_HOUR, "image", 2)
    for colour in ("red", "blue"):
        assert send(alpha.client(), picture(colour=colour)).status_code == 201
    refused = send(alpha.client(), picture(colour="green"))
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_files")
    assert send(alpha.client(), sound(), "a.wav").status_code == 201
    assert send(beta.client(), picture(colour="green")).status_code == 201
    with tenant_scope(alpha.tenant.id):
        FileContent.objects.update(uploaded_at=Now() - PATIENCE)
    assert send(alpha.client(), picture(colour="green")).status_code == 201


def test_only_who_may_start_a_run_may_send(alpha: House) -> None:
    assert send(alpha.client(alpha.member("vera", MemberRole.VIEWER)), PNG).status_code == 403
    assert send(alpha.client(alpha.member("otto", MemberRole.OPERATOR)), PNG).status_code == 201
    assert send(Client(), PNG).status_code in (401, 403)


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_is_taken_or_refused_in_words(alpha: House, name: str) -> None:
    with tenant_scope(alpha.tenant.id):
        try:
            kept = receive(tenant=alpha.tenant, by=alpha.owner, name=name, stream=io.BytesIO(b"words"), length=5)
        except InvalidValue as refused:
            assert refused.message
        else:
            assert kept.name and not set(kept.name) & set("\0\n\r/\\\u202e")


def test_a_sent_file_that_no_run_refers_to_is_taken_away_after_a_while(alpha: House) -> None:
    def look() -> int:
        with tenant_scope(alpha.tenant.id):
            FileContent.objects.exclude(unused_since=None).update(unused_since=Now() - 2 * PATIENCE)
            return collect_unused_files(GraphVersion.objects.none().values("pk"), RunFile.objects.values_list("digest", flat=True))

    used, unused = (send(alpha.client(), picture(colour=colour)).json()["file"] for colour in ("red", "blue"))
    with tenant_scope(alpha.tenant.id):
        RunFile.objects.create(tenant=alpha.tenant, run=alpha.run, digest=used["digest"])
    assert [look(), look()] == [0, 1]
    with tenant_scope(alpha.tenant.id):
        assert (whole(used["digest"]) is not None, whole(unused["digest"])) == (True, None)


def test_a_docx_is_a_document_and_a_zip_is_not(alpha: House) -> None:
    assert uploads.media_type_of(docx("x"), "a.docx").endswith("wordprocessingml.document")
    assert send(alpha.client(), docx("x"), "a.docx").status_code == 201
