"""Writes the sample's rows: all at once by COPY, and never twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql

from retention.errors import RequestError, StoreUnreadable
from retention.evidence.entry import canonical
from retention.sample.log_parts import Partition
from retention.sample.rows import Hold, Item, Record, Row
from retention.sample.rows_categories import COMPANY_TABLES, RequestRecord

Database = psycopg.Connection[tuple[Any, ...]]

_LOAD_LOCK = (7301, 20)  # the loader's own number among advisory locks of the company's database


@contextmanager
def opened(conninfo: str, what: str) -> Iterator[Database]:
    """A connection with autocommit, closed at the end.

    Raises StoreUnreadable when the database does not answer or refuses a statement, with its SQLSTATE alone: its own message
    may hold ids.
    """
    try:
        with psycopg.connect(conninfo, autocommit=True, options="-c TimeZone=UTC") as database:
            yield database
    except psycopg.Error as error:
        raise StoreUnreadable(
            f"{what} did not answer or refused (SQLSTATE {error.sqlstate}, {type(error).__name__}); expected a running "
            "PostgreSQL and a role that may write there. Start it (`make run`) or mend the connection."
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
    return sum(_write(database, table, by_table.get(table, [])) for table in (*COMPANY_TABLES, Item, Record))


def create_partitions(database: Database, partitions: Sequence[Partition]) -> bool:
    """Create the request log's partitions, unless it has some already; says whether it did.

    Partitions of another load lie at other days: records of this one might have none to go to.
    """
    parent = RequestRecord.table
    ((present,),) = database.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass", [parent])
    if present:
        return False
    for one in partitions:
        statement = sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
            sql.Identifier(*one.name.split(".")),
            sql.Identifier(*parent.split(".")),
            sql.Literal(one.lower.isoformat()),
            sql.Literal(one.upper.isoformat()),
        )
        database.execute(statement)
    return True


def write_holds(conninfo: str, holds: Sequence[Hold]) -> int:
    """Write the holds into our own database with their entries in the ledger, leave those alone that exist, and return how many
    were new.

    Needs no more than SELECT and INSERT there, and the ledger's function. Raises RequestError when the table is
    missing, as before the first migration.
    """
    table, names, columns = _shape(Hold)
    values = sql.SQL(", ").join(sql.Placeholder() * len(names))
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING RETURNING TRUE").format(
        table, columns, values
    )
    with opened(conninfo, "our own database") as database, database.transaction(), database.cursor() as cursor:
        try:
            new = [hold for hold in holds if cursor.execute(insert, [getattr(hold, name) for name in names]).fetchone()]
        except psycopg.errors.UndefinedTable:
            raise RequestError(
                "our own database has no table retention.holds; expected its schema. Migrate it first: `make run` does."
            ) from None
        for hold in new:
            _note(database, hold)
        return len(new)


def _note(database: Database, hold: Hold) -> None:
    """The ledger's entries of one hold, as if people had set and ended it: without them the check calls it unrecorded."""
    scope = ("category", "tenant_id", "person_id", "place", "item_id", "started_from", "started_before")
    body = {
        "hold": hold.hold_id,
        "scope": sorted(name for name in scope if getattr(hold, name) is not None),
        **{
            name: getattr(hold, name)
            for name in ("requested_by", "approved_by", "effective_at", "ends_at", "review_at")
        },
    }
    entries = [("hold_set", body)]
    if hold.ended_at is not None:
        entries.append(("hold_ended", {"hold": hold.hold_id, "by": hold.ended_by, "ended_at": hold.ended_at}))
    for kind, said in entries:
        database.execute("SELECT retention.ledger_append(%s, %s)", (kind, canonical(said)))


def _shape(row_type: type[Row]) -> tuple[sql.Identifier, list[str], sql.Composed]:
    """The table, its columns' names, and these as a list for SQL."""
    names = [field.name for field in fields(row_type)]
    return sql.Identifier(*row_type.table.split(".")), names, sql.SQL(", ").join(map(sql.Identifier, names))


def _write(database: Database, row_type: type[Row], rows: Sequence[Row]) -> int:
    """COPY into a temporary table first, because COPY itself can't leave existing rows alone."""
    if not rows:
        return 0
    table, names, columns = _shape(row_type)
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
