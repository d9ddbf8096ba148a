"""What went although a hold was on it, by disposal's own record.

That record is no evidence that anything went rightly, but enough that something went wrongly; and it alone knows of what no check
saw under its hold, because hold and deletion lie between two checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

from psycopg import sql

from retention.database import OwnConnection
from retention.datamap.loader import DataMap
from retention.evidence.hashing import ItemHasher
from retention.verification.holds import approval
from retention.verification.promised import PromisedTerms

# A hold that somebody dates back held nothing before it was written down. What ended is reported for as long as what vanished.
_HOLDS = """
SELECT
    category, tenant_id, person_id, place, item_id, started_from, started_before, approved_by, requested_by,
    greatest(created_at, effective_at) AS since,
    least(coalesce(CASE WHEN ends_at < '9000-01-01 00:00:00+00' THEN ends_at END, review_at), ended_at) AS until
FROM retention.holds
WHERE least(coalesce(ends_at, review_at), ended_at) > clock_timestamp() - interval '30 days'
"""

# What customer or person decided goes before a processor's own hold; a row that waited for another no longer says why it went.
_WENT = """
SELECT d.category, d.place, encode(d.item_hash, 'hex') AS item
FROM retention.disposed_items AS d
WHERE
    d.outcome = 'gone'
    AND d.gone_at > %(since)s
    AND d.gone_at < %(until)s
    AND d.category = ANY(%(categories)s)
    AND NOT coalesce(
        d.place = ANY(%(of_processors)s) AND d.reason = ANY(ARRAY['waited'] || %(requests)s::text[]),
        d.place = ANY(%(of_processors)s)
    )
"""
_SCOPE: dict[str, LiteralString] = {
    "category": "d.category = %(category)s",
    "tenant_id": "d.tenant_id = %(tenant_id)s",
    "person_id": "d.person_hash = %(person)s",
    "place": "d.place = %(place)s",
    "item_id": "(d.item_hash = %(item)s OR d.key_hash = %(item)s)",
    "started_from": "d.arose_at >= %(started_from)s",
    "started_before": "d.arose_at < %(started_before)s",
}
"""Surely in the scope: what lacks what it asks for is passed over here."""


def gone_under_holds(
    own: OwnConnection, hasher: ItemHasher, terms: Mapping[str, PromisedTerms], datamap: DataMap
) -> tuple[int, dict[tuple[str, str], int]]:
    """How many holds were looked at, and how many items went under one, by category and place."""
    about = {
        "categories": list(terms),
        "of_processors": [name for name, place in datamap.places.items() if place.spec.role == "processor"],
        "requests": sorted({event.name for one in terms.values() for event in one.events if event.on_request}),
    }
    holds = [row for row in own.execute(_HOLDS) if approval(row["approved_by"], row["requested_by"]) == "approved"]
    went = {item for hold in holds for item in _gone_under(own, hasher, hold, about)}
    counts: dict[tuple[str, str], int] = {}
    for category, place, _ in went:
        counts[category, place] = counts.get((category, place), 0) + 1
    return len(holds), counts


def _gone_under(
    own: OwnConnection, hasher: ItemHasher, hold: Mapping[str, Any], about: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    filled = [name for name in _SCOPE if hold[name] is not None]
    if not set(filled) - {"place"}:
        return []  # a place alone is no scope
    named: dict[str, Any] = {**hold, **about}
    named["person"] = hasher.person(hold["person_id"]) if hold["person_id"] is not None else None
    named["item"] = hasher.item(hold["place"], hold["item_id"]) if hold["item_id"] is not None else None
    query = sql.SQL(" AND ").join([sql.SQL(_WENT), *(sql.SQL(_SCOPE[name]) for name in filled)])
    return [(row["category"], row["place"], row["item"]) for row in own.execute(query, named)]
