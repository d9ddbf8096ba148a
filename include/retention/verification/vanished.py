"""What was protected at the last check and is gone now: was what protected it still in force? (architecture, step 5)"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from retention.datamap.loader import MappedFiles, MappedPartitions
from retention.verification.inventory import Entry, Inventory
from retention.verification.known_files import knows_files
from retention.verification.memory import LastCheck, forget_older, last_check_of
from retention.verification.place_check import PlaceCheck
from retention.verification.requests import Decisions, Gone
from retention.verification.row_queries import ConsentFacts
from retention.verification.vanished_partitions import FEWER_OF_A_DAY, GONE_DAYS, KNOWN_OTHERWISE

_BATCH = 1000

_SEEN_BEFORE = """
SELECT item_hash, bool_and(missing_since IS NOT NULL) AS was_missing
FROM retention.protected_items
WHERE check_run_id = %s AND place = %s
GROUP BY item_hash
"""

_HELD_BEFORE = """
SELECT part_hash, hold_ids
FROM retention.protected_items
WHERE check_run_id = %s AND place = %s AND hold_ids && %s
"""

_GONE = """
SELECT
    p.item_hash, p.part_hash, p.hold_ids, p.consent_ids, p.duty_until, p.tenant_id, p.arose_at, p.missing_since, p.is_restricted
FROM retention.protected_items AS p
WHERE
    p.check_run_id = %s
    AND p.place = %s
    AND p.day IS NULL
    AND (p.missing_since IS NOT NULL OR %s)
    AND NOT EXISTS (
        SELECT 1
        FROM {entries} AS e
        WHERE
            -- Rotation gives a file another name (known_files.py).
            (e.item_hash = p.item_hash OR e.entry = 'file')
            AND e.part_hash = p.part_hash
            AND e.place = p.place
            AND e.entry IN ('version', 'record', 'partition', 'file')
    )
"""

# What was there in full and is there in part.
_LESS_THAN_BEFORE = """
UPDATE {entries} AS e
SET extent_before = p.extent
FROM retention.protected_items AS p
WHERE
    p.check_run_id = %s
    AND p.place = %s
    AND e.place = p.place
    AND e.part_hash = p.part_hash
    AND (e.item_hash = p.item_hash OR e.entry = 'file')
    AND e.entry IN ('record', 'file')
    AND e.extent < p.extent
    AND NOT EXISTS (
        SELECT 1
        FROM {entries} AS other
        WHERE other.place = p.place AND other.part_hash = p.part_hash AND other.extent >= p.extent
    )
"""

_PROTECTED_NOW = """
INSERT INTO retention.protected_items (
    check_run_id, place, item_hash, part_hash, hold_ids, consent_ids, duty_until, tenant_id, arose_at, extent, day, day_extent,
    counted_to, is_restricted
)
SELECT DISTINCT ON (part_hash)
    CAST(%s AS uuid),
    place,
    item_hash,
    part_hash,
    sure_hold_ids,
    CASE WHEN is_exempt THEN consent_ids ELSE '{{}}' END,
    CASE WHEN has_duty THEN coalesce(duty_until, '9999-12-30 00:00:00+00') END,
    tenant_id,
    oldest_evidence_at,
    greatest(extent, extent_before),
    day,
    CASE WHEN entry = 'held' THEN sum(extent) OVER (PARTITION BY sure_hold_ids, day) + coalesce(day_lacks, 0) END,
    counted_to,
    coalesce(is_kept AND kept_by = 'restriction', FALSE)
FROM {judged}
WHERE
    place = %s
    -- Of a log's partition, each day that a hold covers; a copy that Airflow left has no such parts.
    AND (entry IN ('version', 'record', 'file', 'held') OR (entry = 'partition' AND note = 'copy'))
    AND must_not_vanish
ORDER BY part_hash, extent DESC NULLS LAST, entry_no
"""

# What vanished stays on the list while what protected it is in force, and else for the 30 days in which it is reported.
_STILL_MISSING = """
INSERT INTO retention.protected_items (
    check_run_id, place, item_hash, part_hash, hold_ids, consent_ids, duty_until, tenant_id, arose_at, extent, day, day_extent,
    counted_to, missing_since, is_restricted
)
SELECT
    CAST(%s AS uuid),
    p.place,
    p.item_hash,
    p.part_hash,
    p.hold_ids,
    p.consent_ids,
    p.duty_until,
    p.tenant_id,
    p.arose_at,
    p.extent,
    p.day,
    p.day_extent,
    p.counted_to,
    coalesce(p.missing_since, j.as_of),
    p.is_restricted
FROM {judged} AS j
INNER JOIN retention.protected_items AS p ON j.place = p.place AND j.part_hash = p.part_hash
WHERE
    p.check_run_id = %s
    AND p.place = %s
    AND j.entry = 'vanished'
    AND (
        j.must_not_vanish
        OR (j.records_are_gone AND coalesce(p.missing_since, j.as_of) > j.as_of - interval '30 days')
    )
