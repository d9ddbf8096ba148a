"""The full listing: what no row leads to. Orphans, expired noncurrent versions, old unfinished uploads, lone delete markers.

Works part by part, so that memory stays flat: each page of parts is held against the rows of its keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from psycopg import sql

from retention.disposal.keys import read_key, require_read_alike
from retention.disposal.lines import DueItem, Tally, due_item
from retention.disposal.older_objects import store_evidence
from retention.disposal.place_sql import reviewed
from retention.disposal.preflight import CheckedPlace
from retention.disposal.runtime import Runtime
from retention.disposal.selection import compile_selection
from retention.policy.decide import decide
from retention.policy.facts import Decision, Hold, ItemFacts
from retention.policy.model import RetentionRule
from retention.stores.protocol import PartKind, StoredPart

PAGE_PARTS = 1_000


def sweep_place(
    runtime: Runtime,
    rule: RetentionRule,
    checked: CheckedPlace,
    holds: Sequence[Hold],
    as_of: datetime,
    now: datetime,
    tally: Tally,
) -> Iterator[DueItem]:
    """Every part of the place that is due by its own evidence and that no row protects or covers; and whole items whose row is
    younger than their object."""
    lost = lost_hold_items(runtime, checked, holds)
    for page in _pages(checked.stores.objects.scan()):
        rows = rows_by_key(runtime, rule, checked, holds, as_of, now, sorted({part.key for part in page}))
        whole = _due_by_store(runtime, rule, checked, holds, as_of, now, page, rows)
        loose = [part for part in page if part.key not in whole and is_loose(part, rows.get(part.key, ()))]
        tally.considered += len(page)
        tally.linked += sum(part.key in rows for part in page)
        tally.keep("described_by_row", sum(part.key not in whole for part in page) - len(loose))
        for row in whole.values():
            tally.take(row["deadline_at"])
            tally.fallback += 1
            yield due_item(checked.place.name, row)
        stated = checked.stores.objects.stated_at(loose)
        for part in loose:
            item = loose_item(checked, part, stated.get(part))
            decision = decide(item, rule, holds_for_loose(holds, item, lost), as_of, now=now)
            protection = protected_by_row(rows.get(part.key, ()), now)
            if protection is not None or not decision.disposable:
                tally.keep(protection or decision.reason, 1, decision.due_at if decision.reason == "not_due" else None)
                continue
            assert decision.due_at is not None and decision.deadline_at is not None  # disposable items are dated
            tally.take(decision.deadline_at)
            tally.fallback += 1
            tally.unlinked_due += part.key not in rows
            yield DueItem(
                place=item.place,
                item_id=f"{part.key}#{part.part_id}",
                object_key=part.key,
                part_id=part.part_id,
                tenant_id=item.tenant_id,
                person_id=None,
                arose_at=item.evidence_at,
                evidence_at=item.evidence_at,
                basis=decision.basis.value,
                reason=f"{'unlinked' if part.key not in rows else 'noncurrent'}_{part.kind.value}",
                due_at=decision.due_at,
                deadline_at=decision.deadline_at,
            )


def _due_by_store(
    runtime: Runtime,
    rule: RetentionRule,
    checked: CheckedPlace,
    holds: Sequence[Hold],
    as_of: datetime,
    now: datetime,
    page: Sequence[StoredPart],
    rows: Mapping[str, list[dict[str, Any]]],
) -> dict[str, dict[str, Any]]:
    """By key, the rows that are due only because their object is older than they say."""
    stored = store_evidence(checked, page, rows)
    if not stored:
        return {}
    again = rows_by_key(runtime, rule, checked, holds, as_of, now, sorted(stored), stored=stored)
    return {key: row for key, found in again.items() for row in found if row["status"] in ("due", "overdue")}


def rows_by_key(
    runtime: Runtime,
    rule: RetentionRule,
    checked: CheckedPlace,
    holds: Sequence[Hold],
    as_of: datetime,
    now: datetime,
    keys: Sequence[str],
    *,
    stored: Mapping[str, datetime] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """The decided rows of these objects, by key; a key without a row is absent. `stored` as in `compile_selection`.

    Raises what `require_read_alike` raises.
    """
    selection = compile_selection(
        checked.place, rule, checked.columns, holds, as_of=as_of, now=now, keys=keys, stored=stored
    )
    found: dict[str, list[dict[str, Any]]] = {}
    with runtime.source(checked.place) as source:
        rows = source.execute(sql.SQL("SELECT * FROM {}").format(selection.decided), selection.parameters).fetchall()
    require_read_alike(checked.place, rows)
    for row in rows:
        found.setdefault(row["object_key"], []).append(row)
    return found


def _pages(parts: Iterable[StoredPart]) -> Iterator[list[StoredPart]]:
    iterator = iter(parts)
    while page := list(islice(iterator, PAGE_PARTS)):
        yield page


def is_loose(part: StoredPart, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether no row speaks for this part: its key has none, or it is not what the row describes (the current version)."""
    if not rows:
        return True
    return part.kind is PartKind.UPLOAD or (part.kind is PartKind.VERSION and not part.is_latest)


