"""What an item waits for: the places whose items have to go before it, and how many of them there are, as the map's SQL counts
them."""

from __future__ import annotations

from typing import Any, TypedDict

import psycopg
from psycopg import sql

from retention.datamap.loader import DataMap, RowPlace
from retention.disposal.fact_columns import WAITS_FOR, FactColumns
from retention.disposal.place_sql import reviewed
from retention.errors import DataMapError, Problem


class WaitsFor(TypedDict):
    """So many items of this place have to go first."""

    place: str
    items: int


def require_known_places(datamap: DataMap, place: RowPlace, columns: FactColumns) -> None:
    """Raise DataMapError where the SQL counts items of a place that the map doesn't have."""
    problems = [
        Problem(
            str(place.sql_files.items),
            1,
            "unknown_place",
            f"column {name!r} for place {place.name!r}",
            f"{WAITS_FOR}<place>, of a place that the data map has: {', '.join(sorted(datamap.places))}",
        )
        for name in columns.waits_for
        if name.removeprefix(WAITS_FOR) not in datamap.places
    ]
    if problems:
        raise DataMapError(problems)


def waits_for(source: psycopg.Connection[Any], place: RowPlace, columns: FactColumns, item_id: str) -> list[WaitsFor]:
    """What is there now that has to go before this item; empty where the SQL doesn't count it."""
    if not columns.waits_for:
        return []
    query = sql.SQL("SELECT {} FROM ({}\n) AS f WHERE f.item_id::text = %(item)s").format(
        sql.SQL(", ").join(sql.SQL("f.{}").format(sql.Identifier(name)) for name in columns.waits_for),
        reviewed(place.items_sql),
    )
    counted = source.execute(query, {"item": item_id}).fetchone() or {}
    return [{"place": name.removeprefix(WAITS_FOR), "items": int(items)} for name, items in counted.items() if items]
