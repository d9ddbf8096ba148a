"""Which key belongs to which place of the data map, and what belongs to none."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from retention.datamap.loader import DataMap, MappedPlace


class KeyDate(NamedTuple):
    """What a key says about its item: the day (midnight UTC) and the tenant."""

    day: datetime | None
    tenant_id: str | None


@dataclass(frozen=True)
class BucketPlan:
    """One bucket as the map sees it: its places, among them those of this check, and the prefixes declared not personal."""

    store: str
    bucket: str
    places: tuple[MappedPlace, ...]
    checked: frozenset[str]
    declared: tuple[str, ...]
    category: str

    @property
    def label(self) -> str:
        """What findings about the bucket as a whole call their place."""
        return f"{self.store}/{self.bucket}"

    def place_of(self, key: str) -> MappedPlace | None:
        """The place that the key belongs to; None where no prefix of the map fits. Prefixes never overlap."""
        return next((place for place in self.places if key.startswith(place.spec.prefixes)), None)

    def is_declared(self, key: str) -> bool:
        """Whether somebody declared this part of the bucket free of personal data."""
        return bool(self.declared) and key.startswith(self.declared)


def plan_buckets(datamap: DataMap, categories: Sequence[str]) -> list[BucketPlan]:
    """Every bucket that holds a place of these categories. Raises DataMapError where a category has no place."""
    wanted = [
        place for category in categories for place in datamap.of_category(category) if isinstance(place, MappedPlace)
    ]
    plans = []
    for store, bucket in dict.fromkeys((store_of(datamap, p.spec.connection), p.spec.bucket) for p in wanted):
        here = tuple(
            p
            for p in datamap.objects.values()
            if (store_of(datamap, p.spec.connection), p.spec.bucket) == (store, bucket)
        )
        mine = [place for place in here if place in wanted]
        declared = tuple(
            entry.prefix
            for entry in datamap.not_personal
            if entry.bucket == bucket and entry.prefix is not None and store_of(datamap, entry.connection) == store
        )
        checked = frozenset(place.name for place in mine)
        plans.append(BucketPlan(store, bucket, here, checked, declared, mine[0].spec.category))
    return plans


def store_of(datamap: DataMap, connection: str) -> str:
    """The first connection of the map with the same verifying identity: each system's file names its own, and two of them may
    look into one account."""
    identity = datamap.connections[connection].verification
    return next(name for name, one in datamap.connections.items() if one.verification == identity)


def unmapped_buckets(datamap: DataMap, connections: Collection[str], names: Sequence[str]) -> list[str]:
    """Buckets that are neither mapped nor declared, as a whole, free of personal data, by any of these connections."""
    mapped = {p.spec.bucket for p in datamap.objects.values() if p.spec.connection in connections}
    declared = {
        entry.bucket for entry in datamap.not_personal if entry.prefix is None and entry.connection in connections
    }
    return [name for name in names if name not in mapped and name not in declared]


def declared_buckets(datamap: DataMap, store: str) -> set[str]:
    """Buckets of one store in which something is declared free of personal data."""
    entries = [entry for entry in datamap.not_personal if store_of(datamap, entry.connection) == store]
    return {entry.bucket for entry in entries if entry.bucket is not None}


def known_bucket(datamap: DataMap, listed: Collection[str], bucket: str | None) -> str:
    """The bucket that a row names. Only what the map or a store's own list knows is repeated: a row may hold anything there."""
    declared = {entry.bucket for entry in datamap.not_personal} | {p.spec.bucket for p in datamap.objects.values()}
    return bucket if bucket is not None and (bucket in declared or bucket in listed) else "unknown bucket"


def kin_of(datamap: DataMap, place: MappedPlace) -> list[MappedPlace]:
    """The places whose rows stand in the same table as this one's, itself first: an item that moved keeps its id there."""
    table = _table(place)
    others = (other for other in datamap.objects.values() if other.name != place.name)
    return [place, *(other for other in others if table is not None and _table(other) == table)]


def _table(place: MappedPlace) -> tuple[str, str, str] | None:
    row = place.row
    return (place.facts.verification, row.table, row.id_column) if row is not None else None


def names_a_place(datamap: DataMap, bucket: str | None, key: str | None) -> bool:
    """Whether a row's bucket and key lie in any place of the map."""
    return key is not None and any(
        place.spec.bucket == bucket and key.startswith(place.spec.prefixes) for place in datamap.objects.values()
    )


def read_key(pattern: re.Pattern[str] | None, key: str) -> KeyDate:
    """Day and tenant from the key, by the place's pattern; a day that no calendar has is none."""
    match = pattern.search(key) if pattern is not None else None
    if match is None:
        return KeyDate(None, None)
    groups = match.groupdict()
    return KeyDate(_midnight(groups["year"], groups["month"], groups["day"]), groups.get("tenant"))


@lru_cache(maxsize=4096)
def _midnight(year: str | None, month: str | None, day: str | None) -> datetime | None:
    parts = [text or "" for text in (year, month, day)]  # a group that took no part in the match is None
    if any(not re.fullmatch("[0-9]{1,4}", text) for text in parts):
        return None
    try:
        return datetime(int(parts[0]), int(parts[1]), int(parts[2]), tzinfo=UTC)
    except ValueError:
        return None
