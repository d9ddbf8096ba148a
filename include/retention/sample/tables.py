"""Writes the sample's rows: all at once by COPY, and never twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql

from retention.errors import RequestError, StoreUnreadable
from retention.sample.rows import COMPANY_TABLES, Hold, Item, Row

Database = psycopg.Connection[tuple[Any, ...]]

_LOAD_LOCK = (7301, 20)  # the loader's own number among advisory locks of the company's database


def connect(conninfo: str, what: str) -> Database:
    """Open a connection with autocommit. Raises StoreUnreadable when the database does not answer."""
    try:
        return psycopg.connect(conninfo, autocommit=True, options="-c TimeZone=UTC")
    except psycopg.OperationalError as error:
        raise StoreUnreadable(
            f"{what} did not answer ({type(error).__name__}); expected a running PostgreSQL. Start it (`make run`)."
        ) from None


def create_schema(database: Database) -> None:
    """Create the company's tables and the loader's own, where missing. Needs the database's owner (`company_app`)."""
    statements = files("retention.sample").joinpath("schema.sql").read_bytes()
    with database.transaction():
        database.execute("SET LOCAL client_min_messages = warning")  # "already exists, skipping" is no news
        database.execute(statements)


def lock(database: Database) -> None:
    """Let one load at a time go on; held until the connection closes, also when the process is killed."""
    database.execute("SELECT pg_advisory_lock(%s, %s)", _LOAD_LOCK)


def write_company(database: Database, rows: Iterable[Row]) -> int:
    """Write the rows in the order of their foreign keys, leave those alone that exist, and return how many were new."""
    by_table: dict[type[Row], list[Row]] = {}
    for row in rows:
        by_table.setdefault(type(row), []).append(row)
    return sum(_write(database, table, by_table.get(table, [])) for table in (*COMPANY_TABLES, Item))


def write_holds(conninfo: str, holds: Sequence[Hold]) -> int:
    """Write the holds into our own database, leave those alone that exist, and return how many were new.

    Raises RequestError when the table is missing, as before the first migration.
    """
    with connect(conninfo, "our own database") as database, database.transaction():
        try:
            return _write(database, Hold, holds)
        except psycopg.errors.UndefinedTable:
            raise RequestError(
                "our own database has no table retention.holds; expected its schema. Migrate it first: `make run` does."
            ) from None


def _write(database: Database, row_type: type[Row], rows: Sequence[Row]) -> int:
    """COPY into a temporary table first, because COPY itself can't leave existing rows alone."""
    if not rows:
        return 0
    names = [field.name for field in fields(row_type)]
    table = sql.Identifier(*row_type.table.split("."))
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    database.execute(sql.SQL("CREATE TEMP TABLE incoming AS SELECT {} FROM {} WITH NO DATA").format(columns, table))
    with database.cursor() as cursor:
        with cursor.copy(sql.SQL("COPY incoming ({}) FROM STDIN").format(columns)) as copy:
            for row in rows:
                copy.write_row([getattr(row, name) for name in names])
        cursor.execute(
            sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM incoming ON CONFLICT DO NOTHING").format(table, columns)
        )
        written = cursor.rowcount
        cursor.execute("DROP TABLE incoming")
    return written


def count_rows(database: Database) -> dict[str, int]:
    """How many rows each of the company's tables has now, whoever wrote them."""
    counts = {}
    for row_type in COMPANY_TABLES:
        schema, name = row_type.table.split(".")
        statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name))
        counts[name] = int(database.execute(statement).fetchall()[0][0])
    return counts
