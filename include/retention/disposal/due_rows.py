"""What is due by a place's tables, and the count of what stays, both from one snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from retention.disposal.checked import CheckedObjects, CheckedTable
from retention.disposal.keys import require_read_alike
from retention.disposal.lines import DueItem, Tally, due_item
from retention.disposal.reading import Reading
from retention.disposal.selection import PLANNED, Selection, is_deadline_known, is_planned


def due_rows(
    reading: Reading[CheckedObjects | CheckedTable],
    tally: Tally,
    suppressed: Mapping[str, Sequence[datetime]] | None = None,
) -> Iterator[DueItem]:
    """The place's due items by its tables, in the order of their keys.

    With them come rows that only wait for others: by the time of their batch these may have gone, and where not, they are spared.
    """
    place, selection = reading.checked.place, reading.selection(suppressed=suppressed)
    with reading.runtime.source(place) as source, source.transaction():
        # Counts and items from one snapshot, so that they add up.
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        count_decided(source, selection, tally)
        due = sql.SQL('SELECT * FROM {} WHERE {} ORDER BY object_key COLLATE "C"').format(
            selection.decided, sql.SQL(PLANNED)
        )
        with source.cursor(name="due_items") as cursor:
            cursor.itersize = 10_000
            cursor.execute(due, selection.parameters)
            for row in cursor:
                if isinstance(reading.checked, CheckedObjects):
                    require_read_alike(reading.checked.place, [row])
                if is_deadline_known(row, reading.as_of):
                    tally.take(row["deadline_at"])
                yield due_item(place.name, row)


def count_decided(source: psycopg.Connection[dict[str, Any]], selection: Selection, tally: Tally) -> None:
    """Count what was decided, and of what stays the reason and when the next of it falls due."""
    counts = sql.SQL(
        "SELECT status, reason, basis, count(*) AS items, min(due_at) FILTER (WHERE status = 'retain') AS next_due_at "
        "FROM {} GROUP BY status, reason, basis"
    ).format(selection.decided)
    for row in source.execute(counts, selection.parameters):
        tally.considered += row["items"]
        tally.fallback += row["items"] if row["basis"] == "fallback" else 0
        if not is_planned(row):
            tally.keep(row["reason"], row["items"], row["next_due_at"] if row["reason"] == "not_due" else None)
