"""Which file each of today's is among those that the last check of a place saw: known by what it begins with, whatever it is
called, packed or continued.

A file is itself while it has its name, begins as it did, and has no less in it. One that is not is sought among the others that
begin alike and have no less: each answers for one alone. One whose oldest record is later is another, as many begin with the same
banner. What is found nowhere is gone; what only a shorter one of its name may be has shrunk.
"""

from __future__ import annotations

import secrets
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from retention.verification.file_entries import FileDates
from retention.verification.file_names import origins_of
from retention.verification.inventory import Entry, Inventory
from retention.verification.memory import LastCheck, forget_older, last_check_of
from retention.verification.place_check import PlaceCheck

_SEEN = """
SELECT
    s.item_hash,
    s.part_hash,
    s.begins_hash,
    s.begins_bytes,
    s.extent,
    s.oldest_at,
    s.was_whole,
    p.part_hash IS NOT NULL AS is_protected
FROM retention.seen_files AS s
LEFT JOIN retention.protected_items AS p USING (check_run_id, place, part_hash)
WHERE s.check_run_id = %s AND s.place = %s
"""

_SEE = """
INSERT INTO retention.seen_files (
    check_run_id, place, item_hash, part_hash, begins_hash, begins_bytes, extent, oldest_at, was_whole
)
SELECT
    p.check_run_id,
    e.place,
    e.item_hash,
    e.part_hash,
    e.begins_hash,
    e.begins_bytes,
    e.extent,
    e.oldest_at,
    e.was_whole
FROM {entries} AS e
CROSS JOIN (SELECT CAST(%s AS uuid) AS check_run_id) AS p
WHERE
    e.place = %s
    AND e.entry = 'file'
    AND e.begins_bytes > 0
    AND EXISTS (SELECT 1 FROM retention.protected_items AS i WHERE i.check_run_id = p.check_run_id AND i.place = e.place)
"""

# What is missing may come back.
_SEE_MISSING = """
INSERT INTO retention.seen_files (
    check_run_id, place, item_hash, part_hash, begins_hash, begins_bytes, extent, oldest_at, was_whole
)
SELECT p.check_run_id, s.place, s.item_hash, s.part_hash, s.begins_hash, s.begins_bytes, s.extent, s.oldest_at, s.was_whole
FROM retention.seen_files AS s
INNER JOIN retention.protected_items AS p ON s.place = p.place AND s.part_hash = p.part_hash
WHERE p.check_run_id = %s AND s.check_run_id = %s AND s.place = %s AND p.missing_since IS NOT NULL
ON CONFLICT DO NOTHING
"""

_TELLING_BYTES = 1024
"""A file that begins with so many bytes as another did may be that one, whatever it is called."""


class Beginning(NamedTuple):
    """The keyed hash of a file's first bytes, unpacked, and how many those are: few where there are no more. Of few ones, also of
    what its name says."""

    hash: bytes
    size: int


class SeenFile(NamedTuple):
    """A file as the last check saw it."""

    item_hash: bytes
    part_hash: bytes
    begins: Beginning
    extent: int
    oldest_at: datetime | None
    was_whole: bool
    is_protected: bool


@dataclass(slots=True, eq=False)
class FoundFile:
    """A file as it is now. `part_hash` is what checks call it, None while that is not known."""

    key: str
    item_hash: bytes
    begins: Beginning
    extent: int | None
    oldest_at: datetime | None
    was_whole: bool
    dates: FileDates
    stored_at: datetime
    part_hash: bytes | None = None
    alike: list[Beginning] = field(default_factory=list)


