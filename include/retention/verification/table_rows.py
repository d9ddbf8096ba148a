"""Our own reading of a table whose rows are the items: the rows that matter one by one, the rest as numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple

from psycopg import sql

from retention.connections import Connection
from retention.datamap.loader import MappedTable
from retention.verification.promised import SUPPRESSED, PromisedTerms
from retention.verification.requests import requests_of
from retention.verification.row_queries import (
    CONSENT_INSTANTS,
    ConsentFacts,
    around,
    consents_query,
    events_of,
    evidence,
    item_instants,
    kept_by,
    probe,
    rests_on_its_time,
    storable,
    tenant_known,
    term,
)
from retention.verification.source import Source, Unread
from retention.verification.table_conditions import Conditions, Held
from retention.verification.table_shape import (
    extent_query,
    half_query,
    orphan_queries,
    table_of,
    text_parameters,
    type_of_ids,
    unseen_query,
    wholly_anonymised,
)
from retention.verification.table_warnings import rests_on_session_zone, triggers_on_what_goes

_REQUIRED = ("item_id", "tenant_id", "person_id")
_OF_CONSENTS = ("proven_consent_at", "last_withdrawn_at")


class RecordFacts(NamedTuple):
    """What a source says about one of its rows. `duty` is a statutory duty's paragraph, `kept_by` what keeps it now without a
    recorded end (None: the source has no words for it), `proven_at` the newest proven consent, `last_withdrawn_at` the latest
    withdrawal, answered or not."""

    item_id: str
    tenant_id: str | None
    tenant_known: bool
    person_id: str | None
    person_known: bool
    clock_at: datetime | None
    event_happened: list[bool | None]
    event_at: list[datetime | None]
    evidence_at: datetime | None
    duty: str | None
    duty_until: datetime | None
    kept_by: str | None
    proven_at: datetime | None
    last_withdrawn_at: datetime | None


class Rest(NamedTuple):
    """Rows that need no look one by one: how many, the oldest's date, the first promised end. `owner` says what they lack."""

    owner: str | None
    rows: int
    oldest_at: datetime | None
    first_end_at: datetime | None


