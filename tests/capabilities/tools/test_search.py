"""Searching: what is shipped, and the web by a provider that answers well, badly or not at all."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.capabilities.tools.search import web_search
from orchestrator.capabilities.tools.search.literature_search import shipped_papers
from orchestrator.capabilities.tools.search.web_search import shipped_pages
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import ToolCall
from orchestrator.engine.testing import call_context

KEY = "tvly-secret-key-123456"


@dataclass
class Provider:
    """Answers with `answers` in turn; keeps what it was asked."""

    port: int = 0
    answers: list[tuple[int, str]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    own = Provider()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            own.asked.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status, text = own.answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    own.port = server.server_address[1]
    moved = {name: replace(one, address=f"http://127.0.0.1:{own.port}/{name}") for name, one in web_search.PROVIDERS.items()}
    monkeypatch.setattr(web_search, "PROVIDERS", moved)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield own
    server.shutdown()
    server.server_close()
    thread.join()


async def search(name: str, secrets: dict[str, str] | None = None, port: int = 0, **arguments: Json) -> Any:
    box = toolbox(private_hosts=[f"127.0.0.1:{port}"] if port else [], own_secrets=secrets, secrets=list((secrets or {}).values()))
    return await box.call(ToolCall(tool=name, arguments=arguments), call_context())


async def test_without_a_key_it_searches_the_shipped_pages_and_says_so() -> None:
    found = await search("web_search", query="worker renews its lease and a frozen owner is fenced", limit=2)
    assert found["source"] == "offline" and "not the web" in found["note"] and "tavily or brave" in found["note"]
    assert found["results"][0]["title"] == "Leases and fencing"
    assert (await search("web_search", query="zzzz qqqq"))["results"] == []


TAVILY = json.dumps({"results": [{"title": "T", "url": "https://a.example/", "content": f"said {KEY}", "score": 0.9}] * 3})
BRAVE = json.dumps({"web": {"results": [{"title": "B", "url": "https://b.example/", "description": "text"}, {"title": "C", "url": "u"}]}})


async def test_tavily_is_asked_with_the_key_which_nobody_sees(provider: Provider) -> None:
    provider.answers.append((200, TAVILY))
    found = await search("web_search", {"tavily": KEY, "brave": "other-key-123"}, provider.port, query="agents", limit=2)
    assert found == {"source": "tavily", "results": [{"title": "T", "url": "https://a.example/", "text": "said [secret]"}] * 2}
    [(method, path, headers, body)] = provider.asked
    assert (method, path, headers["authorization"]) == ("POST", "/tavily", f"Bearer {KEY}")
    assert json.loads(body) == {"query": "agents", "max_results": 2}


async def test_brave_is_asked_with_the_query_in_the_address_and_the_key_in_a_header(provider: Provider) -> None:
    provider.answers.append((200, BRAVE))
    found = await search("web_search", {"brave": KEY}, provider.port, query="a & b=c", limit=3)
    assert [(one["title"], one["text"]) for one in found["results"]] == [("B", "text"), ("C", "")]
    [(method, path, headers, _)] = provider.asked
    assert (method, path, headers["x-subscription-token"]) == ("GET", "/brave?q=a+%26+b%3Dc&count=3", KEY)


BAD = [
    (401, "no", False, "checks the stored key"),
    (429, "slow", True, "later"),
    (500, "oops", True, "later"),
    (200, "<html>", True, "later"),
    (200, "[]", True, "later"),
    (200, '{"results": null}', True, "later"),
    (200, '{"results": [{"title": 1}]}', True, "later"),
    (200, '{"results": ' + "[" * 10_000, True, "later"),
]


@pytest.mark.parametrize(("status", "text", "passes", "cure"), BAD)
async def test_bad_answers_are_exact_errors_without_the_key(provider: Provider, status: int, text: str, passes: bool, cure: str) -> None:
    provider.answers.append((status, text + f" {KEY}"))
    with pytest.raises(ToolError) as caught:
        await search("web_search", {"tavily": KEY}, provider.port, query="x")
    info = caught.value.info
    assert "tavily" in info.message and info.retryable is passes and cure in info.cure and KEY not in info.message + info.cure


async def test_provider_is_reached_by_the_egress_rules_alone(provider: Provider) -> None:
    with pytest.raises(ToolError) as caught:
        await search("web_search", {"tavily": KEY}, query="x")
    assert caught.value.info.code is ErrorCode.REFUSED and provider.asked == []


async def test_papers_are_found_by_what_they_are_about_who_wrote_them_and_when() -> None:
    found = await search("literature_search", query="searching over thoughts of a language model as a tree", limit=3)
    assert found["papers"][0]["title"].startswith("Tree of Thoughts") and set(found["papers"][0]) == {
        "title",
        "authors",
        "year",
        "venue",
        "summary",
    }
    assert "Lamport" in (await search("literature_search", query="Lamport clocks"))["papers"][0]["authors"]
    assert all(
        paper["year"] >= 2023 for paper in (await search("literature_search", query="language models", since=2023, limit=20))["papers"]
    )


def test_the_shipped_sets_are_whole() -> None:
    papers, pages = shipped_papers(), shipped_pages()
    assert (
        len(papers) >= 40
        and len({paper["title"] for paper in papers}) == len(papers)
        and all(1950 < paper["year"] < 2027 for paper in papers)
    )
    assert all(paper["summary"].endswith(".") and paper["authors"] and paper["venue"] for paper in papers)
    assert len(pages) == 20 and all(len(page["text"]) > 200 and page["url"].startswith("shipped://") for page in pages)


@given(query=st.text(min_size=1, max_size=400))
async def test_any_words_may_be_asked(query: str) -> None:
    for name in ("web_search", "literature_search"):
        assert isinstance(await search(name, query=query, limit=1), dict)
