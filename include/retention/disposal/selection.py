"""A rule compiled to SQL: status, reason and dates of every item of a place, decided where the items are.

It says the same as `retention.policy.decide`, for sets; a property test on a real PostgreSQL holds the two equal. The data
map's SQL files are reviewed code and are embedded as they stand; everything else is a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import sql

from retention.datamap.loader import MappedPlace, MappedTable, RowPlace
from retention.disposal.fact_columns import SUPPRESSED, SUPPRESSED_AT, FactColumns
from retention.disposal.keys import key_facts
from retention.disposal.place_sql import only_ids, only_keys, reviewed
from retention.disposal.protections import (
    HOLDS,
    KEPT_BY_DUTY,
    RELEASED,
    consents,
    holds_parameters,
    protected,
)
from retention.policy.decide import CONTRADICTION_TOLERANCE, EARLIEST
from retention.policy.facts import Hold, Status
from retention.policy.model import Action, RetentionRule, Terms

_ONCE = ("protected", "released", "decided")
"""Steps that PostgreSQL must not copy into every place that names one of their columns (`OFFSET 0`): it would evaluate, and plan,
the same expression many times over for each item."""
_FIRST_DAY = datetime(1, 1, 2, tzinfo=UTC)
"""PostgreSQL knows `-infinity` and days before Christ, Python doesn't."""
DISPOSABLE = "status IN ('due', 'overdue')"


def is_disposable(row: Mapping[str, Any]) -> bool:
    """The same as `DISPOSABLE`, of a decided row that has been read."""
    return row["status"] in (Status.DUE, Status.OVERDUE)


PLANNED = f"({DISPOSABLE} OR reason = 'waits')"
"""What is planned: a row that only waits for another is due as soon as that has gone, which may be in the same run."""


def is_planned(row: Mapping[str, Any]) -> bool:
    """The same as `PLANNED`, of a decided row that has been read."""
    return is_disposable(row) or row["reason"] == "waits"


@dataclass(frozen=True, slots=True)
class Selection:
    """A query over one place: `decided` is a parenthesised subquery to select from, with these parameters."""

    decided: sql.Composed
    parameters: dict[str, Any]


def compile_selection(
    place: RowPlace,
    rule: RetentionRule,
    columns: FactColumns,
    holds: Sequence[Hold],
    *,
    as_of: datetime,
    now: datetime,
    keys: Sequence[str] | None = None,
    stored: Mapping[str, datetime] | None = None,
    suppressed: Mapping[str, datetime] | None = None,
) -> Selection:
    """Compile the rule for one place; `keys` restricts it to the items with these objects or ids (None: the whole place).

    An empty `keys` selects nothing. `now` is when holds and consents are read, `as_of` decides what is due. `stored` is what the
    store says about the age of objects, by key: evidence beside that of the rows and keys. `suppressed` says since when a row
    names somebody who is on the suppression list, by the row's id.
    """
    now = max(as_of, now)
    parameters: dict[str, Any] = {
        "keys": list(keys) if keys is not None else None,
        "is_processor": place.spec.role == "processor",
        "suppressed_ids": list(suppressed or ()),
        "suppressed_at": list((suppressed or {}).values()),
        "as_of": as_of,
        "now": now,
        "latest": rule.latest(now),
        "earliest": EARLIEST,
        "first_day": _FIRST_DAY,
        "stored_keys": list(stored or ()),
        "stored_at": list((stored or {}).values()),
        "tolerance_s": CONTRADICTION_TOLERANCE.total_seconds(),
        "release_s": rule.release_latency.total_seconds(),
    } | holds_parameters(holds, place, rule, now)
    terms = rule.terms(as_of)
    items = (
        _items(place, columns, parameters, by_key=keys is not None)
        if isinstance(place, MappedPlace)
        else _rows(place, rule, columns, parameters, by_key=keys is not None)
    )
    steps = [
        ("item", items),
        ("dated", _dated(rule)),
        ("terms", _terms(rule, as_of, parameters)),
        ("happened", _happened(rule, columns, several=len(terms) > 1 or bool(rule.tenants))),
        ("clocked", _clocked(rule)),
        ("consent", consents(place, columns, by_key=keys is not None)),
        ("hold", HOLDS),
        ("protected", protected(columns)),
        ("released", RELEASED),
        ("decided", _decided(rule, terms, columns, parameters)),
    ]
    # Consents are read by themselves, once: joined into the items' own query, they may be read once for each item.
    body = sql.SQL(", ").join(
        sql.SQL("{} AS {} ({}{})").format(
            sql.Identifier(name),
            sql.SQL("MATERIALIZED" if name == "consent" else ""),
            query,
            sql.SQL(" OFFSET 0" if name in _ONCE else ""),
        )
        for name, query in steps
    )
    decided = sql.SQL("(WITH {} SELECT * FROM decided) AS decided").format(body)
    return Selection(decided, parameters)


