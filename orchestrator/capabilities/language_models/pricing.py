"""Tokens and money of a call, from LiteLLM's price table, read without importing LiteLLM."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, files
from typing import Any, Final

from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.effects.model import MOST_NANO_USD, MOST_TOKENS, FilePart, Message, ModelRequest, Usage

_TABLE: Final = "litellm/model_prices_and_context_window_backup.json"
_PICO: Final = 10**12
_PICO_PER_NANO: Final = 1000
_TIER = re.compile(r"input_cost_per_token_above_(\d+)k_tokens$")
_KEPT = re.compile(
    r"litellm_provider$|mode$|supports_(vision|audio_input|video_input|pdf_input)$|cache_read_input_token_cost$|(input|output)_cost_per_token(_above_\d+k_tokens)?$"
)
"""Fields of the table that are used; the rest would only fill the memory."""
_PER_PICTURE: Final = 6000
_PER_MESSAGE: Final = 8
"""Tokens that the framing of one message costs at most."""


@dataclass(frozen=True)
class Price:
    """Pico-dollars per token, so that fractions of nano-dollars stay exact. `tiers` are (above tokens, input, output)."""

    input: int
    output: int
    cached: int
    tiers: tuple[tuple[int, int, int], ...] = ()

    def cost_nano_usd(self, input_tokens: int, output_tokens: int, cached_tokens: int) -> int:
        """The cost, rounded up to whole nano-dollars."""
        each_in, each_out, each_cached = self.input, self.output, self.cached
        for above, tier_in, tier_out in self.tiers:
            if input_tokens > above:
                each_cached = each_cached * tier_in // each_in if each_in else each_cached
                each_in, each_out = tier_in, tier_out
        fresh = max(0, input_tokens - cached_tokens)
        total = fresh * each_in + min(cached_tokens, input_tokens) * each_cached + output_tokens * each_out
        return -(-total // _PICO_PER_NANO)


@lru_cache(maxsize=1)
def price_table() -> dict[str, dict[str, Any]]:
    """LiteLLM's table of models, as shipped in its package; empty when it is not installed."""
    try:
        shipped = [path for path in files("litellm") or () if str(path) == _TABLE]
    except PackageNotFoundError:
        return {}
    if not shipped:
        return {}
    table: dict[str, dict[str, Any]] = json.loads(shipped[0].read_text(encoding="utf-8"))
    table.pop("sample_spec", None)
    return {name: _kept(entry) for name, entry in table.items()}


def _kept(entry: dict[str, Any]) -> dict[str, Any]:
    """`described`: whether anything is said of what the model can do."""
    kept = {field: entry[field] for field in entry if _KEPT.match(field)}
    return kept | {"described": any(field.startswith("supports_") for field in entry)}


@lru_cache(maxsize=4096)
def price_of(model: str) -> Price | None:
    """The price of `provider/model`, or None when it is not known."""
    entry = entry_of(model)
    if entry is None or "input_cost_per_token" not in entry:
        return None
    each_in, each_out = _pico(entry["input_cost_per_token"]), _pico(entry.get("output_cost_per_token", 0))
    cached = _pico(entry["cache_read_input_token_cost"]) if "cache_read_input_token_cost" in entry else each_in
    tiers = sorted(
        (
            int(match[1]) * 1000,
            _pico(entry[name]),
            _pico(entry.get(name.replace("input", "output", 1), entry.get("output_cost_per_token", 0))),
        )
        for name in entry
        if (match := _TIER.match(name))
    )
    return Price(each_in, each_out, cached, tuple(tiers))


def entry_of(model: str) -> dict[str, Any] | None:
    """What the table says about a model: under its full name, or under its bare name when the provider is the same."""
    table = price_table()
    if model in table:
        return table[model]
    provider, slash, name = model.partition("/")
    entry = table.get(name) if slash else None
    return entry if entry is not None and entry.get("litellm_provider") == provider else None


def usage_of(request: ModelRequest, message: Message, reported: object, answered_by: str = "") -> Usage:
    """The usage a provider reported, with its cost. What it did not report, or cannot be true, is estimated from above."""
    price = price_of(request.model) or price_of(answered_by)
    asked, told = tokens_in(reported, "prompt_tokens"), tokens_in(reported, "completion_tokens")
    said = bool(message.text or message.tool_requests)
    estimated = not asked or told is None or (said and not told)
    asked = asked or min(MOST_TOKENS, most_input_tokens(request))
    told = told or (min(MOST_TOKENS, most_output_tokens(message)) if said or told is None else 0)
    details = reported.get("prompt_tokens_details") if isinstance(reported, dict) else None
    cached = min(tokens_in(details, "cached_tokens") or 0, asked)
    cost = min(MOST_NANO_USD, price.cost_nano_usd(asked, told, cached)) if price else 0
    return Usage(
        input_tokens=asked, output_tokens=told, cached_tokens=cached, cost_nano_usd=cost, priced=price is not None, estimated=estimated
    )


def tokens_in(reported: object, name: str) -> int | None:
    """A number of tokens as a provider reports it; None when it is missing, or nonsense."""
    count = reported.get(name) if isinstance(reported, dict) else None
    if isinstance(count, bool) or not isinstance(count, int | float) or not 0 <= count <= MOST_TOKENS:
        return None
    return int(count)


def most_input_tokens(request: ModelRequest) -> int:
    """An upper bound: no tokenizer makes more tokens of a text than it has bytes."""
    texts = [part.text for part in request.messages] + [wish.arguments for part in request.messages for wish in part.tool_requests]
    data = [json.dumps(tool.parameters) + tool.name + tool.description for tool in request.tools]
    schema = json.dumps(request.output_schema) if request.output_schema else ""
    framing = _PER_MESSAGE * (len(request.messages) + len(request.tools))
    files = sum(most_tokens_of(file) for message in request.messages for file in message.files)
    return sum(len(text.encode()) for text in [*texts, *data, schema]) + framing + files


def most_tokens_of(file: FilePart) -> int:
    """Of a file: what providers count at most for a picture, and no more than its bytes for what is read or heard."""
    return _PER_PICTURE if file.modality is Modality.IMAGE else file.size


def most_output_tokens(message: Message) -> int:
    texts = [message.text, message.reasoning, *(wish.arguments + wish.name for wish in message.tool_requests)]
    return sum(len(text.encode()) for text in texts) + _PER_MESSAGE


def _pico(dollars: float | str) -> int:
    return int((Decimal(str(dollars)) * _PICO).to_integral_value())
