"""How requests are repeated, bounded and refused, against servers of every kind."""

import gzip
import time
import traceback
from pathlib import Path

import pytest
from baton_client import Baton, BatonError, NotEnded
from baton_client import connection as connection_module
from baton_client.client import PATIENCE_S

from tests.client.certificates import certificate_of
from tests.client.conftest import KEY
from tests.client.scripted_server import RUN, Scripted, ScriptedServer, answer, problem, run_row
from tests.faults.servers import free_port

RUN_PATH = f"runs/{RUN}"
START = "graphs/g/runs"


def test_a_start_that_is_repeated_carries_one_key(server: ScriptedServer, baton: Baton) -> None:
    server.script(START, problem(503, headers={"Retry-After": "0"}), answer(run_row(), status=201, cut=20), answer(run_row(), status=201))
    assert baton.start("g", {"a": 1}).id == RUN
    first, second, third = server.asked(START)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == third.headers["idempotency-key"]
    assert first.body == {"input": {"a": 1}, "version": None, "draft": False}
    baton.start("g")
    assert server.asked(START)[-1].headers["idempotency-key"] != first.headers["idempotency-key"]


def test_a_start_may_bring_its_own_key(server: ScriptedServer, baton: Baton) -> None:
    server.script(START, answer(run_row(), status=200))
    baton.start("g", idempotency_key="nightly 17", version=3)
    [seen] = server.asked(START)
    assert seen.headers["idempotency-key"] == "nightly 17" and seen.body["version"] == 3


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", "a\nX-Evil: 1", " a"])
def test_a_key_that_is_no_header_is_refused_before_it_is_sent(server: ScriptedServer, baton: Baton, key: str) -> None:
    with pytest.raises(BatonError) as told:
        baton.start("g", idempotency_key=key)
    assert told.value.code == "invalid_value" and server.seen == []


@pytest.mark.parametrize("status", [502, 503, 504])
def test_reading_goes_on_when_the_server_is_back(server: ScriptedServer, baton: Baton, status: int) -> None:
    server.script(RUN_PATH, Scripted(b"<html>", status=status, kind="text/html"), answer(run_row("succeeded")))
    assert baton.run(RUN).ended


def test_an_answer_that_was_cut_is_asked_for_again(server: ScriptedServer, baton: Baton) -> None:
    server.script(RUN_PATH, answer(run_row(), cut=30), answer(run_row("succeeded")))
    assert baton.run(RUN).status == "succeeded"