def _items(place: MappedPlace, columns: FactColumns, parameters: dict[str, Any], *, by_key: bool) -> sql.Composed:
    parameters |= {"bucket": place.spec.bucket, "prefixes": list(place.spec.prefixes)}
    # Rows that share an object are twins: whatever one of them says, the object is not to be touched.
    return sql.SQL(
        "SELECT {columns}, k.key_tenant, k.key_day, s.stored_at, count(*) OVER (PARTITION BY f.object_key) AS twins "
        "FROM ({items}\n) AS f CROSS JOIN LATERAL {key_facts} AS k "
        "LEFT JOIN unnest(%(stored_keys)s::text[], %(stored_at)s::timestamptz[]) AS s (object_key, stored_at) "
        "ON s.object_key = f.object_key "
        "WHERE f.bucket = %(bucket)s {keys} "
        # CASE, because PostgreSQL expects one row in 200 of a bare `^@`, and would plan for a handful of items.
        "AND CASE WHEN f.object_key ^@ ANY(%(prefixes)s::text[]) THEN TRUE ELSE FALSE END"
    ).format(
        columns=sql.SQL(", ").join(sql.SQL("f.{}").format(sql.Identifier(name)) for name in columns.types),
        items=reviewed(place.items_sql),
        key_facts=key_facts(place, parameters),
        keys=only_keys(by_key),
    )


def _rows(
    place: MappedTable, rule: RetentionRule, columns: FactColumns, parameters: dict[str, Any], *, by_key: bool
) -> sql.Composed:
    """The rows of a table. A row that has been anonymised is no item any more.

    Only rows of partitions have an `object_key`, which says where they stand.
    """
    names = [name for name in columns.types if name not in ("item_id", "object_key", SUPPRESSED_AT)]
    key = sql.SQL("f.object_key" if "object_key" in columns.types else "f.item_id::text")
    selected = [sql.SQL("f.{}").format(sql.Identifier(name)) for name in names]
    joined: sql.Composable = sql.SQL("")
    if SUPPRESSED in rule.events:
        joined = sql.SQL(
            "LEFT JOIN unnest(%(suppressed_ids)s::text[]::{}[], %(suppressed_at)s::timestamptz[]) AS z (item_id, at) "
            "ON z.item_id = f.item_id "
        ).format(sql.SQL(columns.id_type))
        lifted = sql.SQL("f.proven_consent_at > z.at" if "proven_consent_at" in columns.types else "FALSE")
        at = sql.SQL("greatest(z.at, CASE WHEN f.{clock} <= %(latest)s THEN f.{clock} END)").format(
            clock=sql.Identifier(f"start_{rule.clock_event}")
        )
        selected.append(
            sql.SQL("CASE WHEN z.at IS NULL OR {} THEN NULL ELSE {} END AS {}").format(
                lifted, at, sql.Identifier(SUPPRESSED_AT)
            )
        )
    return sql.SQL(
        "SELECT f.item_id::text AS item_id, {key} AS object_key, {columns}, NULL::text AS key_tenant, "
        "NULL::timestamptz AS key_day, NULL::timestamptz AS stored_at, 1 AS twins "
        "FROM ({items}\n) AS f {joined}WHERE {keys} AND {left}"
    ).format(
        key=key,
        columns=sql.SQL(", ").join(selected),
        items=reviewed(place.items_sql),
        joined=joined,
        keys=only_ids(columns) if by_key else sql.SQL("TRUE"),
        left=_not_anonymised(place, columns, parameters) if rule.action is Action.ANONYMISE else sql.SQL("TRUE"),
    )