class KnownFiles:
    """The files of one place that the last check saw, and which of today's each is."""

    def __init__(self, check: PlaceCheck) -> None:
        self._check = check
        self._open = _seen_files(check)
        self._waiting: list[FoundFile] = []
        self._of_name: dict[bytes, list[SeenFile]] = defaultdict(list)
        self._of_begin: dict[Beginning, set[bytes]] = defaultdict(set)
        for seen in self._open.values():
            self._of_name[seen.item_hash].append(seen)
            self._of_begin[seen.begins].add(seen.part_hash)
        self._sizes = sorted({begins.size for begins in self._of_begin})

    def begins(self, beginning: bytes, key: str) -> Beginning:
        """How the file of this name begins, as it is remembered."""
        return next(self._beginnings(beginning, key))

    def _beginnings(self, beginning: bytes, key: str) -> Iterator[Beginning]:
        """How what began so may be remembered, first under this name, then under others that it may have had."""
        said = f"begins with\0{beginning.hex()}"
        for origin in origins_of(key) if len(beginning) < _TELLING_BYTES else [""]:
            yield Beginning(self._check.item_hash(f"{said}\0{origin}"), len(beginning))

    def settles(self, found: FoundFile, beginning: bytes) -> bool:
        """Whether it can be said now which file this is; else `rest` says it once all others have been found."""
        for seen in self._of_name.get(found.item_hash, ()):
            if seen.part_hash in self._open and self._begins_as(seen, beginning, found.key) and _goes_on(found, seen):
                self._answer(found, seen)
                return True
        found.alike = [
            begins
            for size in self._sizes
            if size <= len(beginning)
            for begins in self._beginnings(beginning[:size], found.key)
            if begins in self._of_begin
        ]
        may_be_cut = any(seen.begins.size > len(beginning) for seen in self._of_name.get(found.item_hash, ()))
        if found.alike or may_be_cut:
            self._waiting.append(found)
            return False
        found.part_hash = secrets.token_bytes(32)
        return True

    def rest(self) -> Iterator[FoundFile]:
        """The files that were not settled at once."""
        self._find_renamed()
        for found in self._waiting:
            if found.part_hash is None:
                self._find_cut(found)
            found.part_hash = found.part_hash or secrets.token_bytes(32)
            yield found

    def _begins_as(self, seen: SeenFile, beginning: bytes, key: str) -> bool:
        return len(beginning) >= seen.begins.size and self.begins(beginning[: seen.begins.size], key) == seen.begins

    def _find_renamed(self) -> None:
        """The longest beginnings first, of the same the largest files: whoever has enough for them has it for the others."""
        alike: dict[Beginning, list[FoundFile]] = defaultdict(list)
        for found in sorted(self._waiting, key=lambda found: found.extent or 0):
            for begins in found.alike:
                alike[begins].append(found)
        for seen in sorted(self._open.values(), key=lambda seen: (seen.begins.size, seen.extent), reverse=True):
            among = alike.get(seen.begins, [])
            enough = bisect_left(among, seen.extent, key=lambda found: found.extent or 0)
            choices = [found for found in among[enough:] if found.part_hash is None and _goes_on(found, seen)]
            sure = [found for found in choices if _is_surely(found, seen)]
            if choices:
                self._note_doubt(seen, len(sure))
                self._answer((sure or choices)[0], seen)

    def _find_cut(self, found: FoundFile) -> None:
        """What had its name, and began alike as far as it goes, or went on where this one ends, it may be the rest of."""
        for seen in self._of_name.get(found.item_hash, ()):
            may_be = seen.begins in found.alike or found.begins.size < seen.begins.size
            is_rest = may_be and (_goes_on(found, seen) or not _has_all(found, seen))
            if found.part_hash is None and is_rest and seen.part_hash in self._open:
                self._answer(found, seen)

    def _note_doubt(self, seen: SeenFile, choices: int) -> None:
        """No file has its oldest record, or more have it and begin alike than are sought: one of these is not it, and nobody can
        tell which."""
        alike = (self._open[one] for one in self._of_begin[seen.begins] if one in self._open)
        sought = sum(one.oldest_at == seen.oldest_at for one in alike)
        if seen.is_protected and not 0 < choices <= sought:
            self._note(seen, "files_begin_alike" if choices else "oldest_record_differs")

    def _answer(self, found: FoundFile, seen: SeenFile) -> None:
        found.part_hash = seen.part_hash
        del self._open[seen.part_hash]
        if seen.is_protected and seen.was_whole and not found.was_whole and _has_all(found, seen):
            self._note(seen, "file_is_damaged")
        if not found.was_whole:
            found.oldest_at = seen.oldest_at  # it may be in what can't be read
        found.was_whole |= seen.was_whole

    def _note(self, seen: SeenFile, reason: str) -> None:
        place = self._check
        entry = Entry(
            place.terms.category, place.name, "remembered", mapped=True, item_hash=seen.item_hash, note=reason
        )
        place.inventory.add([entry])


def knows_files(check: PlaceCheck, last_check: LastCheck) -> bool:
    """Whether `last_check` remembered this place's files as they are known by now; an older version knew them otherwise."""
    query = "SELECT 1 FROM retention.seen_files WHERE check_run_id = %s AND place = %s LIMIT 1"
    return check.inventory.own.execute(query, (last_check.check_run_id, check.name)).fetchone() is not None


def remember_files(inventory: Inventory, check_run: UUID, place: str, last_check: UUID | None) -> None:
    """Write down the place's files for the next check, where any is protected; called once what is protected is written."""
    inventory.ask(_SEE, (check_run, place))
    if last_check is not None:
        inventory.ask(_SEE_MISSING, (check_run, last_check, place))
    forget_older(inventory.own, "seen_files", place, keep=(check_run, last_check))


def _seen_files(check: PlaceCheck) -> dict[bytes, SeenFile]:
    """What the last check saw, if its hashes can be compared, by what checks call each."""
    last = last_check_of(check.inventory.own, check.name)
    if last is None or not last.is_comparable(check.around.hasher.key_id):
        return {}
    rows = check.inventory.own.execute(_SEEN, (last.check_run_id, check.name))
    return {
        bytes(row["part_hash"]): SeenFile(
            bytes(row["item_hash"]),
            bytes(row["part_hash"]),
            Beginning(bytes(row["begins_hash"]), row["begins_bytes"]),
            row["extent"] or 0,
            row["oldest_at"],
            row["was_whole"],
            row["is_protected"],
        )
        for row in rows
    }


def _goes_on(found: FoundFile, seen: SeenFile) -> bool:
    """Whether it may be the same file with all that was in it: nothing is less, and the oldest record is not later, as far as all
    can be read."""
    if not _has_all(found, seen):
        return False
    if seen.oldest_at is None or not found.was_whole:
        return True
    return found.oldest_at is not None and found.oldest_at <= seen.oldest_at


def _is_surely(found: FoundFile, seen: SeenFile) -> bool:
    """Whether its oldest record says so, or, where none has a time, that it begins with all that was in it."""
    if seen.oldest_at is None:
        return seen.begins.size == seen.extent
    return found.oldest_at == seen.oldest_at


def _has_all(found: FoundFile, seen: SeenFile) -> bool:
    return (found.extent or 0) >= seen.extent
