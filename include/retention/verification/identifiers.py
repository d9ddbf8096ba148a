"""Which e-mail addresses and telephone numbers verification reads in a text, and how it spells them before it hashes them.

Written apart from disposal's own way: where the two differ, a suppressed person whom one of them misses is found by the other.

E-mail: what email-validator takes for an address, without DNS; lower case; the domain in ASCII; with and without a tag (`+crm`).
Telephone: valid numbers, E.164, German where no country is named. Everything else identifies nobody.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

Kind = Literal["email", "phone"]

# Of these nothing changes but the case, if the domain is one: most addresses are like that, and asking the library takes long.
_PLAIN_LOCAL = re.compile(r"[a-z0-9_]+(?:[.+-][a-z0-9_]+)*", re.ASCII)
_LONGEST_PLAIN = 60
_AROUND_ADDRESSES = re.compile(r"""[\s<>()\[\]\\,;:"/?|„“”«»‹›]+""")
_MARKS = ("P", "S")
"""What an address or a number may stand in, as the first letter of Unicode's categories: quotes, stars, exclamation marks."""

_INVISIBLE = "Cf"
_PLAIN_NUMBER = re.compile(r"(?:\+49|0)[0-9 ]{6,18}")
_NOT_DIALLED = re.compile(r"[\s()/.\-]")
_FEWEST_DIGITS_ALONE = 10
"""Fewer, without 0 or +, are a number without its dialling code: another person's in every town."""


def spell(kind: Kind, text: str) -> set[str]:
    """The identifiers in the text, each in its one spelling; none where the text names nobody."""
    told = unicodedata.normalize("NFKC", text)
    if not told.isascii():
        told = "".join(sign for sign in told if unicodedata.category(sign) != _INVISIBLE)
    return _read_addresses(told) if kind == "email" else _read_numbers(told)


def _read_addresses(told: str) -> set[str]:
    found = set[str]()
    for part in _AROUND_ADDRESSES.split(told):
        local, at, domain = _without_marks(part, begins_with="+-_").partition("@")
        address = _address(local, domain) if at else None
        if address is not None:
            local, _, domain = address.rpartition("@")
            found |= {address, f"{local.split('+')[0] or local}@{domain}"}
    return found


def _address(local: str, domain: str) -> str | None:
    plain = local.casefold()
    if len(plain) <= _LONGEST_PLAIN and _PLAIN_LOCAL.fullmatch(plain):
        known = _domain(domain)
        return f"{plain}@{known}" if known is not None else None
    return _validated(f"{local}@{domain}")


@functools.lru_cache(maxsize=10_000)
def _domain(domain: str) -> str | None:
    address = _validated(f"a@{domain}")
    return address.rpartition("@")[2] if address is not None else None


def _validated(address: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return "@".join((valid.local_part.casefold(), valid.ascii_domain.lower()))


def _read_numbers(told: str) -> set[str]:
    if _PLAIN_NUMBER.fullmatch(told) and (one := _valid(told)):  # nothing to look for
        return one
    found = set[str]()
    for part in re.split("[;,\n]", told):
        found |= _read_in(part) or set[str]().union(*map(_read_in, _side_by_side(part)))
    return found


def _read_in(part: str) -> set[str]:
    import phonenumbers

    return {_e164(one.number) for one in phonenumbers.PhoneNumberMatcher(part, "DE")} or _without_prefix(part)


def _side_by_side(part: str) -> list[str]:
    """The numbers of a text that can't be read as a whole: a new one begins after several blanks, and with a 0 or + after one."""
    return re.split(r"\s+(?=0|\+)|\s\s+", _without_marks(part.strip(), begins_with="(+"))


def _without_marks(text: str, begins_with: str) -> str:
    """The text without the marks that it stands in; it may begin with some."""
    while text and text[0] not in begins_with and unicodedata.category(text[0]).startswith(_MARKS):
        text = text[1:]
    while text and unicodedata.category(text[-1]).startswith(_MARKS):
        text = text[:-1]
    return text


def _without_prefix(part: str) -> set[str]:
    """Digits alone, with neither 0 nor + before them: either may have been left out."""
    dialled = _NOT_DIALLED.sub("", part.strip())
    alone = re.fullmatch(r"[^\d+]*([1-9]\d*)[^\d+]*", dialled)
    if alone is None or len(alone[1]) < _FEWEST_DIGITS_ALONE:
        return set()
    return _valid("+" + alone[1]) | _valid("0" + alone[1])


def _valid(dialled: str) -> set[str]:
    import phonenumbers

    try:
        number = phonenumbers.parse(dialled, "DE")
    except phonenumbers.NumberParseException:
        return set()
    return {_e164(number)} if phonenumbers.is_valid_number(number) else set()


def _e164(number: PhoneNumber) -> str:
    import phonenumbers

    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
