"""Reads log objects: every version by the records in it, delete markers and unfinished uploads by the store's own date."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from retention.verification.content import Absent, OutOfReach
from retention.verification.file_entries import FileDates, dates_of
from retention.verification.holds import HoldIndex
from retention.verification.inventory import Entry
from retention.verification.listing import Bucket
from retention.verification.place_check import PlaceCheck
from retention.verification.record_times import EARLIEST, Records, read_records
from retention.verification.row_objects import UNREADABLE_VERSIONS
from retention.verification.walk import StoredEntry

_THREADS = 8


class LogObjects:
    """One place in a bucket whose objects are log files."""

    def __init__(self, check: PlaceCheck, bucket: Bucket) -> None:
        self.check = check
        self._bucket = bucket
        self._holds = HoldIndex(check.around.scopes, check.terms.category)
        check.looked_at.update(parts=0, objects=0)

    def take(self, entries: Sequence[StoredEntry]) -> None:
        """What one page of the listing has of this place, each version read from its beginning to its end."""
        now = self.check.around.clocks.now()
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="content") as threads:
            dates = list(threads.map(lambda entry: self._dates(entry, now), entries))
        found = [self._entry(entry, one) for entry, one in zip(entries, dates, strict=True) if one is not None]
        self.check.looked_at.update(parts=len(entries), objects=len(entries))
        self.check.inventory.add(found)

    def finish(self) -> None:
        """Nothing else knows of these objects."""

    def _dates(self, stored: StoredEntry, now: datetime) -> FileDates | None:
        """None of what went meanwhile, and of an object without a byte: no record is in it."""
        if stored.entry != "version":
            return FileDates(clock_at=stored.stored_at)
        try:
            with self._bucket.content(stored) as content:
                records = read_records(content, stored_at=stored.stored_at, now=now)
                stated = self._bucket.stated_at(content.metadata)
        except OutOfReach:
            records, stated = Records(is_whole=False, is_empty=False), None
        except Absent:
            if self._bucket.is_listed(stored):
                self.check.trouble = UNREADABLE_VERSIONS
                return FileDates()
            return None
        if records.is_empty:
            return None
        is_a_date = stated is not None and EARLIEST <= stated < stored.stored_at
        return dates_of(records, stated if is_a_date and stated is not None else stored.stored_at)

    def _entry(self, stored: StoredEntry, dates: FileDates) -> Entry:
        names = (stored.key, stored.part_id, stored.content)
        return self.check.entry(
            stored.entry,
            holds=self._holds.covering(self.check.name, (stored.key,), None, None, person_known=False),
            item_hash=self.check.item_hash(stored.key),
            part_hash=self.check.item_hash("\0".join(names)) if stored.entry == "version" else None,
            is_latest=stored.is_latest,
            row_count=1,
            stored_at=stored.stored_at,
            clock_at=dates.clock_at,
            reaches_to=dates.reaches_to,
            may_be_older=dates.may_be_older,
            evidence_at=dates.evidence_at,
            metadata_at=dates.ahead,
            note=dates.note,
        )
