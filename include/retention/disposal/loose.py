"""Loose parts: what is stored and no row speaks for. Orphans, noncurrent versions, unfinished uploads, lone delete markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg import sql

from retention.datamap.loader import MappedPlace
from retention.disposal.checked import CheckedObjects
from retention.disposal.item_holds import kin_of, names_row
from retention.disposal.keys import read_key
from retention.disposal.place_sql import reviewed
from retention.disposal.reading import Reading
from retention.disposal.selection import is_disposable
from retention.policy.decide import EARLIEST, decide
from retention.policy.facts import Decision, ItemFacts
from retention.stores.protocol import PartKind, StoredPart


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
        if is_disposable(row):
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


def loose_item(checked: CheckedObjects, part: StoredPart, stated_at: datetime | None, *, has_row: bool) -> ItemFacts:
    """A loose part as an item: dated by the oldest evidence there is, its tenant from its key.

    Without a row it could be anybody's. Where its key has one, the row's own holds speak for it (`protected_by_row`).
    """
    tenant_id, key_day = read_key(checked.place.spec.key_date, part.key)
    evidence = [at for at in (key_day, stated_at, part.stored_at) if at is not None and at >= EARLIEST]
    return ItemFacts(
        place=checked.place.name,
        item_id=part.key,
        object_key=part.key,
        tenant_id=tenant_id,
        person_known=has_row,
        starts={},
        evidence_at=min(evidence, default=None),
    )


def lost_hold_items(reading: Reading[CheckedObjects]) -> frozenset[str]:
    """Ids of held items that no row of this place has any more: which object was theirs, nobody can tell.

    A hold names an item by its id or by its object's key. A key, which begins with one of the place's prefixes, finds its object
    without a row. An item of this place must have its row here: what a row elsewhere speaks of are other bytes. One of a
    kindred place may have it in any of them.
    """
    place = reading.checked.place
    own = {str(hold.item_id) for hold in reading.recorded if hold.place == place.name and names_row(hold, place)}
    others = {
        str(hold.item_id) for hold in reading.holds if hold.place in (None, place.name) and names_row(hold, place)
    } - own
    found = _ids_with_row(reading, [place], own) | _ids_with_row(
        reading, kin_of(reading.runtime.datamap, place), others
    )
    return frozenset((own | others) - found)


def _ids_with_row(reading: Reading[CheckedObjects], places: Sequence[MappedPlace], ids: Set[str]) -> set[str]:
    """Which of these ids have a row that describes an object of one of the places."""
    found = set[str]()
    for place in places if ids else ():
        query = sql.SQL(
            "SELECT f.item_id FROM ({items}\n) AS f WHERE f.item_id = ANY(%(ids)s) "
            "AND f.bucket = %(bucket)s AND f.object_key ^@ ANY(%(prefixes)s::text[])"
        ).format(items=reviewed(place.items_sql))
        parameters = {"ids": sorted(ids), "bucket": place.spec.bucket, "prefixes": list(place.spec.prefixes)}
        with reading.runtime.source(place) as source:
            found |= {row["item_id"] for row in source.execute(query, parameters)}
    return found


def decide_loose(reading: Reading[CheckedObjects], item: ItemFacts, lost: frozenset[str]) -> Decision:
    """Decide a loose part. Where nobody can tell whose it is, a hold on an item that lost its row may be meant for it."""
    meant = frozenset() if item.person_known else lost
    holds = [replace(hold, item_id=item.item_id) if hold.item_id in meant else hold for hold in reading.holds]
    return decide(item, reading.rule, holds, reading.as_of, now=reading.now)
