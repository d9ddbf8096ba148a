"""A rule compiled to SQL: status, reason and dates of every item of a place, decided where the items are.

It says the same as `retention.policy.decide`, for sets; a property test on a real PostgreSQL holds the two equal. The data
map's SQL files are reviewed code and are embedded as they stand; everything else is a parameter.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import sql

from retention.datamap.loader import MappedPlace
from retention.disposal.fact_columns import FactColumns
from retention.policy.decide import CONTRADICTION_TOLERANCE
from retention.policy.facts import Hold
from retention.policy.holds import holds_until, is_in_force, was_in_force
from retention.policy.model import RetentionRule, Terms

_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
"""PostgreSQL knows `-infinity` and days before Christ, Python doesn't: as a date these are missing."""
DISPOSABLE = "status IN ('due', 'overdue')"


@dataclass(frozen=True, slots=True)
class Selection:
    """A query over one place: `decided` is a parenthesised subquery to select from, with these parameters."""

    decided: sql.Composed
    parameters: dict[str, Any]


def compile_selection(
    place: MappedPlace,
    rule: RetentionRule,
    columns: FactColumns,
    holds: Sequence[Hold],
    *,
    as_of: datetime,
    now: datetime,
    keys: Sequence[str] | None = None,
) -> Selection:
    """Compile the rule for one place; `keys` restricts it to the items with these objects (None: the whole place).

    An empty `keys` selects nothing. `now` is when holds and consents are read, `as_of` decides what is due.
    """
    now = max(as_of, now)
    parameters: dict[str, Any] = {
        "bucket": place.spec.bucket,
        "prefixes": list(place.spec.prefixes),
        "keys": list(keys) if keys is not None else None,
        "as_of": as_of,
        "now": now,
        "earliest": _EARLIEST,
        "tolerance_s": CONTRADICTION_TOLERANCE.total_seconds(),
        "release_s": rule.release_latency.total_seconds(),
        "holds": json.dumps([_hold(hold, now) for hold in holds if _concerns(hold, place, rule, now)]),
    }
    terms = rule.terms(as_of)
    steps = [
        ("item", _items(place, columns, keys is not None)),
        ("dated", _dated(rule)),
        ("terms", _terms(rule, terms, parameters)),
        ("happened", _happened(rule, columns)),
        ("clocked", _clocked(rule)),
        ("consented", _consented(place, keys is not None)),
        ("hold", _HOLDS),
        ("protected", _protected(columns)),
        ("released", _RELEASED),
        ("decided", _decided(terms, columns, parameters)),
    ]
    body = sql.SQL(", ").join(sql.SQL("{} AS ({})").format(sql.Identifier(name), query) for name, query in steps)
    decided = sql.SQL("(WITH {} SELECT * FROM decided) AS decided").format(body)
    return Selection(decided, parameters)


def reviewed(text: str) -> sql.Composable:
    """A data map's SQL file, where `%` is no placeholder."""
    return sql.SQL(text.replace("%", "%%"))


def _restriction(by_key: bool) -> sql.SQL:
    return sql.SQL("AND f.object_key = ANY(%(keys)s)") if by_key else sql.SQL("")


def _items(place: MappedPlace, columns: FactColumns, by_key: bool) -> sql.Composed:
    # Rows that share an object are twins: whatever one of them says, the object is not to be touched.
    return sql.SQL(
        "SELECT {columns}, count(*) OVER (PARTITION BY f.object_key) AS twins FROM ({items}\n) AS f "
        "WHERE f.bucket = %(bucket)s {keys} "
        "AND EXISTS (SELECT FROM unnest(%(prefixes)s::text[]) AS p (prefix) WHERE starts_with(f.object_key, p.prefix))"
    ).format(
        columns=sql.SQL(", ").join(sql.SQL("f.{}").format(sql.Identifier(name)) for name in columns.types),
        items=reviewed(place.items_sql),
        keys=_restriction(by_key),
    )


def _dated(rule: RetentionRule) -> sql.Composed:
    """When each item arose: its own start unless that is missing, in the future or contradicted, else the oldest evidence."""
    return sql.SQL(
        "SELECT item.*, e.seen_at, CASE WHEN s.is_good THEN {clock} ELSE e.seen_at END AS arose_at, "
        "NOT s.is_good AS redated FROM item "
        "CROSS JOIN LATERAL (SELECT CASE WHEN item.evidence_at BETWEEN %(earliest)s AND %(now)s THEN item.evidence_at END "
        "AS seen_at) AS e "
        "CROSS JOIN LATERAL (SELECT coalesce({clock} BETWEEN %(earliest)s AND %(now)s, FALSE) "
        "AND coalesce({clock} <= e.seen_at + %(tolerance_s)s * interval '1 second', TRUE) AS is_good) AS s"
    ).format(clock=sql.Identifier(f"start_{rule.clock_event}"))


