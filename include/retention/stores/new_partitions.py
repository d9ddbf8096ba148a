"""Partitions for the days to come: a step of its own, which creates empty tables and touches no data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import LiteralString

import psycopg
from psycopg import sql

from retention.errors import RequestError
from retention.stores.partition_catalog import (
    Partition,
    PartitionedTable,
    PartitionState,
    Session,
    qualified,
    read_partitions,
    require_as_mapped,
)
from retention.stores.partition_drop import LOCK_WAIT_MS

DAY = timedelta(days=1)
LONGEST_DAYS = 90
_TRIES = 5

_OWNER: LiteralString = "SELECT relowner::regrole::text AS owner FROM pg_class WHERE oid = to_regclass(%s)"
_GRANTS: LiteralString = """
WITH parent AS (SELECT oid, relowner, relacl FROM pg_class WHERE oid = to_regclass(%s))
SELECT g.grantee::regrole::text AS grantee, g.grantee = 0 AS is_public, g.privilege_type, NULL::text AS of_column
  FROM parent CROSS JOIN aclexplode(parent.relacl) AS g WHERE g.grantee <> parent.relowner
UNION ALL
SELECT g.grantee::regrole::text, g.grantee = 0, g.privilege_type, quote_ident(a.attname)
  FROM parent JOIN pg_attribute AS a ON a.attrelid = parent.oid AND NOT a.attisdropped CROSS JOIN aclexplode(a.attacl) AS g
 WHERE g.grantee <> parent.relowner
"""


class CreatedPartitions(dict[str, str]):
    """What became of each missing partition, by its name: `created`, or the code of what PostgreSQL refused."""

    @property
    def refused(self) -> dict[str, str]:
        """Those that are still missing."""
        return {name: word for name, word in self.items() if word != "created"}


def create_partitions(table: PartitionedTable, *, from_day: date, days: int) -> CreatedPartitions:
    """Create what is missing of `days` day partitions (UTC) from `from_day` on; running it twice changes nothing.

    Of a day that others cover in part, such as by days in local time, the rest gets a partition, so that no record is refused.
    New partitions get the table's owner and grants. Rows of a day that lie in the default partition are not moved: PostgreSQL
    then refuses its partition (23514). No query of the table waits longer than `LOCK_WAIT_MS` for it. Raises DataMapError,
    StoreUnreadable, and RequestError for a senseless `days`.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise RequestError(f"found {days} days ahead; expected 1 to {LONGEST_DAYS}.")

    def work(session: Session) -> CreatedPartitions:
        require_as_mapped(session, table)
        session.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
        # Beside a default partition, its rows are looked through.
        session.execute(f"SET statement_timeout = {LOCK_WAIT_MS}")
        created = CreatedPartitions()
        for number in range(days):
            midnight = datetime.combine(from_day, datetime.min.time(), UTC) + number * DAY
            for lower, upper in _uncovered(read_partitions(session, table), midnight, midnight + DAY):
                name = _free_name(table, lower)
                created[name] = _create(session, table, name, lower, upper)
        return created

    return table.ask(work)


def _uncovered(partitions: Sequence[Partition], lower: datetime, upper: datetime) -> list[tuple[datetime, datetime]]:
    """What of this time no partition takes."""
    left = [(lower, upper)]
    for one in partitions:
        if one.is_default or one.state is PartitionState.DETACHED:
            continue
        since, until = one.lower or lower, one.upper or upper
        left = [
            part
            for begin, end in left
            for part in ((begin, min(end, since)), (max(begin, until), end))
            if part[0] < part[1]
        ]
    return left


def _free_name(table: PartitionedTable, lower: datetime) -> str:
    """`<table>_20261101`, or with the time where others cover the day's beginning. PostgreSQL cuts names at 63 bytes, so a long
    table's name is shortened, not the day."""
    schema, name = table.table.split(".")
    day = f"{lower:%Y%m%d}" if lower.time() == datetime.min.time() else f"{lower:%Y%m%d_%H%M%S}"
    return f"{schema}.{re.sub(r'[^a-z0-9_]', '_', name)[:47]}_{day}"


def _create(session: Session, table: PartitionedTable, name: str, lower: datetime, upper: datetime) -> str:
    """One partition: made apart and attached, because that needs no lock that readers or writers would wait for."""
    code = "unknown"
    for _ in range(_TRIES):
        try:
            with session.transaction():
                _make_like(session, table, name)
                session.execute(
                    sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                        table.identifier, qualified(name), sql.Literal(lower), sql.Literal(upper)
                    )
                )
            return "created"
        except psycopg.Error as error:
            if error.sqlstate is None:
                raise
            code = error.sqlstate
        if code not in ("55P03", "40P01"):
            break
    return code


def _make_like(session: Session, table: PartitionedTable, name: str) -> None:
    """An empty table of the same shape, owner and grants. Indexes and keys come with attaching it."""
    session.execute(
        sql.SQL(
            "CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE "
            "INCLUDING COMPRESSION)"
        ).format(qualified(name), table.identifier)
    )
    for grant in session.execute(_GRANTS, (table.table,)).fetchall():
        # Quoted by the catalogue, as the rest.
        of_column = sql.SQL(f"({grant['of_column']})" if grant["of_column"] else "")
        grantee = sql.SQL("PUBLIC" if grant["is_public"] else grant["grantee"])
        session.execute(
            sql.SQL("GRANT {} {} ON {} TO {}").format(
                sql.SQL(grant["privilege_type"]), of_column, qualified(name), grantee
            )
        )
    owner = session.execute(_OWNER, (table.table,)).fetchone()
    assert owner is not None  # the table was there when the grants were read
    session.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(qualified(name), sql.SQL(owner["owner"])))
