"""Rows of one table with everything that belongs to them: locked, removed or anonymised in one transaction, dependents first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from retention.arrays import text_array
from retention.errors import StoreUnreadable
from retention.stores.column_types import uncut_type
from retention.stores.refused_rows import remove_unrefused

Session = psycopg.Connection[Any]

LOCK_TIMEOUT_MS = 5_000
"""How long a batch waits for rows that the application has locked, before it counts as failed (55P03) and is tried again."""

_IS_PARTITIONED = "SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(%s)"


def becoming(becomes: Mapping[str, str | None]) -> dict[str, str | None]:
    """The parameters for what columns become, as `has_become` names them."""
    return {f"becomes_{column}": text for column, text in becomes.items()}


def has_become(of: sql.Identifier, types: Mapping[str, str]) -> sql.Composed:
    """SQL that is TRUE for a row of `of`, a table or its alias, in which each of these columns is what it should become.

    `types` says by column what its values are cast to; there is at least one.
    """
    columns = [
        sql.SQL("{}.{} IS NOT DISTINCT FROM {}").format(of, sql.Identifier(column), _value(column, type_name))
        for column, type_name in types.items()
    ]
    return sql.SQL("({})").format(sql.SQL(" AND ").join(columns))


def _value(column: str, type_name: str) -> sql.Composed:
    return sql.SQL("{}::{}").format(sql.Placeholder(f"becomes_{column}"), sql.SQL(type_name))


@dataclass(frozen=True, slots=True)
class Branch:
    """A table whose rows belong to those of another: `column` names the parent's id."""

    table: str
    column: str
    id_column: str | None
    branches: tuple[Branch, ...] = ()


class TableRows:
    """One table's rows by their ids, as text. `becomes` is what columns are made to where rows are anonymised; else they go.

    Every error of the database becomes StoreUnreadable with its SQLSTATE and nothing else of it: its words may hold values.
    """

    def __init__(
        self,
        connect: Callable[[], Session],
        table: str,
        id_column: str,
        branches: Sequence[Branch] = (),
        becomes: Mapping[str, str | None] | None = None,
    ) -> None:
        self._connect = connect
        self._name = table
        self._id_column = id_column
        self._branches = tuple(branches)
        self._becomes = dict(becomes or {})
        self._idle = list[TableBatch]()

    def check(self) -> None:
        """Raise StoreUnreadable unless all tables and columns are there, and may be read, and rows removed or changed."""
        with self.transaction() as batch:
            batch.remove([])
            batch.read_types()

    @contextmanager
    def session(self) -> Iterator[TableBatch]:
        """One session of this caller alone, closed at the end."""
        with self._guarded(), closing(self._connect()) as session:
            yield self._begin(session)

    @contextmanager
    def kept_session(self) -> Iterator[TableBatch]:
        """One session of this caller alone, kept for the next one unless something failed; `close` ends all that are kept.

        A session that has done this before is several times as quick: it knows the tables, and plans most statements no more.
        """
        with self._guarded():
            try:
                batch = self._idle.pop()
            except IndexError:
                batch = self._begin(self._connect())
            try:
                yield batch
            except BaseException:
                batch.session.close()
                raise
            self._idle.append(batch)

    def close(self) -> None:
        """End the sessions that were kept."""
        while self._idle:
            self._idle.pop().session.close()

    def _begin(self, session: Session) -> TableBatch:
        """Row security off: rows that a policy hides are an error, never just left over."""
        session.autocommit = True
        session.execute("SET row_security = off")
        session.execute("SET TimeZone = 'UTC'")
        return TableBatch(session, self._name, self._id_column, self._branches, self._becomes)

    @contextmanager
    def transaction(self) -> Iterator[TableBatch]:
        """One transaction in a session of its own."""
        with self.session() as batch, batch.transaction():
            yield batch

    def present(self, ids: Sequence[str]) -> set[str]:
        """Which of these ids still have a row that has not become what it should."""
        if not ids:
            return set()
        with self.transaction() as batch:
            return batch.present(ids)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            code = error.sqlstate or type(error).__name__
        else:
            return
        raise StoreUnreadable(
            f"table {self._name!r}: found database error {code}; expected an answer. Look up the code, and look at the "
            "connection, its role's rights, and the tables that the data map names as dependents.",
            code=code,
        )


