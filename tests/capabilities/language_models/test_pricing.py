"""Money is counted exactly, and an unknown price is never zero by silence."""

import json
from decimal import Decimal

import pytest

from orchestrator.capabilities.language_models.pricing import Price, entry_of, most_input_tokens, price_of, price_table, usage_of
from orchestrator.capabilities.redaction import redacted
from orchestrator.engine.effects.model import Message, Role, text_parts
from tests.capabilities.language_models.asking import LOOKUP, request


def test_prices_come_from_litellms_own_table() -> None:
    assert len(price_table()) > 1000
    assert price_of("openai/gpt-5-mini") == price_of("gpt-5-mini") == Price(250_000, 2_000_000, 25_000)


def test_a_model_of_another_provider_has_no_borrowed_price() -> None:
    assert entry_of("groq/gpt-5-mini") is None
    assert price_of("openai/my-own-model") is None


def test_cost_is_exact_and_rounded_up() -> None:
    price = Price(input=37_500, output=150_000, cached=18_750)
    assert price.cost_nano_usd(1, 0, 0) == 38
    assert price.cost_nano_usd(1000, 10, 500) == -(-(500 * 37_500 + 500 * 18_750 + 10 * 150_000) // 1000)


def test_a_million_small_costs_sum_exactly() -> None:
    price = price_of("openai/gpt-5-mini")
    assert price is not None
    assert sum(price.cost_nano_usd(100, 10, 0) for _ in range(1000)) == 1000 * (100 * 250 + 10 * 2000)


def test_long_inputs_cost_what_the_tier_says() -> None:
    name = next(
        name for name, entry in price_table().items() if "input_cost_per_token_above_200k_tokens" in entry and entry.get("mode") == "chat"
    )
    entry, price = price_table()[name], price_of(name)
    assert price is not None
    expected = Decimal(str(entry["input_cost_per_token_above_200k_tokens"])) * 250_000 * 10**9
    assert price.cost_nano_usd(250_000, 0, 0) == int(expected)


def test_every_chat_price_of_the_table_can_be_read() -> None:
    for name, entry in price_table().items():
        if entry.get("mode") == "chat":
            price = price_of(name)
            assert price is None or (price.input >= 0 and price.output >= 0), name


def test_reported_usage_is_taken_with_its_cached_part() -> None:
    reported = {"prompt_tokens": 1000, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 400}}
    usage = usage_of(request("openai/gpt-5-mini"), Message(role=Role.ASSISTANT, content=text_parts("x")), reported)
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.estimated) == (1000, 10, 400, False)
    assert usage.cost_nano_usd == 600 * 250 + 400 * 25 + 10 * 2000


def test_unknown_price_is_said() -> None:
    usage = usage_of(request("openai/my-own-model"), Message(role=Role.ASSISTANT, content=text_parts("x")), {"prompt_tokens": 5})
    assert (usage.priced, usage.cost_nano_usd) == (False, 0)


@pytest.mark.parametrize("text", ["plain words", "Größe über alles", "漢字だけの文", "\U0001f600" * 20])
def test_the_estimate_counts_everything_that_is_sent(text: str) -> None:
    wish = request("openai/gpt-5-mini", text, tools=(LOOKUP,), output_schema={"type": "string"})
    assert most_input_tokens(wish) >= len(text.encode()) + len(json.dumps(LOOKUP.parameters))


@pytest.mark.parametrize("form", ["{0}", "key={0}&x", "c2std2l0aC9zbGFzaCtwbHVz", "sk%2Dx"])
def test_secrets_are_taken_out_by_value(form: str) -> None:
    secret = "sk-with/slash+plus"
    shown = redacted(f"error: {form.format(secret)}", [secret])
    assert secret not in shown and "c2std2l0aC9zbGFzaCtwbHVz" not in shown


def test_url_encoded_secrets_are_taken_out() -> None:
    assert "sk-with%2Fslash%2Bplus" not in redacted("?k=sk-with%2Fslash%2Bplus", ["sk-with/slash+plus"])
