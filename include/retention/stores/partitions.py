"""A table that is partitioned by time: whole partitions are read, detached and dropped, whatever their number of rows."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain, repeat

from psycopg import sql

from retention.stores.partition_catalog import (
    Partition,
    PartitionedTable,
    Session,
    find_partition,
    qualified,
    read_partitions,
    require_as_mapped,
    row_id,
)
from retention.stores.partition_drop import PartitionDrop
from retention.stores.partition_records import PartitionRecords, read_records
from retention.stores.protocol import Removal, RemovalResult

PATIENCE_S = 20.0
"""How long one partition is tried again while others hold locks; then it counts as failed, and the next run goes on with it."""
_PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0)
_PASSING = frozenset({"55P03", "40P01", "40001"})
"""Lock not available in time, deadlock, serialization: it is worth trying again."""

_LIKE = """
SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname || '.' || c.relname = %s AND c.relkind IN ('r', 'p', 'f')
   AND NOT EXISTS (
       SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
       EXCEPT SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
   )
"""

_NAMES = """
SELECT n.nspname || '.' || c.relname AS name FROM pg_partition_ancestors(to_regclass(%s)) AS above
  JOIN pg_class AS c ON c.oid = above.relid JOIN pg_namespace AS n ON n.oid = c.relnamespace
"""


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

    def names(self) -> set[str]:
        """What all partitions together are called: the table's name, and those of the tables that it is a partition of itself."""
        return self.table.ask(lambda session: {row["name"] for row in session.execute(_NAMES, (self.table.table,))})

    def partitions(self) -> list[Partition]:
        """All partitions, half detached ones and marked leftovers included. Raises StoreUnreadable."""
        return self.table.ask(lambda session: read_partitions(session, self.table))

    def find(self, name: str) -> Partition | None:
        """One partition as it is now; None where it is gone."""
        return self.table.ask(lambda session: find_partition(session, self.table, name))

    def records(self, partition: Partition) -> PartitionRecords:
        """Read a partition itself, whether the table still shows it or not; no row is counted."""
        return self.table.ask(lambda session: read_records(session, self.table, partition.name))

    def exists(self, name: str, identity: str | None = None) -> bool:
        """Whether there is a table of this name, partition or not, or this very table under another name."""
        statement = (
            "SELECT EXISTS (SELECT FROM pg_class WHERE (oid = to_regclass(%s) OR 'oid:' || oid = %s) "
            "AND relkind IN ('r', 'p', 'f')) AS found"
        )

        def read(session: Session) -> bool:
            row = session.execute(statement, (qualified(name).as_string(session), identity)).fetchone()
            return row == {"found": True}

        return self.table.ask(read)

    def may_have_been(self, name: str) -> bool:
        """Whether a table bears this name that may have been a partition: it has all the columns that the log has."""
        return self.table.ask(lambda session: session.execute(_LIKE, (name, self.table.table)).fetchone() is not None)

    def holds_rows(self, partition: Partition, ids: Sequence[str]) -> bool:
        """Whether a row with one of these ids is in the partition; one without an id is named by partition and ctid."""
        statement = sql.SQL("SELECT 1 FROM ONLY {} AS r WHERE {} = ANY(%s) LIMIT 1").format(
            qualified(partition.name), row_id(self.table, partition.name)
        )
        return self.table.ask(lambda session: session.execute(statement, (list(ids),)).fetchone() is not None)

    def places_of(self, partition: str, item_id: str) -> list[str]:
        """Where the rows with this id stand in the partition (ctid)."""
        statement = sql.SQL("SELECT r.ctid::text AS ctid FROM ONLY {} AS r WHERE {} = %s").format(
            qualified(partition), row_id(self.table, partition)
        )
        return self.table.ask(lambda session: [row["ctid"] for row in session.execute(statement, (item_id,))])

    def drop(self, decided: Partition, end: datetime | None, *, patience_s: float = PATIENCE_S) -> RemovalResult:
        """Detach and drop one partition, from wherever an earlier try left it; `parts_removed` is 1 where it was there.

        `decided` is the partition as it was decided on, with no record after `end` (None: with none at all). Another table that
        took its name, or its name and its table for other days, stays (code `changed`).
        Beside a default partition PostgreSQL refuses to detach without blocking: there only an empty one goes (code
        `not_empty` otherwise). Lasting refusals fail at once with their SQLSTATE, passing ones after the patience.
        """
        give_up_at = time.monotonic() + patience_s
        pauses_s = chain(_PAUSES_S, repeat(_PAUSES_S[-1]))
        while True:
            code = PartitionDrop(self.table, decided, end).go_on()
            if code in ("gone", "absent"):
                return RemovalResult(Removal.REMOVED if code == "gone" else Removal.ABSENT, int(code == "gone"))
            if code not in _PASSING or time.monotonic() >= give_up_at:
                return RemovalResult(Removal.FAILED, 0, code)
            time.sleep(next(pauses_s) * random.uniform(0.7, 1.0))
