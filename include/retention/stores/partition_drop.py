"""One partition's way to its drop, gone on with wherever an earlier try left it.

    attached ── COMMENT (mark) ── DETACH CONCURRENTLY ──> pending ── FINALIZE ──> detached, marked ── DROP ──> gone

Readers and writers of the table are never kept waiting for longer than `LOCK_WAIT_MS`: whoever has to wait for a lock gives up
after that, lets the others go first, and tries again. Whoever waited may find another partition under the name: each step looks
again, under the lock, whether it is the one that was decided on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

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
)

LOCK_WAIT_MS = 100
"""Longest wait for a lock: whoever queues behind us waits that long, and the few ms that we then hold it."""
CHANGED = "changed"
"""It is not what was decided on any more."""


class _ChangedError(Exception):
    """Another partition by now; no message, because it never leaves this module."""


class PartitionDrop:
    """The drop of one partition as it was `decided` on, with no record after `end` (None: with none at all)."""

    def __init__(self, table: PartitionedTable, decided: Partition, end: datetime | None) -> None:
        self._table = table
        self._decided = decided
        self._end = end
        self._parent = table.identifier
        self._child = qualified(decided.name)

    def go_on(self) -> str:
        """All steps that are left, on one session; `gone`, `absent`, `changed`, or the code of what stood in the way."""
        try:
            with self._table.open() as session:
                session.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
                was_there = False
                while (found := find_partition(session, self._table, self._decided.name)) is not None:
                    was_there = True
                    step = self._next_step(session, found)
                    if step is None:
                        return "not_empty"
                    step()
                return "gone" if was_there else "absent"
        except _ChangedError:
            return CHANGED
        except psycopg.OperationalError as error:
            if error.sqlstate is None:  # the connection, not an answer
                failed = type(error).__name__
            else:
                return error.sqlstate
        except psycopg.Error as error:
            return error.sqlstate or type(error).__name__
        raise self._table.unreadable(f"a lost connection ({failed})", "a running PostgreSQL")

    def _next_step(self, session: Session, found: Partition) -> Callable[[], object] | None:
        """What comes next for the partition in this state; None where nothing may."""
        if not self._decided.is_still(found):
            raise _ChangedError
        if found.state is PartitionState.DETACHED:
            return lambda: self._drop(session)
        if found.state is PartitionState.PENDING:
            return lambda: self._finish(session)
        everyone = read_partitions(session, self._table)
        if any(one.is_default for one in everyone):
            return (lambda: self._drop_empty(session)) if _is_empty(session, self._child) else None
        if other := next((one for one in everyone if one.state is PartitionState.PENDING), None):
            # PostgreSQL allows one at a time; marked, so that it is dated and dropped in its turn, and not forgotten.
            return lambda: self._finalize(session, other)
        return lambda: self._detach(session)

    def _detach(self, session: Session) -> None:
        """One that somebody holds would stay pending, and PostgreSQL detaches no other one until it is finished: so it is locked
        before, for a moment. A concurrent detach can't begin under that lock; what came in between is seen by the drop.
        """
        with session.transaction():
            self._lock(session)
            self._mark(session, self._decided.name)
        statement = sql.SQL("ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY")
        session.execute(statement.format(self._parent, self._child))

    def _finish(self, session: Session) -> None:
        with session.transaction():
            self._lock(session)
            self._finalize(session, self._decided)

    def _finalize(self, session: Session, partition: Partition) -> None:
        self._mark(session, partition.name)
        statement = sql.SQL("ALTER TABLE {} DETACH PARTITION {} FINALIZE")
        session.execute(statement.format(self._parent, qualified(partition.name)))

    def _drop(self, session: Session) -> None:
        """Without its bounds, its records alone tell that it is the one: young ones were never meant."""
        with session.transaction():
            self._lock(session)
            if self._has_records_after_end(session):
                raise _ChangedError
            session.execute(sql.SQL("DROP TABLE {}").format(self._child))

    def _drop_empty(self, session: Session) -> None:
        """Without rows there is nothing to move slowly: the table is locked for moments. Looked at again under the lock."""
        with session.transaction() as transaction:
            session.execute(sql.SQL("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE").format(self._parent))
            self._lock(session)
            session.execute(sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(self._parent, self._child))
            if not _is_empty(session, self._child):
                raise psycopg.Rollback(transaction)
            session.execute(sql.SQL("DROP TABLE {}").format(self._child))

    def _lock(self, session: Session) -> None:
        """Lock what bears the name now, and look whether it is what was decided on. Raises what waits, or _ChangedError."""
        session.execute(sql.SQL("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE").format(self._child))
        found = find_partition(session, self._table, self._decided.name)
        if found is None or not self._decided.is_still(found):
            raise _ChangedError

    def _has_records_after_end(self, session: Session) -> bool:
        if self._end is None:
            return not _is_empty(session, self._child)
        query = sql.SQL("SELECT 1 FROM ONLY {} WHERE {} > %s LIMIT 1").format(
            self._child, sql.Identifier(self._table.time_column)
        )
        return session.execute(query, (self._end,)).fetchone() is not None

    def _mark(self, session: Session, name: str) -> None:
        comment = sql.Literal(mark_of(name, self._table.table))
        session.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(qualified(name), comment))


def _is_empty(session: Session, child: sql.Identifier) -> bool:
    return session.execute(sql.SQL("SELECT 1 FROM ONLY {} LIMIT 1").format(child)).fetchone() is None
