"""The full listing: what no row leads to, and whole items whose row is younger than their object.

Works page by page, so that memory stays flat: each page of parts is held against the rows of its keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retention.disposal.checked import CheckedObjects
from retention.disposal.lines import DueItem, Tally, due_item
from retention.disposal.loose import decide_loose, is_loose, loose_item, lost_hold_items, protected_by_row
from retention.disposal.older_objects import rows_by_store
from retention.disposal.pages import pages_of
from retention.disposal.reading import Reading, RowsByKey
from retention.disposal.selection import is_disposable
from retention.policy.facts import Decision, ItemFacts
from retention.stores.protocol import StoredPart

PAGE_PARTS = 1_000


def sweep_place(reading: Reading[CheckedObjects], tally: Tally) -> Iterator[DueItem]:
    """Every part of the place that is due by its own evidence and that no row protects or covers; and whole items whose row is
    younger than their object."""
    lost = lost_hold_items(reading)
    for page in pages_of(reading.checked.stores.objects.scan(), PAGE_PARTS):
        rows = reading.rows_by_key(sorted({part.key for part in page}))
        by_store = rows_by_store(reading, page, rows)
        whole = {key: row for key, found in by_store.items() for row in found if is_disposable(row)}
        loose = [part for part in page if part.key not in whole and is_loose(part, rows.get(part.key, ()))]
        tally.considered += len(page)
        tally.linked += sum(part.key in rows for part in page)
        tally.keep("described_by_row", sum(part.key not in whole for part in page) - len(loose))
        for row in whole.values():
            tally.take(row["deadline_at"])
            tally.fallback += 1
            yield due_item(reading.checked.place.name, row)
        yield from _due_loose(reading, loose, rows, lost, tally)


def _due_loose(
    reading: Reading[CheckedObjects], loose: Sequence[StoredPart], rows: RowsByKey, lost: frozenset[str], tally: Tally
) -> Iterator[DueItem]:
    """Those of one page's loose parts that are due; the others are counted with their reason."""
    stated = reading.checked.stores.objects.stated_at(loose)
    for part in loose:
        has_row = part.key in rows
        item = loose_item(reading.checked, part, stated.get(part), has_row=has_row)
        decision = decide_loose(reading, item, lost)
        protection = protected_by_row(rows.get(part.key, ()), reading.now)
        if protection is not None or not decision.disposable:
            tally.keep(protection or decision.reason, 1, decision.due_at if decision.reason == "not_due" else None)
            continue
        due = _due_part(part, item, decision, unlinked=not has_row)
        tally.take(due.deadline_at)
        tally.fallback += 1
        tally.unlinked_due += not has_row
        yield due


def _due_part(part: StoredPart, item: ItemFacts, decision: Decision, *, unlinked: bool) -> DueItem:
    assert decision.due_at is not None and decision.deadline_at is not None  # disposable items are dated
    return DueItem(
        place=item.place,
        item_id=f"{part.key}#{part.part_id}",
        object_key=part.key,
        part_id=part.part_id,
        tenant_id=item.tenant_id,
        person_id=None,
        arose_at=item.evidence_at,
        evidence_at=item.evidence_at,
        basis=decision.basis.value,
        reason=f"{'unlinked' if unlinked else 'noncurrent'}_{part.kind.value}",
        due_at=decision.due_at,
        deadline_at=decision.deadline_at,
    )