class TableRows:
    """One table's rows. Every method raises StoreUnreadable, as Source does."""

    def __init__(self, connection: Connection, place: MappedTable, terms: PromisedTerms) -> None:
        self._place = place
        self._terms = terms
        self._file = str(place.sql_files.check_items)
        self._consents_file = str(place.sql_files.check_consents or "")
        self._consents = consents_query(place.check_consents_sql, "item_id") if place.check_consents_sql else None
        self._source = Source(connection, place.name, self._file)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        """Look at all columns and at the instants' types before anything rests on them."""
        check_items, source = self._place.check_items_sql, self._source
        self._columns = source.columns(self._file, sql.SQL("SELECT * FROM {}").format(around(check_items)))
        optional = [name for name in ("duty_until", *_OF_CONSENTS) if name in self._columns]
        source.require_instants(self._file, probe([*item_instants(self._terms), *optional], check_items))
        source.columns(self._file, probe(_REQUIRED, check_items))
        self._id_type = type_of_ids(source, self._file, self._columns["item_id"])
        if self._consents is not None and self._place.check_consents_sql is not None:
            source.require_instants(self._consents_file, probe(CONSENT_INSTANTS, self._place.check_consents_sql))
            source.columns(self._consents_file, self._consents)
        self._facts = sql.SQL("SELECT {} FROM {}").format(self._fact_columns(), around(check_items))
        self.requests = requests_of(source, self._place)

    def _fact_columns(self) -> sql.Composed:
        happened, at = events_of(self._terms, self._columns)
        return sql.SQL(", ").join(
            [
                sql.SQL("CAST(f.item_id AS text), f.tenant_id"),
                tenant_known(self._columns),
                sql.SQL("f.person_id"),
                self.person_known,
                evidence(f"start_{self._terms.clock_event}"),
                happened,
                at,
                evidence("evidence_at"),
                sql.SQL("nullif(btrim(f.duty_paragraph), '')" if "duty_paragraph" in self._columns else "NULL"),
                term("duty_until") if "duty_until" in self._columns else sql.SQL("CAST(NULL AS timestamptz)"),
                kept_by(self._columns),
                *(
                    evidence(name) if name in self._columns else sql.SQL("CAST(NULL AS timestamptz)")
                    for name in _OF_CONSENTS
                ),
            ]
        )

    @property
    def rest_on_their_time(self) -> list[bool]:
        """Of which of the promise's events nothing but its time says that it happened, so that a time ahead says nothing."""
        return [
            event.name != SUPPRESSED and not event.may_lie_ahead and rests_on_its_time(event, self._columns)
            for event in self._terms.events
        ]

    @property
    def person_known(self) -> sql.SQL:
        """SQL that is FALSE where the row could be anybody's."""
        return sql.SQL("coalesce(f.person_known, FALSE)" if "person_known" in self._columns else "TRUE")

    def close(self) -> None:
        """End the session."""
        self._source.close()

    def snapshot(self) -> AbstractContextManager[None]:
        """All that is asked in here sees the table at one instant."""
        return self._source.snapshot()

    def refuse_repeated_ids(self) -> None:
        """Raise Unread where the SQL gives one row twice: whose dates count then nobody could say."""
        query = sql.SQL("SELECT 1 FROM {} GROUP BY f.item_id HAVING count(*) > 1 OR f.item_id IS NULL LIMIT 1")
        if self._source.ask(self._file, query.format(around(self._place.check_items_sql))):
            found = f"place {self._place.name!r}, {self._file}: an item_id that comes twice, or is NULL"
            raise Unread(found, "RepeatedId", "one row for each of the table's rows")

    def conditions(self, as_of: datetime, now: datetime, held: Held, ids: Collection[str]) -> Conditions:
        """Which rows need a look one by one; `ids` are some that somebody asks for by name."""
        consents = self._place.check_consents_sql if self._terms.scope is not None else None
        return Conditions(
            self._terms, frozenset(self._columns), self.person_known, consents, as_of, now, held, storable(ids)
        )

    def mattering(self, conditions: Conditions) -> Iterator[list[RecordFacts]]:
        """The rows that need a look, in chunks."""
        query = self._facts + sql.SQL(" WHERE {} AND {} IS NOT FALSE").format(self._live, conditions.matters())
        for chunk in self._source.stream(self._file, query, conditions.parameters | self._texts):
            yield [RecordFacts(*row) for row in chunk]

    def rest(self, conditions: Conditions, without: Collection[str]) -> list[Rest]:
        """All other rows, as numbers; `without` have been read one by one all the same."""
        query = sql.SQL(
            "SELECT CASE WHEN {is_log} AND f.tenant_id IS NULL AND NOT {known} THEN NULL "
            "WHEN f.tenant_id IS NULL THEN 'no_tenant' WHEN NOT {known} THEN 'no_person' END, "
            "count(*), min({clock}), min({end}) FROM {query} "
            "WHERE {live} AND {matters} IS FALSE AND CAST(f.item_id AS text) <> ALL(%(without)s) GROUP BY 1"
        ).format(
            is_log=sql.Literal(not self._terms.events),
            known=self.person_known,
            clock=evidence(f"start_{self._terms.clock_event}"),
            end=conditions.first_end(),
            query=around(self._place.check_items_sql),
            live=self._live,
            matters=conditions.matters(),
        )
        parameters = conditions.parameters | self._texts | {"without": list(without)}
        return [Rest(*row) for row in self._source.ask(self._file, query, parameters)]

    def tenants_among(self, tenants: Collection[str]) -> list[str]:
        """Which of these customers have rows here."""
        query = sql.SQL("SELECT DISTINCT f.tenant_id FROM {} WHERE f.tenant_id = ANY(%s)")
        rows = self._source.ask(self._file, query.format(around(self._place.check_items_sql)), (storable(tenants),))
        return [tenant for (tenant,) in rows]

    def all_ids(self) -> Iterator[list[str]]:
        """The ids of all rows, in chunks."""
        query = sql.SQL("SELECT CAST(f.item_id AS text) FROM {} WHERE {}")
        whole = query.format(around(self._place.check_items_sql), self._live)
        for chunk in self._source.stream(self._file, whole, self._texts):
            yield [item_id for (item_id,) in chunk]

    def by_id(self, item_ids: Sequence[str]) -> list[RecordFacts]:
        """Those of these rows that are there and not wholly anonymised; their ids are of the column's type."""
        condition = sql.SQL(" WHERE f.item_id = ANY(CAST(CAST(%(ids)s AS text[]) AS {}[])) AND {}")
        query = self._facts + condition.format(self._id_type, self._live)
        rows = self._source.ask(self._file, query, self._texts | {"ids": list(item_ids)})
        return [RecordFacts(*row) for row in rows]

    def consents(self, item_ids: Sequence[str]) -> Iterator[ConsentFacts]:
        """All consents that may keep these rows; none where the map knows no consents."""
        if self._consents is None or not item_ids:
            return
        query = self._consents + sql.SQL(" WHERE f.item_id = ANY({})").format(self._ids)
        for row in self._source.ask(self._consents_file, query, (list(item_ids),)):
            yield ConsentFacts(*row)

    def consents_by_id(self, consent_ids: Sequence[str]) -> Iterator[ConsentFacts]:
        """These consents as they are now, whether their rows exist or not; an id without a record yields nothing."""
        if self._consents is None or not consent_ids:
            return
        query = self._consents + sql.SQL(" WHERE f.item_id IS NULL AND f.consent_id = ANY(%s)")
        for row in self._source.ask(self._consents_file, query, (list(consent_ids),)):
            yield ConsentFacts(*row)

    def identifiers(self) -> Iterator[dict[str, list[str | None]]]:
        """The identifying texts of all rows, in the map's order, by the row's id; in chunks."""
        for chunk in self._source.stream(f"table {self._place.spec.table}", self._identifying):
            yield {str(item_id): list(texts) for item_id, *texts in chunk}

    def identifiers_of(self, item_ids: Sequence[str]) -> dict[str, list[str | None]]:
        """The same of these rows; the ids come from the table itself."""
        spec = self._place.spec
        query = self._identifying + sql.SQL(" WHERE t.{} = ANY({})").format(sql.Identifier(spec.id_column), self._ids)
        rows = self._source.ask(f"table {spec.table}", query, (list(item_ids),))
        return {str(item_id): list(texts) for item_id, *texts in rows}

    @property
    def _identifying(self) -> sql.Composed:
        spec = self._place.spec
        columns = sql.SQL(", ").join(
            sql.SQL("CAST(t.{} AS text)").format(sql.Identifier(name)) for name in (spec.id_column, *spec.identifiers)
        )
        return sql.SQL("SELECT {} FROM {} AS t").format(columns, table_of(spec.table))

    def half_anonymised(self) -> Iterator[list[str]]:
        """The ids of rows of which some columns are anonymised and others not."""
        for chunk in self._source.stream(f"table {self._place.spec.table}", half_query(self._place.spec), self._texts):
            yield [item_id for (item_id,) in chunk]

    def orphans(self) -> Iterator[tuple[str, int, int]]:
        """For each dependent table: its name, its rows, and how many of them belong to no row."""
        for table, query in orphan_queries(self._place.spec):
            [(rows, lost)] = self._source.ask(f"table {table}", query)
            yield table, rows, lost

    def extents(self, item_ids: Sequence[str]) -> dict[str, int]:
        """How many rows belong to each of these rows; empty where the map knows of none that belong to any."""
        if not item_ids or not self._place.spec.dependents:
            return {}
        ids = sql.SQL("CAST(CAST(%(ids)s AS text[]) AS {}[])").format(self._id_type)
        found = self._source.ask(
            f"what belongs to table {self._place.spec.table}",
            extent_query(self._place.spec, ids),
            {"ids": list(item_ids)},
        )
        return dict.fromkeys(item_ids, 0) | {str(item_id): int(rows) for item_id, rows in found}

    def warnings(self) -> Iterator[tuple[str, str]]:
        """What somebody should look at, as kind of entry and note."""
        if rests_on_session_zone(self._source.ask, self._file, self._facts):
            yield "zoneless", "check_items"
        for trigger in triggers_on_what_goes(self._source.ask, self._place.spec):
            yield "trigger", trigger

    def unseen(self) -> int:
        """How many rows the table has that the check SQL leaves out."""
        query = unseen_query(self._place.spec, self._place.check_items_sql)
        [(rows,)] = self._source.ask(self._file, query, self._texts)
        return int(rows)

    @property
    def _ids(self) -> sql.Composed:
        """A parameter of ids, as what the column is: so its index helps."""
        return sql.SQL("CAST(CAST(%s AS text[]) AS {}[])").format(self._id_type)

    @property
    def _live(self) -> sql.Composable:
        """A wholly anonymised row is no item any more."""
        spec = self._place.spec
        if not spec.anonymise:
            return sql.SQL("TRUE")
        return sql.SQL("NOT EXISTS (SELECT FROM {} AS t WHERE t.{} = f.item_id AND {})").format(
            table_of(spec.table), sql.Identifier(spec.id_column), wholly_anonymised(spec)
        )

    @property
    def _texts(self) -> dict[str, object]:
        return text_parameters(self._place.spec)
