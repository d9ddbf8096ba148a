"""A store that removes nothing, and otherwise behaves as if it had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from retention.stores.protocol import RemovalResult, Store, StoredPart, Target
from retention.stores.record_times import RecordStore, RecordTimes
from retention.stores.selection import select


class DryRunStore:
    """Implements `Store` around another one: reads go through, removals are only answered.

    What would be gone is no longer shown by `parts_of`, so that the caller's confirmation runs unchanged. What the inner
    store would refuse (a lock, a right, a foreign key) can't be known without trying.
    """

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        # Hashes: a rehearsal of a large backlog keeps a number for each part, not its key. One thread's add is atomic.
        self._gone: set[int] = set()

    def check(self) -> None:
        """As the inner store."""
        self._inner.check()

    def clock(self) -> datetime:
        """As the inner store."""
        return self._inner.clock()

    def scan(self) -> Iterator[StoredPart]:
        """Everything that is really there."""
        return self._inner.scan()

    def stated_at(self, parts: Sequence[StoredPart]) -> Mapping[StoredPart, datetime]:
        """As the inner store."""
        return self._inner.stated_at(parts)

    def parts_of(self, keys: Sequence[str]) -> Iterator[StoredPart]:
        """The parts of these items, without those that would be gone by now."""
        return (part for part in self._inner.parts_of(keys) if _mark(part) not in self._gone)

    def remove(self, targets: Sequence[Target], *, stored_before: datetime) -> Mapping[Target, RemovalResult]:
        """What removing would do, from what is there; nothing is removed."""
        by_key: dict[str, list[Target]] = defaultdict(list)
        for target in set(targets):
            by_key[target.key].append(target)
        parts: dict[str, list[StoredPart]] = {key: [] for key in by_key}
        for part in self.parts_of(list(by_key)):
            parts[part.key].append(part)
        results: dict[Target, RemovalResult] = {}
        for key, found in parts.items():
            chosen = select(found, by_key[key], stored_before)
            self._gone.update(_mark(part) for part in (*chosen.data, *chosen.markers_to_remove(())))
            results |= {target: chosen.result(target, {}) for target in by_key[key]}
        return results


class DryRunRecordStore(DryRunStore):
    """The same around a store whose parts are files of records."""

    def __init__(self, inner: RecordStore) -> None:
        super().__init__(inner)
        self._records = inner

    def times_of(self, parts: Sequence[StoredPart], *, now: datetime) -> Mapping[StoredPart, RecordTimes]:
        """As the inner store."""
        return self._records.times_of(parts, now=now)


def _mark(part: StoredPart) -> int:
    return hash((part.key, part.part_id))
