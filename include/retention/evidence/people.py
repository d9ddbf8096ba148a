"""Who did something, and why: what every act of a person must say, for ledgers that keep it for ever."""

from __future__ import annotations

import re

from retention.errors import RequestError

_ADDRESS_OR_NUMBER = re.compile(r"\S@\S|(?<![\w/-])(?:\+|\(?0)[1-9][\d ()/.-]{5,}\d(?![\w-])")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4}")
"""Telephone numbers begin with + or 0; case numbers, counts and addresses of machines don't."""


def require_person_and_reason(person: str, reason: str, *, is_urgent: bool = False) -> None:
    """Raise RequestError without a person or a reason, and for a reason with an e-mail address or a telephone number.

    The ledger only grows: what stands in it about somebody could never go again. Dates are no numbers.
    What `is_urgent`, a stop, is not refused for it.
    """
    if not person.strip() or not reason.strip():
        raise RequestError(
            "found no person or no reason; expected both (--by, --reason), because the ledger names them"
        )
    if not is_urgent and seems_to_name(reason):
        raise RequestError(
            "reason: found what looks like an e-mail address or a telephone number; expected words that name nobody, such as a "
            "case number: the ledger keeps them for ever"
        )


def seems_to_name(reason: str) -> bool:
    """Whether the words hold what looks like an e-mail address or a telephone number; a mere name nobody can tell."""
    return _ADDRESS_OR_NUMBER.search(_DATE.sub("", reason)) is not None
