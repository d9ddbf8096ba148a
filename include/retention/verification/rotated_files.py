"""Files that may be, under a name that rotation gave them, the one that a hold names; apart from what disposal keeps for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from posixpath import normpath

from retention.datamap.loader import MappedFiles
from retention.verification.holds import Covered, HoldIndex, follow_files
from retention.verification.place_check import PlaceCheck
from retention.verification.vanished import held_before

_PACKERS = re.compile(r"tar|(t?)(gz|bz|bz2|xz|zst)|lz4|lzma|br|zip|7z|z")
_DATES = re.compile(r"\d.*|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun")
_SET_ASIDE = frozenset({"old", "bak", "prev", "save", "orig"})
_BETWEEN = re.compile(r"[\W_]+")


class FileHolds:
    """The holds on one place's files. One on a name means what has that name, and what had it when it was last seen, by what it
    begins with; it may mean whatever rotation may have made of it."""

    def __init__(self, check: PlaceCheck) -> None:
        place = check.place
        assert isinstance(place, MappedFiles)
        files = [one for one in check.around.datamap.places.values() if isinstance(one, MappedFiles)]
        scopes = follow_files(check.around.scopes, place, files)
        self._place = check.name
        self._index = HoldIndex(scopes, check.terms.category)
        named = {one.hold_id: one.item_id for one in scopes if one.place == check.name and one.item_id}
        self._names = set(named.values())
        self._before = held_before(check, named.keys())

    def covering(self, key: str, part_hash: bytes) -> Covered:
        """The holds that cover the file."""
        once_named = list(names_once_had(key, self._names))
        found = self._index.covering(self._place, (key,), None, None, person_known=False, once_named=once_named)
        before = self._before.get(part_hash, [])
        return Covered(list(dict.fromkeys([*found.all, *before])), list(dict.fromkeys([*found.surely, *before])))


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
        if not changed:
            return True
        [at, *more] = changed
        in_date = any(_is_dated(one) and _is_dated(other) for one, other in pairwise(words[max(at - 1, 0) : at + 2]))
        is_number = words[at].isdecimal() and before[at].isdecimal() and len(before[at]) <= 3
        return not more and not in_date and is_number
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


def _is_added(word: str) -> bool:
    return _is_dated(word) or word.lower() in _SET_ASIDE
