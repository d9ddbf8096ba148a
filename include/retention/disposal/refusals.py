"""Which failures say for sure that nothing was removed: what is gone later, somebody else took."""

from __future__ import annotations

import re

from retention.stores.directory import OTHER_NAMES, STILL_OPEN

_REFUSALS = frozenset(
    {
        *(OTHER_NAMES, STILL_OPEN, "OutsidePlace", "EACCES", "EBUSY", "EPERM", "EROFS"),  # files
        *("AccessDenied", "AllAccessDisabled", "InvalidObjectState", "MethodNotAllowed"),  # objects
        "not_empty",  # partitions
    }
)
_SQLSTATE = re.compile("[0-9A-Z]{5}")
_OPEN = re.compile("08|40003|57P|58|XX")
"""How codes begin of what may have been carried out: the connection was lost, the server ended, or its own fault."""


def is_refusal(code: str | None, *, by_database: bool) -> bool:
    """Whether the failure with this code removed nothing. `by_database`: an SQLSTATE speaks of the item, and not of its row
    alone. What is not known to be a refusal is none, such as one of some parts after others had gone (`IN_PART`)."""
    if code is None:
        return False
    if by_database and _SQLSTATE.fullmatch(code) and any(letter.isdigit() for letter in code):
        return _OPEN.match(code) is None
    return code in _REFUSALS
