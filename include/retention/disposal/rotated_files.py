"""What rotation does to a log file's name. A hold on a file is one on what stood under that name when it was set: it keeps every
file that may be it by now."""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, repeat

from retention.policy.facts import Hold

_WORD = re.compile(r"[^\W_]+")
_WITHIN_A_WORD = re.compile(r"\d\d|[^\W\d_]{2}")
_PACKED = re.compile(r"tar|t?gz|t?bz2?|tbz2|t?xz|t?zst|lz4|lzma|br|zip|7z|z", re.IGNORECASE)
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATED = re.compile(rf"\d.*|{_MONTH}|mon|tue|wed|thu|fri|sat|sun", re.IGNORECASE)
"""A number, or a date, in one piece or several."""
_SET_ASIDE = re.compile(r"old|bak|prev|save|orig", re.IGNORECASE)
_LONGEST_NUMBER = 3
"""Digits of a number that may count generations; a longer one is a date."""
_COUNTED_WORD = re.compile(rf"(\D(?:.*\D)?)\d{{1,{_LONGEST_NUMBER}}}")
_YEAR, _MONTH_OF_YEAR = r"(?:19|20)\d\d", rf"(?:\d\d?|{_MONTH})"
_WHOLE_DATE = re.compile(
    rf"\b(?:{_YEAR} {_MONTH_OF_YEAR} \d\d?|{_YEAR}\d{{4}}|\d\d? {_MONTH_OF_YEAR} {_YEAR})(?:\b|t\d)", re.IGNORECASE
)
"""In words with a blank between them; perhaps with the time of day in one piece with it."""


def holds_on_file(holds: Sequence[Hold], place: str, key: str) -> Sequence[Hold]:
    """The holds as they apply to this file: one on a name that it may have had names it."""
    if not any(_names_another(hold, place, key) for hold in holds):
        return holds
    return [
        replace(hold, item_id=key)
        if _names_another(hold, place, key) and may_be_held_as(key, str(hold.item_id))
        else hold
        for hold in holds
    ]


def _names_another(hold: Hold, place: str, key: str) -> bool:
    return hold.place == place and hold.item_id not in (None, key)


def may_be_held_as(key: str, name: str) -> bool:
    """Whether a hold on the file `name` may mean the file `key`: rotation adds to a name's end, and nobody knows all that it may
    add. So whatever begins with the name may be it, beside what may have been called so."""
    folder, last = _split(key)
    was_in, was = _split(name)
    return may_have_been(key, name) or (_begins_with(last, was) and _are_kin(folder, was_in))


def may_have_been(key: str, name: str) -> bool:
    """Whether the file `key` is called as if it had been `name`: it was numbered, dated, set aside or packed since, or its number
    changed, which some programs count up and others down. Paths may begin with `..`."""
    folder, last = _split(key)
    was_in, was = _split(name)
    words, before = _words(last), _words(was)
    return (_has_grown(words, before) or _is_counted_on(words, before)) and _are_kin(folder, was_in)


def _split(path: str) -> tuple[str, str]:
    folder, _, last = path.rpartition("/")
    return posixpath.normpath(folder.strip("/")), last


def _are_kin(one: str, other: str) -> bool:
    """Whether one of the folders is, or contains, the other."""
    return _lies_in(one, other) or _lies_in(other, one)


def _lies_in(folder: str, other: str) -> bool:
    ways_up = folder.count("/") + other.count("/") + 2
    above = accumulate(repeat("..", ways_up), lambda at, up: posixpath.normpath(f"{at}/{up}"), initial=folder)
    return other in above


def _begins_with(name: str, beginning: str) -> bool:
    """Whether it begins so, and the last word ends there: `worker-1` is not the beginning of `worker-10`."""
    seam = name[len(beginning) - 1 : len(beginning) + 1]
    return beginning != "" and name.startswith(beginning) and not _WITHIN_A_WORD.fullmatch(seam)


def _words(name: str) -> list[str]:
    """Without what packers add."""
    words = _WORD.findall(name)
    while len(words) > 1 and _PACKED.fullmatch(words[-1]):
        words.pop()
    return words


def _has_grown(words: Sequence[str], before: Sequence[str]) -> bool:
    """Whether all that is in the name beyond what was in it is what rotation adds, wherever."""
    left = deque(before)
    for word in words:
        if left and word == left[0]:
            left.popleft()
        elif not _DATED.fullmatch(word) and not _SET_ASIDE.fullmatch(word):
            return False
    return not left


def _is_counted_on(words: Sequence[str], before: Sequence[str]) -> bool:
    """Whether one number differs, and nothing else."""
    if len(words) != len(before):
        return False
    changed = [at for at, (now, was) in enumerate(zip(words, before, strict=True)) if now != was]
    if len(changed) != 1:
        return False
    [at] = changed
    if words[at].isdecimal() and before[at].isdecimal() and len(before[at]) <= _LONGEST_NUMBER:
        return _is_last_behind_a_date(words, at) or not _is_beside_a_number(words, at)
    return _counts_at_its_end(words[at], before[at])


def _is_last_behind_a_date(words: Sequence[str], at: int) -> bool:
    """Whether it can be no part of the date: that is whole without it. It may be an hour, which nobody can tell from a count."""
    is_last = not any(_DATED.fullmatch(word) for word in words[at + 1 :])
    return is_last and len(words[at]) <= _LONGEST_NUMBER and _WHOLE_DATE.search(" ".join(words[:at])) is not None


def _is_beside_a_number(words: Sequence[str], at: int) -> bool:
    """Then it is part of a date, or of an address."""
    return any(_DATED.fullmatch(one) for one in (*words[max(at - 1, 0) : at], *words[at + 1 : at + 2]))


def _counts_at_its_end(word: str, before: str) -> bool:
    """Whether the words are alike up to the number at the end, and no part of a date: `app0` and `app1`."""
    now, was = _COUNTED_WORD.fullmatch(word), _COUNTED_WORD.fullmatch(before)
    return now is not None and was is not None and now[1] == was[1] and not _DATED.fullmatch(now[1])
