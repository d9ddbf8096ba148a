"""Does one place look as the data map says? A missing table, column, right or bucket is an error, and nothing is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from retention.datamap.dependents import all_dependents
from retention.datamap.loader import MappedPlace, MappedTable, RowPlace
from retention.disposal.checked import CheckedObjects, CheckedTable
from retention.disposal.fact_columns import FactColumns, read_columns
from retention.disposal.opened_tables import open_table
from retention.disposal.relations import relations_of, require_sure_relations, require_unique_id
from retention.disposal.rights import Need, lacking_rights, row_needs, table_needs
from retention.disposal.runtime import Runtime
from retention.disposal.side_effects import refuse_side_effects
from retention.disposal.waiting import require_known_places
from retention.errors import DataMapError
from retention.policy.model import RetentionRule


def check_objects(runtime: Runtime, rule: RetentionRule, place: MappedPlace) -> CheckedObjects:
    """Check a place in a bucket; raises as `check_places`."""
    # The map's SQL first: a missing table is then named as a fault of the map, not as a store that doesn't answer.
    with runtime.source(place) as source:
        needs = row_needs(place.row) if place.row is not None else []
        columns = _readable(source, place, rule, needs)
        require_known_places(runtime.datamap, place, columns)
        if place.row is not None:
            refuse_side_effects(source, place.name, [place.row.table])
            require_unique_id(source, place.name, place.row.table, place.row.id_column)
    stores = runtime.open_stores(place, runtime.resolve)
    stores.objects.check()
    if stores.rows is not None:
        stores.rows.check()
    return CheckedObjects(place, stores, columns)


def check_table(runtime: Runtime, rule: RetentionRule, place: MappedTable) -> CheckedTable:
    """Check a table and what belongs to its rows; raises as `check_places`."""
    spec, relations = place.spec, relations_of(place.spec)
    tables = [spec.table, *(one.table for one in all_dependents(spec))]
    with runtime.source(place) as source:
        columns = _readable(source, place, rule, table_needs(spec, rule.action))
        require_known_places(runtime.datamap, place, columns)
        refuse_side_effects(source, place.name, tables, relations, list(columns.anonymised_types))
        require_unique_id(source, place.name, spec.table, spec.id_column)
        rows = open_table(place, runtime.resolve, rule)
        rows.check()
        require_sure_relations(source, place.name, relations)
    return CheckedTable(place, rows, columns)


def _readable(
    source: psycopg.Connection[dict[str, Any]], place: RowPlace, rule: RetentionRule, needs: Sequence[Need]
) -> FactColumns:
    """What the place's SQL returns. Raises DataMapError with all that the role lacks at once: for deletion, and for what the SQL
    reads besides."""
    problems = lacking_rights(source, place.name, needs)
    try:
        columns = read_columns(source, place, rule)
    except DataMapError as error:
        raise DataMapError([*problems, *error.problems]) from None
    if problems:
        raise DataMapError(problems)
    return columns
