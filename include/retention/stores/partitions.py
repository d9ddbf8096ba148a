"""A table that is partitioned by time: whole partitions are detached and dropped, whatever their number of rows.

Readers and writers of the table are never kept waiting for longer than `LOCK_WAIT_MS`: whoever has to wait for a lock gives up
after that, lets the others go first, and tries again. A step that was interrupted is gone on with, wherever it stopped:

    attached ── COMMENT (mark) ── DETACH CONCURRENTLY ──> pending ── FINALIZE ──> detached, marked ── DROP ──> gone
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import LiteralString

import psycopg
from psycopg import sql

from retention.stores.partition_catalog import (
    Partition,
    PartitionedTable,
    PartitionState,
    Session,
    find_partition,
    mark_of,
    qualified,
    read_partitions,
    require_as_mapped,
)
from retention.stores.protocol import Removal, RemovalResult

LOCK_WAIT_MS = 100
"""Longest wait for a lock: whoever queues behind us waits that long, and the few ms that we then hold it."""
PATIENCE_S = 20.0
"""How long one partition is tried again while others hold locks; then it counts as failed, and the next run goes on with it."""
_PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0)
_PASSING = frozenset({"55P03", "40P01", "40001"})
"""Lock not available in time, deadlock, serialization: it is worth trying again."""


@dataclass(frozen=True, slots=True)
class PartitionRecords:
    """What lies in a partition now: oldest and youngest time that is a date, the oldest other evidence, and about how many rows
    (None: not known).
    """

    oldest: datetime | None
    youngest: datetime | None
    evidence: datetime | None
    about_rows: int | None

    @property
    def is_empty(self) -> bool:
        """Whether there is no row with a time, which in a partition with bounds means: no row."""
        return self.oldest is None


class PartitionStore:
    """The partitions of one table. Every call opens sessions of its own; none logs or raises with a row's values in it."""

    def __init__(self, table: PartitionedTable) -> None:
        self.table = table

    def check(self) -> None:
        """Raise DataMapError unless the table is as the map says, StoreUnreadable unless it can be read and is ours to alter."""

        def read(session: Session) -> None:
            require_as_mapped(session, self.table)
            session.execute(sql.SQL("SELECT 1 FROM ONLY {} LIMIT 1").format(self.table.identifier))

        self.table.ask(read)

    def clock(self) -> datetime:
        """The database's time."""

        def read(session: Session) -> datetime:
            row = session.execute("SELECT now() AS at").fetchone()
            assert row is not None  # a SELECT of one value
            at: datetime = row["at"]
            return at.astimezone(UTC)

        return self.table.ask(read)

    def partitions(self) -> list[Partition]:
        """All partitions, half detached ones and marked leftovers included. Raises StoreUnreadable."""
        return self.table.ask(lambda session: read_partitions(session, self.table))

    def find(self, name: str) -> Partition | None:
        """One partition as it is now; None where it is gone."""
        return self.table.ask(lambda session: find_partition(session, self.table, name))

    def records(self, partition: Partition) -> PartitionRecords:
        """Read a partition itself, whether the table still shows it or not; no row is counted."""
        return self.table.ask(lambda session: read_records(session, self.table, partition.name))

    def exists(self, name: str) -> bool:
        """Whether there is a table of this name, partition or not."""

        def read(session: Session) -> bool:
            found = session.execute("SELECT to_regclass(%s) AS found", (qualified(name).as_string(session),)).fetchone()
            return found != {"found": None}

        return self.table.ask(read)

    def holds_rows(self, partition: Partition, ids: Sequence[str]) -> bool:
        """Whether a row with one of these ids is in the partition."""
        statement = sql.SQL("SELECT 1 FROM ONLY {} AS r WHERE r.{}::text = ANY(%s) LIMIT 1").format(
            qualified(partition.name), sql.Identifier(self.table.id_column)
        )
        return self.table.ask(lambda session: session.execute(statement, (list(ids),)).fetchone() is not None)

    def places_of(self, partition: str, item_id: str) -> list[str]:
        """Where the rows with this id stand in the partition (ctid)."""
        statement = sql.SQL("SELECT r.ctid::text AS ctid FROM ONLY {} AS r WHERE r.{}::text = %s").format(
            qualified(partition), sql.Identifier(self.table.id_column)
        )
        return self.table.ask(lambda session: [row["ctid"] for row in session.execute(statement, (item_id,))])

    def drop(self, name: str, *, patience_s: float = PATIENCE_S) -> RemovalResult:
        """Detach and drop one partition, from wherever an earlier try left it; `parts_removed` is 1 where it was there.

        Beside a default partition PostgreSQL refuses to detach without blocking: there only an empty one goes (code
        `not_empty` otherwise). Lasting refusals fail at once with their SQLSTATE, passing ones after the patience.
        """
        give_up_at = time.monotonic() + patience_s
        pauses_s = chain(_PAUSES_S, repeat(_PAUSES_S[-1]))
        while True:
            code = self._go_on(name)
            if code in ("gone", "absent"):
                return RemovalResult(Removal.REMOVED if code == "gone" else Removal.ABSENT, int(code == "gone"))
            if code not in _PASSING or time.monotonic() >= give_up_at:
                return RemovalResult(Removal.FAILED, 0, code)
            time.sleep(next(pauses_s) * random.uniform(0.7, 1.0))

    def _go_on(self, name: str) -> str:
        """All steps that are left, on one session; `gone`, `absent`, or the code of what stood in the way."""
        try:
            with self.table.open() as session:
                session.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
                was_there = False
                while (partition := find_partition(session, self.table, name)) is not None:
                    was_there = True
                    step = self._next_step(session, partition)
                    if step is None:
                        return "not_empty"
                    step()
                return "gone" if was_there else "absent"
        except psycopg.OperationalError as error:
            if error.sqlstate is None:  # the connection, not an answer
                failed = type(error).__name__
            else:
                return error.sqlstate
        except psycopg.Error as error:
            return error.sqlstate or type(error).__name__
        raise self.table.unreadable(f"a lost connection ({failed})", "a running PostgreSQL")

    def _next_step(self, session: Session, partition: Partition) -> Callable[[], object] | None:
        """What comes next for a partition in this state; None where nothing may."""
        parent, child = self.table.identifier, qualified(partition.name)
        if partition.state is PartitionState.DETACHED:
            return lambda: session.execute(sql.SQL("DROP TABLE {}").format(child))
        if partition.state is PartitionState.PENDING:
            return lambda: self._finish(session, partition)
        everyone = read_partitions(session, self.table)
        if any(one.is_default for one in everyone):
            return (lambda: _drop_empty(session, parent, child)) if _is_empty(session, child) else None
        if other := next((one for one in everyone if one.state is PartitionState.PENDING), None):
            # PostgreSQL allows one at a time; marked, so that it is dated and dropped in its turn, and not forgotten.
            return lambda: self._finish(session, other)
        return lambda: self._detach(session, partition)

    def _mark(self, session: Session, partition: Partition) -> None:
        comment = sql.Literal(mark_of(partition.name, self.table.table))
        session.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(qualified(partition.name), comment))

    def _detach(self, session: Session, partition: Partition) -> None:
        self._mark(session, partition)
        # One that somebody holds would stay pending, and PostgreSQL detaches no other one until it is finished.
        with session.transaction(force_rollback=True):
            session.execute(sql.SQL("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE").format(qualified(partition.name)))
        statement = sql.SQL("ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY")
        session.execute(statement.format(self.table.identifier, qualified(partition.name)))

    def _finish(self, session: Session, partition: Partition) -> None:
        self._mark(session, partition)
        statement = sql.SQL("ALTER TABLE {} DETACH PARTITION {} FINALIZE")
        session.execute(statement.format(self.table.identifier, qualified(partition.name)))