def _not_anonymised(place: MappedTable, columns: FactColumns, parameters: dict[str, Any]) -> sql.Composed:
    done = []
    for column, text in place.spec.anonymise.items():
        parameters[f"becomes_{column}"] = text
        value = sql.SQL("{}::{}").format(
            sql.Placeholder(f"becomes_{column}"), sql.SQL(columns.anonymised_types[column])
        )
        done.append(sql.SQL("t.{} IS NOT DISTINCT FROM {}").format(sql.Identifier(column), value))
    return sql.SQL("EXISTS (SELECT FROM {table} AS t WHERE t.{id} = f.item_id AND NOT ({done}))").format(
        table=sql.Identifier(*place.spec.table.split(".")),
        id=sql.Identifier(place.spec.id_column),
        done=sql.SQL(" AND ").join(done),
    )


def _dated(rule: RetentionRule) -> sql.Composed:
    """When each item arose: its own start unless that is missing, no date (before `earliest`, after `latest`) or contradicted,
    else the oldest evidence."""
    return sql.SQL(
        "SELECT item.*, e.seen_at, CASE WHEN s.is_good THEN {clock} ELSE e.seen_at END AS arose_at, "
        "NOT s.is_good AS redated FROM item "
        "CROSS JOIN LATERAL (SELECT least("
        "CASE WHEN item.evidence_at BETWEEN %(earliest)s AND %(latest)s THEN item.evidence_at END, "
        "CASE WHEN item.key_day BETWEEN %(earliest)s AND %(latest)s THEN item.key_day END, "
        "CASE WHEN item.stored_at BETWEEN %(earliest)s AND %(latest)s THEN item.stored_at END) AS seen_at) AS e "
        "CROSS JOIN LATERAL (SELECT coalesce({clock} BETWEEN %(earliest)s AND %(latest)s, FALSE) "
        "AND coalesce({clock} <= e.seen_at + %(tolerance_s)s * interval '1 second', TRUE) AS is_good) AS s"
    ).format(clock=sql.Identifier(f"start_{rule.clock_event}"))


def _terms(rule: RetentionRule, as_of: datetime, parameters: dict[str, Any]) -> sql.Composed:
    """One row per customer with terms of its own (NULL: all others) and span of time in which items arose, with the offsets that
    apply to them, in seconds."""
    parameters["own_terms"] = sorted(rule.tenants)
    spans = [
        (tenant, span, after)
        for tenant in (None, *sorted(rule.tenants))
        for terms in [rule.terms(as_of, tenant)]
        for span, after in zip(terms, [*(one.arose_from for one in terms[1:]), None], strict=True)
    ]
    rows = []
    for number, (tenant, span, after) in enumerate(spans):
        values: dict[str, Any] = {
            "of_tenant": tenant,
            "arose_from": span.arose_from,
            "arose_before": after,
            "duties": span.duties,
            "parties": list(span.exemption.parties) if span.exemption else None,
            "scope": span.exemption.scope if span.exemption else None,
            "valid_for_s": span.exemption.valid_for.total_seconds() if span.exemption else None,
        }
        for event in _that_end(rule):
            due, deadline = span.due_after.get(event), span.deadline_after.get(event)
            values[f"due_{event}"] = due.total_seconds() if due is not None else None
            values[f"deadline_{event}"] = deadline.total_seconds() if deadline is not None else None
        parameters |= {f"terms{number}_{name}": value for name, value in values.items()}
        fields = [
            sql.SQL("{}::{} AS {}").format(
                sql.Placeholder(f"terms{number}_{name}"),
                sql.SQL(_TERM_TYPES.get(name, "double precision")),
                sql.Identifier(name),
            )
            for name in values
        ]
        rows.append(sql.SQL("SELECT {}").format(sql.SQL(", ").join(fields)))
    return sql.SQL(" UNION ALL ").join(rows)


