"""Provider keys: encrypted, bound to their place, never shown, redacted by value."""

import base64
import logging
import os
import stat
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client

from orchestrator.capabilities.redaction import REDACTED
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import DataKey, ProviderKey
from tenants.people.api_keys import key_and_membership
from tenants.problems import Forbidden, InvalidValue
from tenants.roles import MemberRole
from tenants.vault.master_key import MasterKeyUnusable, master_key, read_or_make
from tenants.vault.provider_keys import provider_key, save_provider_key
from tenants.vault.redaction import RedactSecrets, redact, remember_secret
from tenants.vault.secrets import SecretUnreadable, decrypt
from tests.tenants.cast import PROVIDER_SECRET, House


def test_what_was_stored_comes_back_to_the_worker(alpha: House, beta: House) -> None:
    with tenant_scope(alpha.tenant.id):
        assert provider_key("mistral") == PROVIDER_SECRET
    with tenant_scope(beta.tenant.id):
        assert provider_key("mistral") is None


def test_s01_no_column_of_the_database_holds_the_secret(alpha: House) -> None:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                for value in row:
                    data = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    assert PROVIDER_SECRET.encode() not in data, table
                    assert alpha.secret.encode() not in data, table


def test_s03_the_api_writes_and_masks_and_never_reads(alpha: House) -> None:
    client = alpha.client()
    answer = client.put("/api/v1/providers/openai", {"value": "sk-abcdefghijklmnopqrstuvwxyz"}, content_type="application/json")
    assert answer.json()["mask"] == "sk-…wxyz"
    assert "abcdefg" not in client.get("/api/v1/providers").content.decode() + client.get("/settings/keys/").content.decode()
    assert client.put("/api/v1/providers/openai", {"value": "sk-…wxyz"}, content_type="application/json").status_code == 400
    with tenant_scope(alpha.tenant.id):
        assert provider_key("openai") == "sk-abcdefghijklmnopqrstuvwxyz"
    assert client.delete("/api/v1/providers/openai").status_code == 204
    assert client.get("/api/v1/providers/openai").status_code == 404


def test_s04_a_ciphertext_moved_to_another_tenant_or_name_is_refused(alpha: House, beta: House) -> None:
    with system_scope():
        stolen = ProviderKey.objects.get(name="mistral").ciphertext
        wrapped = DataKey.objects.get(tenant=alpha.tenant).wrapped
    with tenant_scope(alpha.tenant.id), pytest.raises(SecretUnreadable):
        decrypt(alpha.tenant.id, "groq", stolen)
    with tenant_scope(beta.tenant.id):
        with pytest.raises(SecretUnreadable):
            decrypt(beta.tenant.id, "mistral", stolen)
        DataKey.objects.update(wrapped=wrapped)
        with pytest.raises(SecretUnreadable):
            decrypt(beta.tenant.id, "mistral", stolen)


def test_s04_another_master_key_is_told_apart(alpha: House, key_file: Path) -> None:
    key_file.write_bytes(base64.b64encode(os.urandom(32)))
    master_key.cache_clear()
    with tenant_scope(alpha.tenant.id), pytest.raises(SecretUnreadable, match="cannot be decrypted"):
        provider_key("mistral")


def test_s06_the_key_file_is_for_its_owner_only_and_lies_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    key = read_or_make(path, tmp_path / "data")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read_or_make(path, tmp_path / "data") == key
    path.chmod(0o644)
    with pytest.raises(MasterKeyUnusable, match="Others can read"):
        read_or_make(path, tmp_path / "data")
    with pytest.raises(MasterKeyUnusable, match="data folder"):
        read_or_make(tmp_path / "data" / "master.key", tmp_path / "data")
    path.write_text("nonsense")
    path.chmod(0o600)
    with pytest.raises(MasterKeyUnusable, match="does not hold"):
        read_or_make(path, tmp_path / "data")


@pytest.mark.parametrize("value", ["", "   ", "two\nlines", "sk-…abcd", "x" * 5000])
def test_what_is_no_key_is_refused(alpha: House, value: str) -> None:
    with tenant_scope(alpha.tenant.id), pytest.raises(InvalidValue):
        save_provider_key(tenant=alpha.tenant, name="openai", value=value, by=alpha.owner)


@pytest.mark.parametrize("name", ["opnai", "sagemaker", "llamafile", "ollama2"])
def test_n07_a_key_is_refused_for_a_provider_that_is_not_asked(alpha: House, name: str) -> None:
    """N07: a mistyped name is told where it is saved."""
    with tenant_scope(alpha.tenant.id), pytest.raises(InvalidValue) as caught:
        save_provider_key(tenant=alpha.tenant, name=name, value="sk-0123456789", by=alpha.owner)
    assert name in str(caught.value) and "openai" in caught.value.cure


