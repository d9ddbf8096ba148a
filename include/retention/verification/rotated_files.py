"""Files that may be, under a name that rotation gave them, the one that a hold names; apart from what disposal keeps for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from posixpath import normpath

from retention.datamap.loader import MappedFiles
from retention.verification.holds import Covered, HoldIndex, follow_files
from retention.verification.place_check import PlaceCheck
from retention.verification.vanished import held_before

_PACKED = frozenset({"gz", "bz2", "xz", "zst", "lz4", "br", "zip", "Z"})
_COUNTED = re.compile(r"\d+(?:T\d+)?Z?|old|bak")
_PIECES = re.compile(r"[._:-]")


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
    """Which of the held names this file may have had. A path that begins with `..` lies above the place's folder."""
    folder, name = _in_folder(key)
    above, pieces = normpath(f"{folder}/.."), _pieces(name)
    for other in held:
        was_in, was = _in_folder(other)
        if other != key and was_in in (folder, above) and _came_from(pieces, _pieces(was)):
            yield other


def _in_folder(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return normpath(folder), name


def _pieces(name: str) -> list[str]:
    pieces = _PIECES.split(name)
    return pieces[:-1] if len(pieces) > 1 and pieces[-1] in _PACKED else pieces


def _came_from(pieces: Sequence[str], before: Sequence[str]) -> bool:
    """By adding numbers and dates, or by one number, which is part of no date: some programs count up, others down."""
    if len(pieces) == len(before):
        changed = [n for n, (one, other) in enumerate(zip(pieces, before, strict=True)) if one != other]
        if not changed:
            return True
        [at, *more] = changed
        in_date = any(one.isdigit() and other.isdigit() for one, other in pairwise(pieces[max(at - 1, 0) : at + 2]))
        is_number = pieces[at].isdigit() and before[at].isdigit() and len(before[at]) <= 3
        return not more and not in_date and is_number
    rest = iter(pieces)
    for piece in before:
        for one in rest:
            if one == piece:
                break
            if not _COUNTED.fullmatch(one):
                return False
        else:
            return False
    return all(_COUNTED.fullmatch(one) for one in rest)
