"""What is due by a place's tables, and the count of what stays, both from one snapshot."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from retention.disposal.checked import CheckedObjects, CheckedTable
from retention.disposal.keys import require_read_alike
from retention.disposal.lines import DueItem, Tally, due_item
from retention.disposal.reading import Reading
from retention.disposal.selection import DEADLINE_KNOWN, PLANNED, Selection, is_planned

Source = psycopg.Connection[dict[str, Any]]

_IN_ORDER = sql.SQL('SELECT * FROM {} WHERE {} ORDER BY object_key COLLATE "C"')
# Binary, so that nobody writes and reads an instant's digits; the casts are what keeps both ends of one mind.
_LINES = sql.SQL(
    'COPY (SELECT %(plan_id)s::uuid, (%(first_batch)s + (row_number() OVER (ORDER BY object_key COLLATE "C") - 1) '
    '/ %(batch_items)s)::integer, {columns} FROM {decided} WHERE {planned} ORDER BY object_key COLLATE "C") '
    "TO STDOUT (FORMAT binary)"
)
_INSTANTS = ("arose_at", "evidence_at", "due_at", "deadline_at")
_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class DueRows:
    """The place's due items by its tables, in the order of their keys; what stays is counted in `tally`.

    With them come rows that only wait for others: by the time of their batch these may have gone, and where not, they are spared.
    """

    reading: Reading[CheckedObjects | CheckedTable]
    tally: Tally
    suppressed: Mapping[str, Sequence[datetime]] | None = None

    def __iter__(self) -> Iterator[DueItem]:
        """One by one. Raises what `require_read_alike` raises."""
        with self._counted() as (source, selection), source.cursor(name="due_items") as cursor:
            cursor.itersize = 10_000
            cursor.execute(_IN_ORDER.format(selection.decided, sql.SQL(PLANNED)), selection.parameters)
            place = self.reading.checked.place
            for row in cursor:
                if isinstance(self.reading.checked, CheckedObjects):
                    require_read_alike(self.reading.checked.place, [row])
                yield due_item(place.name, row)

    def lines(self, plan_id: UUID, first_batch: int, batch_items: int) -> Generator[bytes]:
        """The same as binary COPY of plan_items (plan_id, batch_no and the fields of a due item), in UTF-8 and blocks of any
        length. Only for tables, whose keys nobody has to look at."""
        with self._counted() as (source, selection), source.cursor() as cursor:
            source.execute("SET LOCAL client_encoding = 'UTF8'")
            statement = _LINES.format(
                columns=sql.SQL(", ").join(map(_column, DueItem._fields)),
                decided=selection.decided,
                planned=sql.SQL(PLANNED),
            )
            numbers = {"plan_id": plan_id, "first_batch": first_batch, "batch_items": batch_items}
            place = {"place": self.reading.checked.place.name}
            with cursor.copy(statement, selection.parameters | numbers | place) as copy:
                yield from _blocks(copy)

    @contextmanager
    def _counted(self) -> Iterator[tuple[Source, Selection]]:
        """Counts and items from one snapshot, so that they add up. A session of its own counts while the items are read: each of
        the two decides every row of the place."""
        selection = self.reading.selection(suppressed=self.suppressed)
        with self._snapshot() as source, ThreadPoolExecutor(1, thread_name_prefix="count") as other:
            snapshot = source.execute("SELECT pg_export_snapshot() AS id").fetchone()
            assert snapshot is not None  # a SELECT of one value
            counting = other.submit(self._counts, selection, snapshot["id"])
            yield source, selection
            _add(counting.result(), self.tally)

    def _counts(self, selection: Selection, snapshot: str) -> list[dict[str, Any]]:
        with self._snapshot() as source:
            source.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
            return _counts(source, selection)

    @contextmanager
    def _snapshot(self) -> Iterator[Source]:
        with self.reading.runtime.source(self.reading.checked.place) as source, source.transaction():
            source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield source


def _column(name: str) -> sql.Composable:
    if name == "place":
        return sql.SQL("%(place)s::text")
    value = sql.SQL("NULL") if name == "part_id" else sql.Identifier(name)
    return sql.SQL("{}::{}").format(value, sql.SQL("timestamptz" if name in _INSTANTS else "text"))


def _blocks(copy: psycopg.Copy) -> Iterator[bytes]:
    """The server sends row by row; handing on each by itself would take longer than reading it."""
    block = bytearray()
    for row in copy:
        block += row
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def count_decided(source: Source, selection: Selection, tally: Tally) -> None:
    """Count what was decided: the first deadline of what is planned; of what stays, the reason and when the next falls due."""
    _add(_counts(source, selection), tally)


def _counts(source: Source, selection: Selection) -> list[dict[str, Any]]:
    counts = sql.SQL(
        "SELECT status, reason, basis, count(*) AS items, min(deadline_at) FILTER (WHERE {}) AS deadline_at, "
        "min(due_at) FILTER (WHERE status = 'retain') AS next_due_at FROM {} GROUP BY status, reason, basis"
    ).format(sql.SQL(DEADLINE_KNOWN), selection.decided)
    return source.execute(counts, selection.parameters).fetchall()


def _add(counts: Sequence[Mapping[str, Any]], tally: Tally) -> None:
    for row in counts:
        tally.considered += row["items"]
        tally.fallback += row["items"] if row["basis"] == "fallback" else 0
        if is_planned(row):
            if row["deadline_at"] is not None:
                tally.take(row["deadline_at"])
        else:
            tally.keep(row["reason"], row["items"], row["next_due_at"] if row["reason"] == "not_due" else None)
