"""What is there now, place by place, and which of it a replay list names: as streams, whatever the size of either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from retention.datamap.loader import AnyPlace, MappedPlace, MappedTable, RowPlace
from retention.disposal.place_sql import reviewed
from retention.disposal.runtime import Runtime
from retention.replay.list_file import items_of


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
    """The items that a list names of one place, in a table that ends with its session."""

    def __init__(self, session: psycopg.Connection[Any], count: int) -> None:
        self.count = count
        self._session = session

    def gone_at(self, hashes: Sequence[bytes]) -> Mapping[bytes, datetime]:
        """When those of these items went that the list names, by their hashes."""
        query = "SELECT item_hash, gone_at FROM pg_temp.listed WHERE item_hash = ANY(%s)"
        return {bytes(row["item_hash"]): row["gone_at"] for row in self._session.execute(query, (list(hashes),))}


@contextmanager
def listed_in(runtime: Runtime, path: Path, place: str) -> Iterator[Listed]:
    """Put the list's items of the place where they can be looked up, in our own database: a list may be larger than memory."""
    with runtime.own() as session:
        session.execute("CREATE TEMP TABLE listed (item_hash bytea PRIMARY KEY, gone_at timestamptz NOT NULL)")
        with session.cursor() as cursor, cursor.copy("COPY pg_temp.listed FROM STDIN") as copy:
            for item in items_of(path, place):
                copy.write_row((bytes.fromhex(item.item), item.gone_at))
        yield Listed(session, cursor.rowcount)
