"""Pieces of SQL about one place, used by every query that selects from its data map's files."""

from __future__ import annotations

from psycopg import sql


def reviewed(text: str) -> sql.Composable:
    """A data map's SQL file, where `%` is no placeholder."""
    return sql.SQL(text.replace("%", "%%"))


def only_keys(by_key: bool) -> sql.SQL:
    """The condition that restricts the facts to the objects in the parameter `keys`; none for the whole place."""
    return sql.SQL("AND f.object_key = ANY(%(keys)s)") if by_key else sql.SQL("")