def test_the_server_says_how_long_to_wait(server: ScriptedServer, baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(connection_module.time, "sleep", waits.append)
    server.script(RUN_PATH, problem(429, headers={"Retry-After": "3"}), answer(run_row("succeeded")))
    assert baton.run(RUN).ended and waits == [3.0]


@pytest.mark.parametrize("wait", ["600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_who_would_have_to_wait_too_long_is_told_at_once(server: ScriptedServer, baton: Baton, wait: str) -> None:
    server.script(RUN_PATH, problem(503, "busy", headers={"Retry-After": wait}))
    with pytest.raises(BatonError) as told:
        baton.run(RUN)
    assert (told.value.code, told.value.status, len(server.seen)) == ("busy", 503, 1)


def test_too_many_attempts_are_not_made_more(server: ScriptedServer, baton: Baton) -> None:
    server.script(RUN_PATH, problem(429, "too_many_attempts"))
    with pytest.raises(BatonError) as told:
        baton.run(RUN)
    assert told.value.code == "too_many_attempts" and len(server.seen) == 1


def test_repeating_ends(server: ScriptedServer) -> None:
    server.script(RUN_PATH, problem(503, "away"))
    with Baton(server.url, KEY, patience_s=0.7) as baton, pytest.raises(BatonError) as told:
        baton.run(RUN)
    assert told.value.code == "away" and 2 <= len(server.seen) <= 4


@pytest.mark.parametrize("reply", [problem(503, "away", headers={"Retry-After": "0"}), answer({"id": 1}, status=202, cut=2)])
def test_a_command_is_sent_once(server: ScriptedServer, baton: Baton, reply: Scripted) -> None:
    server.script(f"{RUN_PATH}/commands", reply)
    with pytest.raises(BatonError):
        baton.answer(RUN, "ask#1/human.1", "approve", digest="d")
    [seen] = server.seen
    assert seen.body == {"type": "answer", "path": "ask#1/human.1", "action": "approve", "value": None, "comment": "", "digest": "d"}


def test_a_server_that_is_away_is_named_with_the_cure() -> None:
    with Baton(f"http://127.0.0.1:{free_port()}", KEY, patience_s=0.5) as baton, pytest.raises(BatonError) as told:
        baton.run(RUN)
    assert told.value.code == "unreachable" and told.value.status == 0 and "BATON_URL" in told.value.cure


def test_a_certificate_of_somebody_unknown_is_refused_at_once(tmp_path: Path) -> None:
    with ScriptedServer(certificate=certificate_of("127.0.0.1", tmp_path)) as server, Baton(server.url, KEY) as baton:
        server.script(RUN_PATH, answer(run_row()))
        began = time.monotonic()
        with pytest.raises(BatonError) as told:
            baton.run(RUN)
        assert told.value.code == "bad_certificate" and "SSL_CERT_FILE" in told.value.cure
        assert server.seen == [] and time.monotonic() - began < PATIENCE_S / 2


def test_an_authority_of_ones_own_is_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = certificate_of("127.0.0.1", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with ScriptedServer(certificate=certificate) as server, Baton(server.url, KEY) as baton:
        server.script(RUN_PATH, answer(run_row("succeeded")))
        assert baton.run(RUN).ended


def test_a_refusal_comes_in_the_servers_words(server: ScriptedServer, baton: Baton) -> None:
    server.script(START, problem(400, "invalid_input", details={"at": "/a"}))
    with pytest.raises(BatonError) as told:
        baton.start("g")
    error = told.value
    assert (error.code, error.detail, error.cure, error.status) == ("invalid_input", "Detail.", "Cure.", 400)
    assert error.details == {"at": "/a"} and str(error) == "Detail. Cure."


@pytest.mark.parametrize(
    "hostile",
    [
        Scripted(b"<html>Welcome</html>", kind="text/html"),
        Scripted(b"<html>Welcome</html>"),
        Scripted(b"[" * 100_000),
        Scripted(b'{"id": ' + b"9" * 5000 + b"}"),
        Scripted(b'{"id": 7}'),
        Scripted(b"[]"),
        Scripted(b"null"),
        Scripted(b"\xff\xfe\x00"),
        answer(run_row(created_at="yesterday")),
        answer(run_row(created_at="2026-01-02T03:04:05")),
        answer(run_row(waiting=True)),
        answer(run_row(graph=None)),
        answer(run_row(error="text")),
        Scripted(gzip.compress(b"{}" * 1_000_000), headers={"Content-Encoding": "gzip"}),
    ],
)
def test_what_is_no_answer_of_baton_is_said_to_be_none(server: ScriptedServer, baton: Baton, hostile: Scripted) -> None:
    server.script(RUN_PATH, hostile)
    with pytest.raises(BatonError) as told:
        baton.run(RUN)
    assert told.value.code == "bad_answer" and "address is Baton's" in told.value.cure and len(server.seen) == 1


@pytest.mark.parametrize("kind", ["text/html", "application/json", "application/problem+json"])
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"code": 7, "detail": []}', b"\xff", b"[" * 50_000])
def test_refusals_of_others_have_a_code_too(server: ScriptedServer, baton: Baton, kind: str, body: bytes) -> None:
    server.script(RUN_PATH, Scripted(body, status=500, kind=kind))
    with pytest.raises(BatonError) as told:
        baton.run(RUN)
    assert (told.value.code, told.value.status) == ("http_500", 500)


def test_a_huge_answer_is_not_taken_in(server: ScriptedServer, baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "MOST_BYTES", 1024 * 1024)
    server.script(RUN_PATH, Scripted(b" " * (8 * 1024 * 1024)))
    with pytest.raises(BatonError) as told:
        baton.run(RUN)
    assert told.value.code == "bad_answer" and "larger than 1 MB" in told.value.detail


def test_an_answer_without_end_ends(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "ANSWER_S", -1.0)
    server.script(RUN_PATH, answer(run_row()))
    with Baton(server.url, KEY, patience_s=0.0) as baton, pytest.raises(BatonError) as told:
        baton.run(RUN)
    assert told.value.code == "no_answer"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_carries_the_key_away(server: ScriptedServer, baton: Baton, status: int) -> None:
    with ScriptedServer() as elsewhere:
        elsewhere.script(RUN_PATH, answer(run_row("succeeded")))
        server.script(RUN_PATH, Scripted(status=status, headers={"Location": f"{elsewhere.url}/api/v1/{RUN_PATH}"}))
        with pytest.raises(BatonError) as told:
            baton.run(RUN)
        assert told.value.code == "redirected" and elsewhere.seen == []


def test_the_key_is_sent_and_never_shown(server: ScriptedServer, baton: Baton) -> None:
    server.script(RUN_PATH, problem(400, detail=f"You sent {KEY}", cure=f"Not {KEY}", details={KEY: [KEY]}))
    with pytest.raises(BatonError) as told:
        baton.run(RUN)
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    shown = [repr(baton), repr(vars(told.value)), str(told.value), repr(told.value), *traceback.format_exception(told.value)]
    assert KEY not in "".join(shown) and told.value.detail == "You sent ***"


@pytest.mark.parametrize("key", ["a\nb", "a b", "ä", "a\x00", "a\r\nX-Evil: 1"])
def test_a_key_that_is_none_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(BatonError) as told:
        Baton("http://127.0.0.1:9", key)
    assert told.value.code == "bad_key" and key not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a",
        "a.example",
        "http://",
        "http://me:secret@a.example",
        "http://a.example?x=1",
        "http://a.example#x",
        "http://a:99999",
        "http://a\n",
    ]
    + ["file:///etc/passwd", "http://[::1"],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BatonError) as told:
        Baton(url, KEY)
    assert told.value.code == "bad_url" and "secret" not in str(told.value)


def test_address_and_key_come_from_the_environment(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, code in (("BATON_URL", "no_url"), ("BATON_KEY", "no_key")):
        monkeypatch.setenv("BATON_URL", f"{server.url}/")
        monkeypatch.setenv("BATON_KEY", KEY)
        monkeypatch.delenv(name)
        with pytest.raises(BatonError) as told:
            Baton()
        assert told.value.code == code
    monkeypatch.setenv("BATON_KEY", f"{KEY}\n")
    server.script(RUN_PATH, answer(run_row()))
    with Baton() as baton:
        baton.run(RUN)
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("name", ["a/b", "a?b", "a#b", "grüße", "..%2f", "日本"])
def test_a_slug_stays_one_part_of_the_address(server: ScriptedServer, baton: Baton, name: str) -> None:
    with pytest.raises(BatonError):
        baton.start(name)
    [seen] = server.seen
    assert seen.path.startswith("graphs/") and seen.path.endswith("/runs") and seen.path.count("/") == 2 and seen.query == {}


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_slug_that_leads_elsewhere_is_refused(server: ScriptedServer, baton: Baton, name: str) -> None:
    with pytest.raises(BatonError):
        baton.start(name)
    assert server.seen == []


@pytest.mark.parametrize("run", ["", "x", "../graphs", f"{RUN}/commands"])
def test_what_is_no_id_of_a_run_is_not_asked_for(server: ScriptedServer, baton: Baton, run: str) -> None:
    for ask in (baton.run, baton.cancel, baton.export, lambda bad: list(baton.events(bad))):
        with pytest.raises(BatonError) as told:
            ask(run)
        assert told.value.code == "invalid_value"
    assert server.seen == []


def test_waiting_ends_with_the_run_or_with_the_time(server: ScriptedServer, baton: Baton) -> None:
    server.script(RUN_PATH, answer(run_row()), answer(run_row("waiting", waiting=1)))
    with pytest.raises(NotEnded) as told:
        baton.wait(RUN, 0.3)
    assert told.value.run_id == RUN and told.value.code == "not_ended" and "waiting" in told.value.detail
    assert baton.wait(RUN, unattended=True).status == "waiting"
    error = {"code": "model_auth", "message": "No.", "cure": "Mend.", "path": "a#1"}
    server.script(RUN_PATH, answer(run_row("failed", error=error)))
    result = baton.wait(RUN)
    assert not result.succeeded and result.error is not None and result.error.code == "model_auth" and result.error.path == "a#1"


def test_run_and_wait_gives_what_became_of_it(server: ScriptedServer, baton: Baton) -> None:
    server.script(START, answer(run_row("queued"), status=201))
    server.script(RUN_PATH, answer(run_row()), answer(run_row("succeeded", output=[1])))
    result = baton.run_and_wait("g", {"a": 1}, timeout=10)
    assert (result.run_id, result.status, result.output, result.error, result.succeeded) == (RUN, "succeeded", [1], None, True)


def test_a_timer_is_no_person(server: ScriptedServer, baton: Baton) -> None:
    server.script(RUN_PATH, answer(run_row("waiting", waiting=0)), answer(run_row("succeeded")))
    assert baton.wait(RUN, 5, unattended=True).succeeded


def test_lists_are_read_to_their_end(server: ScriptedServer, baton: Baton) -> None:
    row = {"slug": "a", "title": "A", "latest_version": None, "updated_at": "2026-01-02T03:04:05Z"}
    server.script("graphs", answer({"graphs": [row], "next": "c1"}), answer({"graphs": [{**row, "slug": "b"}], "next": None}))
    assert [graph.slug for graph in baton.graphs()] == ["a", "b"]
    assert [seen.query for seen in server.seen] == [{}, {"cursor": "c1"}]


def test_a_list_that_leads_back_to_itself_ends(server: ScriptedServer, baton: Baton) -> None:
    server.script("graphs", answer({"graphs": [], "next": "c1"}))
    with pytest.raises(BatonError) as told:
        list(baton.graphs())
    assert told.value.code == "bad_answer" and len(server.seen) == 2


def test_a_table_is_csv_or_nothing(server: ScriptedServer, baton: Baton) -> None:
    path = f"{RUN_PATH}/table.csv"
    server.script(path, Scripted("a\r\nü\r\n".encode(), kind="text/csv; charset=utf-8"), Scripted(b"<html>", kind="text/html"))
    assert baton.export(RUN, "rows") == "a\r\nü\r\n" and server.seen[0].query == {"path": "rows"}
    with pytest.raises(BatonError):
        baton.export(RUN)
