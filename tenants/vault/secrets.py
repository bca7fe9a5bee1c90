"""Secrets at rest, encrypted per tenant.

Each tenant has a random data key, wrapped by the master key. A value is bound to its
tenant and its name: moved anywhere else it cannot be decrypted.
"""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import IntegrityError, transaction

from tenants.models import DataKey
from tenants.problems import ApiProblem
from tenants.vault.master_key import master_key
from tenants.vault.redaction import remember_secret

NONCE_BYTES = 12


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
