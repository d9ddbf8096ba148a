"""Our own reading of a source's rows and consents, by the verifying role, from the map's check_*.sql files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from retention.connections import Connection, postgres_conninfo
from retention.datamap.loader import MappedPlace
from retention.errors import StoreUnreadable
from retention.verification.promised import PromisedTerms

STREAM_ROWS = 5000
_STATEMENT_TIMEOUT = "15min"
_SESSION = (
    "SET row_security = off",  # rows that a policy would hide are an error, never just absent
    "SET default_transaction_read_only = on",
    "SET TimeZone = 'UTC'",
    f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'",
)


class RowFacts(NamedTuple):
    """What a source's row says about one item. `clock_at` starts the cap, `event_at` ended the need.

    `event_happened` is None where the source doesn't say; `person_known` False where it could be anybody's.
    """

    bucket: str | None
    object_key: str | None
    item_id: str
    tenant_id: str | None
    person_id: str | None
    person_known: bool
    clock_at: datetime | None
    event_happened: bool | None
    event_at: datetime | None
    evidence_at: datetime | None


class ConsentFacts(NamedTuple):
    """One consent of one object; `object_key` is None where the consent was read by its own id."""

    object_key: str | None
    consent_id: str
    party: str | None
    scope: str | None
    given_at: datetime | None
    recorded_at: datetime | None
    ends_at: datetime | None
    withdrawn_at: datetime | None
    reviewed_at: datetime | None
    contract_ended_at: datetime | None


class RowSource:
    """One place's rows. Every method raises StoreUnreadable with the database's error code, never with a value.

    The session is read-only and switches row security off, so that PostgreSQL refuses to filter rows silently.
    """

    def __init__(self, connection: Connection, place: MappedPlace, terms: PromisedTerms) -> None:
        self._place = place
        self._items_file = str(place.sql_files.check_items)
        self._consents_file = str(place.sql_files.check_consents or "")
        self._consents = _consents_query(place.check_consents_sql) if place.check_consents_sql is not None else None
        try:
            self._session: psycopg.Connection[Any] = psycopg.connect(
                postgres_conninfo(connection),
                autocommit=True,
                connect_timeout=10,
                application_name="retention verification",
            )
        except psycopg.Error as error:
            raise _unreachable(place.name, connection.connection_id, error) from None
        try:
            self._prepare(terms)
        except BaseException:
            self.close()
            raise

    def _prepare(self, terms: PromisedTerms) -> None:
        """Set the session up, and look at all columns and at the instants' types before anything rests on them."""
        try:
            for setting in _SESSION:
                self._session.execute(setting)
        except psycopg.Error as error:
            raise self._unreadable(self._items_file, error) from None
        check_items = self._place.check_items_sql
        self._items = _items_query(check_items, terms, says_who_is_known=self._has_column(check_items, "person_known"))
        self._require_columns(self._items_file, self._items, _probe(_ITEM_INSTANTS, check_items, terms))
        if self._consents is not None and self._place.check_consents_sql is not None:
            instants = _probe(_CONSENT_INSTANTS, self._place.check_consents_sql, terms)
            self._require_columns(self._consents_file, self._consents, instants)

    def _has_column(self, query: str, name: str) -> bool:
        """Whether the file's query gives this column, which it need not."""
        try:
            columns = (
                self._session.execute(
                    sql.SQL("SELECT * FROM ({}) AS f LIMIT 0").format(sql.SQL(_literal(query))), ()
                ).description
                or []
            )
        except psycopg.Error as error:
            raise self._unreadable(self._items_file, error) from None
        return any(column.name == name for column in columns)

    def _require_columns(self, file: str, query: sql.Composed, instants: sql.Composed) -> None:
        """Ask for no row, only whether the query runs and what types the instants have."""
        try:
            columns = self._session.execute(instants, ()).description or []
            self._session.execute(query + sql.SQL(" LIMIT 0"), ())
        except psycopg.Error as error:
            raise self._unreadable(file, error) from None
        wrong = [column.name for column in columns if column.type_code != _TIMESTAMPTZ]
        if wrong:
            expected = f"timestamptz in {', '.join(wrong)}: a time without its offset can't be compared"
            raise Unread(f"{self._in(file)}: found another type than timestamptz", "WrongType", expected)

    def _in(self, file: str) -> str:
        return f"place {self._place.name!r}, {file}"

    def _unreadable(self, file: str, error: psycopg.Error) -> Unread:
        """The error with its file. Its words are left out unless they can name nothing but tables, columns and functions."""
        code = error.sqlstate or type(error).__name__
        said = f" {error.diag.message_primary}" if code in _ABOUT_THE_SCHEMA and error.diag.message_primary else ""
        expected = _EXPECTED.get(code, "a database that answers, and the columns that docs/data-map.md lists")
        return Unread(
            f"{self._in(file)}: the source's rows could not be read:{said or ' the database refused'}", code, expected
        )

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def by_keys(self, bucket: str, keys: Sequence[str]) -> Iterator[RowFacts]:
        """The rows of these objects."""
        query = self._items + sql.SQL(" WHERE f.bucket = %s AND f.object_key = ANY(%s)")
        for row in self._ask(self._items_file, query, (bucket, _storable(keys))):
            yield RowFacts(*row)

    def known(self, item_ids: Collection[str], places: Sequence[MappedPlace]) -> set[str]:
        """Which of these ids have a row that speaks of an object of one of the places."""
        query = self._items + sql.SQL(" WHERE f.item_id = ANY(%s) AND f.bucket = %s AND f.object_key ^@ ANY(%s)")
        found: set[str] = set()
        for place in places if item_ids else ():
            where = (_storable(item_ids), place.spec.bucket, list(place.spec.prefixes))
            found |= {RowFacts(*row).item_id for row in self._ask(self._items_file, query, where)}
        return found

    def all_rows(self) -> Iterator[list[RowFacts]]:
        """Every row of the place's SQL, in chunks: memory does not grow with the table."""
        try:
            with self._session.transaction(), self._session.cursor(name="all_rows") as cursor:
                cursor.execute(self._items, ())
                while chunk := cursor.fetchmany(STREAM_ROWS):
                    yield [RowFacts(*row) for row in chunk]
        except psycopg.Error as error:
            raise self._unreadable(self._items_file, error) from None

    def consents(self, bucket: str, keys: Sequence[str]) -> Iterator[ConsentFacts]:
        """All consents that may keep these objects; none where the map knows no consents."""
        if self._consents is None:
            return
        query = self._consents + sql.SQL(" WHERE f.bucket = %s AND f.object_key = ANY(%s)")
        for row in self._ask(self._consents_file, query, (bucket, _storable(keys))):
            yield ConsentFacts(*row)

    def consents_by_id(self, consent_ids: Sequence[str]) -> Iterator[ConsentFacts]:
        """These consents as they are now, whether their recordings exist or not; an id without a record yields nothing."""
        if self._consents is None or not consent_ids:
            return
        query = self._consents + sql.SQL(" WHERE f.object_key IS NULL AND f.consent_id = ANY(%s)")
        for row in self._ask(self._consents_file, query, (list(consent_ids),)):
            yield ConsentFacts(*row)

    def _ask(self, file: str, query: sql.Composed, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            rows: list[tuple[Any, ...]] = self._session.execute(query, parameters).fetchall()
        except psycopg.Error as error:
            raise self._unreadable(file, error) from None
        return rows


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
    "57014": f"answers within {_STATEMENT_TIMEOUT}",
}


