"""What somebody should know of a table beyond its rows: times whose zone nobody named, and triggers on what goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from psycopg import sql

from retention.datamap.dependents import all_dependents
from retention.datamap.model import TablePlace


class Asks(Protocol):
    """Asks a source; `about` names what, in errors. Raises StoreUnreadable."""

    def __call__(self, about: str, query: sql.Composable, parameters: Any = ()) -> list[tuple[Any, ...]]: ...


# A cast of a value, not of a constant. `AT TIME ZONE` is a function there, and names its zone.
_CAST = re.compile(r"\)::timestamp(?:\(\d\))? with time zone")
_ON_DELETE, _ON_UPDATE = 8, 16
"""Bits of `pg_trigger.tgtype`."""
_TRIGGERS = sql.SQL("""
SELECT DISTINCT c.oid::regclass::text || '.' || t.tgname
FROM unnest(CAST(%s AS text[]), CAST(%s AS integer[])) AS asked (name, bits)
JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(asked.name)
JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = c.oid AND t.tgtype & asked.bits <> 0
WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
ORDER BY 1
""")


def rests_on_session_zone(ask: Asks, file: str, query: sql.Composable) -> bool:
    """Whether the SQL makes an instant of a time without a zone, which it then takes for one of the session's, here UTC.

    The database's own words for what it would do are looked at: the types of columns don't tell what the SQL makes of them.
    """
    return any(_CAST.search(line) for (line,) in ask(file, sql.SQL("EXPLAIN (VERBOSE, COSTS OFF) ") + query))


def triggers_on_what_goes(ask: Asks, spec: TablePlace) -> Sequence[str]:
    """The triggers, as table.trigger, that run when rows go or are anonymised, on the table and on what belongs to its rows."""
    tables = {spec.table: _ON_UPDATE if spec.anonymise else _ON_DELETE}
    tables |= {one.table: _ON_DELETE for one in all_dependents(spec)}
    return [name for (name,) in ask("its triggers", _TRIGGERS, (list(tables), list(tables.values())))]
