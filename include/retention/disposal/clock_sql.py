"""When each item falls due, compiled to SQL as `retention.policy.decide` dates it.

Steps of the query in `retention.disposal.selection`: `dated` builds on `item`, `happened` on `dated` and `terms`, `clocked` on
`happened`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import sql

from retention.disposal.fact_columns import SUPPRESSED, FactColumns
from retention.policy.model import RetentionRule, Terms

_TERM_TYPES = {
    "of_tenant": "text",
    "arose_from": "timestamptz",
    "arose_before": "timestamptz",
    "duties": "boolean",
    "parties": "text[]",
    "scope": "text",
}


def dated(rule: RetentionRule) -> sql.Composed:
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


def terms_of(rule: RetentionRule, as_of: datetime, parameters: dict[str, Any]) -> sql.Composed:
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


def happened(rule: RetentionRule, terms: Sequence[Terms], columns: FactColumns) -> sql.Composed:
    """When each event happened: NULL while it has not; by other evidence where it happened at no or at a wrong time.

    An event that the item's terms don't name has not happened to it, whatever an earlier or a later version says.
    """
    events = [_event(rule, terms, columns, event) for event in rule.events if event != rule.clock_event]
    instants = [sql.SQL("dated.arose_at AS {}").format(sql.Identifier(f"at_{rule.clock_event}"))]
    return sql.SQL(
        "SELECT dated.*, terms.*, {instants}, {redated} AS rests_on_fallback, {any_event} AS any_event, {doubt} AS is_in_doubt "
        "FROM dated JOIN terms ON {applies}"
    ).format(
        applies=_APPLIES if len(terms) > 1 or rule.tenants else sql.SQL("TRUE"),
        instants=sql.SQL(", ").join(
            [*instants, *(event.instant for event in events), _withdrawn(rule, events, columns)]
        ),
        redated=sql.SQL(" OR ").join([sql.SQL("dated.redated"), *(event.is_redated for event in events)]),
        any_event=sql.SQL(" OR ").join([sql.SQL("FALSE"), *(event.may_have_happened for event in events)]),
        doubt=sql.SQL(" OR ").join([sql.SQL("FALSE"), *(event.is_in_doubt for event in events)]),
    )


class _Event(NamedTuple):
    """What is said of one event, in SQL. `dated_at`: its own time, where that is a good one. `is_in_doubt`: only a time that
    can't be one says that it happened."""

    name: str
    has_happened: sql.Composed
    dated_at: sql.Composed
    instant: sql.Composed
    is_redated: sql.Composed
    may_have_happened: sql.Composed
    is_in_doubt: sql.Composable


def _event(rule: RetentionRule, terms: Sequence[Terms], columns: FactColumns, event: str) -> _Event:
    start = sql.Identifier(f"start_{event}")
    # What may lie ahead comes when it is dated, if ever; any other time in the future is a wrong one.
    may_lie_ahead = event in rule.marked("may_lie_ahead")
    latest = sql.SQL("%(never)s - interval '1 microsecond'" if may_lie_ahead else "%(latest)s")
    in_doubt: sql.Composable = sql.SQL("FALSE")
    if not columns.states(event):
        ahead = sql.SQL("FALSE") if may_lie_ahead else sql.SQL("{} > {}").format(start, latest)
        in_doubt = sql.SQL("coalesce({} OR {} = '-infinity', FALSE)").format(ahead, start)
    never = sql.SQL("coalesce({} >= %(never)s, FALSE)" if may_lie_ahead else "FALSE").format(start)
    has_happened = sql.SQL("({} AND NOT {} AND NOT {})").format(columns.happened(event), in_doubt, never)
    if any(event not in span.due_after for span in terms):
        is_named = sql.SQL("({} IS NOT NULL AND {})")
        has_happened = is_named.format(sql.Identifier(f"due_{event}"), has_happened)
        in_doubt = is_named.format(sql.Identifier(f"due_{event}"), in_doubt)
    is_good = sql.SQL("coalesce({} BETWEEN %(earliest)s AND {}, FALSE)").format(start, latest)
    return _Event(
        name=event,
        has_happened=has_happened,
        dated_at=sql.SQL("CASE WHEN {} AND {} THEN {} END").format(has_happened, is_good, start),
        instant=sql.SQL(
            "CASE WHEN {happened} THEN CASE WHEN {good} THEN {start} ELSE least(dated.seen_at, dated.arose_at) END END AS {at}"
        ).format(happened=has_happened, good=is_good, start=start, at=sql.Identifier(f"at_{event}")),
        is_redated=sql.SQL("({} AND NOT {} AND coalesce(dated.seen_at, dated.arose_at) IS NOT NULL)").format(
            has_happened, is_good
        ),
        may_have_happened=sql.SQL("{} OR {}").format(has_happened, in_doubt),
        is_in_doubt=in_doubt,
    )


