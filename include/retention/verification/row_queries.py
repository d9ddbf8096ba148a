"""The queries that verification puts around the map's check SQL, and what their rows say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import sql
from psycopg.types.json import Jsonb

from retention.verification.promised import SUPPRESSED, PromisedEvent, PromisedTerms


class RowFacts(NamedTuple):
    """What a source's row says about one item. `clock_at` is the event that every item has.

    `event_happened` and `event_at` are the promise's events in their order; None in the first: the source doesn't say.
    `person_known` is False where it could be anybody's.
    """

    bucket: str | None
    object_key: str | None
    item_id: str
    tenant_id: str | None
    person_id: str | None
    person_known: bool
    clock_at: datetime | None
    event_happened: Sequence[bool | None]
    event_at: Sequence[datetime | None]
    evidence_at: datetime | None


class ConsentFacts(NamedTuple):
    """One consent of one item; `item` (an object's key, or a row's id) is None where the consent was read by its own id."""

    item: str | None
    consent_id: str
    party: str | None
    scope: str | None
    given_at: datetime | None
    recorded_at: datetime | None
    ends_at: datetime | None
    withdrawn_at: datetime | None
    reviewed_at: datetime | None
    contract_ended_at: datetime | None


class RequestFacts(NamedTuple):
    """One decision of a customer, or of a person there: the promise's event, and when it came in."""

    tenant_id: str | None
    event: str | None
    received_at: datetime | None


CONSENT_INSTANTS = ("given_at", "recorded_at", "ends_at", "withdrawn_at", "reviewed_at", "contract_ended_at")
_EARLIEST, _LATEST = "'0001-01-02 00:00:00+00'", "'9999-12-30 00:00:00+00'"
_SQL_LATEST = sql.SQL("CAST('9999-12-30 00:00:00+00' AS timestamptz)")
"""What Python can hold. PostgreSQL also knows infinity and days before Christ: one such row must not end the reading."""


def item_instants(terms: PromisedTerms) -> list[str]:
    """The columns of the items' SQL that must be there, as timestamptz."""
    return [f"start_{name}" for name in (terms.clock_event, *events_in_sql(terms))] + ["evidence_at"]


def events_in_sql(terms: PromisedTerms) -> list[str]:
    """The promise's events that the map's SQL tells; whether somebody is on the suppression list, verification finds itself."""
    return [event.name for event in terms.events if event.name != SUPPRESSED]


def probe(names: Sequence[str], query: str) -> sql.Composed:
    """A query for exactly these columns of the map's SQL."""
    columns = sql.SQL(", ").join(sql.Identifier("f", name) for name in names)
    return sql.SQL("SELECT {} FROM {}").format(columns, around(query))


def around(query: str, name: str = "f") -> sql.Composed:
    """The map's SQL as a table. Its percent signs are no parameters; the line feed ends a last comment."""
    return sql.SQL("({}) AS {}").format(sql.SQL(literal(query)), sql.Identifier(name))


def events_of(terms: PromisedTerms, columns: Collection[str]) -> tuple[sql.Composed, sql.Composed]:
    """Two arrays in the order of the promise's events: whether each happened, and when."""
    told = [event.name != SUPPRESSED for event in terms.events]
    happened = [
        happened_sql(event, columns) if is_told else sql.SQL("FALSE")
        for event, is_told in zip(terms.events, told, strict=True)
    ]
    at = [
        _told_at(event, columns) if is_told else sql.SQL("NULL")
        for event, is_told in zip(terms.events, told, strict=True)
    ]
    comma = sql.SQL(", ")
    return (
        sql.SQL("CAST(ARRAY[{}] AS boolean[])").format(comma.join(happened)),
        sql.SQL("CAST(ARRAY[{}] AS timestamptz[])").format(comma.join(at)),
    )


def happened_sql(event: PromisedEvent, columns: Collection[str]) -> sql.Composed:
    """Whether the event happened, by its own column or, without one, by its time: NULL where that can't be one, as nobody says so
    then. What is to come in the year 9000 never does."""
    start = sql.Identifier("f", f"start_{event.name}")
    happened = (
        sql.SQL("CASE WHEN {0} = '-infinity' THEN NULL ELSE {0} IS NOT NULL END").format(start)
        if rests_on_its_time(event, columns)
        else sql.Identifier("f", f"happened_{event.name}")
    )
    if not event.may_lie_ahead:
        return sql.Composed([happened])
    return sql.SQL("CASE WHEN {} >= '9000-01-01 00:00:00+00' THEN FALSE ELSE {} END").format(start, happened)