def protected_by_row(rows: Sequence[Mapping[str, Any]], now: datetime) -> str | None:
    """Why a row's item protects its loose parts, too; None when it doesn't.

    A row that is due takes all parts of its object with it in the hourly run, so they are left to that.
    """
    for row in rows:
        if row["status"] in ("due", "overdue"):
            return "described_by_row"
        # These protect whether or not the row itself is due.
        if row["kept_by_minimum"]:
            return "statutory_minimum"
        if row["hold_ids"]:
            return "legal_hold"
        if row["restricted"]:
            return "restriction"
        if row["exempt_until"] is not None and now < row["exempt_until"]:
            return "consent"
        if row["status"] != "retain" or row["reason"] == "ambiguous":
            return str(row["reason"])
    return None


def loose_item(checked: CheckedPlace, part: StoredPart, stated_at: datetime | None) -> ItemFacts:
    """A part without a row as an item, dated by the oldest evidence there is."""
    _, key_day = read_key(checked.place.spec.key_date, part.key)
    evidence = [at for at in (key_day, stated_at, part.stored_at) if at is not None]
    return _rowless(checked, part.key, min(evidence, default=None))


def _rowless(checked: CheckedPlace, key: str, evidence_at: datetime | None) -> ItemFacts:
    """What is known of an object without a row: its tenant from its key, and nobody can say whose it is."""
    tenant_id, _ = read_key(checked.place.spec.key_date, key)
    return ItemFacts(
        place=checked.place.name,
        item_id=key,
        object_key=key,
        tenant_id=tenant_id,
        person_known=False,
        starts={},
        evidence_at=evidence_at,
    )


def lost_hold_items(runtime: Runtime, checked: CheckedPlace, holds: Sequence[Hold]) -> frozenset[str]:
    """Ids of held items of this place that no row has any more: which object was theirs, nobody can tell.

    A hold names an item by its id or by its object's key. A key, which begins with one of the place's prefixes, finds its object
    without a row.
    """
    named = {
        hold.item_id
        for hold in holds
        if hold.item_id is not None
        and hold.place in (None, checked.place.name)
        and not hold.item_id.startswith(checked.place.spec.prefixes)
    }
    if not named:
        return frozenset()
    query = sql.SQL("SELECT f.item_id FROM ({items}\n) AS f WHERE f.item_id = ANY(%(named)s)").format(
        items=reviewed(checked.place.items_sql)
    )
    with runtime.source(checked.place) as source:
        known = {row["item_id"] for row in source.execute(query, {"named": sorted(named)})}
    return frozenset(named - known)


def holds_for_loose(holds: Sequence[Hold], item: ItemFacts, lost: frozenset[str]) -> list[Hold]:
    """The holds as they count for a part without a row: one on an item that lost its row may be meant for this part."""
    return [replace(hold, item_id=item.item_id) if hold.item_id in lost else hold for hold in holds]


def decide_loose(
    rule: RetentionRule,
    checked: CheckedPlace,
    line: Mapping[str, Any],
    holds: Sequence[Hold],
    lost: frozenset[str],
    as_of: datetime,
    now: datetime,
) -> Decision:
    """Decide a planned loose part again, with the evidence that the plan noted."""
    item = _rowless(checked, line["object_key"], line["evidence_at"])
    return decide(item, rule, holds_for_loose(holds, item, lost), as_of, now=now)
