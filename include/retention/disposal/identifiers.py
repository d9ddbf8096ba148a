"""One spelling for each e-mail address and telephone number, so that a person is found however an import writes them."""

from __future__ import annotations

import unicodedata
from typing import Literal

HOME = "DE"
"""Numbers without a country code are German."""


def normalised(kind: Literal["email", "phone"], text: str) -> str:
    """The one spelling; empty where the text says nothing. What is no address or number is compared as it stands, plainly."""
    return _email(text) if kind == "email" else _phone(text)


def _email(text: str) -> str:
    """Case makes no difference, and a domain is the same in letters and in ASCII (IDN)."""
    from email_validator import EmailNotValidError, validate_email

    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        found = validate_email(plain, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return " ".join(plain.casefold().split())
    return f"{found.local_part.casefold()}@{found.ascii_domain.casefold()}"


def _phone(text: str) -> str:
    """E.164, such as +4930123456."""
    import phonenumbers

    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        found = phonenumbers.parse(plain, HOME)
    except phonenumbers.NumberParseException:
        return "".join(letter for letter in plain if letter.isdigit() or letter == "+")
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
