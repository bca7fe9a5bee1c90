"""Tokens are counted by the tokenisers that come with the installation, quickly whatever the text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.capabilities.tokens import counter
from orchestrator.capabilities.tokens.counter import ENCODINGS


@pytest.mark.parametrize(("model", "count"), [("openai/gpt-5-mini", 4), ("gpt-4", 4), ("anthropic/claude-x", 4), ("", 4)])
def test_words_are_counted(model: str, count: int) -> None:
    assert ENCODINGS.count(model, "Ann likes green tea") == count
    assert ENCODINGS.count(model, "") == 0


def test_models_have_tokenisers_of_their_own() -> None:
    text = "\u4f60\u597d\u4e16\u754c\uff0c\u4eca\u5929\u5929\u6c14\u5f88\u597d" * 5
    assert ENCODINGS.count("openai/gpt-4", text) > ENCODINGS.count("openai/gpt-5", text)


@pytest.mark.parametrize("text", ["a" * 300_000, "ab" * 100_000, " " * 200_000, "\U0001f600" * 50_000, "<|endoftext|>" * 10_000])
def test_hostile_text_takes_no_long_time(text: str) -> None:
    ENCODINGS.count("openai/gpt-5", "warm")
    begun = time.perf_counter()
    assert ENCODINGS.count("openai/gpt-5", text) > 0
    assert time.perf_counter() - begun < 5


@given(st.text(max_size=200))
def test_any_text_is_counted_the_same_each_time(text: str) -> None:
    assert ENCODINGS.count("openai/gpt-5", text) == ENCODINGS.count("openai/gpt-5", text)


def test_without_the_files_four_characters_are_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counter, "_encoding", lambda _name: None)
    assert ENCODINGS.count("openai/gpt-5", "12345") == 2
