"""A versioned bucket in memory, obviously right rather than quick: the reference that the real stores are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from retention.stores.protocol import PartKind, Removal, RemovalResult, StoredPart, Target


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    part_id: str
    kind: PartKind
    stored_at: datetime
    size_bytes: int
    recorded_at: datetime | None


class MemoryStore:
    """Implements `Store`. `put`, `delete`, `begin_upload` do what writers do; `now` is the store's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._entries: list[_Entry] = []  # oldest first
        self._ids = count(1)
        self.refused: dict[str, str] = {}
        """Keys whose parts can't be removed, with the code to answer: an object lock, a foreign key."""

    def put(self, key: str, body: bytes = b"", *, recorded_at: datetime | None = None) -> str:
        """Write a version; returns its id."""
        return self._add(key, PartKind.VERSION, len(body), recorded_at)

    def delete(self, key: str) -> str:
        """Delete without naming a version, which only adds a delete marker; returns its id."""
        return self._add(key, PartKind.DELETE_MARKER, 0, None)

    def begin_upload(self, key: str) -> str:
        """Begin a multipart upload that nobody finishes; returns its id."""
        return self._add(key, PartKind.UPLOAD, 0, None)

    def check(self) -> None:
        """Always there."""

    def clock(self) -> datetime:
        """The clock given."""
        return self._now()

    def scan(self) -> Iterator[StoredPart]:
        """Every part, as of now."""
        latest = {entry.key: entry.part_id for entry in self._entries if entry.kind is not PartKind.UPLOAD}
        for entry in list(self._entries):
            is_latest = latest.get(entry.key) == entry.part_id
            yield StoredPart(entry.key, entry.part_id, entry.kind, entry.stored_at, is_latest, entry.size_bytes)

    def stated_at(self, parts: Sequence[StoredPart]) -> Mapping[StoredPart, datetime]:
        """What `put` was told."""
        stated = {(entry.key, entry.part_id): entry.recorded_at for entry in self._entries}
        found = ((part, stated.get((part.key, part.part_id))) for part in parts)
        return {part: instant for part, instant in found if instant is not None}

    def parts_of(self, keys: Sequence[str]) -> Iterator[StoredPart]:
        """The parts of these keys."""
        return iter([part for part in self.scan() if part.key in set(keys)])

    def remove(self, targets: Sequence[Target], *, stored_before: datetime) -> Mapping[Target, RemovalResult]:
        """First what is data, then delete markers of keys without a version: as the protocol says, one by one."""
        before = list(self._entries)
        asked = [entry for entry in before if any(_matches(target, entry) for target in targets)]
        old = [entry for entry in asked if entry.stored_at < stored_before and entry.key not in self.refused]
        for entry in old:
            if entry.kind is not PartKind.DELETE_MARKER:
                self._entries.remove(entry)
        with_version = {entry.key for entry in self._entries if entry.kind is PartKind.VERSION}
        for entry in old:
            if entry.kind is PartKind.DELETE_MARKER and entry.key not in with_version:
                self._entries.remove(entry)
        return {target: self._result(target, before, stored_before) for target in targets}

    def _result(self, target: Target, before: Sequence[_Entry], stored_before: datetime) -> RemovalResult:
        there = [entry for entry in before if _matches(target, entry)]
        removed = sum(entry not in self._entries for entry in there)
        if not there:
            return RemovalResult(Removal.ABSENT, 0)
        if target.key in self.refused and any(entry.stored_at < stored_before for entry in there):
            return RemovalResult(Removal.FAILED, removed, self.refused[target.key])
        return RemovalResult(Removal.REMOVED if removed == len(there) else Removal.NEWER, removed)

    def _add(self, key: str, kind: PartKind, size_bytes: int, recorded_at: datetime | None) -> str:
        entry = _Entry(key, f"part-{next(self._ids)}", kind, self._now(), size_bytes, recorded_at)
        self._entries.append(entry)
        return entry.part_id


def _matches(target: Target, entry: _Entry) -> bool:
    return target.key == entry.key and target.part_id in (None, entry.part_id)
