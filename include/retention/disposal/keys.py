"""What a key says about its item, by the place's `key_date`: the day and the owner. In Python for keys, in SQL for rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from psycopg import sql

from retention.datamap.key_pattern import for_postgres
from retention.datamap.loader import MappedPlace
from retention.errors import DataMapError, Problem

_DIGITS = {"year": 4, "month": 2, "day": 2}
"""Most digits of each group."""


class KeyFacts(NamedTuple):
    """`day` is the first instant (UTC) of the day in the key; each None where the key does not tell it."""

    tenant_id: str | None
    day: datetime | None


def read_key(pattern: re.Pattern[str] | None, key: str) -> KeyFacts:
    """Read one key. A day that no calendar has is none."""
    match = pattern.search(key) if pattern is not None else None
    if match is None:
        return KeyFacts(None, None)
    groups = match.groupdict()
    return KeyFacts(groups.get("tenant"), _day(groups))


def _day(groups: Mapping[str, str | None]) -> datetime | None:
    texts = [groups[name] or "" for name in _DIGITS]
    if not all(
        text.isascii() and text.isdigit() and len(text) <= _DIGITS[name]
        for name, text in zip(_DIGITS, texts, strict=True)
    ):
        return None
    year, month, day = map(int, texts)
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def key_facts(place: MappedPlace, parameters: dict[str, Any]) -> sql.Composable:
    """SQL for `CROSS JOIN LATERAL`, beside `f.object_key`: the columns key_tenant and key_day, as `read_key` reads them."""
    pattern = place.spec.key_date
    if pattern is None:
        return sql.SQL("(SELECT NULL::text AS key_tenant, NULL::timestamptz AS key_day)")
    parameters["key_date"] = for_postgres(pattern.pattern)
    group = {name: sql.SQL("match.found[{}]").format(number) for name, number in pattern.groupindex.items()}
    # OFFSET 0: each step is worked out once for each row, not once for each use of its columns.
    return sql.SQL(
        "(SELECT n.key_tenant, CASE WHEN n.y >= 1 AND n.m BETWEEN 1 AND 12 THEN CASE WHEN n.d BETWEEN 1 AND {last_day} "
        "THEN make_date(n.y, n.m, n.d)::timestamp AT TIME ZONE 'UTC' END END AS key_day "
        "FROM (SELECT t.key_tenant, CASE WHEN t.is_day THEN t.y::int END AS y, CASE WHEN t.is_day THEN t.m::int END AS m, "
        "CASE WHEN t.is_day THEN t.d::int END AS d FROM (SELECT {tenant} AS key_tenant, {year} AS y, {month} AS m, {day} AS d, "
        "concat({year}, '-', {month}, '-', {day}) ~ '^[0-9]{{1,4}}-[0-9]{{1,2}}-[0-9]{{1,2}}$' AS is_day "
        "FROM (SELECT regexp_match(f.object_key, %(key_date)s) AS found OFFSET 0) AS match OFFSET 0) AS t OFFSET 0) AS n)"
    ).format(
        tenant=group.get("tenant", sql.SQL("NULL::text")), last_day=_LAST_DAY, **{name: group[name] for name in _DIGITS}
    )


_LAST_DAY = sql.SQL(
    "CASE WHEN n.d <= 28 THEN 28 ELSE extract(day FROM make_date(n.y, n.m, 1) + interval '1 month' - interval '1 day') END"
)


def require_read_alike(place: MappedPlace, rows: Iterable[Mapping[str, Any]]) -> None:
    """Raise DataMapError where the database reads a key differently from Python: then the expression is ambiguous."""
    for row in rows:
        if read_key(place.spec.key_date, row["object_key"]) != (row["key_tenant"], row["key_day"]):
            found = f"a key of place {place.name!r} that the database and Python read differently"
            raise DataMapError(
                [Problem("datamap", 1, "ambiguous_key_date", found, "a `key_date` that fits in one way only")]
            )
