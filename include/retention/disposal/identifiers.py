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

_ADDRESS = re.compile(r"""[^\s<>()\[\]\\,;:"@/?|„“”«»‹›]+@[^\s<>()\[\]\\,;:"/?|„“”«»‹›]+""")
_SEVERAL = re.compile(r"\s{2,}|\s+(?=[+0])")
"""Between numbers that stand side by side; also within one, so that it counts only where nothing is read otherwise."""
_BARE_NUMBER = re.compile(r"\D*([1-9][\d\s()/.\-]*\d)\D*")


_MISSPELT_ADDRESS = re.compile(r"@|(?<![a-z])at(?![a-z])|\w\w\.\w\w")
_FEWEST_DIGITS = 6
"""Fewer are a filler (12345), an extension or an emergency call."""


def identifiers_in(kind: Literal["email", "phone"], text: str) -> frozenset[str]:
    """The one spelling of each identifier in the text; empty where it holds none that is valid."""
    plain = _plain(text)
    return frozenset(_addresses(plain) if kind == "email" else _numbers(plain))


def may_name_somebody(kind: Literal["email", "phone"], text: str) -> bool:
    """Whether a text in which no identifier is found may be one all the same: misspelt, in the other's column, or a number
    without its dialling code.

    Not what people write where they have none: words, strokes, zeros, a few digits.
    """
    plain = _plain(text).casefold()
    if "@" in plain or (kind == "email" and _MISSPELT_ADDRESS.search(plain) is not None):
        return True
    digits = [letter for letter in plain if letter.isdecimal()]
    return len(digits) >= _FEWEST_DIGITS and len(set(digits)) > 1


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")


def _unwrapped(text: str, *, keeps: str) -> str:
    """Without the quotes and other marks around it, but for those that it may begin with."""
    first, end = 0, len(text)
    while first < end and text[first] not in keeps and unicodedata.category(text[first])[0] in "PS":
        first += 1
    while first < end and unicodedata.category(text[end - 1])[0] in "PS":
        end -= 1
    return text[first:end]


def _addresses(text: str) -> Iterator[str]:
    """Case makes no difference, and a domain is the same in letters and in ASCII (IDN). `max+crm@…` is `max@…`, too."""
    from email_validator import EmailNotValidError, validate_email

    for candidate in _ADDRESS.findall(text):
        try:
            found = validate_email(
                _unwrapped(candidate, keeps="_+-"), check_deliverability=False, test_environment=True
            )
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
        for number in _found_in(piece) or _found_side_by_side(piece):
            yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _found_side_by_side(piece: str) -> list[PhoneNumber]:
    return [number for part in _SEVERAL.split(_unwrapped(piece.strip(), keeps="+(")) for number in _found_in(part)]


def _found_in(piece: str) -> list[PhoneNumber]:
    import phonenumbers

    matches = phonenumbers.PhoneNumberMatcher(piece, HOME, phonenumbers.Leniency.VALID)
    return [match.number for match in matches] or list(_bare_numbers(piece))


def _bare_numbers(piece: str) -> Iterator[PhoneNumber]:
    """Of a number without 0 or +, what may be meant: the plus is missing, or the zero."""
    import phonenumbers

    found = _BARE_NUMBER.fullmatch(piece)
    digits = re.sub(r"\D", "", found[1]) if found is not None and "+" not in piece else ""
    if len(digits) < _BARE_DIGITS:
        return
    for written in (f"+{digits}", f"0{digits}"):
        try:
            number = phonenumbers.parse(written, HOME)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            yield number
