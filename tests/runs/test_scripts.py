"""Runs are scripted: by `baton`, by the Python client and by the README's lines as they stand there, against the whole product."""

import csv
import io
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from baton_client import Approval, Baton, BatonError, Event

from editor.starters.catalog import starter as starter_of
from editor.starters.catalog import starters
from tenants.models import Tenant
from tenants.roles import MemberRole
from tests.faults.servers import free_port, wait_for_web
from tests.runs.checkout import STOP_S, Checkout, blocks_of, make_checkout
from tests.runs.databases import connected_to
from tests.runs.factories import chain, member
from tests.runs.installation import Installation
from tests.runs.services import wait_until

PLACE = "127.0.0.1:8000"
"""Where the README's server listens; here it is somewhere else, and nothing more is changed in its lines."""


@pytest.fixture(scope="module")
def checkout(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return make_checkout(tmp_path_factory.mktemp("my projects") / "baton", installation)


@pytest.fixture(scope="module")
def starter(installation: Installation) -> str:
    """A key."""
    return installation.client().key


@pytest.fixture(scope="module")
def answerer(installation: Installation) -> str:
    """The key of somebody else, who answers."""
    with connected_to(installation.database.url):
        name = member(Tenant.objects.get(slug="demo"), MemberRole.OPERATOR).username
    return installation.client(user=name).key


@pytest.fixture(scope="module")
def asking(installation: Installation) -> str:
    """The slug of a graph that shows its input to a person and gives on what the person makes of it."""
    actions = [{"name": "approve", "title": "Yes"}, {"name": "edit", "title": "Change"}]
    document = chain({"id": "ask", "kind": "human", "params": {"title": "Go on?", "actions": actions}})
    document["edges"][1]["source_port"] = "edit"
    slug: str = installation.client().post("graphs", {"title": "Scripted", "document": document}, 201)["slug"]
    return slug


class Shell:
    """`baton` in the checkout, as whoever has `key`."""

    def __init__(self, checkout: Checkout, installation: Installation, key: str) -> None:
        self._folder = checkout.folder
        self._command = str(checkout.bin / "baton")
        self._environment = {**checkout.environment, "BATON_URL": f"http://127.0.0.1:{installation.port}", "BATON_KEY": key}

    def start(self, *words: str) -> "subprocess.Popen[str]":
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([self._command, *words], cwd=self._folder, env=self._environment, text=True, **pipes)

    def __call__(self, *words: str, code: int = 0) -> str:
        process = self.start(*words)
        output, errors = process.communicate(timeout=STOP_S)
        assert process.returncode == code, output + errors
        return output


@pytest.fixture
def mine(checkout: Checkout, installation: Installation, starter: str) -> Shell:
    return Shell(checkout, installation, starter)


@pytest.fixture
def theirs(checkout: Checkout, installation: Installation, answerer: str) -> Shell:
    return Shell(checkout, installation, answerer)


@pytest.fixture
def baton(installation: Installation, starter: str) -> Iterator[Baton]:
    with Baton(f"http://127.0.0.1:{installation.port}", starter) as client:
        yield client


def test_the_command_starts_follows_answers_and_exports(mine: Shell, theirs: Shell, asking: str) -> None:
    assert asking in mine("graphs")
    run = mine("start", asking, "--input", '[{"n": 1}]', "--idempotency-key", "scripted-1").strip()
    assert mine("start", asking, "--input", '[{"n": 1}]', "--idempotency-key", "scripted-1").strip() == run
    following = mine.start("follow", run)
    assert mine("follow", run, "--unattended", code=3).splitlines()[-1] == "waiting"
    shown = theirs("approvals").splitlines()
    [command] = [line.split() for line in shown if run in line and " edit " in line]
    path, digest = command[3].strip("'"), command[-1]
    refused = theirs.start("answer", run, path, "edit", "--digest", "0" * 64).communicate(timeout=STOP_S)[1]
    assert "(digest_mismatch)" in refused and refused.count("\n") == 1
    theirs("answer", run, path, "edit", "--digest", digest, "--value", '[{"n": 2, "=x": "=1+1"}]', "--comment", "Better")
    output, errors = following.communicate(timeout=STOP_S)
    assert (following.returncode, errors) == (0, "") and output.splitlines()[-1] == "succeeded" and "asks a person: Go on?" in output
    assert mine("export", run, "--path", "value") == "n,'=x\n2,'=1+1\n"
    log = [json.loads(line) for line in mine("export", run, "--format", "jsonl").splitlines()]
    assert [event["seq"] for event in log] == list(range(1, len(log) + 1)) and log[-1]["type"] == "run_succeeded"
    again = theirs.start("answer", run, path, "edit").communicate(timeout=STOP_S)[1]
    assert "(not_waiting)" in again


def test_a_command_that_is_interrupted_leaves_its_run(mine: Shell, asking: str) -> None:
    following = mine.start("start", asking, "--follow")
    assert following.stderr is not None and following.stdout is not None
    run = following.stderr.readline().split()[-1]
    assert "started" in following.stdout.readline()
    following.send_signal(signal.SIGINT)
    assert "goes on" in following.communicate(timeout=STOP_S)[1] and following.returncode == 130
    mine("cancel", run)
    assert mine("follow", run, code=1).splitlines()[-1] == "cancelled"


def question_of(person: Baton, run_id: str) -> Approval:
    found: list[Approval] = []

    def asked() -> bool:
        found[:] = [approval for approval in person.approvals() if approval.run == run_id]
        return bool(found)

    wait_until(asked, 30, "the question is open")
    return found[0]


def test_the_python_client_starts_follows_answers_and_exports(baton: Baton, installation: Installation, answerer: str, asking: str) -> None:
    run = baton.start(asking, [{"n": 1}])
    waiting = baton.wait(run.id, 60, unattended=True)
    assert (waiting.status, waiting.succeeded, waiting.output) == ("waiting", False, None)
    seen: list[Event] = []
    following = threading.Thread(target=lambda: seen.extend(baton.events(run.id)))
    following.start()
    with Baton(f"http://127.0.0.1:{installation.port}", answerer) as person:
        asked = question_of(person, run.id)
        assert (asked.title, asked.actions, asked.graph, asked.request["payload"]) == ("Go on?", ("approve", "edit"), asking, [{"n": 1}])
        with pytest.raises(BatonError) as told:
            person.answer(run.id, asked.path, "dance", digest=asked.digest)
        assert (told.value.status, told.value.code) == (400, "invalid_answer") and "approve, edit" in told.value.cure
        person.answer(run.id, asked.path, "edit", [{"n": 2}], "Better", digest=asked.digest)
        with pytest.raises(BatonError) as told:
            person.answer(run.id, asked.path, "edit", digest=asked.digest)
        assert told.value.status == 409
    result = baton.wait(run.id, 60)
    following.join(30)
    assert result.succeeded and result.output == {"action": "edit", "value": [{"n": 2}], "comment": "Better"}
    assert [event.seq for event in seen] == list(range(1, baton.run(run.id).last_seq + 1)) and seen[-1].type == "run_succeeded"
    assert baton.export(run.id, "value") == "n\r\n2\r\n"


def test_run_and_wait_gives_output_or_error(baton: Baton) -> None:
    done = baton.run_and_wait("hello-agent", {"question": "What is 17 * 23?"}, timeout=60)
    assert done.succeeded and "391" in str(done.output)
    with pytest.raises(BatonError) as told:
        baton.run_and_wait("hello-agent", {"nothing": 1})
    assert (told.value.status, told.value.code) == (400, "invalid_input") and told.value.detail and told.value.cure
    with pytest.raises(BatonError) as told:
        baton.start("missing")
    assert (told.value.status, told.value.code) == (404, "not_found")


@pytest.mark.parametrize("slug", [found.slug for found in starters() if found.slug != "triage"])
def test_what_a_newcomer_begins_with_succeeds_with_its_example(baton: Baton, slug: str) -> None:
    done = baton.run_and_wait(slug, starter_of(slug).example_input, timeout=120)
    assert done.succeeded and isinstance(done.output, dict) and all(value is not None for value in done.output.values()), done


def test_a_run_is_paused_resumed_and_cancelled(baton: Baton, asking: str) -> None:
    run = baton.start(asking)
    baton.wait(run.id, 60, unattended=True)
    for command, status in ((baton.pause, "paused"), (baton.resume, "waiting"), (baton.cancel, "cancelled")):
        command(run.id)
        wait_until(lambda status=status: baton.run(run.id).status == status, 30, f"the run is {status}")
    assert [event.type for event in baton.events(run.id)][-1] == "run_cancelled"


def test_a_long_value_of_an_event_is_asked_for(baton: Baton, asking: str) -> None:
    run = baton.start(asking, "x" * 20_000)
    first = next(baton.events(run.id))
    shown = first.data["input"]
    assert isinstance(shown, dict) and isinstance(shown["$blob"], str)
    assert baton.blob(run.id, shown["$blob"]) == "x" * 20_000
    baton.cancel(run.id)


def test_following_survives_a_server_that_is_killed_and_started_again(installation: Installation, starter: str, asking: str) -> None:
    port = free_port()
    web = installation.start_web(port)
    wait_for_web(port)
    with Baton(f"http://127.0.0.1:{port}", starter, patience_s=STOP_S) as client:
        run = client.start(asking)
        seen: list[int] = []
        following = threading.Thread(target=lambda: seen.extend(event.seq for event in client.events(run.id)))
        following.start()
        asked = question_of(client, run.id)
        web.kill()
        web.wait(10)
        with Baton(f"http://127.0.0.1:{installation.port}", starter) as elsewhere:
            elsewhere.answer(run.id, asked.path, "edit", digest=asked.digest)
            assert elsewhere.wait(run.id, 60).succeeded
        again = installation.start_web(port)
        following.join(STOP_S)
        assert seen == list(range(1, client.run(run.id).last_seq + 1))
        again.kill()


def shell_lines(checkout: Checkout, installation: Installation, *blocks: str) -> "subprocess.CompletedProcess[str]":
    """Type the blocks into one shell."""
    script = "\n".join(blocks).replace(PLACE, f"127.0.0.1:{installation.port}")
    return subprocess.run(
        ["bash", "-c", script], cwd=checkout.folder, env=checkout.environment, capture_output=True, text=True, timeout=STOP_S, check=False
    )


def replies(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table)))


