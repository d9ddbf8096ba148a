"""Rows of one PostgreSQL table, found by one column.

Messages of PostgreSQL quote values ("Key (id)=(…) is still referenced"), so none is ever passed on: an error is named by
its SQLSTATE, and raised outside the `except` in which it was caught, so that no traceback drags the original along.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import chain
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import sql

from retention.errors import RequestError, StoreUnreadable
from retention.stores.column_types import uncut_type
from retention.stores.protocol import PartKind, Removal, RemovalResult, StoredPart, Target
from retention.stores.refused_rows import remove_unrefused

Session = psycopg.Connection[Any]
R = TypeVar("R")

_SCAN_ROWS = 5_000
_LOCK_TIMEOUT_MS = 30_000
"""How long a batch waits for rows that the application has locked, before it counts as failed (55P03)."""

_RIGHTS = (
    "SELECT has_column_privilege(to_regclass(%(table)s), %(column)s, 'SELECT') "
    "AND has_table_privilege(to_regclass(%(table)s), 'DELETE')"
)

# The CASE keeps the order: a text that is no id of this type matches no row, instead of failing the whole batch.
_WANTED = "(SELECT key, {cast} AS id FROM unnest(%s::text[]) AS key) AS wanted"
_DESCRIBING = (
    "(SELECT key, {cast} AS id, of_bucket, of_key FROM unnest(%s::text[], %s::text[], %s::text[]) "
    "AS asked (key, of_bucket, of_key)) AS wanted"
)
_SAFE_CAST = "CASE WHEN pg_input_is_valid(key, {type_name}) THEN key::{type} END"


class PostgresRowStore:
    """Implements `Store`: an item is a row, its key the text of its id column, and it has a single part without a date.

    Every call opens a connection of its own, so that threads share nothing. `table` may be qualified (`public.recordings`).
    `bucket_column` and `key_column` say which object a row describes; without them nothing does.
    """

    def __init__(
        self,
        connect: str | Callable[[], Session],
        table: str,
        id_column: str,
        *,
        bucket_column: str | None = None,
        key_column: str | None = None,
    ) -> None:
        names = table.split(".")
        if not id_column or not all(names) or len(names) > 2:
            raise RequestError(
                f"found table {table!r} and id column {id_column!r}; expected 'table' or 'schema.table'."
            )
        self._connect = (lambda: psycopg.connect(connect)) if isinstance(connect, str) else connect
        self._place = f"table {table!r}, column {id_column!r}"
        self._table = sql.Identifier(*names)
        self._id_name = id_column
        self._object_columns = {"of_bucket": bucket_column, "of_key": key_column}

    def check(self) -> None:
        """Raise StoreUnreadable unless table and column exist, may be read and deleted from, and hide no row from us."""

        def read(session: Session) -> None:
            self._id_type(session)
            asked = {"table": self._table.as_string(session), "column": self._id_name}
            if session.execute(_RIGHTS, asked).fetchone() != (True,):
                raise self._unreadable(
                    "a role that may not read or delete there", "the privileges SELECT and DELETE on the table"
                )
            session.execute(self._compose("SELECT {id} FROM {table} LIMIT 1"))
            for name in filter(None, self._object_columns.values()):
                session.execute(self._compose("SELECT {column} FROM {table} LIMIT 1", column=sql.Identifier(name)))

        self._with_session(read)

    def clock(self) -> datetime:
        """The database's time."""

        def read(session: Session) -> datetime:
            row = session.execute("SELECT now()").fetchone()
            assert row is not None
            now: datetime = row[0]
            return now.astimezone(UTC)

        return self._with_session(read)

    def scan(self) -> Iterator[StoredPart]:
        """Every row, through a cursor on the server. Raises StoreUnreadable for a row without an id: nothing can name it."""
        with closing(self._guarded(self._open)) as session:
            session.autocommit = False  # a cursor on the server lives in a transaction
            with closing(session.cursor(name="scan")) as cursor:
                self._guarded(lambda: cursor.execute(self._compose("SELECT {id}::text FROM {table}")))
                while rows := self._guarded(lambda: cursor.fetchmany(_SCAN_ROWS)):
                    for (key,) in rows:
                        if key is None:
                            raise self._unreadable("rows without an id", "one in each; make the column NOT NULL")
                        yield _part(key)

    def stated_at(self, parts: Sequence[StoredPart]) -> Mapping[StoredPart, datetime]:  # noqa: ARG002 - see below
        """Nothing: a row's dates are columns, which the data map's SQL reads."""
        return {}

    def parts_of(self, keys: Sequence[str]) -> Iterator[StoredPart]:
        """The rows with these ids."""
        return map(_part, self._with_session(lambda session: self._there(session, keys)))

    def remove(
        self,
        targets: Sequence[Target],
        *,
        stored_before: datetime,  # noqa: ARG002 - a row has no age
    ) -> Mapping[Target, RemovalResult]:
        """Remove these rows in one transaction; a row has no age, so `stored_before` spares none, but `describes` may.

        When the database refuses some of them (a foreign key, a trigger), the others still go. Raises StoreUnreadable when
        the connection is lost: then nothing is known about the last transaction, and `parts_of` has to tell.
        """
        by_key: dict[str, list[Target]] = defaultdict(list)
        for target in set(targets):
            by_key[target.key].append(target)
        objects = {
            key: next((target.describes for target in asked if target.describes is not None), (None, None))
            for key, asked in by_key.items()
            if any(target.part_id in (None, key) for target in asked)
        }
        wanted = [(key, *objects[key]) for key in _storable(list(objects))]

        def delete(session: Session) -> dict[str, RemovalResult]:
            # Conditions on the row itself: PostgreSQL reads them again where it had to wait for a change of the row.
            statement = self._on_wanted(
                session,
                "DELETE FROM {table} AS t USING {wanted} WHERE t.{id} = wanted.id AND {same} RETURNING wanted.key",
                wanted=_DESCRIBING,
                same=self._same_object(),
            )
            with session.transaction():
                session.execute(f"SET LOCAL lock_timeout = {_LOCK_TIMEOUT_MS}")
                session.execute("SET CONSTRAINTS ALL IMMEDIATE")
                results = _delete(session, statement, wanted)
            left = [key for key, *_ in wanted if key not in results] if any(self._object_columns.values()) else []
            return results | {key: RemovalResult(Removal.NEWER, 0) for key in self._there(session, left)}

        results = self._with_session(delete)
        absent = RemovalResult(Removal.ABSENT, 0)
        return {
            target: results.get(key, absent) if target.part_id in (None, key) else absent
            for key, asked in by_key.items()
            for target in asked
        }

    def _there(self, session: Session, keys: Sequence[str]) -> list[str]:
        """Which of these keys have a row."""
        query = "SELECT DISTINCT wanted.key FROM {table} AS t JOIN {wanted} ON t.{id} = wanted.id"
        return [key for (key,) in session.execute(self._on_wanted(session, query), (_storable(keys),))] if keys else []

    def _same_object(self) -> sql.Composable:
        """That a row names the object that it was asked for; TRUE where the columns are not known, or no object was asked for."""
        known = [
            sql.SQL("(wanted.{of} IS NULL OR t.{column} = wanted.{of})").format(
                of=sql.Identifier(of), column=sql.Identifier(column)
            )
            for of, column in self._object_columns.items()
            if column is not None
        ]
        return sql.SQL(" AND ").join([sql.SQL("TRUE"), *known])

    def _open(self) -> Session:
        session = self._connect()
        session.autocommit = True
        # Rows that a policy hides become an error (42501) instead of being silently left over.
        session.execute("SET row_security = off")
        return session

    def _with_session(self, work: Callable[[Session], R]) -> R:
        def run() -> R:
            with closing(self._open()) as session:
                return work(session)

        return self._guarded(run)

    def _guarded(self, work: Callable[[], R]) -> R:
        """Run `work`; a database error becomes StoreUnreadable with its SQLSTATE and nothing else of it."""
        try:
            return work()
        except psycopg.Error as error:
            code = error.sqlstate or type(error).__name__
        raise self._unreadable(
            f"database error {code}", "an answer; look up the code, and at the connection and its role's rights", code
        )

    def _unreadable(self, found: str, expected: str, code: str | None = None) -> StoreUnreadable:
        return StoreUnreadable(f"{self._place}: found {found}; expected {expected}.", code=code)

    def _id_type(self, session: Session) -> str:
        """The type to cast ids to (stores/column_types.py); raises StoreUnreadable when there is no such column."""
        found = uncut_type(session, self._table, self._id_name)
        if found is None:
            raise self._unreadable("no such table or column", "both as the data map names them")
        return found

    def _on_wanted(
        self, session: Session, query: LiteralString, *, wanted: LiteralString = _WANTED, **names: sql.Composable
    ) -> sql.Composed:
        """`query` with `{wanted}` as the given keys, cast to the id column's type, so that its index is used."""
        id_type = self._id_type(session)
        type_sql = sql.SQL(id_type)  # from the catalogue, quoted where it has to be
        casting = _SAFE_CAST if session.info.server_version >= 160_000 else "key::{type}"
        cast_sql = sql.SQL(casting).format(type=type_sql, type_name=sql.Literal(id_type))
        return self._compose(query, wanted=sql.SQL(wanted).format(cast=cast_sql), **names)

    def _compose(self, query: LiteralString, **names: sql.Composable) -> sql.Composed:
        return sql.SQL(query).format(table=self._table, id=sql.Identifier(self._id_name), **names)


_Wanted = tuple[str, str | None, str | None]
"""A row's key, and bucket and key of the object that it must describe (None: any)."""


def _delete(session: Session, statement: sql.Composed, wanted: Sequence[_Wanted]) -> dict[str, RemovalResult]:
    """Delete these rows, as far as they are not refused. Absent keys are left out."""

    def remove(some: Sequence[_Wanted]) -> list[str]:
        return [key for (key,) in session.execute(statement, [list(column) for column in zip(*some, strict=True)])]

    if not wanted:
        return {}
    removed, refused = remove_unrefused(session, wanted, remove)
    results = {key: RemovalResult(Removal.FAILED, 0, code) for (key, *_), code in refused.items()}
    return results | {key: RemovalResult(Removal.REMOVED, rows) for key, rows in Counter(chain(*removed)).items()}


def _storable(keys: Sequence[str]) -> list[str]:
    """The keys that PostgreSQL's text can hold; no row has any other."""
    return [key for key in dict.fromkeys(keys) if "\x00" not in key and key == key.encode(errors="replace").decode()]


def _part(key: str) -> StoredPart:
    """A row as its only part; its size is not measured."""
    return StoredPart(key, key, PartKind.ROW, None, True, 0)