def _terms(rule: RetentionRule, terms: Sequence[Terms], parameters: dict[str, Any]) -> sql.Composed:
    """One row per span of time in which items arose, with the offsets that apply to them, in seconds."""
    rows = []
    for number, span in enumerate(terms):
        after = terms[number + 1].arose_from if number + 1 < len(terms) else None
        values: dict[str, Any] = {
            "arose_from": span.arose_from,
            "arose_before": after,
            "parties": list(span.exemption.parties) if span.exemption else None,
            "scope": span.exemption.scope if span.exemption else None,
            "valid_for_s": span.exemption.valid_for.total_seconds() if span.exemption else None,
        }
        for event in rule.events:
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


_TERM_TYPES = {"arose_from": "timestamptz", "arose_before": "timestamptz", "parties": "text[]", "scope": "text"}


def _happened(rule: RetentionRule, columns: FactColumns) -> sql.Composed:
    """When each event happened: NULL while it has not; by other evidence where its own time is missing or in the future."""
    instants: list[sql.Composable] = [sql.SQL("dated.arose_at AS {}").format(sql.Identifier(f"at_{rule.clock_event}"))]
    redated: list[sql.Composable] = [sql.SQL("dated.redated")]
    for event in rule.events:
        if event == rule.clock_event:
            continue
        start = sql.Identifier(f"start_{event}")
        happened = columns.happened(event)
        stated = sql.SQL("{} BETWEEN %(earliest)s AND %(now)s").format(start)
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
        "SELECT dated.*, terms.*, {instants}, {redated} AS rests_on_fallback FROM dated JOIN terms ON "
        "(terms.arose_from IS NULL OR dated.arose_at >= terms.arose_from) "
        "AND (terms.arose_before IS NULL OR dated.arose_at < terms.arose_before OR "
        "(dated.arose_at IS NULL AND terms.arose_from IS NULL))"
    ).format(instants=sql.SQL(", ").join(instants), redated=sql.SQL(" OR ").join(redated))


def _offset(event: str, kind: str) -> sql.Composed:
    return sql.SQL("{} + {} * interval '1 second'").format(
        sql.Identifier(f"at_{event}"), sql.Identifier(f"{kind}_{event}")
    )


def _clocked(rule: RetentionRule) -> sql.Composed:
    due = [_offset(event, "due") for event in sorted(rule.events)]
    deadlines = [_offset(event, "deadline") for event in rule.events]
    triggers = [
        sql.SQL("WHEN {due} = least({all}) THEN {event}").format(
            due=one, all=sql.SQL(", ").join(due), event=sql.Literal(event)
        )
        for one, event in zip(due, sorted(rule.events), strict=True)
    ]
    return sql.SQL(
        "SELECT happened.*, least({due}) AS clock_due_at, least({deadlines}) AS clock_deadline_at, "
        "CASE {triggers} END AS trigger_event FROM happened"
    ).format(due=sql.SQL(", ").join(due), deadlines=sql.SQL(", ").join(deadlines), triggers=sql.SQL(" ").join(triggers))


def _consented(place: MappedPlace, by_key: bool) -> sql.Composed:
    """Until when all parties' consents exempt an item; no row where one of them never did."""
    if place.consents_sql is None:
        return sql.SQL("SELECT NULL::text AS item_id, NULL::timestamptz AS exempt_until WHERE FALSE").format()
    return sql.SQL(
        "SELECT item_id, greatest(min(party_until), %(earliest)s) AS exempt_until FROM ("
        "SELECT clocked.item_id, cardinality(clocked.parties) AS parties, f.party, "
        "max(least(f.ends_at, f.withdrawn_at, greatest(f.given_at, "
        "CASE WHEN f.reviewed_at <= %(now)s THEN f.reviewed_at END) + clocked.valid_for_s * interval '1 second')) AS party_until "
        "FROM clocked JOIN ({consents}\n) AS f ON f.item_id = clocked.item_id "
        "WHERE f.bucket = %(bucket)s {keys} AND f.party = ANY(clocked.parties) AND f.scope = clocked.scope "
        "AND f.given_at < clocked.clock_due_at AND f.recorded_at < clocked.clock_due_at "
        "AND f.given_at <= %(now)s AND f.recorded_at <= %(now)s "
        "GROUP BY clocked.item_id, clocked.parties, f.party"
        ") AS by_party GROUP BY item_id, parties HAVING count(*) = parties"
    ).format(consents=reviewed(place.consents_sql), keys=_restriction(by_key))


def _concerns(hold: Hold, place: MappedPlace, rule: RetentionRule, now: datetime) -> bool:
    """Holds that hold or have held, and whose category and place may be this one."""
    return (
        (is_in_force(hold, now) or was_in_force(hold, now))
        and hold.category in (None, rule.category)
        and hold.place in (None, place.name)
    )


def _hold(hold: Hold, now: datetime) -> dict[str, Any]:
    until = holds_until(hold)
    return {
        "hold_id": hold.hold_id,
        "active": is_in_force(hold, now),
        "until": until.isoformat() if until else None,
        "tenant_id": hold.tenant_id,
        "person_id": hold.person_id,
        "held_item_id": hold.item_id,
        "started_from": hold.started_from.isoformat() if hold.started_from else None,
        "started_before": hold.started_before.isoformat() if hold.started_before else None,
        "by_category": hold.category is not None,
    }


