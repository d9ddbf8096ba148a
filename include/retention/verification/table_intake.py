"""Reads a table whose rows are the items: those that need a look one by one, the rest as numbers, and what is around them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from retention.datamap.loader import MappedTable
from retention.verification.canaries import canary_starts
from retention.verification.clocks import APART
from retention.verification.holds import Covered, HoldIndex
from retention.verification.inventory import Entry
from retention.verification.kept import kept_lately
from retention.verification.memory import last_check_of
from retention.verification.place_check import PlaceCheck
from retention.verification.promised import SUPPRESSED
from retention.verification.suppression import find_suppressed, named_in, unlisted_since
from retention.verification.table_conditions import held_in
from retention.verification.table_rows import RecordFacts, TableRows
from retention.verification.vanished import seen_before
from retention.verification.withdrawn_contacts import WithdrawnContacts, withdrawals

_PARAGRAPH = re.compile(
    r"(?:§§?|Art\.?)\s?\d+[a-z]?(?:[\s,]+(?:(?:Abs|S|Satz|Nr|lit|UAbs)\.?\s?)?(?:\d+[a-z]?|[a-z]))*(?:\s[A-Z][A-Za-z]{1,9})?"
)
_OTHER_WORDS = "a duty in other words"


def read_table(check: PlaceCheck) -> None:
    """The whole place. Raises StoreUnreadable."""
    assert isinstance(check.place, MappedTable)  # intakes.py
    check.looked_at.update(parts=0, records=0)
    rows = TableRows(check.around.resolve(check.place.facts.verification), check.place, check.terms)
    check.around.sessions.callback(rows.close)
    check.consents_by_id = rows.consents_by_id
    check.requests_of = rows.requests
    with rows.snapshot():
        TableIntake(check, check.place, rows).read()


class TableIntake:
    """One reading of one table. `_unseen` are hashes of rows that were protected at the last check, kept until lately, or whose
    person had withdrawn, and that were not seen yet."""

    def __init__(self, check: PlaceCheck, place: MappedTable, rows: TableRows) -> None:
        self._check = check
        self._place = place
        self._rows = rows
        self._now = check.around.clocks.now()
        self._holds = HoldIndex(check.around.scopes, check.terms.category)
        last = last_check_of(check.inventory.own, check.name)
        self._withdrawn = WithdrawnContacts(check, last)
        self._unseen = seen_before(check, last) | kept_lately(check, last) | self._withdrawn.before.keys()
        self._canary_ids = list(canary_starts(check))
        self._unseen_canaries = {check.item_hash(item_id) for item_id in self._canary_ids}
        self._suppressed: Mapping[str, Sequence[datetime]] = {}

    def read(self) -> None:
        """Everything, at one instant."""
        self._rows.refuse_repeated_ids()
        self._suppressed = self._look_for_suppressed()
        held = held_in(self._check.around.scopes, self._check.name, self._check.terms.category, self._now)
        conditions = self._rows.conditions(self._check.around.as_of, self._now, held, list(self._suppressed))
        for chunk in self._rows.mattering(conditions):
            self._take(chunk)
        extra = [*self._still_there(), *self._canaries()]
        self._take(self._rows.by_id(extra))
        self._withdrawn.find_gone(self._unseen)
        for rest in self._rows.rest(conditions, extra):
            self._count(rest.rows)
            self._check.inventory.add(
                [
                    self._check.entry(
                        "rest",
                        note=rest.owner,
                        counted=rest.rows,
                        clock_at=rest.oldest_at,
                        first_end_at=rest.first_end_at,
                    )
                ]
            )
        for tenant in self._rows.tenants_among(self._check.terms.tenants):
            self._check.terms.agreed_with(tenant)
        self._look_around()

    def _look_for_suppressed(self) -> Mapping[str, Sequence[datetime]]:
        found = find_suppressed(self._check, self._place, self._rows)
        if found.rows:
            self._check.read_more("identified", found.rows)
        if found.unreadable:
            self._check.inventory.add([self._check.entry("unreadable", counted=found.unreadable)])
        return found.since

    def _take(self, records: Sequence[RecordFacts]) -> None:
        self._count(len(records))
        hashes = {record.item_id: self._check.item_hash(record.item_id) for record in records}
        self._unseen.difference_update(hashes.values())
        self._unseen_canaries.difference_update(hashes.values())
        held = {record.item_id: self._covering(record) for record in records}
        # What nothing protects needs no count of what belongs to it; a consent may protect any.
        extents = self._rows.extents(
            [
                record.item_id
                for record in records
                if held[record.item_id].surely
                or record.duty
                or record.kept_by == "restriction"
                or self._check.terms.scope is not None
            ]
        )
        unlisted = self._unlisted(records)
        self._check.inventory.add(
            [
                self._entry(
                    record,
                    hashes[record.item_id],
                    held[record.item_id],
                    extent=extents.get(record.item_id),
                    is_unlisted=record.item_id in unlisted,
                )
                for record in records
            ]
        )
        consents = self._rows.consents(list(hashes)) if self._check.terms.scope is not None else ()
        self._check.inventory.add_consents(
            self._check.name, [(hashes[one.item], one) for one in consents if one.item in hashes]
        )

    def _count(self, rows: int) -> None:
        self._check.read_more("parts", rows)
        self._check.looked_at["records"] += rows

    def _still_there(self) -> list[str]:
        """Rows that were protected at the last check or kept until lately, are no more, and need no look otherwise: they have not
        vanished, and are not to be forgotten."""
        found: list[str] = []
        if self._unseen:
            for ids in self._rows.all_ids():
                found += [item_id for item_id in ids if self._check.item_hash(item_id) in self._unseen]
        return found

    def _canaries(self) -> list[str]:
        """Canaries that need no look otherwise: whether they are there is asked for by their ids."""
        return [item_id for item_id in self._canary_ids if self._check.item_hash(item_id) in self._unseen_canaries]

    def _covering(self, record: RecordFacts) -> Covered:
        return self._holds.covering(
            self._check.name, (record.item_id,), record.tenant_id, record.person_id, person_known=record.person_known
        )

    def _entry(
        self, record: RecordFacts, item_hash: bytes, holds: Covered, *, extent: int | None, is_unlisted: bool
    ) -> Entry:
        happened, at = self._events(record)
        return self._check.entry(
            "record",
            holds=holds,
            extent=extent,
            is_unlisted=is_unlisted,
            agreed=self._check.terms.agreed_with(record.tenant_id),
            item_hash=item_hash,
            part_hash=item_hash,
            row_count=1,
            clock_at=record.clock_at,
            evidence_at=record.evidence_at,
            event_happened=happened,
            event_at=at,
            duty=_shown(record.duty),
            duty_until=record.duty_until,
            kept_by=record.kept_by,
            tenant_id=record.tenant_id,
            note=self._whose(record),
        )

    def _whose(self, record: RecordFacts) -> str | None:
        """What is not known about whose row it is. A log, which goes by age alone, may say that it is anybody's, as logs in files
        are: then every hold means it."""
        if record.tenant_id is None:
            is_log = not self._check.terms.events and not record.person_known
            return None if is_log else "no_tenant"
        if not record.tenant_known:
            return "unknown_tenant"
        return None if record.person_known else "no_person"

    def _events(self, record: RecordFacts) -> tuple[Sequence[bool | None], Sequence[datetime | None]]:
        """The promise's events, the suppression among them: since the oldest entry that no consent lifts, which must be proven
        newer; or since the row came back, if that is later. A row that claims to come in the future came back when it was listed.

        What nothing but a time in the future tells, nobody says.
        """
        said = [
            None if rests_on_its_time and at is not None and at > self._now + APART else happened
            for happened, at, rests_on_its_time in zip(
                record.event_happened, record.event_at, self._rows.rest_on_their_time, strict=True
            )
        ]
        listed = self._suppressed.get(record.item_id, ())
        since = [at for at in listed if record.proven_at is None or record.proven_at <= at]
        if not since:
            return said, record.event_at
        names = [event.name for event in self._check.terms.events]
        came_at = record.clock_at if record.clock_at is not None and record.clock_at <= self._now + APART else None
        came = max(min(since), came_at or min(since))
        return (
            [name == SUPPRESSED or happened for name, happened in zip(names, said, strict=True)],
            [came if name == SUPPRESSED else at for name, at in zip(names, record.event_at, strict=True)],
        )

    def _unlisted(self, records: Sequence[RecordFacts]) -> set[str]:
        """Which of these rows' persons withdrew longer ago than may pass, and are not on the suppression list since then. All who
        withdrew are remembered: once they have gone, nothing else says who they were."""
        told = withdrawals(self._check, records)
        named = named_in(self._check, self._place, self._rows, told)
        self._withdrawn.note(told, named)
        late = {item_id: told[item_id].late_at for item_id in named}
        return unlisted_since(
            self._check, {item_id: (named[item_id], at) for item_id, at in late.items() if at is not None}
        )

    def _look_around(self) -> None:
        """What belongs to rows that are gone, what is anonymised by halves, what the check SQL leaves out, and what warns."""
        check = self._check
        for table, rows, lost in self._rows.orphans():
            check.read_more("dependents", rows)
            if lost:
                check.inventory.add([check.entry("orphans", note=table, counted=lost)])
        if self._place.spec.anonymise:
            check.looked_at["anonymised"] += check.looked_at["records"]
            for ids in self._rows.half_anonymised():
                check.inventory.add([check.entry("half", item_hash=check.item_hash(item_id)) for item_id in ids])
        check.inventory.add([check.entry(kind, note=note) for kind, note in self._rows.warnings()])
        if unseen := self._rows.unseen():
            check.inventory.add([check.entry("unseen", counted=unseen)])


def _shown(duty: str | None) -> str | None:
    """The paragraph, as far as it can name nothing but a statute: a row may hold anything there."""
    if duty is None:
        return None
    return duty if len(duty) <= 60 and _PARAGRAPH.fullmatch(duty) else _OTHER_WORDS
