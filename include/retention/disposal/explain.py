"""Why one item stays or goes: the same SQL that decides for all, for one object, and who asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from retention.database import OwnConnection
from retention.datamap.loader import AnyPlace, MappedFiles, MappedPartitions, MappedPlace, MappedTable, RowPlace
from retention.disposal.checked import CheckedObjects, CheckedTable
from retention.disposal.explained_files import explained_file, opened_files
from retention.disposal.explained_gone import item_gone
from retention.disposal.fact_columns import read_columns
from retention.disposal.guard import require_rule_in_force
from retention.disposal.opened_tables import open_table
from retention.disposal.partitions.explain import explained, opened
from retention.disposal.place_sql import reviewed
from retention.disposal.reading import Reading
from retention.disposal.runtime import Runtime
from retention.disposal.selection import is_deadline_known
from retention.disposal.suppression import suppressed_items
from retention.disposal.waiting import waits_for
from retention.errors import RequestError
from retention.evidence import ledger
from retention.evidence.holds import read_holds
from retention.policy.holds import holds_until
from retention.policy.model import RetentionRule
from retention.sentences import rule_sentence


def explain_item(runtime: Runtime, place_name: str, item: str, *, as_of: datetime, asked_by: str) -> dict[str, Any]:
    """Explain the item with this id or object key, the partition of this name, or the log file with this path or key. Raises
    RequestError for an unknown place or item, and for a place that others delete from: nothing of ours decides there; and
    ItemGoneError for one that went."""
    place = runtime.datamap.places.get(place_name)
    if place is None:
        known = ", ".join(sorted(runtime.datamap.places))
        raise RequestError(f"found no place {place_name!r} in the data map; expected one of: {known}")
    if type(place) not in _EXPECTED:
        raise RequestError(
            f"found place {place_name!r} of kind {place.spec.kind!r}, from which somebody else deletes; expected one of: "
            f"{', '.join(sorted(one.name for one in runtime.datamap.places.values() if type(one) in _EXPECTED))}."
        )
    rule = runtime.policy.rule(place.spec.category)
    require_rule_in_force(rule, as_of)
    with runtime.own() as own:
        row = _explained(runtime, own, rule, place, item, as_of)
        holds = {str(hold.hold_id): hold for hold in read_holds(own)}
        item_hash = runtime.hasher.item(place_name, row["item_id"] if row else item)
        body = {"place": place_name, "item": item_hash.hex(), "by": asked_by, "key": runtime.hasher.key_id}
        ledger.append(own, "explained", body)
        if row is None:
            found = f"found no such item in place {place_name!r}, and none that a run of ours removed"
            raise item_gone(own, place, item, item_hash) or RequestError(f"{found}; expected {_EXPECTED[type(place)]}.")
    clause = runtime.policy.promises.promises[rule.clause]
    return {
        "place": place_name,
        "item_hash": item_hash.hex(),
        "status": row["status"],
        "basis": row["basis"],
        "reason": row["reason"],
        "clause": f"{rule.clause} ({clause.section})",
        "rule": rule_sentence(rule),
        "due_at": row["due_at"],
        "deadline_at": row["deadline_at"] if is_deadline_known(row, as_of) else None,
        "holds": list(row["hold_ids"]),
        "held_until": {str(one): holds_until(holds[str(one)]) for one in row["hold_ids"] if str(one) in holds},
        "exemptions": ([{"name": "consent", "until": row["exempt_until"]}] if row["exempt_until"] is not None else []),
        "waits_for": row.get("waits_for", []),
        "other_parts": row.get("other_parts", {}),
        "oldest_record_at": row.get("oldest_record_at"),
        "youngest_record_at": row.get("youngest_record_at"),
    }


_EXPECTED: dict[type[AnyPlace], str] = {
    MappedPlace: "its row's id or its object's key. An object without a row is decided by the full listing (`plan --listing`), "
    "unless it is a log: then its key is enough",
    MappedFiles: "a file's path below the place's folder",
    MappedTable: "the id of one of its rows",
    MappedPartitions: "a partition, as schema.name, or the id of one of its rows",
}


def _explained(
    runtime: Runtime, own: OwnConnection, rule: RetentionRule, place: AnyPlace, item: str, as_of: datetime
) -> Mapping[str, Any] | None:
    """What was decided of the item, by the steps of its place's kind; None where it isn't there."""
    if isinstance(place, MappedPartitions):
        return explained(Reading[Any].take(runtime, own, rule, opened(runtime, place), as_of), item)
    if isinstance(place, MappedFiles) or (isinstance(place, MappedPlace) and not place.has_rows):
        return explained_file(Reading[Any].take(runtime, own, rule, opened_files(runtime, rule, place), as_of), item)
    assert isinstance(place, MappedPlace | MappedTable)  # one of _EXPECTED
    return _decided(runtime, own, rule, place, item, as_of)


def _decided(
    runtime: Runtime, own: OwnConnection, rule: RetentionRule, place: RowPlace, item: str, as_of: datetime
) -> Mapping[str, Any] | None:
    with runtime.source(place) as source:
        reading = Reading[Any].take(runtime, own, rule, looked_at(runtime, source, rule, place), as_of)
        keys = _keys(source, place, item)
        suppressed = suppressed_items(reading, own, keys) if isinstance(place, MappedTable) else None
        selection = reading.selection(keys=keys, suppressed=suppressed)
        query = sql.SQL("SELECT * FROM {} ORDER BY (item_id = %(item)s) DESC, item_id").format(selection.decided)
        row = source.execute(query, selection.parameters | {"item": item}).fetchone()
        if row is None:
            return None
        return row | {"waits_for": waits_for(source, place, reading.checked.columns, row["item_id"])}


def looked_at(
    runtime: Runtime, source: psycopg.Connection[Any], rule: RetentionRule, place: RowPlace
) -> CheckedObjects | CheckedTable:
    """The place with what its SQL returns. To explain needs no store: what only deletion needs is not asked for."""
    columns = read_columns(source, place, rule)
    if isinstance(place, MappedTable):
        return CheckedTable(place, open_table(place, runtime.resolve, rule), columns)
    return CheckedObjects(place, runtime.open_stores(place, runtime.resolve), columns)


def _keys(source: psycopg.Connection[Any], place: RowPlace, item: str) -> list[str]:
    """What the selection knows the item by: the keys of its objects, or the id of its row."""
    if isinstance(place, MappedTable):
        find = sql.SQL("SELECT f.item_id::text AS key FROM ({}\n) AS f WHERE f.item_id::text = %(item)s")
    else:
        find = sql.SQL("SELECT f.object_key AS key FROM ({}\n) AS f WHERE %(item)s IN (f.item_id, f.object_key)")
    return [row["key"] for row in source.execute(find.format(reviewed(place.items_sql)), {"item": item})]
