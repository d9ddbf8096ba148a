"""Every text of some tables, as the database prints it: of JSON, arrays and composite types, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import psycopg
from psycopg import sql

from retention.hygiene.spots import AIRFLOW_EXTRA, IDS_BY_DESIGN, OWN_TIMES, PURGE_FORM, STAFF, STAFF_KEYS, Spot
from retention.stores.airflow_metadata import LOG_TABLES

_ROWS = 500
_STAFF = re.compile(rf'"(?:{"|".join(STAFF_KEYS)})": ?(?:"(?:[^"\\]|\\.)*"|\[[^]]*\])')
_COLUMNS = """
SELECT c.relname::text AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind IN ('r', 'p')
    -- Numbers, dates, flags and hashes name nobody.
    AND t.typcategory NOT IN ('N', 'D', 'B', 'T') AND t.typname NOT IN ('bytea', '_bytea')
GROUP BY c.relname
ORDER BY c.relname
"""


def own_spots(conninfo: str, since: datetime) -> Iterator[Spot]:
    """Our own database: of tables that grow for ever the rows since then, of others all. Raises psycopg.Error."""
    with psycopg.connect(conninfo, options="-c default_transaction_read_only=on") as session:
        for table, columns in _tables(session, "retention").items():
            times = OWN_TIMES.get(table)
            yield from _spots(session, "retention", table, columns, times, since)


def airflow_spots(conninfo: str, since: datetime) -> Iterator[Spot]:
    """Airflow's database: all that remembers what happened since then, such as XCom, and rendered templates. Raises
    psycopg.Error, also where one of these may not be read."""
    with psycopg.connect(conninfo, options="-c default_transaction_read_only=on") as session:
        for table, columns in _tables(session, "public").items():
            if table in LOG_TABLES or table in AIRFLOW_EXTRA:
                yield from _spots(session, "public", table, columns, LOG_TABLES.get(table), since)


def _tables(session: psycopg.Connection, schema: str) -> Mapping[str, list[str]]:
    return {
        table: [name for name in columns if name not in STAFF]
        for table, columns in session.execute(_COLUMNS, (schema,))
    }


def _spots(
    session: psycopg.Connection, schema: str, table: str, columns: list[str], time: str | None, since: datetime
) -> Iterator[Spot]:
    if not columns:
        return
    query = sql.SQL("SELECT {columns} FROM {table} WHERE {lately}").format(
        columns=sql.SQL(", ").join(sql.SQL("CAST({} AS text)").format(sql.Identifier(name)) for name in columns),
        table=sql.Identifier(schema, table),
        # What has no time may be of the last runs, too.
        lately=sql.SQL("coalesce({} >= {}, TRUE)").format(sql.SQL(time), sql.Literal(since))
        if time
        else sql.SQL("TRUE"),
    )
    with session.cursor(name="hygiene") as cursor:
        cursor.itersize = _ROWS
        for row in cursor.execute(query):
            dag = row[columns.index("dag_id")] if "dag_id" in columns else None
            for name, text in zip(columns, row, strict=True):
                if text:
                    column = f"{table}.{name}"
                    may_name_ids = column in IDS_BY_DESIGN or (column, dag) in PURGE_FORM
                    yield Spot(column, _STAFF.sub("", text), may_name_ids)
