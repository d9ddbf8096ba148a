"""Which rows are items, compiled to SQL: the step `item` of the query in `retention.disposal.selection`."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from retention.datamap.loader import MappedPlace, MappedTable
from retention.disposal.fact_columns import SUPPRESSED, SUPPRESSED_AT, FactColumns
from retention.disposal.keys import key_facts
from retention.disposal.place_sql import only_ids, only_keys, reviewed
from retention.policy.model import Action, RetentionRule
from retention.stores.tables import becoming, has_become


def objects_of(place: MappedPlace, columns: FactColumns, parameters: dict[str, Any], *, by_key: bool) -> sql.Composed:
    """The rows that describe objects of the place."""
    parameters |= {"bucket": place.spec.bucket, "prefixes": list(place.spec.prefixes)}
    # Rows that share an object are twins: whatever one of them says, the object is not to be touched.
    return sql.SQL(
        "SELECT {columns}, k.key_tenant, k.key_day, s.stored_at, count(*) OVER (PARTITION BY f.object_key) AS twins "
        "FROM ({items}\n) AS f CROSS JOIN LATERAL {key_facts} AS k "
        "LEFT JOIN unnest(%(stored_keys)s::text[], %(stored_at)s::timestamptz[]) AS s (object_key, stored_at) "
        "ON s.object_key = f.object_key "
        "WHERE f.bucket = %(bucket)s {keys} "
        # CASE, because PostgreSQL expects one row in 200 of a bare `^@`, and would plan for a handful of items.
        "AND CASE WHEN f.object_key ^@ ANY(%(prefixes)s::text[]) THEN TRUE ELSE FALSE END"
    ).format(
        columns=sql.SQL(", ").join(sql.SQL("f.{}").format(sql.Identifier(name)) for name in columns.types),
        items=reviewed(place.items_sql),
        key_facts=key_facts(place, parameters),
        keys=only_keys(by_key),
    )


def rows_of(
    place: MappedTable, rule: RetentionRule, columns: FactColumns, parameters: dict[str, Any], *, by_key: bool
) -> sql.Composed:
    """The rows of a table. A row that has been anonymised is no item any more.

    Rows that share an id are twins: whatever one of them says, nothing is removed. That is looked at where some ids are asked
    for, as before each removal; to sort a whole table for it would cost more than its plan.

    Only rows of partitions have an `object_key`, which says where they stand.
    """
    names = [name for name in columns.types if name not in ("item_id", "object_key", SUPPRESSED_AT)]
    key = sql.SQL("f.object_key" if "object_key" in columns.types else "f.item_id::text")
    selected = [sql.SQL("f.{}").format(sql.Identifier(name)) for name in names]
    joined: sql.Composable = sql.SQL("")
    if SUPPRESSED in rule.events:
        joined = _LISTED.format(sql.SQL(columns.id_type))
        selected.append(_suppressed_at(rule, columns))
    return sql.SQL(
        "SELECT f.item_id::text AS item_id, {key} AS object_key, {columns}, NULL::text AS key_tenant, "
        "NULL::timestamptz AS key_day, NULL::timestamptz AS stored_at, {twins} AS twins "
        "FROM ({items}\n) AS f {joined}WHERE {keys} AND {left}"
    ).format(
        key=key,
        columns=sql.SQL(", ").join(selected),
        items=reviewed(place.items_sql),
        joined=joined,
        twins=sql.SQL("count(*) OVER (PARTITION BY f.item_id)" if by_key else "1"),
        keys=only_ids(columns) if by_key else sql.SQL("TRUE"),
        left=_not_anonymised(place, columns, parameters) if rule.action is Action.ANONYMISE else sql.SQL("TRUE"),
    )


_LISTED = sql.SQL(
    "LEFT JOIN (SELECT u.item_id, array_agg(u.at) AS at "
    "FROM unnest(%(suppressed_ids)s::text[]::{}[], %(suppressed_at)s::timestamptz[]) AS u (item_id, at) GROUP BY u.item_id) AS z "
    "ON z.item_id = f.item_id "
)


def _suppressed_at(rule: RetentionRule, columns: FactColumns) -> sql.Composed:
    """Since when a row has named somebody who stands on the suppression list: by the oldest entry that no newer consent lifts, or
    since the row came, where that is later. A new entry gives what an older one has made due no more time."""
    return sql.SQL(
        "(SELECT greatest(min(entry.at), CASE WHEN f.{clock} <= %(latest)s THEN f.{clock} END) "
        "FROM unnest(z.at) AS entry (at) WHERE {stands} HAVING count(*) > 0) AS {name}"
    ).format(
        clock=sql.Identifier(f"start_{rule.clock_event}"),
        stands=sql.SQL(
            "coalesce(f.proven_consent_at <= entry.at, TRUE)" if "proven_consent_at" in columns.types else "TRUE"
        ),
        name=sql.Identifier(SUPPRESSED_AT),
    )


def _not_anonymised(place: MappedTable, columns: FactColumns, parameters: dict[str, Any]) -> sql.Composed:
    parameters |= becoming(place.spec.anonymise)
    types = {column: columns.anonymised_types[column] for column in place.spec.anonymise}
    return sql.SQL("EXISTS (SELECT FROM {table} AS t WHERE t.{id} = f.item_id AND NOT {done})").format(
        table=sql.Identifier(*place.spec.table.split(".")),
        id=sql.Identifier(place.spec.id_column),
        done=has_become(sql.Identifier("t"), types),
    )