class TableBatch:
    """One session on some rows of a table."""

    def __init__(
        self,
        session: Session,
        table: str,
        id_column: str,
        branches: Sequence[Branch],
        becomes: Mapping[str, str | None],
    ) -> None:
        self.session = session
        self._name = table
        self._table = sql.Identifier(*table.split("."))
        self._id_column = id_column
        self._id = sql.Identifier(id_column)
        self._branches = branches
        self._becomes = becomes
        self._types: dict[str, str] = {}
        self._alone: dict[str, sql.Composable] = {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction, in which constraints are not put off, and nobody is waited for longer than a moment."""
        with self.session.transaction():
            self.session.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}; SET CONSTRAINTS ALL IMMEDIATE")
            yield

    def lock(self, ids: Sequence[str]) -> None:
        """Lock these rows against changes until the transaction ends; in the order of their ids, so that two runs never wait for
        each other."""
        query = sql.SQL(
            "SELECT count(*) FROM (SELECT FROM {alone} WHERE {id} = ANY({ids}) ORDER BY {id} FOR UPDATE) AS locked"
        )
        self.session.execute(self._compose(query), {"ids": text_array(ids)})

    def present(self, ids: Sequence[str]) -> set[str]:
        """Which of these ids have a row that has not become what it should."""
        query = sql.SQL("SELECT {id}::text FROM {alone} WHERE {id} = ANY({ids}) AND NOT {done}")
        types = {column: self._type(column) for column in self._becomes}
        done = has_become(self._table, types) if types else sql.SQL("FALSE")
        parameters = {"ids": text_array(ids)} | becoming(self._becomes)
        return {key for (key,) in self.session.execute(self._compose(query, done=done), parameters).fetchall()}

    def remove(self, ids: Sequence[str]) -> tuple[dict[str, str | None], int]:
        """Remove or anonymise these rows, what belongs to them first. Gives, by id, None or the SQLSTATE that refused it, and
        how many rows went or changed in all. An id without a row is left out.

        When the database refuses some of them (a foreign key, a trigger), the others still go.
        """
        done, refused = remove_unrefused(self.session, ids, self._remove)
        removed = {key: None for keys, _ in done for key in keys}
        return removed | refused, sum(count for _, count in done)

    def read_types(self) -> None:
        """Look at the columns that are anonymised; raises StoreUnreadable for one that isn't there."""
        for column in (self._id_column, *self._becomes):
            self._type(column)

    def _remove(self, ids: Sequence[str]) -> tuple[set[str], int]:
        parameters = {"ids": text_array(ids)} | becoming(self._becomes)
        count = 0
        for statement in self._of_branches(self._branches, sql.SQL("= ANY({})").format(self._ids())):
            count += max(self.session.execute(statement, parameters).rowcount, 0)
        if self._becomes:
            setting = sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.Identifier(column), _value(column, self._type(column)))
                for column in self._becomes
            )
            query = sql.SQL("UPDATE {alone} SET {setting} WHERE {id} = ANY({ids}) RETURNING {id}::text")
            cursor = self.session.execute(self._compose(query, setting=setting), parameters)
        else:
            query = sql.SQL("DELETE FROM {alone} WHERE {id} = ANY({ids}) RETURNING {id}::text")
            cursor = self.session.execute(self._compose(query), parameters)
        removed = {key for (key,) in cursor.fetchall()}
        if not removed <= set(ids):  # it would be gone, and nobody could say which; this undoes it
            raise StoreUnreadable(
                f"table {self._name!r}: found ids that the items' SQL writes otherwise than the column {self._id_column!r}; "
                "expected item_id to be that column as it is. Nothing of the batch was removed."
            )
        return removed, count + len(removed)

    def _of_branches(self, branches: Sequence[Branch], of: sql.Composable) -> Iterator[sql.Composed]:
        """One DELETE for each table that belongs to the rows, the farthest first. `of` is the condition on the parent's id."""
        for branch in branches:
            table, column = self._rows_alone(branch.table), sql.Identifier(branch.column)
            if branch.id_column is not None:
                inner = sql.SQL("IN (SELECT {id} FROM {table} WHERE {column} {of})").format(
                    id=sql.Identifier(branch.id_column), table=table, column=column, of=of
                )
                yield from self._of_branches(branch.branches, inner)
            yield sql.SQL("DELETE FROM {} WHERE {} {}").format(table, column, of)

    def _rows_alone(self, name: str) -> sql.Composable:
        """The table without what inherits from it: one id may stand in each. A partitioned table is all its partitions."""
        if name not in self._alone:
            table = sql.Identifier(*name.split("."))
            row = self.session.execute(_IS_PARTITIONED, (table.as_string(self.session),)).fetchone()
            self._alone[name] = table if row == (True,) else sql.SQL("ONLY {}").format(table)
        return self._alone[name]

    def _ids(self) -> sql.Composed:
        return sql.SQL("%(ids)s::{}[]").format(sql.SQL(self._type(self._id_column)))

    def _type(self, column: str) -> str:
        """The type to cast values of the column to (stores/column_types.py)."""
        if column not in self._types:
            found = uncut_type(self.session, self._table, column)
            if found is None:
                raise StoreUnreadable(
                    f"table {self._name!r}: found no column {column!r}; expected it as the data map names it.",
                    code="42703",
                )
            self._types[column] = found
        return self._types[column]

    def _compose(self, query: sql.SQL, **names: sql.Composable) -> sql.Composed:
        return query.format(alone=self._rows_alone(self._name), id=self._id, ids=self._ids(), **names)
