"""What PostgreSQL's catalogue says about a table that is partitioned by range of time: its partitions, whole or half detached.

Read anew for every decision and every step: somebody else may attach, detach or drop at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from retention.errors import DataMapError, Problem, RequestError, StoreUnreadable

Session = psycopg.Connection[dict[str, Any]]
R = TypeVar("R")


READ_WAIT_MS = 2_000
"""Longest wait to read what somebody has locked altogether."""


class PartitionState(StrEnum):
    """How a partition hangs together with its table."""

    ATTACHED = "attached"
    PENDING = "pending"  # a concurrent detach was interrupted: no query of the table sees it any more, no row gets in
    DETACHED = "detached"  # a table of its own by now, marked by us before it was detached: only its drop is missing


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition. It takes `lower <= time < upper`; None is without bound. The default one takes what no other does."""

    name: str
    oid: int
    state: PartitionState
    is_default: bool
    lower: datetime | None
    upper: datetime | None

    @property
    def identity(self) -> str:
        """What names this table alone: its name may be another one's by now, or it may bear another name."""
        return f"oid:{self.oid}"

    def is_still(self, found: Partition) -> bool:
        """Whether what is found under its name is this very table, with the bounds that it had, or on its way to its drop."""
        if found.oid != self.oid:
            return False
        if PartitionState.DETACHED in (self.state, found.state):
            return found.state is PartitionState.DETACHED
        return (found.is_default, found.lower, found.upper) == (self.is_default, self.lower, self.upper)

    @property
    def is_bounded(self) -> bool:
        """Whether no record in it can be younger than `upper`."""
        return self.state is not PartitionState.DETACHED and not self.is_default and self.upper is not None


@dataclass(frozen=True, slots=True)
class PartitionedTable:
    """A partitioned table as the data map names it, and how to reach it. Every session is in UTC and sees all rows.

    `table` is qualified (`public.request_log`), `time_column` the only column of its partition key.
    """

    connect: str | Callable[[], Session]
    table: str
    time_column: str
    evidence_column: str | None
    id_column: str

    def __post_init__(self) -> None:
        names = self.table.split(".")
        if len(names) != 2 or not all(names):
            raise RequestError(f"found table {self.table!r}; expected 'schema.table'.")

    @property
    def identifier(self) -> sql.Identifier:
        """The table in SQL."""
        return qualified(self.table)

    def open(self) -> Session:
        """A session of its own, so that threads share nothing. Statements commit one by one."""
        connect = self.connect
        session = psycopg.connect(connect, row_factory=dict_row) if isinstance(connect, str) else connect()
        session.autocommit = True
        session.execute("SET TimeZone = 'UTC'")
        session.execute("SET row_security = off")  # rows that a policy hides are an error, not an absence
        session.execute(f"SET lock_timeout = {READ_WAIT_MS}")
        return session

    def ask(self, work: Callable[[Session], R]) -> R:
        """Do something on a session of its own. A database error becomes StoreUnreadable, with its SQLSTATE alone."""
        try:
            with self.open() as session:
                return work(session)
        except psycopg.Error as error:
            code = error.sqlstate or type(error).__name__
        raise self.unreadable(
            f"database error {code}", "an answer; look up the code, and at the connection and its role's rights", code
        )

    def unreadable(self, found: str, expected: str, code: str | None = None) -> StoreUnreadable:
        """The error that names this table."""
        return StoreUnreadable(f"partitioned table {self.table!r}: found {found}; expected {expected}.", code=code)


def qualified(name: str) -> sql.Identifier:
    """`schema.table` in SQL; PostgreSQL's own names may hold more dots, in the second part."""
    return sql.Identifier(*name.split(".", 1))


def row_id(table: PartitionedTable, partition: str) -> sql.Composed:
    """A row's id as text, in SQL over the alias `r`; a row without one is named by partition and ctid."""
    return sql.SQL("coalesce(r.{id}::text, {partition} || r.ctid::text)").format(
        id=sql.Identifier(table.id_column), partition=sql.Literal(partition)
    )


def mark_of(partition: str, table: str) -> str:
    """The comment that says that this partition is being dropped. It names both, so that no copy or renamed table bears it."""
    return f"retention: partition {partition} of {table} is past its limit and is being dropped"