"""


def read_vanished(check: PlaceCheck, last_check: LastCheck) -> None:
    """Enter everything that was protected at `last_check` and is gone now, with what was decided about it, and its consents read
    again by their ids.

    Its holds are read again when the inventory is judged. Raises StoreUnreadable where the consents or requests can't be read.
    """
    inventory = check.inventory
    seen = inventory.own.execute(_SEEN_BEFORE, (last_check.check_run_id, check.name)).fetchall()
    check.looked_at["protected"] += len(seen)
    check.looked_at["remembered"] += len(seen)
    why_not = _why_incomparable(check, last_check) if seen else None
    if why_not is not None:
        # What was missing before still is; of the rest nobody can say.
        inventory.add(
            [
                remembered(check.terms.category, check.name, bytes(row["item_hash"]), why_not)
                for row in seen
                if not row["was_missing"]
            ]
        )
    else:
        for less in (_LESS_THAN_BEFORE, FEWER_OF_A_DAY):
            inventory.ask(less, (last_check.check_run_id, check.name))
    asked = (last_check.check_run_id, check.name, why_not is None)
    gone = [*inventory.ask(_GONE, asked), *inventory.ask(GONE_DAYS, asked)]
    for start in range(0, len(gone), _BATCH):
        batch = gone[start : start + _BATCH]
        inventory.add(list(_entries(check, batch)))
        inventory.add_consents(check.name, list(_consents_now(check, batch)))


def _why_incomparable(check: PlaceCheck, last_check: LastCheck) -> str | None:
    """Why what was seen at `last_check` can't be looked for; None where it can."""
    if not last_check.is_comparable(check.around.hasher.key_id):
        return "hash_key_changed"
    if isinstance(check.place, MappedFiles) and not knows_files(check, last_check):
        return "files_known_otherwise"
    if isinstance(check.place, MappedPartitions):
        known_otherwise = check.inventory.own.execute(KNOWN_OTHERWISE, (last_check.check_run_id, check.name)).fetchone()
        return "partitions_known_otherwise" if known_otherwise is not None else None
    return None


def seen_before(check: PlaceCheck, last_check: LastCheck | None) -> set[bytes]:
    """The hashes of what was protected at `last_check` and not missing then."""
    if last_check is None:
        return set()
    seen = check.inventory.own.execute(_SEEN_BEFORE, (last_check.check_run_id, check.name))
    return {bytes(row["item_hash"]) for row in seen if not row["was_missing"]}


def held_before(check: PlaceCheck, hold_ids: Collection[UUID]) -> dict[bytes, list[UUID]]:
    """What any of these holds surely covered when it was last seen, by its own hash, with those that did: it stays the same under
    another name."""
    last = last_check_of(check.inventory.own, check.name) if hold_ids else None
    if last is None or not last.is_comparable(check.around.hasher.key_id):
        return {}
    seen = check.inventory.own.execute(_HELD_BEFORE, (last.check_run_id, check.name, list(hold_ids)))
    return {bytes(row["part_hash"]): [one for one in row["hold_ids"] if one in hold_ids] for row in seen}


def remember_protected(inventory: Inventory, check_run: UUID, place: str, last_check: UUID | None) -> None:
    """Write down what is protected now, for the next check, and what is still missing since an earlier one; forget the rest."""
    inventory.ask(_PROTECTED_NOW, (check_run, place))
    if last_check is not None:
        inventory.ask(_STILL_MISSING, (check_run, last_check, place))
    forget_older(inventory.own, "protected_items", place, keep=(check_run, last_check))


def remembered(category: str, place: str, item_hash: bytes, reason: str) -> Entry:
    """A protected item that can't be looked for."""
    return Entry(category, place, "remembered", mapped=True, item_hash=item_hash, note=reason)


def _entries(check: PlaceCheck, items: Sequence[dict[str, Any]]) -> Iterator[Entry]:
    now = check.around.clocks.now()
    tenants = sorted({item["tenant_id"] for item in items if item["tenant_id"] is not None})
    decisions = Decisions(check.terms, list(check.requests_of(tenants)) if check.requests_of is not None else None)
    for item in items:
        gone = Gone(item["tenant_id"], item["arose_at"], item["missing_since"] or now)
        yield _entry(check, item, *decisions.about(gone))


def _entry(
    check: PlaceCheck,
    item: dict[str, Any],
    note: str | None,
    happened: Sequence[bool],
    at: Sequence[datetime | None],
) -> Entry:
    return Entry(
        category=check.terms.category,
        place=check.name,
        entry="vanished",
        mapped=True,
        is_processor=check.place.spec.role == "processor",
        event_happened=happened,
        event_at=at,
        note=note,
        item_hash=bytes(item["item_hash"]),
        part_hash=bytes(item["part_hash"]),
        duty="statutory duty" if item["duty_until"] is not None else None,
        duty_until=item["duty_until"],
        kept_by="restriction" if item["is_restricted"] else None,
        hold_ids=item["hold_ids"],
        sure_hold_ids=item["hold_ids"],
        records_named=len(item["hold_ids"]) + len(item["consent_ids"]),
        missing_since=item["missing_since"],
    )


def _consents_now(check: PlaceCheck, items: Sequence[dict[str, Any]]) -> Iterator[tuple[bytes, ConsentFacts]]:
    named = sorted({consent for item in items for consent in item["consent_ids"]})
    known = {facts.consent_id: facts for facts in check.consents_by_id(named)}
    for item in items:
        for consent in item["consent_ids"]:
            if consent in known:
                yield bytes(item["item_hash"]), known[consent]
