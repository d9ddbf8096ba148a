"""Why one item stays or goes: the same SQL that decides for all, for one object, and who asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import sql

from retention.disposal.clocks import current_time
from retention.disposal.fact_columns import read_columns
from retention.disposal.guard import require_rule_in_force
from retention.disposal.item_holds import holds_here
from retention.disposal.place_sql import reviewed
from retention.disposal.runtime import Runtime
from retention.disposal.selection import compile_selection
from retention.errors import RequestError
from retention.evidence import ledger
from retention.evidence.holds import read_holds


def explain_item(runtime: Runtime, place_name: str, item: str, *, as_of: datetime, asked_by: str) -> dict[str, Any]:
    """Explain the item with this id or object key. Raises RequestError for an unknown place or item."""
    place = runtime.datamap.objects.get(place_name)
    if place is None:
        known = ", ".join(sorted(runtime.datamap.places))
        raise RequestError(f"found no place {place_name!r} in the data map; expected one of: {known}")
    rule = runtime.policy.rule(place.spec.category)
    require_rule_in_force(rule, as_of)
    with runtime.own() as own, runtime.source(place) as source:
        columns = read_columns(source, place, rule)
        holds, now = holds_here(read_holds(own), runtime.datamap, place), current_time(runtime, own)
        find = sql.SQL("SELECT f.object_key FROM ({}\n) AS f WHERE %(item)s IN (f.item_id, f.object_key)")
        keys = [row["object_key"] for row in source.execute(find.format(reviewed(place.items_sql)), {"item": item})]
        selection = compile_selection(place, rule, columns, holds, as_of=as_of, now=now, keys=keys)
        query = sql.SQL("SELECT * FROM {} ORDER BY (item_id = %(item)s) DESC, item_id").format(selection.decided)
        row = source.execute(query, selection.parameters | {"item": item}).fetchone()
        item_hash = runtime.hasher.item(place_name, row["item_id"] if row else item)
        body = {"place": place_name, "item": item_hash.hex(), "by": asked_by, "key": runtime.hasher.key_id}
        ledger.append(own, "explained", body)
        if row is None:
            raise RequestError(
                f"found no row for this item in place {place_name!r}; expected its id or its object's key. "
                "An object without a row is decided by the full listing (`plan --listing`)."
            )
    clause = runtime.policy.promises.promises[rule.clause]
    return {
        "place": place_name,
        "item_hash": item_hash.hex(),
        "status": row["status"],
        "basis": row["basis"],
        "reason": row["reason"],
        "clause": f"{rule.clause} ({clause.section})",
        "due_at": row["due_at"],
        "deadline_at": row["deadline_at"],
        "holds": list(row["hold_ids"]),
        "exemptions": ([{"name": "consent", "until": row["exempt_until"]}] if row["exempt_until"] is not None else []),
    }
