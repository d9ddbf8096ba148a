"""Our own reading of the rows and consents that describe a bucket's objects, from the map's check_*.sql files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from psycopg import sql

from retention.connections import Connection
from retention.datamap.loader import MappedPlace
from retention.verification.promised import PromisedTerms
from retention.verification.requests import requests_of
from retention.verification.row_queries import (
    ANY_OF,
    CONSENT_INSTANTS,
    ConsentFacts,
    RowFacts,
    around,
    consents_query,
    events_in_sql,
    events_of,
    evidence,
    item_instants,
    many,
    probe,
    storable,
)
from retention.verification.source import Source


class ObjectRows:
    """The rows about one place's objects. Every method raises StoreUnreadable, as Source does."""

    def __init__(self, connection: Connection, place: MappedPlace, terms: PromisedTerms) -> None:
        self._items_file = str(place.sql_files.check_items)
        self._consents_file = str(place.sql_files.check_consents or "")
        self._consents = (
            consents_query(place.check_consents_sql, "object_key") if place.check_consents_sql is not None else None
        )
        self._source = Source(connection, place.name, self._items_file)
        try:
            self._prepare(place, terms)
        except BaseException:
            self.close()
            raise

    def _prepare(self, place: MappedPlace, terms: PromisedTerms) -> None:
        """Look at all columns and at the instants' types before anything rests on them."""
        check_items = place.check_items_sql
        columns = self._source.columns(self._items_file, sql.SQL("SELECT * FROM {}").format(around(check_items)))
        self._items = _items_query(check_items, terms, columns)
        self._source.require_instants(self._items_file, probe(item_instants(terms), check_items))
        for query in (probe([f"happened_{name}" for name in events_in_sql(terms)], check_items), self._items):
            self._source.columns(self._items_file, query)
        self.requests = requests_of(self._source, place)
        if self._consents is not None and place.check_consents_sql is not None:
            self._source.require_instants(self._consents_file, probe(CONSENT_INSTANTS, place.check_consents_sql))
            self._source.columns(self._consents_file, self._consents)

    def close(self) -> None:
        """End the session."""
        self._source.close()

    def by_keys(self, bucket: str, keys: Sequence[str]) -> Iterator[RowFacts]:
        """The rows of these objects."""
        query = self._items + sql.SQL(" WHERE f.bucket = %s AND f.object_key = ") + ANY_OF
        for row in self._source.ask(self._items_file, query, (bucket, many(keys))):
            yield RowFacts(*row)

    def known(self, item_ids: Collection[str], places: Sequence[MappedPlace]) -> set[str]:
        """Which of these ids have a row that speaks of an object of one of the places."""
        query = self._items + sql.SQL(" WHERE f.item_id = ANY(%s) AND f.bucket = %s AND f.object_key ^@ ANY(%s)")
        found: set[str] = set()
        for place in places if item_ids else ():
            where = (storable(item_ids), place.spec.bucket, list(place.spec.prefixes))
            found |= {RowFacts(*row).item_id for row in self._source.ask(self._items_file, query, where)}
        return found

    def all_rows(self) -> Iterator[list[RowFacts]]:
        """Every row of the place's SQL, in chunks: memory does not grow with the table."""
        for chunk in self._source.stream(self._items_file, self._items):
            yield [RowFacts(*row) for row in chunk]

    def consents(self, bucket: str, keys: Sequence[str]) -> Iterator[ConsentFacts]:
        """All consents that may keep these objects; none where the map knows no consents."""
        if self._consents is None:
            return
        query = self._consents + sql.SQL(" WHERE f.bucket = %s AND f.object_key = ") + ANY_OF
        for row in self._source.ask(self._consents_file, query, (bucket, many(keys))):
            yield ConsentFacts(*row)

    def consents_by_id(self, consent_ids: Sequence[str]) -> Iterator[ConsentFacts]:
        """These consents as they are now, whether their recordings exist or not; an id without a record yields nothing."""
        if self._consents is None or not consent_ids:
            return
        query = self._consents + sql.SQL(" WHERE f.object_key IS NULL AND f.consent_id = ANY(%s)")
        for row in self._source.ask(self._consents_file, query, (list(consent_ids),)):
            yield ConsentFacts(*row)


def _items_query(check_items: str, terms: PromisedTerms, columns: Collection[str]) -> sql.Composed:
    happened, at = events_of(terms, columns)
    return sql.SQL(
        "SELECT f.bucket, f.object_key, f.item_id, f.tenant_id, f.person_id, {known}, {clock}, {happened}, {event_at}, "
        "{evidence} FROM {query}"
    ).format(
        known=sql.SQL("coalesce(f.person_known, FALSE)" if "person_known" in columns else "TRUE"),
        clock=evidence(f"start_{terms.clock_event}"),
        happened=happened,
        event_at=at,
        evidence=evidence("evidence_at"),
        query=around(check_items),
    )
