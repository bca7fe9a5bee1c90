"""Why an answer ended, in the words of many servers."""

import logging
from typing import Final, Literal

Finish = Literal["stop", "tools", "length", "filtered", "refused", "paused"]

_log = logging.getLogger(__name__)

_WORDS: Final[dict[Finish, str]] = {
    "stop": "stop eos eos_token end_of_turn end_turn end stop_sequence stop_token complete completed done finished",
    "tools": "tool_calls tool_call tool_use function_call function_calls",
    "length": "length max_tokens max_length max_output_tokens model_length model_context_window_exceeded compaction incomplete",
    "filtered": "content_filter content_filtered guardrail_intervened safety recitation blocklist prohibited_content spii sensitive "
    "error_toxic language other escalation no_image image_safety image_prohibited_content image_recitation image_other",
    "refused": "refusal refused",
    "paused": "pause_turn",
}
_FINISHES: Final = {word: finish for finish, words in _WORDS.items() for word in words.split()}
_BROKEN: Final = frozenset(
    "error abort aborted cancelled canceled timeout network_error insufficient_system_resource "
    "malformed_function_call malformed_response unexpected_tool_call too_many_tool_calls missing_thought_signature".split()
)
"""The server itself says that it did not get to the end."""


def broke_off(word: str) -> bool:
    """Whether the word means that the answer is only a part of one."""
    return _plain(word) in _BROKEN


def finish_of(word: str, *, model: str) -> Finish:
    """What the word means. One that nobody knows still says that the answer ended, so it does not spoil a good one."""
    finish = _FINISHES.get(_plain(word))
    if finish is None:
        _log.warning("%s ended its answer with the unknown word %r, which is taken for 'stop'", model, word[:40])
    return finish or "stop"


def _plain(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")