_HOLDS = sql.SQL(
    "SELECT * FROM jsonb_to_recordset(%(holds)s::jsonb) AS h (hold_id text, active boolean, until timestamptz, "
    "tenant_id text, person_id text, held_item_id text, started_from timestamptz, started_before timestamptz, "
    "by_category boolean) "
    "WHERE by_category OR num_nonnulls(tenant_id, person_id, held_item_id, started_from, started_before) > 0"
)


def _protected(columns: FactColumns) -> sql.Composed:
    """Holds and consents per item. Where an item lacks what a scope asks for, it may be in it, and is held.

    The same as retention.policy.holds.covers; a guessed start may lie in any period.
    """
    return sql.SQL(
        "SELECT clocked.*, consented.exempt_until, h.hold_ids, h.hold_ended_at "
        "FROM clocked LEFT JOIN consented ON consented.item_id = clocked.item_id "
        "CROSS JOIN LATERAL (SELECT array_agg(hold.hold_id ORDER BY hold.hold_id) FILTER (WHERE hold.active) AS hold_ids, "
        "max(hold.until) FILTER (WHERE NOT hold.active) AS hold_ended_at FROM hold "
        "WHERE (hold.tenant_id IS NULL OR clocked.tenant_id IS NULL OR hold.tenant_id = clocked.tenant_id) "
        "AND (hold.person_id IS NULL OR NOT {person_known} OR hold.person_id = clocked.person_id) "
        "AND (hold.held_item_id IS NULL OR hold.held_item_id IN (clocked.item_id, clocked.object_key)) "
        "AND (hold.started_from IS NULL OR clocked.redated OR clocked.arose_at >= hold.started_from) "
        "AND (hold.started_before IS NULL OR clocked.redated OR clocked.arose_at < hold.started_before)) AS h"
    ).format(person_known=columns.person_known())


# An item is due when the last protection that had kept it ended, and overdue the release latency after that.
_RELEASED = sql.SQL(
    "SELECT protected.*, greatest(clock_due_at, released_at) AS due_at, "
    "greatest(clock_deadline_at, released_at + %(release_s)s * interval '1 second') AS deadline_at "
    "FROM protected CROSS JOIN LATERAL (SELECT greatest(hold_ended_at, "
    "CASE WHEN exempt_until <= %(now)s THEN exempt_until END) AS released_at) AS r"
)


def _decided(terms: Sequence[Terms], columns: FactColumns, parameters: dict[str, Any]) -> sql.Composed:
    """Status and reason, in the order of precedence."""
    by_minimum = _minimum(terms, columns, parameters)
    ladder: list[tuple[sql.Composable, str, sql.Composable]] = [
        (sql.SQL("clock_due_at IS NULL"), "retain", sql.Literal("undated")),
        (sql.SQL("%(as_of)s < due_at"), "retain", sql.Literal("not_due")),
        (sql.SQL("twins > 1"), "retain", sql.Literal("ambiguous")),
        (by_minimum, "kept_by_minimum", sql.Literal("statutory_minimum")),
        (sql.SQL("hold_ids IS NOT NULL"), "held", sql.Literal("legal_hold")),
        (columns.restricted(), "restricted", sql.Literal("restriction")),
        (sql.SQL("%(now)s < exempt_until"), "exempt", sql.Literal("consent")),
        (sql.SQL("%(as_of)s > deadline_at"), "overdue", sql.SQL("trigger_event")),
        (sql.SQL("TRUE"), "due", sql.SQL("trigger_event")),
    ]
    statuses = sql.SQL(" ").join(sql.SQL("WHEN {} THEN {}").format(when, sql.Literal(then)) for when, then, _ in ladder)
    reasons = sql.SQL(" ").join(sql.SQL("WHEN {} THEN {}").format(when, reason) for when, _, reason in ladder)
    return sql.SQL(
        "SELECT item_id, object_key, tenant_id, person_id, arose_at, seen_at AS evidence_at, "
        "CASE WHEN clock_due_at IS NOT NULL THEN due_at END AS due_at, "
        "CASE WHEN clock_due_at IS NOT NULL THEN deadline_at END AS deadline_at, "
        "coalesce(hold_ids, '{{}}') AS hold_ids, exempt_until, "
        "CASE WHEN clock_due_at IS NULL THEN 'undated' WHEN rests_on_fallback THEN 'fallback' ELSE 'start_point' END AS basis, "
        "{restricted} AS restricted, coalesce({by_minimum}, FALSE) AS kept_by_minimum, "
        "CASE {statuses} END AS status, CASE {reasons} END AS reason FROM released"
    ).format(restricted=columns.restricted(), by_minimum=by_minimum, statuses=statuses, reasons=reasons)


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
