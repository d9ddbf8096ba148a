"""The type that an id is cast to: one that takes any text as it is, or refuses it, and never cuts or rounds it.

`'C0001-old'::varchar(5)` is `C0001`, and `1.6::numeric(9,0)` is `2`: another row's id. So a column's limits are left out, a
domain is its base type, and the two types that cut by themselves are text.
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

UNCUT: LiteralString = """(
    WITH RECURSIVE base AS (
        SELECT oid, typtype, typbasetype FROM pg_catalog.pg_type WHERE oid = {oid}
        UNION ALL
        SELECT t.oid, t.typtype, t.typbasetype
        FROM base JOIN pg_catalog.pg_type AS t ON base.typtype = 'd' AND t.oid = base.typbasetype
    )
    SELECT CASE WHEN oid IN ('name'::regtype, '"char"'::regtype) THEN 'text' ELSE format_type(oid, -1) END
    FROM base WHERE typtype <> 'd'
)"""
"""That type of the type `oid`, as SQL writes it, quoted where it has to be. By -1, as `character` would be `character(1)`."""

_OF_COLUMN = sql.SQL("""
SELECT {uncut} FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = to_regclass(%s) AND a.attname = %s AND a.attnum > 0 AND NOT a.attisdropped
""").format(uncut=sql.SQL(UNCUT.format(oid="a.atttypid")))


def uncut_type(session: psycopg.Connection[Any], table: sql.Identifier, column: str) -> str | None:
    """That type of a column, as SQL writes it; None where there is no such table or column."""
    asked = session.cursor(row_factory=tuple_row).execute(_OF_COLUMN, (table.as_string(session), column))
    row = asked.fetchone()
    return str(row[0]) if row is not None else None
