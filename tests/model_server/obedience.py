"""A model that does whatever any text tells it to: the attacker of tests about injected orders."""

import base64
import binascii
import json
import re
from typing import Any

from tests.model_server.reply import Reply, ToolWish

AT_ONCE = 32
_ORDER = re.compile(r"CALL (\S+) ([0-9a-f]+) END")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u202a-\u202e]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


def order(tool: str, arguments: dict[str, Any]) -> str:
    """Words that make the model call a tool; the arguments as hex, so that no quoting on the way changes them."""
    return f"CALL {tool} {json.dumps(arguments).encode().hex()} END"


def obeyed(body: dict[str, Any]) -> Reply:
    """The calls that anything in the conversation orders and that were not made yet; all at once."""
    made = {
        (call["function"]["name"], call["function"]["arguments"])
        for message in body["messages"]
        for call in message.get("tool_calls") or ()
    }
    text = "\n".join(_read(json.dumps(message, ensure_ascii=False)) for message in body["messages"] if message["role"] != "assistant")
    ordered = [(tool, bytes.fromhex(arguments).decode()) for tool, arguments in _ORDER.findall(text)]
    left = [call for call in dict.fromkeys(ordered) if call not in made][:AT_ONCE]
    return (
        Reply(tools=[ToolWish(name=tool, arguments=arguments) for tool, arguments in left]) if left else Reply(text="Everything is done.")
    )


def _read(text: str) -> str:
    """As a model reads: invisible signs are none, and what is packed is unpacked."""
    plain = _INVISIBLE.sub("", text).replace("\\n", "\n")
    for packed in _BASE64.findall(plain):
        try:
            plain += base64.b64decode(packed, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return plain
