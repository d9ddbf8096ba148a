"""What rotation makes of a log file's name; apart from what disposal says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from posixpath import normpath
from typing import NamedTuple

_PACKERS = re.compile(r"tar|(t?)(gz|bz|bz2|xz|zst)|lz4|lzma|br|zip|7z|z")
_DATES = re.compile(r"\d.*|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun")
_SET_ASIDE = frozenset({"old", "bak", "prev", "save", "orig"})
_BETWEEN = re.compile(r"[\W_]+")
_OWN_NUMBER = re.compile(r"(?!19|20)\d{4}|\d{5}")
"""Of a process, a port: neither a year nor a count of generations. Behind a date it may be a time."""

_OF_A_MONTH = r"(?:\d\d?|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_A_DAY = re.compile(
    rf"(?:(?:19|20)\d\d-{_OF_A_MONTH}-\d\d?|(?:19|20)\d{{6}}|\d\d?-{_OF_A_MONTH}-(?:19|20)\d\d)(?:-|t\d)"
)


class _Numbered(NamedTuple):
    stem: str
    digits: str


def names_once_had(key: str, held: Iterable[str]) -> Iterator[str]:
    """Which of the held names this file may have had: those that its own begins with, and those of which rotation makes such a
    name. A path that begins with `..` lies above the place's folder."""
    path, name = _in_folder(key)
    words = _words(name)
    for other in held:
        was_in, was = _in_folder(other)
        if other != key and (_goes_on(name, was) or _came_from(words, _words(was))) and _share_a_path(path, was_in):
            yield other


def _in_folder(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return normpath(folder.strip("/")), name


def _share_a_path(one: str, other: str) -> bool:
    """Whether one folder is reached on the way to the other; nobody knows the names of those above the place's."""
    above = max(one.count(".."), other.count(".."))
    first, second = (PurePosixPath(normpath("/" + "\0/" * above + folder)) for folder in (one, other))
    return first.is_relative_to(second) or second.is_relative_to(first)


def _goes_on(name: str, was: str) -> bool:
    """Whether a new word, or none, follows the held name."""
    kinds = {_kind(letter) for letter in name[len(was) - 1 : len(was) + 1]}
    return bool(was) and name.startswith(was) and (name == was or len(kinds) > 1 or kinds == {"between"})


def _kind(letter: str) -> str:
    if letter.isdecimal():
        return "digit"
    return "letter" if letter.isalnum() else "between"


def _words(name: str) -> list[str]:
    words = [word for word in _BETWEEN.split(name) if word]
    while words[1:] and _PACKERS.fullmatch(words[-1].lower()):
        del words[-1]
    return words


def _is_dated(word: str) -> bool:
    return _DATES.fullmatch(word.lower()) is not None


def _came_from(words: Sequence[str], before: Sequence[str]) -> bool:
    """By adding numbers and dates, or by one number, which is part of no date: some programs count up, others down."""
    if len(words) == len(before):
        changed = [n for n, (one, other) in enumerate(zip(words, before, strict=True)) if one != other]
        return not changed or (len(changed) == 1 and _is_recounted(words, before, changed[0]))
    rest = iter(words)
    for word in before:
        for one in rest:
            if one == word:
                break
            if not _is_added(one):
                return False
        else:
            return False
    return all(_is_added(one) for one in rest)


def _is_recounted(words: Sequence[str], before: Sequence[str], at: int) -> bool:
    """Whether it is a count that differs there: the whole word or what it ends with."""
    number, was = _split_number(words[at]), _split_number(before[at])
    if number.stem != was.stem or not number.digits or not 1 <= len(was.digits) <= 3:
        return False
    if number.stem:
        return len(number.digits) <= 3 and not _is_dated(number.stem)
    in_date = any(_is_dated(one) and _is_dated(other) for one, other in pairwise(words[max(at - 1, 0) : at + 2]))
    return not in_date or (len(number.digits) <= 3 and _follows_a_date(words, at))


def _split_number(word: str) -> _Numbered:
    """At the digits that it ends with."""
    stem = word.rstrip("".join({letter for letter in word if letter.isdecimal()}))
    return _Numbered(stem, word[len(stem) :])


def _follows_a_date(words: Sequence[str], at: int) -> bool:
    """Whether year, month and day, in this or the other order, stand before it, and no number behind it."""
    told = any(_A_DAY.match("-".join(words[first:at]).lower() + "-") for first in range(at))
    return told and not any(_is_dated(word) for word in words[at + 1 :])


def _is_added(word: str) -> bool:
    return _is_dated(word) or word.lower() in _SET_ASIDE


def origins_of(key: str) -> Iterator[str]:
    """What may be told, by its name, of where a file comes from, whatever rotation did to it: its own folder or one above, each
    with what its name is without dates, counts and endings that are added."""
    path, name = _in_folder(key)
    words = _words(name)
    kept = [word for before, word in pairwise(["-", *words]) if not _is_added(word) or _is_own(word, before)]
    for folder in (PurePosixPath(path), *PurePosixPath(path).parents):
        yield f"{folder}/{'.'.join(kept)}"


def _is_own(word: str, before: str) -> bool:
    return _OWN_NUMBER.fullmatch(word) is not None and not _is_dated(before)
