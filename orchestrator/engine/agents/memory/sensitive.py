"""What in a text looks as if it should not be kept without a person's word: found by its form, and by its check digits."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` it looks like, and where in the text."""

    what: str
    start: int
    end: int


def _luhn(text: str) -> bool:
    digits = [int(sign) for sign in text if sign.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and sum(doubled) % 10 == 0


def _iban(text: str) -> bool:
    plain = re.sub(r"\s", "", text).upper()
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _ssn(text: str) -> bool:
    """United States: some areas, groups and serials were never given."""
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _dni(text: str) -> bool:
    """Spain: the letter follows from the number."""
    number = text[:-1].translate(str.maketrans("XYZxyz", "012012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1].upper()


def _nir(text: str) -> bool:
    """France: the last two digits are a check of the others."""
    plain = re.sub(r"\s", "", text).upper().replace("2A", "19").replace("2B", "18")
    return len(plain) == 15 and 97 - int(plain[:13]) % 97 == int(plain[13:])


def _cpf(text: str) -> bool:
    """Brazil: two check digits."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    checks = (
        sum(digit * weight for digit, weight in zip(digits, range(count + 1, 1, -1), strict=False)) * 10 % 11 % 10 for count in (9, 10)
    )
    return len(set(digits)) > 1 and all(check == digits[place] for check, place in zip(checks, (9, 10), strict=True))


def _phone(text: str) -> bool:
    digits = sum(sign.isdigit() for sign in text)
    return 8 <= digits <= 15


def _always(_text: str) -> bool:
    return True


_PATTERNS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = tuple(
    (what, re.compile(pattern), holds)
    for what, pattern, holds in (
        ("private key", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----", _always),
        ("e-mail address", r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b", _always),
        (
            "access key",
            r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{40,}|\bglpat-[\w-]{20,}|\bAKIA[0-9A-Z]{16}\b"
            r"|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{35}|\bhf_[A-Za-z0-9]{30,}|\bbtn_[0-9a-f]{8}_[\w-]{20,}"
            r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
            _always,
        ),
        (
            "secret",
            r"(?i)\b(?:password|passwort|passwd|passphrase|mot de passe|contrase\u00f1a|secret|api[ _-]?key|access[ _-]?token|pin)\b"
            r"\s{0,3}(?:is|ist|:|=|est|es)\s{0,3}[\"']?[^\s\"']{4,}",
            _always,
        ),
        ("secret", r"(?i)\bbearer\s{1,3}[A-Za-z0-9._~+/-]{20,}|://[^\s/:@]{1,64}:[^\s/@]{3,64}@", _always),
        ("card number", r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]\d|\d)", _luhn),
        ("bank account", r"\b[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?\b", _iban),
        ("national id", r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", _ssn),
        ("national id", r"\b(?:\d{8}|[XYZxyz]\d{7})[A-Za-z]\b", _dni),
        ("national id", r"(?<!\d)[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}(?!\d)", _nir),
        ("national id", r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)", _cpf),
        ("national id", r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b", _always),
        ("phone number", r"(?<![\w.+-])(?:\+|00)\d(?:[ ().\-/]{0,2}\d){7,14}(?!\w)", _phone),
        ("phone number", r"(?<![\w.+-])(?<!\d )\(?0?\d{2,4}\)?[ .\-/]\d{3,4}[ .\-]\d{3,4}(?![\w-]| \d)", _phone),
    )
)


def findings(text: str) -> tuple[Finding, ...]:
    """Everything that looks sensitive, in the order of the text; what lies inside another finding is not told twice."""
    found = sorted(_all(text), key=lambda one: (one.start, -one.end))
    kept: list[Finding] = []
    for one in found:
        if not kept or one.end > kept[-1].end:
            kept.append(one)
    return tuple(kept)


def kinds(text: str) -> tuple[str, ...]:
    """What kinds of sensitive things a text seems to hold, each once."""
    return tuple(dict.fromkeys(one.what for one in findings(text)))


def _all(text: str) -> Iterator[Finding]:
    for what, pattern, holds in _PATTERNS:
        yield from (Finding(what, match.start(), match.end()) for match in pattern.finditer(text) if holds(match.group()))
