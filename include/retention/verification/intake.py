"""Reads one bucket into the inventory, a page at a time; memory does not grow with the bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from retention.verification.inventory import Entry
from retention.verification.listing import Bucket
from retention.verification.place_check import PlaceCheck, Surroundings
from retention.verification.territory import BucketPlan
from retention.verification.walk import StoredEntry


class ObjectReader(Protocol):
    """Reads one place's objects. Both methods raise StoreUnreadable."""

    @property
    def check(self) -> PlaceCheck:
        """The place."""
        ...

    def take(self, entries: Sequence[StoredEntry]) -> None:
        """Enter what one page of the listing has of the place."""
        ...

    def finish(self) -> None:
        """Called once, after all buckets have been listed."""
        ...


class BucketIntake:
    """Reads one bucket of the map, with all its places of this check (`readers`, by name)."""

    def __init__(
        self, plan: BucketPlan, bucket: Bucket, readers: Mapping[str, ObjectReader], around: Surroundings
    ) -> None:
        self._plan = plan
        self._bucket = bucket
        self._readers = readers
        self._around = around
        self.looked_at = 0

    def read_listing(self) -> None:
        """Everything in the bucket, mapped or not. Raises StoreUnreadable where the listing breaks off."""
        for page in self._bucket.pages():
            strangers: list[Entry] = []
            by_place: dict[str, list[StoredEntry]] = {}
            for stored in page:
                place = self._plan.place_of(stored.key)
                if place is None:
                    if not self._plan.is_declared(stored.key):
                        strangers.append(self._stranger(stored))
                elif place.name in self._readers:
                    by_place.setdefault(place.name, []).append(stored)
            self._around.inventory.add(strangers)
            for name, entries in by_place.items():
                self._readers[name].take(entries)
            self.looked_at += len(page)
            self._around.progress(len(page))

    def _stranger(self, stored: StoredEntry) -> Entry:
        return Entry(
            category=self._plan.category,
            place=self._plan.label,
            entry=stored.entry,
            mapped=False,
            item_hash=self._around.hasher.item(self._plan.label, stored.key),
            is_latest=stored.is_latest,
            stored_at=stored.stored_at,
        )
