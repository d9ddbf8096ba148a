"""Our own reading session in a source: the verifying role, read-only, and nothing filtered silently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from retention.connections import Connection, postgres_conninfo
from retention.errors import StoreUnreadable
from retention.verification.replica import LAG_ALLOWED, REPLICA_LAGS, behind

STREAM_ROWS = 5000
Parameters = Sequence[object] | Mapping[str, object]
TIMESTAMPTZ = 1184
STATEMENT_TIMEOUT = "15min"
"""For one statement of a check, in a source as in our own database: what takes longer is unknown."""
_SESSION = (
    "SET row_security = off",  # rows that a policy would hide are an error, never just absent
    "SET default_transaction_read_only = on",
    "SET TimeZone = 'UTC'",
    f"SET statement_timeout = '{STATEMENT_TIMEOUT}'",
)


class Source:
    """One place's database. Every method raises StoreUnreadable with the database's error code, never with a value.

    `about` is what a query belongs to, mostly the map's SQL file: it stands in the error.
    """

    def __init__(self, connection: Connection, place: str, about: str) -> None:
        self.place = place
        try:
            self._session: psycopg.Connection[Any] = psycopg.connect(
                postgres_conninfo(connection),
                autocommit=True,
                connect_timeout=10,
                application_name="retention verification",
            )
        except psycopg.Error as error:
            raise _unreachable(place, connection.connection_id, error) from None
        try:
            for setting in _SESSION:
                self._session.execute(setting)
            self._refuse_replica_that_lags()
        except psycopg.Error as error:
            self.close()
            raise self.unreadable(about, error) from None
        except Unread:
            self.close()
            raise

    def _refuse_replica_that_lags(self) -> None:
        lagging = behind(lambda query: self._session.execute(query.encode()).fetchone())
        if lagging is not None:
            raise Unread(
                f"place {self.place!r}: found {lagging}",
                REPLICA_LAGS,
                f"the primary, or a replica that is at most {LAG_ALLOWED.total_seconds():.0f} s behind: let it catch up, or "
                "point the verifying connection elsewhere",
            )

    @property
    def session(self) -> psycopg.Connection[Any]:
        """The session itself, for what looks at the database as a whole."""
        return self._session

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def clock(self) -> datetime:
        """The database's time."""
        [(at,)] = self.ask("its clock", sql.SQL("SELECT clock_timestamp()"))
        now: datetime = at
        return now

    def ask(self, about: str, query: sql.Composable, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """All rows of a query that gives few."""
        try:
            rows: list[tuple[Any, ...]] = self._session.execute(_composed(query), parameters or ()).fetchall()
        except psycopg.Error as error:
            raise self.unreadable(about, error) from None
        return rows

    def stream(self, about: str, query: sql.Composable, parameters: Parameters = ()) -> Iterator[list[tuple[Any, ...]]]:
        """Rows in chunks: memory does not grow with the table."""
        try:
            with self._session.transaction(), self._session.cursor(name="stream") as cursor:
                cursor.execute(_composed(query), parameters or ())
                while chunk := cursor.fetchmany(STREAM_ROWS):
                    yield chunk
        except psycopg.Error as error:
            raise self.unreadable(about, error) from None

    def ask_in_chunks(
        self, about: str, query: sql.Composable, size: int, parameters: Parameters = ()
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Rows in chunks, within the snapshot that the caller has opened."""
        try:
            with self._session.cursor(name="chunks") as cursor:
                cursor.execute(_composed(query), parameters or ())
                while chunk := cursor.fetchmany(size):
                    yield chunk
        except psycopg.Error as error:
            raise self.unreadable(about, error) from None

    def columns(self, about: str, query: sql.Composable) -> dict[str, int]:
        """The columns that a query gives, with their types' OIDs, without asking for a row."""
        try:
            description = self._session.execute(_composed(query + sql.SQL(" LIMIT 0")), ()).description or []
        except psycopg.Error as error:
            raise self.unreadable(about, error) from None
        return {column.name: column.type_code for column in description}

    def require_instants(self, about: str, probe: sql.Composable) -> None:
        """See that all columns of this query are timestamptz."""
        wrong = [name for name, type_code in self.columns(about, probe).items() if type_code != TIMESTAMPTZ]
        if wrong:
            expected = f"timestamptz in {', '.join(wrong)}: a time without its offset can't be compared"
            raise Unread(f"{self._in(about)}: found another type than timestamptz", "WrongType", expected)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is asked in here sees the tables at one instant."""
        try:
            with self._session.transaction():
                self._session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                yield
        except psycopg.Error as error:
            raise self.unreadable("its tables", error) from None

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Within a snapshot: what is locked in here is let go at its end, and the snapshot stays."""
        with self._session.transaction(force_rollback=True):
            yield

    def _in(self, about: str) -> str:
        return f"place {self.place!r}, {about}"

    def unreadable(self, about: str, error: psycopg.Error) -> Unread:
        """The error with its file. Its words are left out unless they can name nothing but tables, columns and functions."""
        code = error.sqlstate or type(error).__name__
        said = f" {error.diag.message_primary}" if code in _ABOUT_THE_SCHEMA and error.diag.message_primary else ""
        expected = _EXPECTED.get(code, "a database that answers, and the columns that docs/data-map.md lists")
        return Unread(
            f"{self._in(about)}: the source's rows could not be read:{said or ' the database refused'}", code, expected
        )


def _composed(query: sql.Composable) -> sql.Composed:
    return query if isinstance(query, sql.Composed) else sql.Composed([query])


class Unread(StoreUnreadable):
    """A place's rows could not be read; `code` is PostgreSQL's SQLSTATE or our own word for what was wrong."""

    def __init__(self, found: str, code: str, expected: str) -> None:
        super().__init__(f"{found} ({code}); expected {expected}.", code=code)


def _unreachable(place: str, connection_id: str, error: psycopg.Error) -> Unread:
    """No session at all. libpq's message never names a password."""
    # Of a line such as `connection to server at "…", port … failed: Connection refused`, what its report's readers need.
    said = (str(error).strip().splitlines() or [type(error).__name__])[0].rpartition(" failed: ")[2]
    expected = "a running PostgreSQL that lets the verifying role in (host, port, database, user, password, sslmode)"
    return Unread(
        f"place {place!r}: connection {connection_id!r} did not answer: {said}",
        error.sqlstate or type(error).__name__,
        expected,
    )


_ABOUT_THE_SCHEMA = frozenset(
    {"3F000", "42501", "42601", "42702", "42703", "42704", "42725", "42804", "42883", "42P01"}
)
"""Errors that a query dies of before it sees a row: no such schema, table, column, function or type; no right; ambiguous; syntax.
What the server says of all others may hold values."""

_EXPECTED = {
    "3F000": "every schema that the file names",
    "42501": "SELECT for the verifying role on every table the check SQL names, and no row security that hides rows from it "
    "(include/sql/roles/source.sql)",
    "42601": "one SELECT that PostgreSQL can read",
    "42P01": "every table that the file names: correct the file, or the connection's database",
    "42703": "columns that the tables have, and from the file the fixed ones of docs/data-map.md (above as `f.…`): correct "
    "the file",
    "42883": "functions and comparisons that PostgreSQL has: correct the file, mostly by a CAST",
    "57014": f"answers within {STATEMENT_TIMEOUT}",
}
