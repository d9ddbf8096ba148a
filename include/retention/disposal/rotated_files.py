"""What rotation does to a log file's name. A hold on a file is one on what stood under that name when it was set: it keeps every
file that may be it by now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from retention.policy.facts import Hold

_PACKED = r"\.(?:gz|bz2|xz|zst|lz4|zip|Z)"
_ROTATED = r"[._-](?:\d[\dTZ:._-]*|old|bak)"
"""A number or a date behind the name, or before its ending."""
_GENERATION = re.compile(r"(?P<before>.*)\.(?P<number>\d{1,3})(?P<ending>\.[A-Za-z]\w*)?", re.DOTALL)


def holds_on_file(holds: Sequence[Hold], place: str, key: str) -> Sequence[Hold]:
    """The holds as they apply to this file: one on a name that it may have had names it."""
    if not any(_names_another(hold, place, key) for hold in holds):
        return holds
    return [
        replace(hold, item_id=key)
        if _names_another(hold, place, key) and may_have_been(key, str(hold.item_id))
        else hold
        for hold in holds
    ]


def _names_another(hold: Hold, place: str, key: str) -> bool:
    return hold.place == place and hold.item_id not in (None, key)


def may_have_been(key: str, name: str) -> bool:
    """Whether the file `key` may once have been called `name`, in the same folder or the one above: it was numbered, dated or
    packed since. A file that has a number only gets a higher one."""
    folder, _, last = key.rpartition("/")
    was_in, _, was = name.rpartition("/")
    if was_in not in (folder, folder.rpartition("/")[0]):
        return False
    was = re.sub(f"{_PACKED}$", "", was)
    numbered = _GENERATION.fullmatch(was)
    if numbered is not None:
        higher = re.fullmatch(
            rf"{re.escape(numbered['before'])}\.(\d{{1,3}}){re.escape(numbered['ending'] or '')}(?:{_PACKED})?", last
        )
        return higher is not None and int(higher[1]) >= int(numbered["number"])
    stem, dot, ending = was.rpartition(".")
    before, after = (stem, dot + ending) if stem else (was, "")
    may_be = rf"{re.escape(before)}(?:{_ROTATED})?{re.escape(after)}(?:{_ROTATED})?(?:{_PACKED})?"
    return re.fullmatch(may_be, last) is not None
