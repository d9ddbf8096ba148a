"""What is there now, place by place, and which of it a replay list names: as streams, whatever the size of either."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from psycopg import sql

from retention.datamap.loader import AnyPlace, MappedPlace, MappedTable, RowPlace
from retention.disposal.place_sql import reviewed
from retention.disposal.runtime import Runtime
from retention.replay.list_file import Disposed


def has_facts(place: AnyPlace) -> bool:
    """Whether rows say what becomes of the place's items. Log files and partitions say it themselves, by their records' age."""
    return isinstance(place, MappedTable) or (isinstance(place, MappedPlace) and place.has_rows)


def present_rows(runtime: Runtime, place: RowPlace) -> Iterator[tuple[str, str]]:
    """Id and key (of a table's rows: the id again) of all that is there, as a stream."""
    key = sql.SQL("f.object_key" if isinstance(place, MappedPlace) else "f.item_id::text")
    query = sql.SQL("SELECT f.item_id::text AS item_id, {} AS key FROM ({}\n) AS f").format(
        key, reviewed(place.items_sql)
    )
    with runtime.source(place) as source, source.transaction(), source.cursor(name="present") as cursor:
        cursor.itersize = 10_000
        cursor.execute(query, {})
        for row in cursor:
            yield row["item_id"], row["key"]


class Listed:
    """The items that a list names of one place, in a file without a name that goes with it: a list may be larger than memory."""

    def __init__(self, items: Iterable[Disposed]) -> None:
        self._file = sqlite3.connect("")
        self._file.execute("CREATE TABLE listed (item_hash BLOB PRIMARY KEY, gone_at TEXT NOT NULL) WITHOUT ROWID")
        rows = ((bytes.fromhex(item.item), item.gone_at) for item in items)
        self.count = self._file.executemany("INSERT INTO listed VALUES (?, ?)", rows).rowcount

    def gone_at(self, hashes: Iterable[bytes]) -> Mapping[bytes, datetime]:
        """When those of these items went that the list names, by their hashes."""
        query = "SELECT gone_at FROM listed WHERE item_hash = ?"
        found = ((one, self._file.execute(query, (one,)).fetchone()) for one in hashes)
        return {one: datetime.fromisoformat(row[0]) for one, row in found if row is not None}

    def close(self) -> None:
        """Let the file go."""
        self._file.close()
