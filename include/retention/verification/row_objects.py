"""Reads a bucket's objects that rows of a source describe: what is stored, with its rows, consents and holds, and rows alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from retention.datamap.loader import MappedPlace
from retention.verification.holds import Covered, HoldIndex
from retention.verification.inventory import Entry
from retention.verification.listing import Bucket, Metadata
from retention.verification.object_rows import ObjectRows
from retention.verification.place_check import PlaceCheck
from retention.verification.row_queries import ConsentFacts, RowFacts
from retention.verification.territory import BucketPlan, KeyDate, known_bucket, names_a_place, read_key
from retention.verification.version_dates import known_dates, learn_dates
from retention.verification.walk import StoredEntry

DAY = timedelta(hours=24)
REFUSED_METADATA = "HeadObject refused"
HIDDEN_OBJECTS = "objects that no listing shows"
UNREADABLE_VERSIONS = "versions that are listed and can't be read"


class RowObjects:
    """One place in a bucket whose objects have rows."""

    def __init__(
        self,
        check: PlaceCheck,
        place: MappedPlace,
        plan: BucketPlan,
        bucket: Bucket,
        rows: ObjectRows,
        holds: HoldIndex,
    ) -> None:
        self.check = check
        self._place = place
        self._plan = plan
        self._bucket = bucket
        self._rows = rows
        self._holds = holds
        self._events = range(len(check.terms.events))
        self._heads_refused = False
        check.consents_by_id = rows.consents_by_id
        check.requests_of = rows.requests

    def take(self, entries: Sequence[StoredEntry]) -> None:
        """What one page of the listing has of this place, with its rows, metadata and consents."""
        keys = list(dict.fromkeys(entry.key for entry in entries))
        hashes = {key: self.check.item_hash(key) for key in keys}
        facts = self._facts_by_key(keys)
        versions = {entry: self._part_hash(entry) for entry in entries if entry.entry == "version"}
        metadata = self._metadata({one: name for one, name in versions.items() if self._needs_metadata(one, facts)})
        found = []
        for entry in entries:
            own_date = metadata.get(entry, Metadata.NONE)
            if own_date is Metadata.GONE and not self._bucket.is_listed(entry):
                continue
            if own_date is Metadata.GONE:
                self.check.trouble = UNREADABLE_VERSIONS
            found.append(
                self._entry(
                    entry.entry,
                    entry.key,
                    hashes[entry.key],
                    facts.get(entry.key, ()),
                    part_hash=versions.get(entry),
                    is_latest=entry.is_latest,
                    stored_at=entry.stored_at,
                    metadata_at=own_date if isinstance(own_date, datetime) else None,
                )
            )
        self.check.looked_at.update(parts=len(found), objects=len(found))
        self.check.inventory.add(found)
        self._add_consents({key: hashes[key] for key in facts})

    def finish(self) -> None:
        """All rows, after the listings: those without an object, and those that name no place."""
        datamap, buckets = self.check.around.datamap, self.check.around.buckets
        for chunk in self._rows.all_rows():
            self.check.read_more("rows", len(chunk))
            here = [row for row in chunk if self._belongs(row)]
            # Two places may share a table: a row of another place is that place's matter.
            lost = [row for row in chunk if not names_a_place(datamap, row.bucket, row.object_key)]
            self.check.inventory.add([self._lost_row(row, known_bucket(datamap, buckets, row.bucket)) for row in lost])
            if self._place.row is not None:
                self._add_rows_alone(here)
            # Else rows stay when their objects go: one that stands alone tells nothing.

    def _belongs(self, row: RowFacts) -> bool:
        if row.object_key is None or row.bucket != self._plan.bucket:
            return False
        place = self._plan.place_of(row.object_key)
        return place is not None and place.name == self._place.name

    def _part_hash(self, stored: StoredEntry) -> bytes:
        """The keyed hash of one version, as good a name for its content as the store gives."""
        return self.check.item_hash("\0".join((stored.key, stored.part_id, stored.content)))

    def _facts_by_key(self, keys: Sequence[str]) -> dict[str, list[RowFacts]]:
        """The rows about these objects; several rows may name one."""
        found: dict[str, list[RowFacts]] = {}
        for row in self._rows.by_keys(self._plan.bucket, keys):
            if row.object_key is not None:
                found.setdefault(row.object_key, []).append(row)
        return found

    def _entry(self, kind: str, key: str, item_hash: bytes, rows: Sequence[RowFacts], **stored: Any) -> Entry:
        """What is known of one object, or of a row without one. Of several rows the strictest dates count."""
        dated = read_key(self._place.spec.key_date, key)
        happened = [_happened([row.event_happened[n] for row in rows]) for n in self._events]
        return self.check.entry(
            kind,
            holds=self._holds_of(key, dated, rows),
            agreed=self.check.terms.agreed_with(dated.tenant_id, *(row.tenant_id for row in rows)),
            item_hash=item_hash,
            key_day=dated.day,
            row_count=len(rows),
            clock_at=_oldest(row.clock_at for row in rows),
            evidence_at=_oldest(row.evidence_at for row in rows),
            event_happened=happened,
            event_at=[_oldest(row.event_at[n] for row in rows if row.event_happened[n]) for n in self._events],
            **stored,
        )

    def _holds_of(self, key: str, dated: KeyDate, rows: Sequence[RowFacts]) -> Covered:
        if not rows:
            return self._holds.covering(
                self._place.name, (key,), dated.tenant_id, None, person_known=False, has_row=False
            )
        found = [self._holds_of_row(row, key, tenant_of_key=dated.tenant_id or row.tenant_id) for row in rows]
        return Covered(
            list(dict.fromkeys(hold for one in found for hold in one.all)),
            list(dict.fromkeys(hold for one in found for hold in one.surely)),
        )

    def _holds_of_row(self, row: RowFacts, key: str, tenant_of_key: str | None) -> Covered:
        """Row and key may name two tenants: a hold on either may mean the item; beyond doubt does one that covers both."""
        names = (row.item_id, key)
        found = [
            self._holds.covering(self._place.name, names, tenant_id, row.person_id, person_known=row.person_known)
            for tenant_id in dict.fromkeys((row.tenant_id, tenant_of_key))
        ]
        return Covered(
            [hold for one in found for hold in one.all],
            [hold for hold in found[0].surely if all(hold in one.surely for one in found)],
        )

    def _lost_row(self, row: RowFacts, bucket: str) -> Entry:
        """A row that names no place: which bucket it names, its age and that it is there, under its own id's hash."""
        lost = self.check.entry(
            "row",
            note=bucket,
            item_hash=self.check.item_hash(row.item_id),
            row_count=1,
            clock_at=row.clock_at,
            evidence_at=row.evidence_at,
        )
        return lost._replace(mapped=False)

    def _add_rows_alone(self, rows: Sequence[RowFacts]) -> None:
        by_key: dict[str, list[RowFacts]] = {}
        for row in rows:
            by_key.setdefault(str(row.object_key), []).append(row)
        hashes = {key: self.check.item_hash(key) for key in by_key}
        stored = self.check.inventory.stored(self._place.name, list(hashes.values()))
        alone = {key: by_key[key] for key, item_hash in hashes.items() if item_hash not in stored}
        if any(self._bucket.hides(key) for key in alone):
            self.check.trouble = HIDDEN_OBJECTS
        for key in self._bucket.present(list(alone)):
            # It may have arrived after the listing had passed its place. Else the server doesn't list what it holds.
            if any(entry.entry == "version" for entry in self._bucket.entries_of(key)):
                del alone[key]
            else:
                self.check.trouble = HIDDEN_OBJECTS
        self.check.inventory.add([self._entry("row", key, hashes[key], found) for key, found in alone.items()])
        self._add_consents({key: hashes[key] for key in alone})

    def _needs_metadata(self, version: StoredEntry, facts: Mapping[str, Sequence[RowFacts]]) -> bool:
        """Whether the object's own `recorded-at` could say more: noncurrent versions, no row, or a row without a good date."""
        rows = facts.get(version.key, ())
        if not version.is_latest or not rows:
            return True
        clock_at = _oldest(row.clock_at for row in rows)
        day = read_key(self._place.spec.key_date, version.key).day
        others = [row.evidence_at for row in rows] + [day, version.stored_at]
        return clock_at is None or any(clock_at > other + DAY for other in others if other is not None)

    def _metadata(self, wanted: Mapping[StoredEntry, bytes]) -> dict[StoredEntry, datetime | Metadata]:
        """The objects' own dates, where they could say more than the row, as an earlier check learnt or the store says."""
        own, place = self.check.inventory.own, self.check.name
        lasting = {one: name for one, name in wanted.items() if not one.content}  # no such id is ever written again
        known = known_dates(own, place, list(lasting.values()))
        found = {one: known[name] or Metadata.NONE for one, name in lasting.items() if name in known}
        asked = self._ask_for_metadata([one for one in wanted if one not in found])
        learn_dates(own, place, dict(_told((lasting[one], answer) for one, answer in asked.items() if one in lasting)))
        return found | asked

    def _ask_for_metadata(self, wanted: Sequence[StoredEntry]) -> dict[StoredEntry, datetime | Metadata]:
        """A place that refuses is unknown, and asked no more."""
        if not wanted or self._heads_refused:
            return {}
        answers = self._bucket.recorded_at(wanted)
        if any(answer is Metadata.REFUSED for answer in answers):
            self._heads_refused = True
            self.check.trouble = REFUSED_METADATA
        return dict(zip(wanted, answers, strict=True))

    def _add_consents(self, hashes: Mapping[str, bytes]) -> None:
        if hashes:
            consents = self._rows.consents(self._plan.bucket, list(hashes))
            self.check.inventory.add_consents(self._place.name, list(_hashed(consents, hashes)))


def _hashed(consents: Iterator[ConsentFacts], hashes: Mapping[str, bytes]) -> Iterator[tuple[bytes, ConsentFacts]]:
    for consent in consents:
        if consent.item is not None and consent.item in hashes:
            yield hashes[consent.item], consent


def _told(answers: Iterable[tuple[bytes, datetime | Metadata]]) -> Iterator[tuple[bytes, datetime | None]]:
    """Dates, and that there is none. What is gone or refused has said nothing."""
    for name, answer in answers:
        if isinstance(answer, datetime):
            yield name, answer
        elif answer is Metadata.NONE:
            yield name, None


def _happened(said: Sequence[bool | None]) -> bool | None:
    """Whether any row says that the event happened; None where none does and not all of them say no."""
    return True if True in said else None if None in said else False


def _oldest(instants: Iterator[datetime | None]) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)
