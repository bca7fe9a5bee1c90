"""Secrets at rest, encrypted per tenant, and kept out of everything people read.

Each tenant has a random data key, wrapped by the master key. A value is bound to its
tenant and its name: moved anywhere else it cannot be decrypted.
"""

import base64
import json
import logging
import os
import re
import threading
from urllib.parse import quote, quote_plus
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import IntegrityError, transaction

from tenants.master_key import master_key
from tenants.models import DataKey
from tenants.problems import ApiProblem
from tenants.tokens import API_KEY_MARK

NONCE_BYTES = 12
SHORTEST_REDACTED = 6
REDACTED = "[secret]"


class SecretUnreadable(ApiProblem):
    """A stored secret cannot be decrypted."""

    code = "secret_unreadable"
    status = 503
    cure = "Put the master key back that was in use when it was stored, or store the secret again."


def encrypt(tenant_id: UUID, name: str, value: str) -> bytes:
    """Encrypt for one tenant and one name."""
    return _seal(_data_key(tenant_id), value.encode(), _bound_to(tenant_id, name))


def decrypt(tenant_id: UUID, name: str, ciphertext: "bytes | memoryview[int]") -> str:
    """The value, which is redacted from texts from now on. Raises SecretUnreadable."""
    value = _open(_data_key(tenant_id), ciphertext, _bound_to(tenant_id, name)).decode()
    remember_secret(value)
    return value


def mask_of(value: str) -> str:
    """Enough to tell keys apart, too little to use one."""
    return f"{value[:3]}…{value[-4:]}" if len(value) >= 20 else "…"


def _bound_to(tenant_id: UUID, name: str) -> bytes:
    return f"{tenant_id}:{name}".encode()


def _seal(key: bytes, value: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, value, bound_to)


def _open(key: bytes, stored: "bytes | memoryview[int]", bound_to: bytes) -> bytes:
    sealed = bytes(stored)
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadable() from error


def _data_key(tenant_id: UUID) -> bytes:
    row = DataKey.objects.filter(tenant=tenant_id).first()
    if row is None:
        fresh = AESGCM.generate_key(256)
        try:
            with transaction.atomic():
                DataKey.objects.create(tenant_id=tenant_id, wrapped=_seal(master_key(), fresh, _bound_to(tenant_id, "")))
            return fresh
        except IntegrityError:
            row = DataKey.objects.get(tenant=tenant_id)
    return _open(master_key(), row.wrapped, _bound_to(tenant_id, ""))


class _KnownSecrets:
    """Values of this process that no text may show, in every form they are likely to take."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self._pattern = re.compile(re.escape(API_KEY_MARK) + r"[0-9a-f]{8}_[A-Za-z0-9_-]{20,}")

    def add(self, value: str) -> None:
        with self._lock:
            if len(value) < SHORTEST_REDACTED or value in self._values:
                return
            self._values.add(value)
            forms = {form for known in self._values for form in _forms(known)}
            longest_first = sorted(forms, key=len, reverse=True)
            own_keys = re.escape(API_KEY_MARK) + r"[0-9a-f]{8}_[A-Za-z0-9_-]{20,}"
            self._pattern = re.compile("|".join([*map(re.escape, longest_first), own_keys]))

    def redact(self, text: str) -> str:
        return self._pattern.sub(REDACTED, text)


def _forms(value: str) -> set[str]:
    """As it is, escaped for JSON and URLs, and inside base64 at each of its three offsets."""
    forms = {value, json.dumps(value)[1:-1], quote(value, safe=""), quote(value), quote_plus(value)}
    raw = value.encode()
    for offset in range(3):
        # Only whole groups of three bytes look the same whatever stands before and after them.
        head = -offset % 3
        body = raw[head : head + (len(raw) - head) // 3 * 3]
        if len(body) >= SHORTEST_REDACTED:
            forms |= {base64.b64encode(body).decode(), base64.urlsafe_b64encode(body).decode()}
    return forms


_known = _KnownSecrets()


def remember_secret(value: str) -> None:
    """Redact `value` from now on."""
    _known.add(value)


def redact(text: str) -> str:
    """`text` without any secret this process knows, nor anything that looks like one of our API keys."""
    return _known.redact(text)


class RedactSecrets(logging.Filter):
    """Put on a handler: no secret reaches its output."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = None
        if record.exc_info:
            record.exc_text = redact(record.exc_text or logging.Formatter().formatException(record.exc_info))
        return True
