"""The tables of one check in our own database: filled while stores are read, judged once, asked by every check, dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql

from retention.database import OwnConnection
from retention.errors import UnknownError
from retention.verification.holds import HoldScope
from retention.verification.promised import LONGEST_LEAD, PromisedTerms
from retention.verification.row_queries import ConsentFacts
from retention.verification.source import STATEMENT_TIMEOUT

SCHEMA = "inventory"
_SQL = Path(__file__).resolve().parents[2] / "sql" / "verification"


class Entry(NamedTuple):
    """One row of the inventory; what the columns mean stands in inventory.sql. No key, name or path.

    `event_happened` (None: the source doesn't say) and `event_at` are the promise's events in their order.
    """

    category: str
    place: str
    entry: str
    mapped: bool
    agreed: int = 0
    is_processor: bool = False
    counted: int = 1
    item_hash: bytes | None = None
    part_hash: bytes | None = None
    is_latest: bool = True
    stored_at: datetime | None = None
    metadata_at: datetime | None = None
    key_day: datetime | None = None
    row_count: int = 0
    clock_at: datetime | None = None
    evidence_at: datetime | None = None
    reaches_to: datetime | None = None
    event_happened: Sequence[bool | None] = ()
    event_at: Sequence[datetime | None] = ()
    first_end_at: datetime | None = None
    duty: str | None = None
    duty_until: datetime | None = None
    kept_by: str | None = None
    tenant_id: str | None = None
    hold_ids: Sequence[UUID] = []  # a list, as an array in SQL
    sure_hold_ids: Sequence[UUID] = []
    records_named: int = 0
    missing_since: datetime | None = None
    note: str | None = None
    extent: int | None = None
    is_unlisted: bool = False
    extent_then: int | None = None
    begins_hash: bytes | None = None
    begins_bytes: int | None = None
    oldest_at: datetime | None = None
    was_whole: bool | None = None
    may_be_older: bool = False
    day: date | None = None
    counted_to: datetime | None = None


_EVENTS = ("event_happened", "event_at")
"""What stands in a table of its own, a row for each event."""
_COPIED = [name for name in Entry._fields if name not in _EVENTS]
_copied = itemgetter(*(Entry._fields.index(name) for name in _COPIED))
_STORED = """
COPY (
    SELECT
        -- What checks call a file is theirs alone; what it begins with is the store's.
        e.place COLLATE "C", e.entry COLLATE "C", e.item_hash,
        CASE WHEN e.entry = 'file' THEN e.begins_hash ELSE e.part_hash END,
        e.is_latest, e.stored_at, e.metadata_at, e.key_day,
        e.row_count, e.clock_at, e.evidence_at, e.mapped, e.counted, e.first_end_at, e.duty, e.duty_until,
        e.kept_by COLLATE "C", v.told
    FROM {entries} AS e
    LEFT JOIN (
        SELECT entry_no, array_agg(ROW(position, happened, at) ORDER BY position) AS told
        FROM {events}
        GROUP BY entry_no
    ) AS v ON e.entry_no = v.entry_no
    WHERE e.entry NOT IN ('held', 'vanished', 'remembered', 'unlisted', 'canary', 'column', 'declaration')
    ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
) TO STDOUT
"""
_TYPES = """
SELECT c.relname AS table_name, a.attname AS column_name, a.atttypid::bigint AS type
FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace = %s::regnamespace AND c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped
"""
_ASKED_FOR = (
    *("entry", "is_past_cap", "is_surely_held", "is_exempt", "has_duty", "kept_by", "must_not_vanish", "is_fallback"),
    *("is_undated", "is_future_dated", "is_event_unknown", "is_unlisted", "mapped"),
)
"""What most kinds of finding ask for, and few entries are: without an index each kind reads all entries, twice."""
_TABLES = ("entries", "consents", "kept", "withdrawn", "approvals", "terms", "promised", "events", "dated", "judged")
_WITHDRAWN_COLUMNS = ("place", "item_hash", "identifiers", "withdrawn_at", "missing_since")
_CONSENT_COLUMNS = ("place", "item_hash", *ConsentFacts._fields[1:])


class Inventory:
    """One check's tables. `written` counts what was added, to be compared with what the table holds in the end."""

    def __init__(self, own: OwnConnection, name: str) -> None:
        self.own = own
        self.name = name
        self.written = 0
        self.tables = {part: f"{name}_{part}" for part in _TABLES}
        self._types: dict[tuple[str, str], int] = {}

    def add(self, entries: Sequence[Entry]) -> None:
        """COPY entries into the inventory."""
        if not entries:
            return
        numbered = list(enumerate(entries, start=self.written + 1))
        with self._copy("entries", ["entry_no", *_COPIED]) as copy:
            for number, entry in numbered:
                copy.write_row((number, *_copied(entry)))
        self._add_events(numbered)
        self.written += len(entries)

    def _add_events(self, numbered: Sequence[tuple[int, Entry]]) -> None:
        """COPY what happened to entries, or may have; what has not happened needs no row."""
        rows = [
            (number, position, happened, entry.event_at[position])
            for number, entry in numbered
            for position, happened in enumerate(entry.event_happened)
            if happened is not False
        ]
        if rows:
            with self._copy("events", ("entry_no", "position", "happened", "at")) as copy:
                for row in rows:
                    copy.write_row(row)

    def add_consents(self, place: str, consents: Sequence[tuple[bytes, ConsentFacts]]) -> None:
        """COPY the consents of items, by the items' hashes."""
        if not consents:
            return
        with self._copy("consents", _CONSENT_COLUMNS) as copy:
            for item_hash, facts in consents:
                copy.write_row((place, item_hash, *facts[1:]))

    def add_approvals(self, scopes: Sequence[HoldScope]) -> None:
        """COPY who approved each hold."""
        with self._copy("approvals", ("hold_id", "approval")) as copy:
            for scope in scopes:
                copy.write_row((scope.hold_id, scope.approval))

    def add_withdrawn(self, contacts: Sequence[tuple[object, ...]]) -> None:
        """COPY whom contacts name that have withdrawn, for the next check."""
        if not contacts:
            return
        with self._copy("withdrawn", _WITHDRAWN_COLUMNS) as copy:
            for contact in contacts:
                copy.write_row(contact)

    def index(self) -> None:
        """Make looking up items by their hash quick; called once the listings are in."""
        self._run("CREATE INDEX ON {entries} (item_hash) WHERE item_hash IS NOT NULL")
        self._run("ANALYZE {entries}")

    def stored(self, place: str, item_hashes: Sequence[bytes]) -> set[bytes]:
        """Which of these items have a version in the listing. An unfinished upload is no recording yet."""
        found = self._run(
            "SELECT DISTINCT item_hash FROM {entries} WHERE item_hash = ANY(%s) AND place = %s AND entry = 'version'",
            (list(item_hashes), place),
        )
        return {bytes(row["item_hash"]) for row in found}

    def judge(self, terms: Sequence[PromisedTerms], as_of: datetime) -> None:
        """Compute every entry's dates, protections and deadlines (dates.sql, judge.sql), against the promises, at `as_of`."""
        for one in terms:
            for number, variant in one.variants():
                self._add_terms(variant, number, as_of)
        self._run("CREATE INDEX ON {consents} (item_hash)")
        for table in ("{consents}", "{events}", "{kept}"):
            self._run(f"ANALYZE {table}")
        for script, table in (("dates.sql", "{dated}"), ("judge.sql", "{judged}")):
            self._run((_SQL / script).read_text(encoding="utf-8"))
            self._run(f"ANALYZE {table}")
        for column in _ASKED_FOR:
            self._run(f"CREATE INDEX ON {{judged}} ({column})")

    def _add_terms(self, one: PromisedTerms, number: int, as_of: datetime) -> None:
        self._run(
            "INSERT INTO {terms} VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, greatest(%s, clock_timestamp()))",
            (
                *(
                    one.category,
                    number,
                    one.cap,
                    one.latency,
                    one.release_time,
                    one.duties,
                    one.scope,
                    list(one.parties),
                ),
                *(one.review_every, one.review_grace, LONGEST_LEAD, as_of, as_of),
            ),
        )
        for position, event in enumerate(one.events):
            self._run(
                "INSERT INTO {promised} VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (one.category, number, position, *event),
            )

    def ask(self, query: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Rows of a query in which `{judged}` and the other table names stand in braces."""
        return self._run(query, parameters)

    def digest(self) -> str:
        """SHA-256 over everything stored, sorted: the same stores give the same digest, whatever was judged."""
        running = hashlib.sha256()
        with self.own.cursor() as cursor, cursor.copy(self._with_names(_STORED)) as copy:
            for block in copy:
                running.update(block)
        return running.hexdigest()

    def drop(self) -> None:
        """Remove the tables."""
        self._run(f"DROP TABLE IF EXISTS {', '.join(f'{{{part}}}' for part in _TABLES)}")

    def create(self) -> None:
        """Make the empty tables; raises UnknownError where the role may not."""
        try:
            self._run((_SQL / "inventory.sql").read_text(encoding="utf-8"))
        except OwnDatabaseError as error:
            raise UnknownError(
                f"the inventory's tables could not be made ({error.sqlstate}); expected schema {SCHEMA!r} in our own database "
                "with CREATE for the verifying role (migrations and include/sql/roles)."
            ) from None
        found = self.own.execute(_TYPES, (SCHEMA, list(self.tables.values())))
        self._types = {(row["table_name"], row["column_name"]): row["type"] for row in found}

    @contextmanager
    def _copy(self, table: str, columns: Sequence[str]) -> Iterator[psycopg.Copy]:
        names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
        query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(self._table(table), names)
        with self.own.cursor() as cursor, cursor.copy(query) as copy:
            copy.set_types([self._types[self.tables[table], column] for column in columns])
            yield copy

    def _run(self, query: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        try:
            cursor = self.own.execute(self._with_names(query), parameters or None)
            return cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            raise OwnDatabaseError(error) from None

    def _with_names(self, query: str) -> sql.Composed:
        text: Any = query
        return sql.SQL(text).format(**{part: self._table(part) for part in self.tables})

    def _table(self, part: str) -> sql.Identifier:
        return sql.Identifier(SCHEMA, self.tables[part])


class OwnDatabaseError(UnknownError):
    """Our own database refused something that a check needs; values and queries stay out of the message."""

    def __init__(self, error: psycopg.Error) -> None:
        self.sqlstate = error.sqlstate or type(error).__name__
        expected = (
            f"an answer within {STATEMENT_TIMEOUT}: look at what keeps the database busy, or check fewer categories at once"
            if isinstance(error, psycopg.errors.QueryCanceled)
            else "the migrations and rights of this version (include/sql)"
        )
        super().__init__(
            f"our own database refused a step of the check ({self.sqlstate}); expected {expected}. Nothing may be claimed from a "
            "check that did not finish."
        )
