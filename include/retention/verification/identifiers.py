"""How verification spells e-mail addresses and telephone numbers before it hashes them. Written apart from disposal's own way:
where the two differ, a suppressed person whom one of them misses is found by the other.

E-mail: as email-validator normalises it, without DNS; lower case; the domain in ASCII. Telephone: E.164, German where no country
is named. What is neither is compared as it stands, in lower case.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Kind = Literal["email", "phone"]

# Of these nothing changes but the case: most addresses are like that, and the library takes a hundred times as long.
_PLAIN_ADDRESS = re.compile(r"[a-z0-9_.+-]+@[a-z0-9.-]+", re.ASCII | re.IGNORECASE)


def spell(kind: Kind, text: str) -> str:
    """The one spelling; empty where the text says nothing."""
    told = unicodedata.normalize("NFKC", text).strip()
    return _address(told) if kind == "email" else _number(told)


def _address(told: str) -> str:
    if _PLAIN_ADDRESS.fullmatch(told):
        return told.lower()
    from email_validator import EmailNotValidError, validate_email

    try:
        address = validate_email(told, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return " ".join(told.casefold().split())
    return "@".join((address.local_part.casefold(), address.ascii_domain.lower()))


def _number(told: str) -> str:
    import phonenumbers

    try:
        return phonenumbers.format_number(phonenumbers.parse(told, "DE"), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return re.sub(r"[^\d+]", "", told)
