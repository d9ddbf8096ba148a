"""The e-mail addresses and telephone numbers in a text, in one spelling each, so that a person is found however an import writes
them.

Only what is valid identifies somebody: whoever has no address ("k.A.", "-", "0000") has none in common with others who have none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

HOME = "DE"
"""Numbers without a country code are German."""
_BARE_DIGITS = 10
"""A number without 0 or + has at least as many digits: a shorter one lacks its dialling code, and stands for many."""

_ADDRESS = re.compile(r"""[^\s<>()\[\]\\,;:"@/?|]+@[^\s<>()\[\]\\,;:"/?|]+""")
_BARE_NUMBER = re.compile(r"\D*([1-9][\d\s()/.\-]*\d)\D*")


def identifiers_in(kind: Literal["email", "phone"], text: str) -> frozenset[str]:
    """The one spelling of each identifier in the text; empty where it holds none that is valid."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return frozenset(_addresses(plain) if kind == "email" else _numbers(plain))


def _addresses(text: str) -> Iterator[str]:
    """Case makes no difference, and a domain is the same in letters and in ASCII (IDN). `max+crm@…` is `max@…`, too."""
    from email_validator import EmailNotValidError, validate_email

    for candidate in _ADDRESS.findall(text):
        try:
            found = validate_email(candidate.strip("'."), check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            continue
        local, domain = found.local_part.casefold(), found.ascii_domain.casefold()
        yield f"{local}@{domain}"
        if untagged := local.partition("+")[0]:
            yield f"{untagged}@{domain}"


def _numbers(text: str) -> Iterator[str]:
    """E.164, such as +4930123456."""
    import phonenumbers

    for piece in re.split(r"[,;\n]", text):
        matches = phonenumbers.PhoneNumberMatcher(piece, HOME, phonenumbers.Leniency.VALID)
        numbers = [match.number for match in matches] or list(_bare_numbers(piece))
        for number in numbers:
            yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _bare_numbers(piece: str) -> Iterator[PhoneNumber]:
    """Of a number without 0 or +, what may be meant: the plus is missing, or the zero."""
    import phonenumbers

    found = _BARE_NUMBER.fullmatch(piece)
    if found is None or sum(letter.isdigit() for letter in found[1]) < _BARE_DIGITS or "+" in piece:
        return
    for written in (f"+{found[1]}", f"0{found[1]}"):
        try:
            number = phonenumbers.parse(written, HOME)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            yield number
