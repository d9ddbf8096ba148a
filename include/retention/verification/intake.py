"""Reads one bucket and the rows about it into the inventory, a page at a time; memory does not grow with the bucket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from retention.datamap.loader import DataMap, MappedPlace
from retention.evidence.hashing import ItemHasher
from retention.verification.holds import Covered, HoldIndex
from retention.verification.inventory import Entry, Inventory
from retention.verification.listing import Bucket, Metadata
from retention.verification.promised import PromisedTerms
from retention.verification.source import ConsentFacts, RowFacts, RowSource
from retention.verification.territory import BucketPlan, KeyDate, known_bucket, names_a_place, read_key
from retention.verification.walk import StoredEntry

DAY = timedelta(hours=24)
REPLACEMENT = "\ufffd"
"""What a server writes in a listing for characters that XML can't hold."""
REFUSED_METADATA = "HeadObject refused"
HIDDEN_OBJECTS = "objects that no listing shows"
UNREADABLE_VERSIONS = "versions that are listed and can't be read"
Progress = Callable[[int], None]
"""Called with how many more parts and rows have been read."""


@dataclass(slots=True)
class PlaceReader:
    """One place of this check with everything that reads it. `looked_at` counts parts and rows; `trouble` is why it failed."""

    place: MappedPlace
    terms: PromisedTerms
    rows: RowSource
    holds: HoldIndex
    hasher: ItemHasher
    looked_at: Counter[str] = field(default_factory=Counter)
    trouble: str | None = None
    heads_refused: bool = False

    @property
    def name(self) -> str:
        """The place's name in the data map."""
        return self.place.name

    def item_hash(self, key: str) -> bytes:
        """The keyed hash of an object: the same in every check."""
        return self.hasher.item(self.place.name, key)

    def part_hash(self, stored: StoredEntry) -> bytes:
        """The keyed hash of one version, as good a name for its content as the store gives."""
        return self.hasher.item(self.place.name, "\0".join((stored.key, stored.part_id, stored.content)))

    def facts_by_key(self, keys: Sequence[str]) -> dict[str, list[RowFacts]]:
        """The rows about these objects; several rows may name one."""
        found: dict[str, list[RowFacts]] = {}
        for row in self.rows.by_keys(self.place.spec.bucket, keys):
            if row.object_key is not None:
                found.setdefault(row.object_key, []).append(row)
        return found

    def entry(self, kind: str, key: str, item_hash: bytes, rows: Sequence[RowFacts], **stored: object) -> Entry:
        """What is known of one object, or of a row without one. Of several rows the strictest dates count."""
        dated = read_key(self.place.spec.key_date, key)
        holds = self._holds(key, dated, rows)
        return Entry(
            category=self.terms.category,
            place=self.name,
            entry=kind,
            mapped=True,
            item_hash=item_hash,
            key_day=dated.day,
            row_count=len(rows),
            clock_at=_oldest(row.clock_at for row in rows),
            evidence_at=_oldest(row.evidence_at for row in rows),
            event_happened=_happened(rows),
            event_at=_oldest(row.event_at for row in rows if row.event_happened),
            hold_ids=holds.all,
            sure_hold_ids=holds.surely,
            **stored,  # type: ignore[arg-type]
        )

    def _holds(self, key: str, dated: KeyDate, rows: Sequence[RowFacts]) -> Covered:
        if not rows:
            return self.holds.covering(self.name, (key,), dated.tenant_id, None, person_known=False, has_row=False)
        found = [self._holds_of_row(row, key, tenant_of_key=dated.tenant_id or row.tenant_id) for row in rows]
        return Covered(
            list(dict.fromkeys(hold for one in found for hold in one.all)),
            list(dict.fromkeys(hold for one in found for hold in one.surely)),
        )

    def _holds_of_row(self, row: RowFacts, key: str, tenant_of_key: str | None) -> Covered:
        """Row and key may name two tenants: a hold on either may mean the item; beyond doubt does one that covers both."""
        found = [
            self.holds.covering(self.name, (row.item_id, key), tenant_id, row.person_id, person_known=row.person_known)
            for tenant_id in dict.fromkeys((row.tenant_id, tenant_of_key))
        ]
        return Covered(
            [hold for one in found for hold in one.all],
            [hold for hold in found[0].surely if all(hold in one.surely for one in found)],
        )


