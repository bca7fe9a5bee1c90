"""Short proofs that two values are the same: of what was asked, and of what is asked again."""

import hashlib
import json

from orchestrator.engine.ids import Json

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: Json) -> str:
    """One text for equal JSON values."""
    return _CANONICAL.encode(value)


def digest(value: Json) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint(kind: str, name: str, request: Json) -> str:
    """What proves on replay that the effect at a path is the same effect."""
    return digest([kind, name, request])[:32]