_TIMESTAMPTZ = 1184
_ITEM_INSTANTS = ("start_{clock}", "start_{event}", "evidence_at")
_CONSENT_INSTANTS = ("given_at", "recorded_at", "ends_at", "withdrawn_at", "reviewed_at", "contract_ended_at")
_EARLIEST, _LATEST = "'0001-01-02 00:00:00+00'", "'9999-12-30 00:00:00+00'"
"""What Python can hold. PostgreSQL also knows infinity and days before Christ: one such row must not end the reading."""


def _probe(names: Sequence[str], query: str, terms: PromisedTerms) -> sql.Composed:
    filled = [
        name.format(clock=terms.clock_event, event=terms.ending_event)
        for name in names
        if terms.ending_event is not None or "{event}" not in name
    ]
    columns = sql.SQL(", ").join(sql.Identifier("f", name) for name in filled)
    return sql.SQL("SELECT {} FROM ({}) AS f LIMIT 0").format(columns, sql.SQL(_literal(query)))


def _items_query(check_items: str, terms: PromisedTerms, *, says_who_is_known: bool) -> sql.Composed:
    happened: sql.Composable = sql.SQL("FALSE")
    event_at: sql.Composable = sql.SQL("CAST(NULL AS timestamptz)")
    if terms.ending_event is not None:
        happened = sql.Identifier("f", f"happened_{terms.ending_event}")
        event_at = _evidence(f"start_{terms.ending_event}")
    return sql.SQL(
        "SELECT f.bucket, f.object_key, f.item_id, f.tenant_id, f.person_id, {known}, {clock}, {happened}, {event_at}, "
        "{evidence} FROM ({query}) AS f"
    ).format(
        known=sql.SQL("coalesce(f.person_known, FALSE)" if says_who_is_known else "TRUE"),
        clock=_evidence(f"start_{terms.clock_event}"),
        happened=happened,
        event_at=event_at,
        evidence=_evidence("evidence_at"),
        query=sql.SQL(_literal(check_items)),
    )


def _consents_query(check_consents: str) -> sql.Composed:
    instants = sql.SQL(", ").join(_term(name) for name in _CONSENT_INSTANTS)
    return sql.SQL("SELECT f.object_key, f.consent_id, f.party, f.scope, {} FROM ({}) AS f").format(
        instants, sql.SQL(_literal(check_consents))
    )


def _evidence(name: str) -> sql.Composed:
    """An instant that should say how old something is: one that can't be, such as infinity, says nothing."""
    column = sql.Identifier("f", name)
    return sql.SQL(f"CASE WHEN {{0}} BETWEEN {_EARLIEST} AND {_LATEST} THEN {{0}} END").format(column)


def _term(name: str) -> sql.Composed:
    """An instant of a consent: infinity is a usual way to say "never", and stays as far away as it can."""
    near = f"CASE WHEN {{0}} < {_EARLIEST} THEN {_EARLIEST} WHEN {{0}} > {_LATEST} THEN {_LATEST} ELSE {{0}} END"
    return sql.SQL(near).format(sql.Identifier("f", name))


def _literal(text: str) -> Any:
    """The map's SQL as it stands: its percent signs are no parameters. The line feed ends a last comment."""
    return text.replace("%", "%%") + "\n"


def _storable(keys: Iterable[str]) -> list[str]:
    """PostgreSQL's text can't hold NUL, so that no row can name such a key."""
    return [key for key in keys if "\0" not in key]
