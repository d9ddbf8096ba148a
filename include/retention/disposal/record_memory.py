"""How old the records of a file are, read once: a version never changes, and a file that does is another part.

Kept in our own database by the part's keyed hash, with two instants, and whether some line says none. Verification
knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from retention.database import OwnConnection
from retention.disposal.runtime import Runtime
from retention.stores.protocol import PartKind, StoredPart
from retention.stores.record_times import RecordStore, RecordTimes

KEPT_FOR = timedelta(days=60)
"""After that a part is read anew; what went without us is forgotten so."""
_READ_AS = "3"
"""Changes when files are read in another way: what was read in the old one is read anew."""
_REUSED = "null"
"""The id under which a bucket without versioning stores whatever comes next."""


class RecordMemory:
    """One place's files with what is known of them."""

    def __init__(self, runtime: Runtime, place: str, store: RecordStore) -> None:
        self._runtime = runtime
        self._place = place
        self._store = store

    def times(self, parts: Sequence[StoredPart], *, now: datetime) -> Mapping[StoredPart, RecordTimes]:
        """As `RecordStore.times_of`, of which only what is new is asked."""
        files = {self._hash(part.key, part.part_id): part for part in parts if part.kind in _WITH_RECORDS}
        if not files:
            return {}
        with self._runtime.own() as own:
            known = self._known(own, [mark for mark, part in files.items() if part.part_id != _REUSED])
            found = {files[mark]: times for mark, times in known.items()}
            read = self._store.times_of([part for part in files.values() if part not in found], now=now)
            self._keep(own, {part: times for part, times in read.items() if _stays_true(part, times)})
        return found | dict(read)

    def known(self, parts: Sequence[tuple[str, str]]) -> dict[tuple[str, str], RecordTimes]:
        """What was known of these, by key and part id, when they were read last; they may be gone by now."""
        marks = {self._hash(*part): part for part in parts}
        with self._runtime.own() as own:
            return {marks[mark]: times for mark, times in self._known(own, list(marks)).items()}

    def forget(self, own: OwnConnection, parts: Sequence[tuple[str, str]]) -> None:
        """What is gone, by key and part id; and what is old."""
        marks = [self._hash(*part) for part in parts]
        own.execute(
            "DELETE FROM retention.record_times WHERE place = %s "
            "AND (part_hash = ANY(%s) OR read_at < clock_timestamp() - CAST(%s AS interval))",
            (self._place, marks, KEPT_FOR),
        )

    def _known(self, own: OwnConnection, marks: Sequence[bytes]) -> dict[bytes, RecordTimes]:
        rows = own.execute(
            "SELECT part_hash, oldest, youngest, has_undated FROM retention.record_times "
            "WHERE place = %s AND part_hash = ANY(%s)",
            (self._place, marks),
        )
        return {
            bytes(row["part_hash"]): RecordTimes(
                row["oldest"], row["youngest"], 0 if row["oldest"] is None else 1, has_undated=row["has_undated"]
            )
            for row in rows
        }

    def _keep(self, own: OwnConnection, read: Mapping[StoredPart, RecordTimes]) -> None:
        rows = [
            (self._place, self._hash(part.key, part.part_id), times.oldest, times.youngest, times.has_undated)
            for part, times in read.items()
        ]
        with own.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO retention.record_times (place, part_hash, oldest, youngest, has_undated) "
                "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (place, part_hash) DO NOTHING",
                rows,
            )

    def _hash(self, key: str, part_id: str) -> bytes:
        return self._runtime.hasher.item(self._place, f"{_READ_AS}\0{key}\0{part_id}")


_WITH_RECORDS = (PartKind.VERSION, PartKind.FILE)


def _stays_true(part: StoredPart, times: RecordTimes) -> bool:
    """Not of what may be written again under the same id, could not be read whole, or was in the future when it was read; nor of
    what two instants don't tell: that there may be older records than the oldest."""
    is_told = times.oldest is None or not times.begins_undated
    return part.part_id != _REUSED and not times.unread and not times.ahead and is_told