_TERM_TYPES = {
    "of_tenant": "text",
    "arose_from": "timestamptz",
    "arose_before": "timestamptz",
    "duties": "boolean",
    "parties": "text[]",
    "scope": "text",
}


def _that_end(rule: RetentionRule) -> list[str]:
    """The events that make something due; the others only date it."""
    return [event for event in rule.events if rule.goes_by_age or event != rule.clock_event]


# CASE, because PostgreSQL expects next to no row of these conditions, and would plan for a handful of items.
_APPLIES = sql.SQL(
    "CASE WHEN terms.of_tenant IS NOT DISTINCT FROM CASE WHEN dated.tenant_id = ANY(%(own_terms)s) THEN dated.tenant_id END "
    "AND (terms.arose_from IS NULL OR dated.arose_at >= terms.arose_from) "
    "AND (terms.arose_before IS NULL OR dated.arose_at < terms.arose_before OR "
    "(dated.arose_at IS NULL AND terms.arose_from IS NULL)) THEN TRUE ELSE FALSE END"
)


def _happened(rule: RetentionRule, columns: FactColumns, *, several: bool) -> sql.Composed:
    """When each event happened: NULL while it has not; by other evidence where its own time is missing or in the future."""
    instants: list[sql.Composable] = [sql.SQL("dated.arose_at AS {}").format(sql.Identifier(f"at_{rule.clock_event}"))]
    redated: list[sql.Composable] = [sql.SQL("dated.redated")]
    any_event: list[sql.Composable] = [sql.SQL("FALSE")]
    for event in rule.events:
        if event == rule.clock_event:
            continue
        start = sql.Identifier(f"start_{event}")
        happened = columns.happened(event)
        any_event.append(happened)
        # What may lie ahead comes when it is dated; any other time in the future is a wrong one.
        stated = sql.SQL(
            "{} >= %(earliest)s" if event in rule.marked("may_lie_ahead") else "{} BETWEEN %(earliest)s AND %(latest)s"
        ).format(start)
        instants.append(
            sql.SQL(
                "CASE WHEN {happened} THEN CASE WHEN {stated} THEN {start} "
                "ELSE least(dated.seen_at, dated.arose_at) END END AS {at}"
            ).format(happened=happened, stated=stated, start=start, at=sql.Identifier(f"at_{event}"))
        )
        redated.append(
            sql.SQL(
                "({happened} AND NOT coalesce({stated}, FALSE) AND coalesce(dated.seen_at, dated.arose_at) IS NOT NULL)"
            ).format(happened=happened, stated=stated)
        )
    return sql.SQL(
        "SELECT dated.*, terms.*, {instants}, {redated} AS rests_on_fallback, {any_event} AS any_event "
        "FROM dated JOIN terms ON {applies}"
    ).format(
        applies=_APPLIES if several else sql.SQL("TRUE"),
        instants=sql.SQL(", ").join(instants),
        redated=sql.SQL(" OR ").join(redated),
        any_event=sql.SQL(" OR ").join(any_event),
    )


def _offset(event: str, kind: str) -> sql.Composed:
    return sql.SQL("{} + {} * interval '1 second'").format(
        sql.Identifier(f"at_{event}"), sql.Identifier(f"{kind}_{event}")
    )


def _clocked(rule: RetentionRule) -> sql.Composed:
    events = sorted(_that_end(rule))
    due = [_offset(event, "due") for event in events]
    deadlines = [_offset(event, "deadline") for event in events]
    asked = [event for event in events if event in rule.marked("on_request")]
    triggers = [
        sql.SQL("WHEN {due} = least({all}) THEN {event}").format(
            due=one, all=sql.SQL(", ").join(due), event=sql.Literal(event)
        )
        for one, event in zip(due, events, strict=True)
    ]
    return sql.SQL(
        "SELECT happened.*, least({due}) AS clock_due_at, least({deadlines}) AS clock_deadline_at, "
        "CASE {triggers} END AS trigger_event, {asked_due} AS asked_due_at, {asked_deadline} AS asked_deadline_at FROM happened"
    ).format(
        due=sql.SQL(", ").join(due),
        deadlines=sql.SQL(", ").join(deadlines),
        triggers=sql.SQL(" ").join(triggers),
        asked_due=_least(asked, "due"),
        asked_deadline=_least(asked, "deadline"),
    )