def test_only_managers_store_keys(alpha: House) -> None:
    editor = alpha.member("editor", MemberRole.EDITOR)
    with tenant_scope(alpha.tenant.id), pytest.raises(Forbidden):
        save_provider_key(tenant=alpha.tenant, name="openai", value="sk-0123456789", by=editor)
    assert alpha.client(editor).put("/api/v1/providers/openai", {"value": "x" * 20}, content_type="application/json").status_code == 403


def test_s02_secrets_are_redacted_in_every_usual_form() -> None:
    secret = 'sk-p/ss+w"rd-0123456789=?'
    remember_secret(secret)
    shapes = [secret, quote(secret, safe=""), '{"k": "sk-p/ss+w\\"rd-0123456789=?"}']
    for before in ("", "a", "ab", "user:"):
        raw = (before + secret + ":after").encode()
        shapes += [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    for shape in shapes:
        shown = redact(f"Invalid key {shape} given")
        assert REDACTED in shown and "0123456789" not in shown, shape


def test_our_own_api_keys_are_redacted_without_being_known(alpha: House) -> None:
    assert redact(f"Bearer {alpha.secret}") == f"Bearer {REDACTED}"


def test_w06_access_logs_do_not_hold_sign_in_tokens() -> None:
    assert redact("GET /sign-in/link/AbC-dEf_0123456789AbC-dEf_0123456789/ 200") == f"GET /sign-in/link/{REDACTED}/ 200"


def test_s01_logs_show_no_secret_even_in_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    remember_secret("sk-logged-0123456789")
    logger = logging.getLogger("tests.secrets")
    caplog.handler.addFilter(RedactSecrets())
    try:
        raise ValueError("401: sk-logged-0123456789 is wrong")
    except ValueError:
        logger.exception("Provider said %s", "sk-logged-0123456789")
    assert "sk-logged" not in caplog.text and caplog.text.count(REDACTED) >= 2


def test_an_api_key_is_shown_once_and_dies_when_revoked(alpha: House) -> None:
    client = alpha.client()
    made = client.post("/api/v1/keys", {"label": "ci"}, content_type="application/json").json()
    assert key_and_membership(made["key"]) is not None
    listed = client.get("/api/v1/keys").content.decode()
    assert made["prefix"] in listed and made["key"] not in listed
    assert client.delete(f"/api/v1/keys/{made['id']}").status_code == 204
    assert key_and_membership(made["key"]) is None
    assert client.delete(f"/api/v1/keys/{made['id']}").status_code == 404


def test_a_key_works_in_its_own_tenant_only_and_remembers_its_use(alpha: House, beta: House) -> None:
    answer = beta.client().get("/api/v1/graphs", headers={"Authorization": f"Bearer {alpha.secret}"})
    assert [graph["slug"] for graph in answer.json()["graphs"]] == ["alpha-graph"], "the key decides, not the session"
    for wrong in ("", "baton_00000000_nonsense", alpha.secret[:-1]):
        assert Client().get("/api/v1/graphs", headers={"Authorization": f"Bearer {wrong}"}).status_code == 401
        assert alpha.client().get("/api/v1/graphs", headers={"Authorization": f"Bearer {wrong}"}).status_code == 401
    with tenant_scope(alpha.tenant.id):
        alpha.key.refresh_from_db()
        assert alpha.key.last_used_at is not None


def test_people_see_and_revoke_their_own_keys_and_managers_all(alpha: House) -> None:
    viewer = alpha.member("viewer", MemberRole.VIEWER)
    assert alpha.client(viewer).get("/api/v1/keys").json()["keys"] == []
    assert alpha.client(viewer).delete(f"/api/v1/keys/{alpha.key.pk}").status_code == 404
    made = alpha.client(viewer).post("/api/v1/keys", {}, content_type="application/json").json()
    assert alpha.client().delete(f"/api/v1/keys/{made['id']}").status_code == 204


def test_s01_every_handler_of_the_product_redacts() -> None:
    for name in (None, "django", "django.request", "tenants"):
        logger: logging.Logger | None = logging.getLogger(name)
        while logger is not None:
            for handler in logger.handlers:
                plain = handler.__class__.__module__.startswith("_pytest")
                assert plain or any(isinstance(each, RedactSecrets) for each in handler.filters), f"{logger.name}: {handler}"
            logger = logger.parent if logger.propagate else None