class BucketIntake:
    """Reads one bucket of the map, with all its places of this check."""

    def __init__(
        self,
        plan: BucketPlan,
        bucket: Bucket,
        readers: Mapping[str, PlaceReader],
        inventory: Inventory,
        hasher: ItemHasher,
    ) -> None:
        self._plan = plan
        self._bucket = bucket
        self._readers = readers
        self._inventory = inventory
        self._hasher = hasher
        self.looked_at = 0

    def read_listing(self, progress: Progress) -> None:
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
            self._inventory.add(strangers)
            for name, entries in by_place.items():
                self._read_objects(self._readers[name], entries)
            self.looked_at += len(page)
            progress(len(page))

    def read_rows(self, reader: PlaceReader, datamap: DataMap, listed: Collection[str], progress: Progress) -> None:
        """All rows of one place, after its listing: those without an object, and those that name no place.

        `listed` are the buckets that the stores' own lists name.
        """
        for chunk in reader.rows.all_rows():
            reader.looked_at["rows"] += len(chunk)
            progress(len(chunk))
            here = [row for row in chunk if self._belongs(reader, row)]
            # Two places may share a table: a row of another place is that place's matter.
            lost = [row for row in chunk if not names_a_place(datamap, row.bucket, row.object_key)]
            self._inventory.add([_lost_row(reader, row, known_bucket(datamap, listed, row.bucket)) for row in lost])
            if reader.place.row is not None:
                self._add_rows_alone(reader, here)
            # Else rows stay when their objects go: one that stands alone tells nothing.

    def _belongs(self, reader: PlaceReader, row: RowFacts) -> bool:
        if row.object_key is None or row.bucket != self._plan.bucket:
            return False
        place = self._plan.place_of(row.object_key)
        return place is not None and place.name == reader.name

    def _add_rows_alone(self, reader: PlaceReader, rows: Sequence[RowFacts]) -> None:
        by_key: dict[str, list[RowFacts]] = {}
        for row in rows:
            by_key.setdefault(str(row.object_key), []).append(row)
        hashes = {key: reader.item_hash(key) for key in by_key}
        stored = self._inventory.stored(reader.name, list(hashes.values()))
        alone = {key: by_key[key] for key, item_hash in hashes.items() if item_hash not in stored}
        if any(self._bucket.hides(key) for key in alone):
            reader.trouble = HIDDEN_OBJECTS
        for key in self._bucket.present(list(alone)):
            # It may have arrived after the listing had passed its place. Else the server doesn't list what it holds.
            if any(entry.entry == "version" for entry in self._bucket.entries_of(key)):
                del alone[key]
            else:
                reader.trouble = HIDDEN_OBJECTS
        self._inventory.add([reader.entry("row", key, hashes[key], found) for key, found in alone.items()])
        self._add_consents(reader, {key: hashes[key] for key in alone})

    def _read_objects(self, reader: PlaceReader, entries: Sequence[StoredEntry]) -> None:
        keys = list(dict.fromkeys(entry.key for entry in entries))
        hashes = {key: reader.item_hash(key) for key in keys}
        facts = reader.facts_by_key(keys)
        metadata = self._metadata(reader, [entry for entry in entries if _needs_metadata(reader, entry, facts)])
        found = []
        for entry in entries:
            own_date = metadata.get((entry.key, entry.part_id), Metadata.NONE)
            if own_date is Metadata.GONE and not self._is_listed(entry):
                continue
            if own_date is Metadata.GONE:
                reader.trouble = UNREADABLE_VERSIONS
            found.append(
                reader.entry(
                    entry.entry,
                    entry.key,
                    hashes[entry.key],
                    facts.get(entry.key, ()),
                    part_hash=reader.part_hash(entry) if entry.entry == "version" else None,
                    is_latest=entry.is_latest,
                    stored_at=entry.stored_at,
                    metadata_at=own_date if isinstance(own_date, datetime) else None,
                )
            )
        reader.looked_at["parts"] += len(found)
        self._inventory.add(found)
        self._add_consents(reader, {key: hashes[key] for key in facts})

    def _is_listed(self, gone: StoredEntry) -> bool:
        """Whether a version that could not be found is listed all the same. A name that the server could not write in its
        listing can't be asked for."""
        if REPLACEMENT in gone.key:
            return True
        return any(
            (now.part_id, now.content) == (gone.part_id, gone.content) for now in self._bucket.entries_of(gone.key)
        )

    def _metadata(
        self, reader: PlaceReader, wanted: Sequence[StoredEntry]
    ) -> dict[tuple[str, str], datetime | Metadata]:
        """The objects' own dates, where they could say more than the row. A place that refuses is unknown, and asked no more."""
        if not wanted or reader.heads_refused:
            return {}
        answers = self._bucket.recorded_at(wanted)
        if any(answer is Metadata.REFUSED for answer in answers):
            reader.heads_refused = True
            reader.trouble = REFUSED_METADATA
        return {(entry.key, entry.part_id): answer for entry, answer in zip(wanted, answers, strict=True)}

    def _add_consents(self, reader: PlaceReader, hashes: Mapping[str, bytes]) -> None:
        if hashes:
            consents = reader.rows.consents(self._plan.bucket, list(hashes))
            self._inventory.add_consents(reader.name, list(_hashed(consents, hashes)))

    def _stranger(self, stored: StoredEntry) -> Entry:
        return Entry(
            category=self._plan.category,
            place=self._plan.label,
            entry=stored.entry,
            mapped=False,
            item_hash=self._hasher.item(self._plan.label, stored.key),
            is_latest=stored.is_latest,
            stored_at=stored.stored_at,
        )