def _least(events: Sequence[str], kind: str) -> sql.Composable:
    """The earliest of these events' times, NULL where there are none."""
    if not events:
        return sql.SQL("NULL::timestamptz")
    return sql.SQL("least({})").format(sql.SQL(", ").join(_offset(event, kind) for event in events))


def _decided(
    rule: RetentionRule, terms: Sequence[Terms], columns: FactColumns, parameters: dict[str, Any]
) -> sql.Composed:
    """Status and reason, in the order of precedence."""
    undated = sql.SQL("clock_due_at IS NULL") if rule.goes_by_age else sql.SQL("clock_due_at IS NULL AND any_event")
    by_minimum = _minimum(terms, columns, parameters)
    ladder: list[tuple[sql.Composable, str, sql.Composable]] = [
        (undated, "retain", sql.Literal("undated")),
        (sql.SQL("clock_due_at IS NULL"), "retain", sql.Literal("no_event")),
        (sql.SQL("%(as_of)s < due_at"), "retain", sql.Literal("not_due")),
        (sql.SQL("twins > 1"), "retain", sql.Literal("ambiguous")),
        (by_minimum, "kept_by_minimum", sql.Literal("statutory_minimum")),
        (KEPT_BY_DUTY, "kept_by_minimum", sql.Literal("statutory_duty")),
        (sql.SQL("hold_ids IS NOT NULL AND NOT (%(is_processor)s AND was_asked)"), "held", sql.Literal("legal_hold")),
        (columns.restricted(), "restricted", sql.Literal("restriction")),
        (sql.SQL("%(now)s < exempt_until AND NOT was_asked"), "exempt", sql.Literal("consent")),
        (columns.waits(), "retain", sql.Literal("waits")),
        (sql.SQL("%(as_of)s > deadline_at"), "overdue", sql.SQL("trigger_event")),
        (sql.SQL("TRUE"), "due", sql.SQL("trigger_event")),
    ]
    statuses = sql.SQL(" ").join(sql.SQL("WHEN {} THEN {}").format(when, sql.Literal(then)) for when, then, _ in ladder)
    reasons = sql.SQL(" ").join(sql.SQL("WHEN {} THEN {}").format(when, reason) for when, _, reason in ladder)
    return sql.SQL(
        "SELECT item_id, object_key, tenant_id, key_tenant, key_day, person_id, arose_at, seen_at AS evidence_at, "
        "CASE WHEN clock_due_at IS NOT NULL THEN due_at END AS due_at, "
        "CASE WHEN clock_due_at IS NOT NULL THEN deadline_at END AS deadline_at, "
        "coalesce(hold_ids, '{{}}') AS hold_ids, exempt_until, asked_due_at, "
        "CASE WHEN {undated} THEN 'undated' WHEN rests_on_fallback THEN 'fallback' ELSE 'start_point' END AS basis, "
        "{restricted} AS restricted, coalesce({by_minimum}, FALSE) OR coalesce({by_duty}, FALSE) AS kept_by_minimum, "
        "CASE {statuses} END AS status, CASE {reasons} END AS reason FROM released"
    ).format(
        undated=undated,
        restricted=columns.restricted(),
        by_minimum=by_minimum,
        by_duty=KEPT_BY_DUTY,
        statuses=statuses,
        reasons=reasons,
    )


def _minimum(terms: Sequence[Terms], columns: FactColumns, parameters: dict[str, Any]) -> sql.Composable:
    """Kept while the minimum runs, while it is not released, and while its start is unknown."""
    minimum = terms[-1].minimum if terms else None
    if minimum is None:
        return sql.SQL("FALSE")
    parameters["minimum_years"] = minimum.years + 1
    return sql.SQL(
        "({start} IS NULL OR NOT {released} OR %(now)s < (date_trunc('year', {start} AT TIME ZONE 'Europe/Berlin') "
        "+ make_interval(years => %(minimum_years)s)) AT TIME ZONE 'Europe/Berlin')"
    ).format(start=sql.Identifier(f"start_{minimum.event}"), released=columns.happened(minimum.release))