def rests_on_its_time(event: PromisedEvent, columns: Collection[str]) -> bool:
    """Whether nothing but its time says that the event happened."""
    return f"happened_{event.name}" not in columns


def _told_at(event: PromisedEvent, columns: Collection[str]) -> sql.Composed:
    """When it happened, if at a time that can be one. One that nothing but its time tells, and that lies too far ahead for any
    date, is the last there is: so it is seen that it lies ahead."""
    name = f"start_{event.name}"
    if event.may_lie_ahead or not rests_on_its_time(event, columns):
        return evidence(name)
    return sql.SQL("CASE WHEN {} > {} THEN {} ELSE {} END").format(
        sql.Identifier("f", name), _SQL_LATEST, _SQL_LATEST, evidence(name)
    )


def tenant_known(columns: Collection[str]) -> sql.SQL:
    """SQL that is FALSE where nobody knows the row's customer: no contract of it can ever end, and nothing makes the row due."""
    return sql.SQL("(f.tenant_id IS NULL OR coalesce(f.tenant_known, FALSE))" if "tenant_known" in columns else "TRUE")


KEPT_BY = {"restricted": "restriction", "waits": "waits"}
"""Columns that say what keeps a row although nobody says until when, and what that is called; the first that is true counts."""


def kept_by(columns: Collection[str]) -> sql.Composable:
    """What keeps the row without a recorded end, or `nothing`; NULL where the SQL has no column for it."""
    told = [
        sql.SQL("WHEN coalesce({}, FALSE) THEN {}").format(sql.Identifier("f", column), sql.Literal(name))
        for column, name in KEPT_BY.items()
        if column in columns
    ]
    if not told:
        return sql.SQL("CAST(NULL AS text)")
    return sql.SQL("CASE {} ELSE 'nothing' END").format(sql.SQL(" ").join(told))


def consents_query(check_consents: str, item: str) -> sql.Composed:
    """All consents with what `item` (a column) names."""
    instants = sql.SQL(", ").join(term(name) for name in CONSENT_INSTANTS)
    return sql.SQL("SELECT CAST({} AS text), f.consent_id, f.party, f.scope, {} FROM {}").format(
        sql.Identifier("f", item), instants, around(check_consents)
    )


def requests_query(check_requests: str) -> sql.Composed:
    """What these customers decided; the parameter is their ids."""
    return sql.SQL("SELECT f.tenant_id, f.event, {} FROM {} WHERE f.tenant_id = ANY(%s)").format(
        evidence("received_at"), around(check_requests)
    )


def evidence(name: str) -> sql.Composed:
    """An instant that should say how old something is: one that can't be, such as infinity, says nothing."""
    column = sql.Identifier("f", name)
    return sql.SQL(f"CASE WHEN {{0}} BETWEEN {_EARLIEST} AND {_LATEST} THEN {{0}} END").format(column)


def term(name: str) -> sql.Composed:
    """An instant at which something ends: infinity is a usual way to say "never", and stays as far away as it can."""
    near = f"CASE WHEN {{0}} < {_EARLIEST} THEN {_EARLIEST} WHEN {{0}} > {_LATEST} THEN {_LATEST} ELSE {{0}} END"
    return sql.SQL(near).format(sql.Identifier("f", name))


def literal(text: str) -> Any:
    """The map's SQL as it stands; `Any`, because psycopg's types take no text that was read from a file."""
    return text.replace("%", "%%") + "\n"


ANY_OF = sql.SQL("ANY(ARRAY(SELECT jsonb_array_elements_text(%s)))")
"""One of many texts (`many`), which go to the server in one piece: psycopg's own lists take longer than the rows' reading."""


def many(texts: Iterable[str]) -> Jsonb:
    """The parameter of ANY_OF."""
    return Jsonb(storable(texts))


def storable(keys: Iterable[str]) -> list[str]:
    """PostgreSQL's text can't hold NUL, so that no row can name such a key."""
    return [key for key in keys if "\0" not in key]
