"""What every kind of store offers to disposal. One contract test suite runs against all of them.

A store holds *items*, found by their `key`: an object's key, a row's id, a file's path. An item has one or more *parts*: every
object version, delete marker and unfinished upload is one; a row and a file have a single part. An item is gone when it has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class PartKind(StrEnum):
    """Versions, delete markers and unfinished uploads all count as data."""

    VERSION = "version"
    DELETE_MARKER = "delete_marker"
    UPLOAD = "upload"
    ROW = "row"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class StoredPart:
    """One part of one item. `stored_at` (aware, UTC) is the store's own evidence: LastModified, Initiated, a file's ctime; None
    for rows."""

    key: str
    part_id: str
    kind: PartKind
    stored_at: datetime | None
    is_latest: bool
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Target:
    """What to remove: a whole item (`part_id` None) or exactly one of its parts, such as an expired noncurrent version.

    `describes`, bucket and key of an object, is for rows: one that names another object by now stays (NEWER), where the store
    knows the columns that say so.
    """

    key: str
    part_id: str | None = None
    describes: tuple[str, str] | None = None


IN_PART = "_in_part"
"""What a failure's code ends with where parts of the item have gone, or may have."""


class Removal(StrEnum):
    """What became of one target in one call of `remove`."""

    REMOVED = "removed"  # every part that was there has been removed
    ABSENT = "absent"  # there was no part to remove
    # At least one part is younger than the plan and stays; of rows: it describes another object by now; of files: it was written
    # to since it was listed.
    NEWER = "newer"
    FAILED = "failed"  # the store refused at least one part; see `error_code`


@dataclass(frozen=True, slots=True)
class RemovalResult:
    """Outcome for one target. `error_code` is the store's own word (AccessDenied, 23503), never its message with its keys."""

    outcome: Removal
    parts_removed: int
    error_code: str | None = None


class Store(Protocol):
    """A place of one kind. Every method may raise StoreUnreadable; none logs or raises with a key or a name in it."""

    def check(self) -> None:
        """Raise StoreUnreadable unless the bucket or table exists and can be listed as the data map says."""

    def clock(self) -> datetime:
        """The store's own time (aware, UTC): what is younger than a plan is judged by the clock that stamped it."""

    def scan(self) -> Iterator[StoredPart]:
        """Every part in the place, streamed page by page: memory does not grow with the number of parts."""

    def stated_at(self, parts: Sequence[StoredPart]) -> Mapping[StoredPart, datetime]:
        """When the parts' own metadata says that they were recorded (`recorded-at`, a file's mtime; aware); absent where it says
        nothing.

        A copy resets LastModified (and ctime) but may carry metadata along, so this is older evidence where both exist.
        """

    def parts_of(self, keys: Sequence[str]) -> Iterator[StoredPart]:
        """The parts of just these items, in any order; a key without parts yields nothing."""

    def remove(self, targets: Sequence[Target], *, stored_before: datetime) -> Mapping[Target, RemovalResult]:
        """Remove these items or single parts, as far as stored before `stored_before`; one result per distinct target.

        A part stored at or after `stored_before` stays, and so does everything else that would resurface or vanish with it:
        versions and uploads go first, delete markers last and only when no version of the key is left (NEWER otherwise).
        A single part is removed alone: its siblings stay untouched. One target's failure stops no other.
        """
