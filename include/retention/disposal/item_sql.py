"""Which rows are items, compiled to SQL: the step `item` of the query in `retention.disposal.selection`."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from retention.datamap.loader import MappedPlace, MappedTable
from retention.disposal.fact_columns import SUPPRESSED, SUPPRESSED_AT, FactColumns
from retention.disposal.keys import key_facts
from retention.disposal.place_sql import only_ids, only_keys, reviewed
from retention.policy.model import Action, RetentionRule


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

    Only rows of partitions have an `object_key`, which says where they stand.
    """
    names = [name for name in columns.types if name not in ("item_id", "object_key", SUPPRESSED_AT)]
    key = sql.SQL("f.object_key" if "object_key" in columns.types else "f.item_id::text")
    selected = [sql.SQL("f.{}").format(sql.Identifier(name)) for name in names]
    joined: sql.Composable = sql.SQL("")
    if SUPPRESSED in rule.events:
        joined = sql.SQL(
            "LEFT JOIN unnest(%(suppressed_ids)s::text[]::{}[], %(suppressed_at)s::timestamptz[]) AS z (item_id, at) "
            "ON z.item_id = f.item_id "
        ).format(sql.SQL(columns.id_type))
        lifted = sql.SQL("f.proven_consent_at > z.at" if "proven_consent_at" in columns.types else "FALSE")
        at = sql.SQL("greatest(z.at, CASE WHEN f.{clock} <= %(latest)s THEN f.{clock} END)").format(
            clock=sql.Identifier(f"start_{rule.clock_event}")
        )
        selected.append(
            sql.SQL("CASE WHEN z.at IS NULL OR {} THEN NULL ELSE {} END AS {}").format(
                lifted, at, sql.Identifier(SUPPRESSED_AT)
            )
        )
    return sql.SQL(
        "SELECT f.item_id::text AS item_id, {key} AS object_key, {columns}, NULL::text AS key_tenant, "
        "NULL::timestamptz AS key_day, NULL::timestamptz AS stored_at, 1 AS twins "
        "FROM ({items}\n) AS f {joined}WHERE {keys} AND {left}"
    ).format(
        key=key,
        columns=sql.SQL(", ").join(selected),
        items=reviewed(place.items_sql),
        joined=joined,
        keys=only_ids(columns) if by_key else sql.SQL("TRUE"),
        left=_not_anonymised(place, columns, parameters) if rule.action is Action.ANONYMISE else sql.SQL("TRUE"),
    )


def _not_anonymised(place: MappedTable, columns: FactColumns, parameters: dict[str, Any]) -> sql.Composed:
    done = []
    for column, text in place.spec.anonymise.items():
        parameters[f"becomes_{column}"] = text
        value = sql.SQL("{}::{}").format(
            sql.Placeholder(f"becomes_{column}"), sql.SQL(columns.anonymised_types[column])
        )
        done.append(sql.SQL("t.{} IS NOT DISTINCT FROM {}").format(sql.Identifier(column), value))
    return sql.SQL("EXISTS (SELECT FROM {table} AS t WHERE t.{id} = f.item_id AND NOT ({done}))").format(
        table=sql.Identifier(*place.spec.table.split(".")),
        id=sql.Identifier(place.spec.id_column),
        done=sql.SQL(" AND ").join(done),
    )
