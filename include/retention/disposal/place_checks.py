"""Does one place look as the data map says? A missing table, column, right or bucket is an error, and nothing is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from retention.datamap.loader import MappedPlace, MappedTable, all_dependents
from retention.disposal.checked import CheckedObjects, CheckedTable
from retention.disposal.fact_columns import read_columns
from retention.disposal.opened_tables import open_table
from retention.disposal.runtime import Runtime
from retention.errors import DataMapError, Problem
from retention.policy.model import RetentionRule


def check_objects(runtime: Runtime, rule: RetentionRule, place: MappedPlace) -> CheckedObjects:
    """Check a place in a bucket; raises as `check_places`."""
    # The map's SQL first: a missing table is then named as a fault of the map, not as a store that doesn't answer.
    with runtime.source(place) as source:
        columns = read_columns(source, place, rule)
        if place.row is not None:
            _refuse_cascades(source, place.name, [place.row.table])
            _require_unique_id(source, place.name, place.row.table, place.row.id_column)
    stores = runtime.open_stores(place, runtime.resolve)
    stores.objects.check()
    if stores.rows is not None:
        stores.rows.check()
    return CheckedObjects(place, stores, columns)


def check_table(runtime: Runtime, rule: RetentionRule, place: MappedTable) -> CheckedTable:
    """Check a table and what belongs to its rows; raises as `check_places`."""
    tables = [place.spec.table, *(one.table for one in all_dependents(place.spec))]
    with runtime.source(place) as source:
        columns = read_columns(source, place, rule)
        _refuse_cascades(source, place.name, tables)
        _require_unique_id(source, place.name, place.spec.table, place.spec.id_column)
    rows = open_table(place, runtime.resolve, rule)
    rows.check()
    return CheckedTable(place, rows, columns)


_CASCADES = """
SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent, conname FROM pg_catalog.pg_constraint
WHERE contype = 'f' AND confrelid = ANY(SELECT to_regclass(name) FROM unnest(%(tables)s::text[]) AS name)
    AND NOT EXISTS (SELECT FROM unnest(%(tables)s::text[]) AS name WHERE to_regclass(name) = conrelid)
    AND confdeltype IN ('c', 'n', 'd') ORDER BY 1, 2, 3
"""


def _refuse_cascades(source: psycopg.Connection[dict[str, Any]], place: str, tables: Sequence[str]) -> None:
    """Raise DataMapError where deleting from these tables would silently delete or change rows of others.

    Those have a category and a rule of their own, and nothing would be noted about them.
    """
    problems = [
        Problem(
            "datamap",
            1,
            "cascading_delete",
            f"place {place!r}: deleting from {one['parent']} also changes {one['child']} (constraint {one['conname']})",
            "foreign keys that refuse (NO ACTION): what depends on the row is disposed of by its own rule, first",
        )
        for one in source.execute(_CASCADES, {"tables": list(tables)})
    ]
    if problems:
        raise DataMapError(problems)


_UNIQUE = """
SELECT 1 FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = i.indrelid AND i.indnkeyatts = 1 AND a.attnum = i.indkey[0]
WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND a.attname = %s
"""


def _require_unique_id(source: psycopg.Connection[dict[str, Any]], place: str, table: str, id_column: str) -> None:
    """Raise DataMapError unless one id means one row: otherwise another item's row would go along."""
    if source.execute(_UNIQUE, (table, id_column)).fetchone() is not None:
        return
    found = f"place {place!r}: {table}.{id_column} without a unique index of its own"
    raise DataMapError([Problem("datamap", 1, "id_not_unique", found, "an id_column that is a primary key or unique")])
