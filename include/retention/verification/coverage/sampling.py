"""Looks into columns where they are: how many values of a sample match which pattern. No value ever leaves the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from retention.verification.coverage.catalog import Column, Relation
from retention.verification.coverage.patterns import KINDS, conditions

COLUMNS_AT_ONCE = 100
CHARACTERS = 20_000
"""Of each value, its beginning: a pattern that is only found behind that is not found."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How far one sample goes: random pages of a table, at most so many rows of them, and how long it may take."""

    pages: int
    rows: int
    timeout_ms: int


EFFORTS = (Effort(pages=200, rows=60_000, timeout_ms=10_000), Effort(pages=3, rows=50, timeout_ms=5_000))
"""A page of 8 kB holds 291 rows at most: the first reads its 200 pages to their end. The second is for tables of large documents,
where the first takes too long."""
FOREIGN_ROWS = 1_000
"""Of a foreign table: it has no pages to choose from, and another server has the work."""


@dataclass(slots=True)
class Sampled:
    """What one relation's sample showed: by column the kinds found with how many values, and which columns were looked into."""

    rows: int = 0
    found: dict[str, dict[str, int]] = field(default_factory=dict)
    looked_into: set[str] = field(default_factory=set)


_PAGES = """
SELECT coalesce(sum(pg_catalog.pg_relation_size(part)), 0) / CAST(current_setting('block_size') AS bigint)
FROM unnest(CAST(%s AS oid[])) AS part
"""


def sample(
    session: psycopg.Connection[Any], relation: Relation, columns: Sequence[Column], parts: Sequence[int]
) -> Sampled:
    """Look into all text of these columns that may be read. `parts` are the oids of the relation, its partitions and children.

    What refuses, is locked or takes too long is not among `looked_into`. The session must be read-only and in autocommit.
    """
    result = Sampled()
    pages = _pages(session, parts)
    if pages is None:
        return result
    wanted = [column for column in columns if column.kind == "text" and column.readable]
    for start in range(0, len(wanted), COLUMNS_AT_ONCE):
        _look_into(session, relation, wanted[start : start + COLUMNS_AT_ONCE], pages, result)
    return result


def _look_into(
    session: psycopg.Connection[Any], relation: Relation, columns: Sequence[Column], pages: int, result: Sampled
) -> None:
    """All of these columns at once, with the largest effort that ends. Raises psycopg.Error where the session is lost."""
    for effort in EFFORTS:
        try:
            counts = _ask(session, relation, columns, pages, effort)
        except psycopg.errors.QueryCanceled:
            continue
        except psycopg.Error as error:
            if session.closed:
                raise
            if (error.sqlstate or "")[:2] in _OF_VALUES and len(columns) > 1:
                # One column that its own type can't print must not hide the others.
                half = len(columns) // 2
                _look_into(session, relation, columns[:half], pages, result)
                _look_into(session, relation, columns[half:], pages, result)
            return
        _note(counts, columns, result)
        return


_OF_VALUES = ("22", "P0", "XX")
"""Classes of errors that a single value can cause: data, a function that raises, an inner fault. Rights, locks and servers that
don't answer are the whole relation's matter."""


def _note(counts: Sequence[tuple[Any, ...]], columns: Sequence[Column], result: Sampled) -> None:
    for name, rows, *hits in counts:
        result.rows = max(result.rows, rows)
        if any(hits):
            result.found[name] = {kind: hit for kind, hit in zip(KINDS, hits, strict=True) if hit}
    result.looked_into.update(column.name for column in columns)


def _pages(session: psycopg.Connection[Any], parts: Sequence[int]) -> int | None:
    """How large it is on disk, by now: what statistics say may be old. None where somebody has locked it."""
    try:
        found = session.execute(_PAGES, (list(parts),)).fetchone()
    except psycopg.Error:
        if session.closed:
            raise
        return None
    return int(found[0]) if found is not None else None


def _ask(
    session: psycopg.Connection[Any], relation: Relation, columns: Sequence[Column], pages: int, effort: Effort
) -> list[tuple[Any, ...]]:
    """One row per column: its name, the rows, and the matching values of each kind."""
    session.execute(f"SET statement_timeout = {effort.timeout_ms}")
    session.execute("SET jit = off")  # to compile hundreds of small conditions takes longer than to run them
    return session.execute(_query(relation, columns, pages, effort)).fetchall()


def _query(relation: Relation, columns: Sequence[Column], pages: int, effort: Effort) -> sql.Composed:
    """Each column's text cut to length, one row for each value, matched and counted."""
    texts = [
        sql.SQL("left(CAST(t.{} AS text), {}) AS {}").format(
            sql.Identifier(column.name), sql.Literal(CHARACTERS), sql.Identifier(f"c{position}")
        )
        for position, column in enumerate(columns)
    ]
    values = [
        sql.SQL("({}, s.{})").format(sql.Literal(column.name), sql.Identifier(f"c{position}"))
        for position, column in enumerate(columns)
    ]
    counts = [
        sql.SQL("count(*) FILTER (WHERE {})").format(condition) for condition in conditions(sql.Identifier("v", "text"))
    ]
    return sql.SQL(
        "SELECT v.name, count(*), {counts} FROM (SELECT {texts} FROM {relation} AS t {some} LIMIT {rows}) AS s "
        "CROSS JOIN LATERAL (VALUES {values}) AS v (name, text) GROUP BY v.name"
    ).format(
        counts=sql.SQL(", ").join(counts),
        texts=sql.SQL(", ").join(texts),
        relation=sql.Identifier(*relation.path),
        some=_some_pages(relation, pages, effort),
        rows=sql.Literal(min(effort.rows, FOREIGN_ROWS) if relation.relkind == "f" else effort.rows),
        values=sql.SQL(", ").join(values),
    )


def _some_pages(relation: Relation, pages: int, effort: Effort) -> sql.Composable:
    """Random pages, others at each check: what is rare is found some day. Foreign tables give their first rows."""
    if relation.relkind == "f" or pages <= effort.pages:
        return sql.SQL("")
    return sql.SQL("TABLESAMPLE SYSTEM ({})").format(sql.Literal(round(100 * effort.pages / pages, 6)))
