"""Our own reading of a source's rows and consents, by the verifying role, from the map's check_*.sql files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

    `event_happened` is None where the source doesn't say.
    """

    bucket: str | None
    object_key: str | None
    item_id: str
    tenant_id: str | None
    person_id: str | None
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
        self._items = _items_query(place.check_items_sql, terms)
        self._consents = _consents_query(place.check_consents_sql) if place.check_consents_sql is not None else None
        try:
            self._session: psycopg.Connection[Any] = psycopg.connect(
                postgres_conninfo(connection),
                autocommit=True,
                connect_timeout=10,
                application_name="retention verification",
            )
        except psycopg.Error as error:
            raise _unreadable(place.name, error) from None
        try:
            self._prepare(terms)
        except BaseException:
            self.close()
            raise

    def _prepare(self, terms: PromisedTerms) -> None:
        """Set the session up, and look at the columns' types before anything rests on them."""
        try:
            for setting in _SESSION:
                self._session.execute(setting)
            self._require_offsets(_probe(_ITEM_INSTANTS, self._place.check_items_sql, terms))
            if self._place.check_consents_sql is not None:
                self._require_offsets(_probe(_CONSENT_INSTANTS, self._place.check_consents_sql, terms))
        except psycopg.Error as error:
            raise _unreadable(self._place.name, error) from None

    def _require_offsets(self, query: sql.Composed) -> None:
        """Ask for no row, only for the columns' types: a time without its offset can't be compared."""
        columns = self._session.execute(query, ()).description or []
        if any(column.type_code != _TIMESTAMPTZ for column in columns):
            raise Unread(
                self._place.name, "WrongType", "timestamptz columns; a time without its offset can't be compared"
            )

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def by_keys(self, bucket: str, keys: Sequence[str]) -> Iterator[RowFacts]:
        """The rows of these objects."""
        query = self._items + sql.SQL(" WHERE f.bucket = %s AND f.object_key = ANY(%s)")
        for row in self._ask(query, (bucket, _storable(keys))):
            yield RowFacts(*row)

    def known(self, item_ids: Sequence[str]) -> set[str]:
        """Which of these ids have a row."""
        query = self._items + sql.SQL(" WHERE f.item_id = ANY(%s)")
        return {RowFacts(*row).item_id for row in self._ask(query, (_storable(item_ids),))} if item_ids else set()

    def all_rows(self) -> Iterator[list[RowFacts]]:
        """Every row of the place's SQL, in chunks: memory does not grow with the table."""
        try:
            with self._session.transaction(), self._session.cursor(name="all_rows") as cursor:
                cursor.execute(self._items, ())
                while chunk := cursor.fetchmany(STREAM_ROWS):
                    yield [RowFacts(*row) for row in chunk]
        except psycopg.Error as error:
            raise _unreadable(self._place.name, error) from None

    def consents(self, bucket: str, keys: Sequence[str]) -> Iterator[ConsentFacts]:
        """All consents that may keep these objects; none where the map knows no consents."""
        if self._consents is None:
            return
        query = self._consents + sql.SQL(" WHERE f.bucket = %s AND f.object_key = ANY(%s)")
        for row in self._ask(query, (bucket, _storable(keys))):
            yield ConsentFacts(*row)

    def consents_by_id(self, consent_ids: Sequence[str]) -> Iterator[ConsentFacts]:
        """These consents as they are now, whether their recordings exist or not; an id without a record yields nothing."""
        if self._consents is None or not consent_ids:
            return
        query = self._consents + sql.SQL(" WHERE f.object_key IS NULL AND f.consent_id = ANY(%s)")
        for row in self._ask(query, (list(consent_ids),)):
            yield ConsentFacts(*row)

    def _ask(self, query: sql.Composed, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            rows: list[tuple[Any, ...]] = self._session.execute(query, parameters).fetchall()
        except psycopg.Error as error:
            raise _unreadable(self._place.name, error) from None
        return rows


class Unread(StoreUnreadable):
    """A place's rows could not be read; `code` is PostgreSQL's SQLSTATE or our own word for what was wrong."""

    def __init__(self, place: str, code: str, expected: str) -> None:
        self.code = code
        super().__init__(f"place {place!r}: the source's rows could not be read ({code}); expected {expected}.")


def _unreadable(place: str, error: psycopg.Error) -> Unread:
    code = error.sqlstate or type(error).__name__
    return Unread(
        place, code, _EXPECTED.get(code, "a database that answers, and the columns that docs/data-map.md lists")
    )


_EXPECTED = {
    "42501": "SELECT for the verifying role on every table the check SQL names, and no row security that hides rows from it",
    "42P01": "every table that the check SQL names",
    "42703": "every column that the check SQL names, and the fixed columns of docs/data-map.md from it",
    "57014": f"answers within {_STATEMENT_TIMEOUT}",
    "28P01": "the verifying role's right password",
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


def _items_query(check_items: str, terms: PromisedTerms) -> sql.Composed:
    happened: sql.Composable = sql.SQL("FALSE")
    event_at: sql.Composable = sql.SQL("CAST(NULL AS timestamptz)")
    if terms.ending_event is not None:
        happened = sql.Identifier("f", f"happened_{terms.ending_event}")
        event_at = _evidence(f"start_{terms.ending_event}")
    return sql.SQL(
        "SELECT f.bucket, f.object_key, f.item_id, f.tenant_id, f.person_id, {clock}, {happened}, {event_at}, {evidence} "
        "FROM ({query}) AS f"
    ).format(
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


def _storable(keys: Sequence[str]) -> list[str]:
    """PostgreSQL's text can't hold NUL, so that no row can name such a key."""
    return [key for key in keys if "\0" not in key]
