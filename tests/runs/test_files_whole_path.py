"""Files through every process: sent by a program or in a shell, looked at by a model, and got back."""

import hashlib
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from baton_client import Baton, BatonError

from tests.capabilities.language_models.test_files import arrived
from tests.client.shell import baton as shell
from tests.media import HTML, film, pdf, picture
from tests.model_server import ModelServer, Reply
from tests.runs.factories import chain
from tests.runs.installation import Installation

FORM = {"type": "object", "properties": {"photo": {"type": "object", "format": "file", "accept": ["image"]}}, "required": ["photo"]}
MB = 1024 * 1024


def looking(model: str) -> dict[str, Any]:
    look = {"id": "look", "kind": "agent", "params": {"agent": "a", "prompt": "What is it?", "attachments": "input.photo"}}
    return {**chain(look, agents={"a": {"name": "Ann", "model": model}}), "inputs": FORM}


@pytest.fixture(scope="module")
def client(installation: Installation) -> Iterator[Baton]:
    api = installation.client()
    for slug, model in (("eye", "demo/instant"), ("sharp-eye", "openai/gpt-5-mini")):
        api.post("graphs", {"title": slug, "document": looking(model)}, 201)
    with Baton(f"http://127.0.0.1:{installation.port}", api.key) as found:
        yield found


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "cät photo.png"
    path.write_bytes(picture("PNG", (64, 32), "blue"))
    return path


def test_a_program_sends_a_picture_and_the_demo_model_looks_at_it(client: Baton, photo: Path) -> None:
    result = client.run_and_wait("eye", {"photo": client.upload(photo)}, draft=True, timeout=60)
    assert result.succeeded and str(result.output).startswith(
        f"cät photo.png: image/png, {photo.stat().st_size} bytes, 64 x 32 pixels, mostly blue"
    )


def test_a_provider_gets_the_very_bytes(client: Baton, photo: Path, providers: ModelServer) -> None:
    providers.script(Reply(text="A blue cat."), model="gpt-5-mini")
    assert client.run_and_wait("sharp-eye", {"photo": client.upload(photo)}, draft=True, timeout=60).output == "A blue cat."
    assert arrived(providers) == {hashlib.sha256(photo.read_bytes()).hexdigest()}


def test_a_shell_sends_a_picture_into_a_field(installation: Installation, client: Baton, photo: Path) -> None:
    url, key = f"http://127.0.0.1:{installation.port}", installation.client().key
    done = shell("start", "eye", "--draft", "--file", f"photo={photo}", "--wait", url=url, key=key)
    assert done.returncode == 0 and "mostly blue" in done.stdout, done.stderr
    missing = shell("start", "eye", "--draft", "--file", f"photo={photo}.gone", url=url, key=key)
    assert missing.returncode == 4 and "cannot be read" in missing.stderr
    for words in (["--file", str(photo), "--input", "{}"], ["--file", f"a={photo}", "--input", "[]"]):
        assert shell("start", "eye", *words, url=url, key=key).returncode == 2


@pytest.mark.parametrize(("content", "name", "told"), [(HTML, "cat.png", "holds text/html"), (b"", "cat.png", "is empty")])
def test_what_is_no_picture_is_refused_before_a_run(client: Baton, tmp_path: Path, content: bytes, name: str, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BatonError, match=told) as refused:
        client.upload(path)
    assert (refused.value.code, refused.value.status) == ("bad_file", 400)


def test_another_kind_of_file_than_the_form_asks_for_starts_no_run(client: Baton, tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf("hello"))
    with pytest.raises(BatonError, match=r"at photo: paper\.pdf is application/pdf, expected an image file"):
        client.start("eye", {"photo": client.upload(path)}, draft=True)


def test_a_picture_of_50_mb_gets_an_exact_answer_from_the_real_server(installation: Installation) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=60)
    headers = {"Authorization": f"Bearer {installation.client().key}", "Content-Type": "application/octet-stream"}
    connection.request("POST", "/api/v1/files/cat.png", picture() + bytes(50 * MB), headers)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    assert (answer.status, said["code"]) == (413, "too_large")
    assert said["detail"] == "cat.png has 50.0 MB. An image has at most 10.0 MB."


def test_a_film_of_60_mb_arrives(installation: Installation, client: Baton, tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    path.write_bytes(film(1) + bytes(60 * MB))
    file = client.upload(path)
    assert isinstance(file, dict) and (file["media_type"], file["size"]) == ("video/mp4", path.stat().st_size)
