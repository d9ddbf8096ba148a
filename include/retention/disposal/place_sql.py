"""Pieces of SQL about one place, used by every query that selects from its data map's files."""

from __future__ import annotations

from psycopg import sql

from retention.disposal.fact_columns import FactColumns


def reviewed(text: str) -> sql.Composable:
    """A data map's SQL file, where `%` is no placeholder."""
    return sql.SQL(text.replace("%", "%%"))


def only_keys(by_key: bool) -> sql.SQL:
    """The condition that restricts the facts to the objects in the parameter `keys`; none for the whole place."""
    return sql.SQL("AND f.object_key = ANY(%(keys)s)") if by_key else sql.SQL("")


def only_ids(columns: FactColumns) -> sql.Composed:
    """The condition that restricts a table's facts to the rows with the ids in the parameter `keys`."""
    return sql.SQL("f.item_id = ANY(%(keys)s::{}[])").format(sql.SQL(columns.id_type))
