"""What columns become where a rule anonymises, held against the columns: a text that is cut would never be known again."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from retention.datamap.loader import MappedTable, RowPlace
from retention.errors import DataMapError, Problem
from retention.policy.model import Action, RetentionRule
from retention.stores.column_types import UNCUT

_COLUMN_TYPE = sql.SQL("""
SELECT {uncut} AS uncut, format_type(atttypid, atttypmod) AS limited FROM pg_catalog.pg_attribute
WHERE attrelid = to_regclass(%s) AND attname = %s AND attnum > 0 AND NOT attisdropped
""").format(uncut=sql.SQL(UNCUT.format(oid="atttypid")))


def anonymised_types(source: psycopg.Connection[Any], place: RowPlace, rule: RetentionRule) -> dict[str, str]:
    """The types of the columns that this rule anonymises here, to which their replacements are cast.

    Raises DataMapError where there is none, one isn't there, or one can't hold its replacement as it stands in the map.
    """
    if rule.action is not Action.ANONYMISE:
        return {}
    if not isinstance(place, MappedTable) or not place.spec.anonymise:
        found, expected = (
            f"place {place.name!r} without `anonymise`",
            "the columns that the rule's action makes anonymous",
        )
        raise DataMapError([Problem("datamap", 1, "nothing_to_anonymise", found, expected)])
    types = {}
    for column, text in place.spec.anonymise.items():
        row = source.execute(_COLUMN_TYPE, (place.spec.table, column)).fetchone()
        if row is None:
            found = f"place {place.name!r}: no column {column!r} in {place.spec.table}"
            raise DataMapError([Problem("datamap", 1, "missing_column", found, "columns as the table has them")])
        if text is not None and not _fits(source, text, str(row["uncut"]), str(row["limited"])):
            found = f"place {place.name!r}: {text!r} for {column!r} of type {row['limited']}, which can't hold it"
            expected = "a text that the column takes as it is, and that can be compared"
            raise DataMapError([Problem("datamap", 1, "replacement_changed", found, expected)])
        types[column] = str(row["uncut"])
    return types


def _fits(source: psycopg.Connection[Any], text: str, uncut: str, limited: str) -> bool:
    """Whether the column's type takes the text, and nothing of it is cut or rounded."""
    query = sql.SQL("SELECT %(text)s::{} = %(text)s::{} AS fits").format(sql.SQL(uncut), sql.SQL(limited))
    try:
        with source.transaction():
            row = source.execute(query, {"text": text}).fetchone()
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError):
        return False
    return row is not None and bool(row["fits"])