def test_the_readmes_commands_do_what_they_say(checkout: Checkout, installation: Installation) -> None:
    key, command, curl = blocks_of("Script it")
    done = shell_lines(checkout, installation, key, command)
    assert done.returncode == 0 and "391" in done.stdout, done.stdout + done.stderr
    assert "waits for a person" in done.stdout and "asks a person: Reply to Charged twice" in done.stdout
    assert done.stdout.splitlines()[-1] == "succeeded" and "Traceback" not in done.stderr
    [row] = replies((checkout.folder / "replies.csv").read_text())
    assert (row["ticket_id"], row["decided_by"]) == ("T-1", "person: approve")
    done = shell_lines(checkout, installation, key, curl)
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    [row] = replies(f"category,{done.stdout.partition(chr(10) + 'category,')[2]}")
    assert row["decided_by"] == "person: approve" and '"type":"run_suspended"' in done.stdout


def test_the_readmes_agents_plan_remember_and_look_at_files(checkout: Checkout, installation: Installation) -> None:
    key, command, curl = blocks_of("Script it")
    key, api = f"{key}{command.splitlines()[0]}\n", curl.splitlines()[0]
    done = shell_lines(checkout, installation, key, *blocks_of("Planning"))
    assert done.returncode == 0 and "1200.00 + 1800.00 = 3000" in done.stdout, done.stdout + done.stderr
    done = shell_lines(checkout, installation, key, api, *blocks_of("Memory"))
    assert done.returncode == 0, done.stdout + done.stderr
    _, first, second, *kept = [line for line in done.stdout.splitlines() if line]
    assert "hotel in Lyon" in first and second.strip('"') == "The train to Lyon leaves at nine."
    assert '"space":"trips"' in kept[-1] and '"graph":"remembering"' in kept[-1]
    done = shell_lines(checkout, installation, key, api, *blocks_of("Files"))
    assert done.returncode == 0 and "notice.txt: text/plain" in done.stdout and "The hall opens at nine." in done.stdout, done.stderr


def test_the_readmes_program_does_what_it_says(checkout: Checkout, installation: Installation, tmp_path: Path) -> None:
    key, _, _ = blocks_of("Script it")
    [program] = blocks_of("Script it", "python")
    (tmp_path / "script.py").write_text(program)
    done = shell_lines(checkout, installation, key, f".venv/bin/python {tmp_path}/script.py")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and lines[0].startswith("succeeded ") and "391" in lines[0], done.stderr
    assert lines[1].split() == ["1", "run_started"] and lines[-2].endswith("run_succeeded ") and lines[-1].startswith("not_found 404")


def test_the_command_is_found_where_the_checkout_was_moved_to_and_imports_nothing_of_the_caller(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('imported')")
    moved = tmp_path / "elsewhere"
    os.symlink(checkout.folder, moved)
    os.symlink(checkout.bin / "baton", tmp_path / "baton")
    for command in (moved / ".venv" / "bin" / "baton", tmp_path / "baton"):
        done = subprocess.run([command, "--help"], cwd=tmp_path, env=checkout.environment, capture_output=True, text=True, check=True)
        assert "exit codes" in done.stdout