_TABLE = """
SELECT c.relkind, p.partstrat, p.partnatts, a.attname AS key_column, format_type(a.atttypid, a.atttypmod) AS key_type,
       pg_has_role(c.relowner, 'USAGE') AS is_ours,
       quote_ident(pg_get_userbyid(c.relowner)) AS owner, quote_ident(current_user) AS role,
       (SELECT rolsuper FROM pg_roles WHERE pg_roles.oid = c.relowner) AS is_superusers,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
  FROM pg_class AS c LEFT JOIN pg_partitioned_table AS p ON p.partrelid = c.oid
  LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
 WHERE c.oid = to_regclass(%s)
"""

_PARTITIONS: LiteralString = r"""
SELECT n.nspname || '.' || c.relname AS name, c.oid::bigint AS oid, i.inhdetachpending AS is_pending,
       d.bound = 'DEFAULT' AS is_default,
       CASE WHEN isfinite(b.lower) THEN b.lower END AS lower, CASE WHEN isfinite(b.upper) THEN b.upper END AS upper
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, 0) AS bound) AS d
 CROSS JOIN LATERAL (SELECT regexp_match(d.bound, '^FOR VALUES FROM \((.*)\) TO \((.*)\)$') AS parts) AS p
 CROSS JOIN LATERAL (SELECT trim('''' FROM nullif(p.parts[1], 'MINVALUE'))::timestamptz AS lower,
                            trim('''' FROM nullif(p.parts[2], 'MAXVALUE'))::timestamptz AS upper) AS b
 WHERE i.inhparent = to_regclass(%s)
 ORDER BY b.upper NULLS LAST, name
"""
_MARKED: LiteralString = """
SELECT n.nspname || '.' || c.relname AS name, c.oid::bigint AS oid
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid)
   AND obj_description(c.oid, 'pg_class') = replace(%s, '<partition>', n.nspname || '.' || c.relname)
 ORDER BY name
"""
_KINDS: LiteralString = """
SELECT DISTINCT c.relkind FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(%s)
"""


def read_partitions(session: Session, table: PartitionedTable) -> list[Partition]:
    """All partitions by the end of their range, the default one last, then the detached ones whose drop is missing."""
    attached = [
        Partition(
            name=row["name"],
            oid=row["oid"],
            state=PartitionState.PENDING if row["is_pending"] else PartitionState.ATTACHED,
            is_default=row["is_default"],
            lower=row["lower"],
            upper=row["upper"],
        )
        for row in session.execute(_PARTITIONS, (table.table,))
    ]
    marked = session.execute(_MARKED, (mark_of("<partition>", table.table),))
    return attached + [Partition(row["name"], row["oid"], PartitionState.DETACHED, False, None, None) for row in marked]


def find_partition(session: Session, table: PartitionedTable, name: str) -> Partition | None:
    """This partition as it is now; None where it is gone, or a table of somebody else's by now."""
    return next((one for one in read_partitions(session, table) if one.name == name), None)


def require_as_mapped(session: Session, table: PartitionedTable) -> None:
    """Raise DataMapError unless the table is as the map says and ours to alter; nothing of it could be judged or dropped."""
    row = session.execute(_TABLE, (table.table,)).fetchone()
    if row is None:
        raise _contradicted(table, "no such table", "the partitioned table as the data map names it")
    if row["relkind"] != "p" or row["partstrat"] != "r" or row["partnatts"] != 1:
        raise _contradicted(table, "no table partitioned by range of one column", "one; else map it with kind `table`")
    if row["key_column"] != table.time_column:
        found = f"partitions by {row['key_column'] or 'an expression'}"
        raise _contradicted(table, found, f"by time_column, {table.time_column!r}")
    if row["key_type"] != "timestamp with time zone":
        raise _contradicted(table, f"{table.time_column!r} of type {row['key_type']}", "timestamp with time zone")
    for column in filter(None, (table.id_column, table.evidence_column)):
        if column not in row["columns"]:
            raise _contradicted(table, f"no column {column!r}", "the columns that the data map names")
    if not row["is_ours"]:
        # PostgreSQL knows no smaller right than its owner's for detaching and dropping.
        granting = "a role that it shares with the application, as owner: docs/stores.md, log tables in partitions"
        if not row["is_superusers"]:
            granting = f"that role: GRANT {row['owner']} TO {row['role']}"
        raise table.unreadable(f"an owner, {row['owner']}, whose role the disposal identity doesn't have", granting)
    kinds = {row["relkind"] for row in session.execute(_KINDS, (table.table,))}
    if kinds - {"r"}:
        raise _contradicted(
            table, "partitions that are partitioned again, or foreign tables", "partitions that are tables"
        )


def _contradicted(table: PartitionedTable, found: str, expected: str) -> DataMapError:
    return DataMapError([Problem("datamap", 1, "not_as_mapped", f"table {table.table}: {found}", expected)])
