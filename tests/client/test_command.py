"""The `baton` command: what it prints, how it ends, and what others cannot make it do."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.scripted_server import RUN, Scripted, ScriptedServer, answer, event_row, events_page, problem, run_row
from tests.client.shell import baton, started
from tests.runs.services import wait_until

RUN_PATH = f"runs/{RUN}"
EVENTS = f"{RUN_PATH}/events"
COMMANDS = f"{RUN_PATH}/commands"
ERROR = {"code": "model_auth", "message": "The key was refused.", "cure": "Enter another one.", "path": "ask#1"}


def approval(**rest: object) -> dict[str, object]:
    request = {"actions": [{"name": "approve"}, {"name": "reject"}]}
    row = {"run": RUN, "path": "ask#1/human.1", "graph": {"slug": "g", "title": "G"}, "title": "Go on?", "message": "Please."}
    return {**row, "request": request, "digest": "abc", "created_at": "2026-01-02T03:04:05Z", "deadline": None, **rest}


def test_following_prints_a_line_for_each_event_and_the_status(server: ScriptedServer) -> None:
    started_event = event_row(1, "run_started")
    asked = event_row(2, "effect_started", path="ask#1/human.1", kind="human", request={"title": "Go on?"})
    new = event_row(3, "something_new")
    server.script(EVENTS, events_page(started_event, asked), events_page(new, event_row(4, "run_succeeded")))
    server.script(RUN_PATH, answer(run_row("succeeded")))
    done = baton("follow", RUN, url=server.url)
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    assert lines == [
        ["22:13:20.000", "run", "started"],
        ["22:13:20.000", "ask#1/human.1", "asks a person: Go on?"],
        ["22:13:20.000", "run", "something new"],
        ["22:13:20.000", "run", "succeeded"],
        ["succeeded"],
    ]
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("status", ["failed", "crashed", "limit_exceeded"])
def test_a_run_that_ended_otherwise_gives_1_and_says_why(server: ScriptedServer, status: str) -> None:
    server.script("graphs/g/runs", answer(run_row("queued"), status=201))
    server.script(RUN_PATH, answer(run_row(status, error=ERROR)))
    done = baton("start", "g", "--wait", url=server.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the run {status}: The key was refused. (model_auth) Enter another one." in done.stderr


def test_a_run_that_was_cancelled_says_by_whom_and_why(server: ScriptedServer) -> None:
    server.script(EVENTS, events_page(event_row(1, "run_cancelled", by="Ada", reason="Too late")))
    server.script(RUN_PATH, answer(run_row("cancelled", error={**ERROR, "code": "cancelled", "message": "Cancelled."})))
    done = baton("follow", RUN, url=server.url)
    assert done.returncode == 1 and "cancelled by Ada: Too late" in done.stdout and done.stdout.splitlines()[-1] == "cancelled"


def test_waiting_prints_the_output_alone(server: ScriptedServer) -> None:
    server.script("graphs/g/runs", answer(run_row("queued"), status=201))
    server.script(RUN_PATH, answer(run_row("succeeded", output="Forty-two.\n\ud800")))
    done = baton("start", "g", "--input", "-", "--wait", url=server.url, given='{"a": 1}')
    assert done.stdout == "Forty-two.\n\\ud800\n" and done.stderr == f"baton: run {RUN}\n"
    assert server.asked("graphs/g/runs")[0].body["input"] == {"a": 1}
    assert json.loads(baton("start", "g", "--wait", "--json", url=server.url).stdout) == "Forty-two.\n\ud800"


def test_starting_prints_the_id_alone(server: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "input.json").write_text('["ü"]', encoding="utf-8")
    server.script("graphs/g/runs", answer(run_row("queued"), status=201))
    done = baton("start", "g", "--input", "@input.json", "--idempotency-key", "k", "--version", "2", url=server.url, cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == (f"{RUN}\n", "", 0)
    [seen] = server.seen
    assert seen.headers["idempotency-key"] == "k" and seen.body == {"input": ["ü"], "version": 2, "draft": False}


def test_where_nobody_is_there_a_question_gives_3(server: ScriptedServer) -> None:
    server.script(EVENTS, events_page(event_row(1, "run_suspended", waiting_on=["ask#1/human.1"])), events_page())
    server.script(RUN_PATH, answer(run_row("waiting", waiting=1, last_seq=1)))
    done = baton("follow", RUN, "--unattended", url=server.url)
    assert done.returncode == 3 and done.stdout.endswith("waits for a person\nwaiting\n") and "`baton approvals`" in done.stderr


def test_time_that_is_over_gives_4_and_the_run_goes_on(server: ScriptedServer) -> None:
    server.script("graphs/g/runs", answer(run_row("queued"), status=201))
    server.script(RUN_PATH, answer(run_row("running")))
    done = baton("start", "g", "--wait", "--timeout", "0.2", url=server.url)
    assert done.returncode == 4 and "is running after 0.2 s. It goes on" in done.stderr and "(not_ended)" in done.stderr


def test_questions_are_shown_with_commands_that_answer_them(server: ScriptedServer) -> None:
    server.script("approvals", answer({"approvals": [approval()], "next": None}))
    shown = baton("approvals", url=server.url).stdout.splitlines()
    assert shown[0] == "g: Go on? - Please." and shown[1] == f"  baton answer {RUN} 'ask#1/human.1' approve --digest abc"
    assert json.loads(baton("approvals", "--json", url=server.url).stdout) == approval()


def test_a_question_for_somebody_else_says_so(server: ScriptedServer) -> None:
    server.script("approvals", answer({"approvals": [approval(why_not="Somebody else must: you started this run.")], "next": None}))
    assert baton("approvals", url=server.url).stdout.splitlines()[1:] == ["  Somebody else must: you started this run."]


def test_no_name_in_a_shown_command_runs_another_one(server: ScriptedServer, tmp_path: Path) -> None:
    evil = approval(path="a'; touch owned; '", request={"actions": [{"name": "x\n$(touch owned)"}]}, digest="`touch owned`")
    server.script("approvals", answer({"approvals": [evil], "next": None}))
    shown = baton("approvals", url=server.url).stdout.splitlines()[1]
    subprocess.run(["bash", "-c", f"baton() {{ :; }}; {shown}"], cwd=tmp_path, check=True)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_is_bound_to_the_question_that_is_there_or_was_shown(server: ScriptedServer) -> None:
    server.script("approvals", answer({"approvals": [approval(path="other"), approval()], "next": None}))
    server.script(COMMANDS, answer({"id": 1}, status=202))
    done = baton("answer", RUN, "ask#1/human.1", "approve", "--value", '{"a": 1}', "--comment", "Yes", url=server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    asked = {"type": "answer", "path": "ask#1/human.1", "action": "approve", "value": {"a": 1}, "comment": "Yes", "digest": "abc"}
    assert server.asked(COMMANDS)[0].body == asked
    baton("answer", RUN, "ask#1/human.1", "approve", "--digest", "def", url=server.url)
    assert server.asked(COMMANDS)[1].body["digest"] == "def" and len(server.asked("approvals")) == 1
    nothing = baton("answer", RUN, "elsewhere", "approve", url=server.url)
    assert nothing.returncode == 4 and "(not_waiting)" in nothing.stderr


@pytest.mark.parametrize("word", ["pause", "resume", "cancel"])
def test_commands_are_sent(server: ScriptedServer, word: str) -> None:
    server.script(COMMANDS, answer({"id": 1}, status=202))
    assert baton(word, RUN, "--comment", "Why", url=server.url).returncode == 0
    assert [seen.body for seen in server.seen] == [{"type": word, "comment": "Why"}]


def test_an_agent_is_told_something_and_the_log_says_what_came_of_it(server: ScriptedServer) -> None:
    server.script(f"{RUN_PATH}/messages", answer({"id": 1}, status=202))
    assert baton("tell", RUN, "help#1", "Mind the price.", url=server.url).returncode == 0
    assert [seen.body for seen in server.seen] == [{"to": "help#1", "text": "Mind the price."}]
    told = event_row(1, "agent_told", to="help#1", text="Mind the price.", by="ann")
    planned = event_row(2, "planned", path="help#1/note.1", revision=2, done=1, steps=["a", "b"])
    server.script(EVENTS, events_page(told, planned, event_row(3, "run_succeeded")))
    server.script(RUN_PATH, answer(run_row("succeeded")))
    lines = baton("follow", RUN, url=server.url).stdout.splitlines()
    assert "help#1" in lines[0] and lines[0].endswith("told by ann: Mind the price.")
    assert lines[1].endswith("plan 2: 1 of 2 steps done")


def test_a_table_comes_out_as_the_server_made_it(server: ScriptedServer) -> None:
    table = 'a,b\r\n"x\ny",ü\r\n'
    server.script(f"{RUN_PATH}/table.csv", Scripted(table.encode(), kind="text/csv; charset=utf-8"))
    process = started("export", RUN, "--path", "rows", url=server.url, text=None, env={"PYTHONIOENCODING": "latin-1"})
    output, errors = process.communicate(timeout=60)
    assert (output, errors, process.returncode) == (table.encode(), b"", 0)


def test_the_log_comes_out_as_lines(server: ScriptedServer) -> None:
    server.script(EVENTS, events_page(event_row(1), event_row(2)))
    lines = baton("export", RUN, "--format", "jsonl", url=server.url).stdout.splitlines()
    assert [json.loads(line) for line in lines] == [event_row(1), event_row(2)]


def test_what_others_wrote_cannot_steer_the_terminal(server: ScriptedServer) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\nfake line\u202e"
    asked = event_row(1, "effect_started", path=evil, kind="human", request={"title": evil})
    server.script(EVENTS, events_page(asked, event_row(2, "run_failed", error={"message": evil, "code": evil})))
    server.script(RUN_PATH, answer(run_row("failed", error={**ERROR, "message": evil})))
    server.script("approvals", answer({"approvals": [approval(title=evil, message=evil)], "next": None}))
    server.script(
        "graphs",
        answer({"graphs": [{"slug": evil, "title": evil, "latest_version": 1, "updated_at": "2026-01-02T03:04:05Z"}], "next": None}),
    )
    followed, approvals, graphs = (baton(*words, url=server.url) for words in (["follow", RUN], ["approvals"], ["graphs"]))
    for done, lines in ((followed, 3), (approvals, 3), (graphs, 1)):
        assert done.stdout.count("\n") == lines, done.stdout
        assert not set(done.stdout + done.stderr) & set("\x1b\x07\x9b\r\u202e")
    server.script("approvals", problem(400, detail=evil, cure=evil))
    refused = [baton("approvals", url=server.url) for _ in range(2)][-1]
    assert refused.returncode == 4 and refused.stderr.count("\n") == 1 and "\x1b" not in refused.stderr


def test_a_refusal_is_one_line_with_its_cure(server: ScriptedServer) -> None:
    server.script("graphs/g/runs", problem(400, "invalid_input", detail="`question` is missing.", cure="Send it."))
    done = baton("start", "g", url=server.url)
    assert (done.returncode, done.stdout) == (4, "") and done.stderr == "baton: `question` is missing. Send it. (invalid_input)\n"


def test_who_waits_for_the_server_is_told(server: ScriptedServer) -> None:
    server.script("graphs", problem(503, detail="Busy."), problem(503), answer({"graphs": [], "next": None}))
    done = baton("graphs", url=server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "baton: Busy. Trying again for 30 s.\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["start", "g", "--input", "{"], "is not JSON"),
        (["start", "g", "--input", "@missing.json"], "missing.json cannot be read: No such file"),
        (["start", "g", "--input", "@/dev/null"], None),
        (["start"], "GRAPH"),
        (["start", "g", "--version", "-1"], "--version"),
        (["start", "g", "--wait", "--follow"], "not allowed with"),
        (["start", "g", "--timeout", "nan"], "no number of seconds"),
        (["follow", RUN, "--after", "x"], "no whole number"),
        (["export", RUN, "--format", "jsonl", "--path", "a"], "--path belongs"),
        (["answer", RUN, "p", "approve", "--value", "yes"], "is not JSON"),
        (["dance"], "invalid choice"),
        ([], "required"),
    ],
)
def test_wrong_use_gives_2(server: ScriptedServer, words: list[str], told: str | None) -> None:
    server.script("graphs/g/runs", answer(run_row("queued"), status=201))
    done = baton(*words, url=server.url)
    assert (done.returncode, told or "") == (2 if told else 0, told or "") and (told or "") in done.stderr


@pytest.mark.parametrize(
    ("url", "key", "told"), [("", "k", "Set BATON_URL"), ("http://127.0.0.1:9", "", "set BATON_KEY"), ("x", "k", "BATON_URL")]
)
def test_what_the_environment_lacks_is_said(url: str, key: str, told: str) -> None:
    done = baton("graphs", url=url, key=key)
    assert done.returncode == 2 and told in done.stderr and done.stderr.count("\n") == 1


def test_interrupting_is_clean(server: ScriptedServer) -> None:
    server.script(EVENTS, events_page(event_row(1)), events_page())
    server.script(RUN_PATH, answer(run_row("running")))
    process = started("follow", RUN, url=server.url)
    wait_until(lambda: len(server.asked(EVENTS)) > 1, 30, "it follows")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130 and errors == "baton: interrupted; a run that was started goes on\n" and output.count("\n") == 1


def test_a_reader_that_goes_away_is_no_error(server: ScriptedServer) -> None:
    server.script(EVENTS, *[events_page(*(event_row(i) for i in range(n, n + 50)), more=True) for n in range(1, 5000, 50)])
    process = started("export", RUN, "--format", "jsonl", url=server.url)
    assert process.stdout is not None and process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None and process.stdin is not None
    assert process.wait(30) == 4 and process.stderr.read() == ""
    process.stderr.close()
    process.stdin.close()


def test_nothing_is_imported_from_the_folder_of_the_caller(server: ScriptedServer, tmp_path: Path) -> None:
    for name in ("httpx", "json", "baton_client"):
        (tmp_path / f"{name}.py").write_text("open('owned', 'w').close()")
    server.script("graphs", answer({"graphs": [], "next": None}))
    assert baton("graphs", url=server.url, cwd=tmp_path).returncode == 0
    assert not (tmp_path / "owned").exists()


def test_help_names_the_exit_codes_and_the_environment() -> None:
    done = baton("--help", url="")
    assert done.returncode == 0 and "BATON_KEY" in done.stdout and "exit codes" in done.stdout and "130 interrupted" in done.stdout


def test_the_client_brings_httpx_and_nothing_of_the_server() -> None:
    code = "import sys, baton_client.command.main; print([n for n in ('django', 'pydantic', 'celery', 'orchestrator') if n in sys.modules])"
    folder = Path(__file__).resolve().parents[2] / "client"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