def _needs_metadata(reader: PlaceReader, stored: StoredEntry, facts: Mapping[str, Sequence[RowFacts]]) -> bool:
    """Whether the object's own `recorded-at` could say more: noncurrent versions, no row, or a row without a good date."""
    if stored.entry != "version":
        return False
    rows = facts.get(stored.key, ())
    if not stored.is_latest or not rows:
        return True
    clock_at = _oldest(row.clock_at for row in rows)
    others = [row.evidence_at for row in rows] + [
        read_key(reader.place.spec.key_date, stored.key).day,
        stored.stored_at,
    ]
    return clock_at is None or any(clock_at > other + DAY for other in others if other is not None)


def _hashed(consents: Iterator[ConsentFacts], hashes: Mapping[str, bytes]) -> Iterator[tuple[bytes, ConsentFacts]]:
    for consent in consents:
        if consent.object_key is not None and consent.object_key in hashes:
            yield hashes[consent.object_key], consent


def _lost_row(reader: PlaceReader, row: RowFacts, bucket: str) -> Entry:
    """A row that names no place: which bucket it names, its age and that it is there, under its own id's hash."""
    return Entry(
        category=reader.terms.category,
        place=reader.name,
        entry="row",
        mapped=False,
        note=bucket,
        item_hash=reader.hasher.item(reader.name, row.item_id),
        row_count=1,
        clock_at=row.clock_at,
        evidence_at=row.evidence_at,
    )


def _happened(rows: Sequence[RowFacts]) -> bool | None:
    """Whether any row says that the need ended; None where none does and not all of them say no."""
    said = {row.event_happened for row in rows}
    return True if True in said else None if None in said else False


def _oldest(instants: Iterator[datetime | None]) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)