def _withdrawn(rule: RetentionRule, events: Sequence[_Event], columns: FactColumns) -> sql.Composed:
    """When the item's own customer or person last decided that it goes, for the suppression list, and whether something of that
    has no date; NULL and FALSE where neither decided so.

    Another date than the one that it falls due by: a consent lifts an entry only if it is proven newer than all that was
    withdrawn.
    """
    asked = [event for event in events if event.name in rule.marked("on_request") and event.name != SUPPRESSED]
    if not asked:
        return sql.SQL("NULL::timestamptz AS withdrawn_at, FALSE AS withdrawn_undated").format()
    return sql.SQL(
        "CASE WHEN {happened} THEN greatest({dated}, CASE WHEN {last_is_good} THEN {last} END) END AS withdrawn_at, "
        "coalesce({undated} OR ({happened}) AND NOT {last_is_good}, FALSE) AS withdrawn_undated"
    ).format(
        happened=sql.SQL(" OR ").join(event.has_happened for event in asked),
        dated=sql.SQL(", ").join(event.dated_at for event in asked),
        undated=sql.SQL(" OR ").join(
            sql.SQL("{} AND {} IS NULL").format(event.has_happened, event.dated_at) for event in asked
        ),
        last=columns.last_withdrawn(),
        last_is_good=sql.SQL("{} BETWEEN %(earliest)s AND %(latest)s").format(columns.last_withdrawn()),
    )


def _offset(event: str, kind: str) -> sql.Composed:
    return sql.SQL("{} + {} * interval '1 second'").format(
        sql.Identifier(f"at_{event}"), sql.Identifier(f"{kind}_{event}")
    )


def clocked(rule: RetentionRule) -> sql.Composed:
    """The earliest due time and the earliest deadline over all events that happened, and those of what was asked for."""
    events = sorted(_that_end(rule))
    asked = [event for event in events if event in rule.marked("on_request")]
    return sql.SQL(
        "SELECT happened.*, {due} AS clock_due_at, {deadlines} AS clock_deadline_at, {trigger} AS trigger_event, "
        "{asked_due} AS asked_due_at, {asked_deadline} AS asked_deadline_at, {asked_trigger} AS asked_trigger FROM happened"
    ).format(
        due=_least(events, "due"),
        deadlines=_least(events, "deadline"),
        trigger=_first(events),
        asked_due=_least(asked, "due"),
        asked_deadline=_least(asked, "deadline"),
        asked_trigger=_first(asked),
    )


def _first(events: Sequence[str]) -> sql.Composable:
    """Which of these events makes an item due first; of several, the first by name."""
    if not events:
        return sql.SQL("NULL::text")
    whens = [
        sql.SQL("WHEN {} = {} THEN {}").format(_offset(event, "due"), _least(events, "due"), sql.Literal(event))
        for event in events
    ]
    return sql.SQL("CASE {} END").format(sql.SQL(" ").join(whens))


def _least(events: Sequence[str], kind: str) -> sql.Composable:
    """The earliest of these events' times, NULL where there are none."""
    if not events:
        return sql.SQL("NULL::timestamptz")
    return sql.SQL("least({})").format(sql.SQL(", ").join(_offset(event, kind) for event in events))
