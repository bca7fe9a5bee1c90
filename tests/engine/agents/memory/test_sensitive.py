"""What looks sensitive is found, in several countries' forms, and ordinary text is left in peace."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.agents.memory.sensitive import findings, kinds


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("write to ann.b+c@mail.example.co.uk please", "e-mail address"),
        ("call +49 30 901820", "phone number"),
        ("call (030) 901-8200", "phone number"),
        ("tel. 555-867-5309", "phone number"),
        ("0044 20 7946 0958", "phone number"),
        ("card 4111 1111 1111 1111 exp 12/30", "card number"),
        ("card 378282246310005", "card number"),
        ("IBAN DE89 3704 0044 0532 0130 00", "bank account"),
        ("GB82WEST12345698765432", "bank account"),
        ("ssn 123-45-6789", "national id"),
        ("DNI 12345678Z", "national id"),
        ("nie X1234567L", "national id"),
        ("nir 1 85 05 78 006 084 91", "national id"),
        ("cpf 529.982.247-25", "national id"),
        ("NI AB 12 34 56 C", "national id"),
        ("sk-proj-abcdefghijklmnop1234", "access key"),
        ("ghp_" + "a" * 36, "access key"),
        ("AKIAIOSFODNN7EXAMPLE", "access key"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "access key"),
        ("the password is hunter22", "secret"),
        ("Passwort: geheim!", "secret"),
        ("api_key=abcd1234", "secret"),
        ("postgres://ann:hunter2@db/x", "secret"),
        ("Authorization: Bearer abcdefghijklmnopqrstuvwxyz", "secret"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc", "private key"),
    ],
)
def test_it_is_found(text: str, what: str) -> None:
    assert what in kinds(text), findings(text)
    assert what in kinds(f"Before it. {text} After it.") or what == "private key"


@pytest.mark.parametrize(
    "text",
    [
        "Ann likes green tea and cycles 12 km a day.",
        "Invoice 2024-000123 of 12.03.2024 over 1,234.56 EUR was paid.",
        "card 4111 1111 1111 1112",
        "The pin of the board is rusty",
        "Version 1.2.3.4 was released at 10:30, 3,141,592,653 rows",
        "run 0f8fad5b-d9cd-469f-a165-70867728950e took 1700000000000 us",
        "password reset was requested",
        "GB83WEST12345698765432",
        "ssn 000-12-3456",
        "see @example and a@b",
    ],
)
def test_ordinary_text_is_none(text: str) -> None:
    assert findings(text) == ()


@given(st.text(max_size=500))
def test_any_text_can_be_looked_at(text: str) -> None:
    found = findings(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert list(found) == sorted(found, key=lambda one: one.start)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 8000,
        "1 " * 4000,
        "a@" * 4000,
        "a." * 4000,
        "AA11" * 2000,
        "+1 " * 2600,
        "password is " * 600,
        "://a:" * 1600,
        "-----BEGIN " * 700,
    ],
)
def test_hostile_text_takes_no_long_time(text: str) -> None:
    begun = time.perf_counter()
    findings(text)
    assert time.perf_counter() - begun < 0.5
