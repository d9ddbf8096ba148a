"""What rotation does to a log file's name. A hold on a file is one on what stood under that name when it was set: it keeps every
file that may be it by now."""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from retention.policy.facts import Hold

_BETWEEN = re.compile("[._:-]")
_PACKED = re.compile(rf"{_BETWEEN.pattern}(?:gz|bz2|xz|zst|lz4|br|zip|Z)\Z")
_ADDED = re.compile(r"\d+(?:T\d+)?Z?|old|bak")
"""What rotation puts into a name, anywhere: a number, a date (in one piece or several), a word."""
_LONGEST_NUMBER = 3
"""Digits of a number that may count generations; a longer one is a date."""


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
    packed since, or its number changed, which some programs count up and others down. Paths may begin with `..`."""
    folder, last = _split(key)
    was_in, was = _split(name)
    if was_in not in (folder, posixpath.normpath(f"{folder}/..")):
        return False
    pieces, before = _pieces(last), _pieces(was)
    return _has_grown(pieces, before) or _is_counted_on(pieces, before)


def _split(path: str) -> tuple[str, str]:
    folder, _, last = path.rpartition("/")
    return posixpath.normpath(folder), last


def _pieces(name: str) -> list[str]:
    return _BETWEEN.split(_PACKED.sub("", name))


def _has_grown(pieces: Sequence[str], before: Sequence[str]) -> bool:
    """Whether all that is in the name beyond what was in it is what rotation adds."""
    left = deque(before)
    for piece in pieces:
        if left and piece == left[0]:
            left.popleft()
        elif not _ADDED.fullmatch(piece):
            return False
    return not left


def _is_counted_on(pieces: Sequence[str], before: Sequence[str]) -> bool:
    """Whether one number differs, and nothing else. Beside another number it is part of a date, or of an address."""
    if len(pieces) != len(before):
        return False
    changed = [at for at, (now, was) in enumerate(zip(pieces, before, strict=True)) if now != was]
    if len(changed) != 1:
        return False
    [at] = changed
    beside = [*pieces[max(at - 1, 0) : at], *pieces[at + 1 : at + 2]]
    is_number = pieces[at].isdigit() and before[at].isdigit() and len(before[at]) <= _LONGEST_NUMBER
    return is_number and not any(one.isdigit() for one in beside)