# By the density that the last ANALYZE saw. Without one: by rows so small that the number is rather too high.
_ABOUT_ROWS: LiteralString = """
(SELECT ceil(CASE WHEN c.reltuples >= 0 AND c.relpages > 0 THEN c.reltuples * size.pages / c.relpages
                  ELSE size.pages * 128 END)::bigint
   FROM pg_class AS c
  CROSS JOIN LATERAL (SELECT ceil(pg_relation_size(c.oid) / current_setting('block_size')::float8) AS pages) AS size
  WHERE c.oid = to_regclass({name}))
"""


def read_records(session: Session, table: PartitionedTable, name: str) -> PartitionRecords:
    """As `PartitionStore.records`; whatever is no finite time counts as none."""
    statement = sql.SQL(
        "SELECT (SELECT min({time}) FROM {rows} AS r WHERE isfinite({time})) AS oldest, "
        "(SELECT max({time}) FROM {rows} AS r WHERE isfinite({time})) AS youngest, "
        "{evidence} AS evidence, {about_rows} AS about_rows"
    ).format(
        time=sql.Identifier(table.time_column),
        rows=sql.SQL("ONLY {}").format(qualified(name)),
        evidence=_oldest_evidence(table, name),
        about_rows=sql.SQL(_ABOUT_ROWS).format(name=sql.Literal(qualified(name).as_string(session))),
    )
    row = session.execute(statement).fetchone()
    assert row is not None  # a SELECT of single values
    return PartitionRecords(**row)


def _oldest_evidence(table: PartitionedTable, name: str) -> sql.Composable:
    """Before 1990 there is no date, only what programs write where they know none."""
    if table.evidence_column is None:
        return sql.SQL("NULL::timestamptz")
    return sql.SQL(
        "(SELECT min({column}) FROM ONLY {rows} WHERE {column} >= '1990-01-01Z' AND isfinite({column}))"
    ).format(column=sql.Identifier(table.evidence_column), rows=qualified(name))


def _is_empty(session: Session, child: sql.Identifier) -> bool:
    return session.execute(sql.SQL("SELECT 1 FROM ONLY {} LIMIT 1").format(child)).fetchone() is None


def _drop_empty(session: Session, parent: sql.Identifier, child: sql.Identifier) -> None:
    """Without rows there is nothing to move slowly: the table is locked for moments. Looked at again under the lock."""
    with session.transaction() as transaction:
        session.execute(sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(parent, child))
        if not _is_empty(session, child):
            raise psycopg.Rollback(transaction)
        session.execute(sql.SQL("DROP TABLE {}").format(child))
