"""Protections compiled to SQL: legal holds and consents per item, as `retention.policy.decide` reads them.

Steps of the query in `retention.disposal.selection`: `protected` builds on `clocked`, `consent` and `hold`, `released` on
`protected`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql

from retention.datamap.loader import AnyPlace, MappedPlace, RowPlace
from retention.disposal.fact_columns import FactColumns
from retention.disposal.place_sql import only_ids, only_keys, reviewed
from retention.policy.facts import Hold
from retention.policy.holds import holds_until, is_in_force, was_in_force
from retention.policy.model import RetentionRule

_COLUMNS = ("party", "scope", "given_at", "recorded_at", "ends_at", "withdrawn_at", "reviewed_at")


def consents(place: RowPlace, columns: FactColumns, *, by_key: bool) -> sql.Composed:
    """The place's consents, as its SQL returns them, in arrays by item: whoever joins them can't read them once for each item.

    No row where the map knows none.
    """
    arrays = sql.SQL(", ").join(sql.SQL("array_agg(f.{0}) AS {0}").format(sql.Identifier(name)) for name in _COLUMNS)
    if place.consents_sql is None:
        none = sql.SQL(", ").join(
            sql.SQL("NULL::{} AS {}").format(
                sql.SQL("text" if name in _COLUMNS[:2] else "timestamptz"), sql.Identifier(name)
            )
            for name in _COLUMNS
        )
        facts, where = sql.SQL("SELECT NULL::text AS item_id, {}").format(none), sql.SQL("FALSE").format()
    else:
        facts, where = sql.SQL("{}").format(reviewed(place.consents_sql)), sql.SQL("TRUE").format()
        if isinstance(place, MappedPlace):
            where = sql.SQL("f.bucket = %(bucket)s {}").format(only_keys(by_key))
        elif by_key:
            where = only_ids(columns)
    return sql.SQL(
        "SELECT f.item_id::text AS item_id, {arrays} FROM ({facts}\n) AS f WHERE {where} GROUP BY f.item_id"
    ).format(arrays=arrays, facts=facts, where=where)


# Until when all parties' consents exempt an item; NULL where one of them never did. A withdrawal ends all that the party had
# consented to until then, whichever record it is written on.
_EXEMPT_UNTIL = sql.SQL(
    "CASE WHEN consent.item_id IS NOT NULL THEN ("
    "SELECT CASE WHEN count(until) = cardinality(clocked.parties) THEN greatest(min(until), %(first_day)s) END FROM ("
    "SELECT max(least(said.ends_at, said.withdrawn_at, "
    "(SELECT min(w.at) FROM unnest(consent.party, consent.scope, consent.withdrawn_at) AS w (party, scope, at) "
    "WHERE w.party = said.party AND w.scope = said.scope AND w.at >= said.given_at), "
    "greatest(said.given_at, CASE WHEN said.reviewed_at <= %(latest)s THEN said.reviewed_at END) "
    "+ clocked.valid_for_s * interval '1 second')) "
    "FILTER (WHERE said.given_at < clocked.clock_due_at AND said.recorded_at < clocked.clock_due_at "
    "AND said.given_at <= %(latest)s AND said.recorded_at <= %(latest)s) AS until "
    "FROM unnest({columns}) AS said ({names}) "
    "WHERE said.party = ANY(clocked.parties) AND said.scope = clocked.scope "
    "GROUP BY said.party) AS by_party) END"
).format(
    columns=sql.SQL(", ").join(sql.Identifier("consent", name) for name in _COLUMNS),
    names=sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)),
)


def holds_parameters(holds: Sequence[Hold], place: AnyPlace, rule: RetentionRule, now: datetime) -> dict[str, Any]:
    """The holds that may matter for this place, as the JSON that the step `hold` reads, and the ids that they name, for a quick
    look beforehand; `holds_any` where one of them names no id."""
    concerning = [hold for hold in holds if _concerns(hold, place, rule, now)]
    return {
        "holds": json.dumps([_hold(hold, now) for hold in concerning]),
        "held_tenants": [hold.tenant_id for hold in concerning if hold.tenant_id is not None],
        "held_persons": [hold.person_id for hold in concerning if hold.person_id is not None],
        "held_items": [hold.item_id for hold in concerning if hold.item_id is not None],
        "holds_any": any(hold.tenant_id is hold.person_id is hold.item_id is None for hold in concerning),
    }


def _concerns(hold: Hold, place: AnyPlace, rule: RetentionRule, now: datetime) -> bool:
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


HOLDS = sql.SQL(
    "SELECT * FROM jsonb_to_recordset(%(holds)s::jsonb) AS h (hold_id text, active boolean, until timestamptz, "
    "tenant_id text, person_id text, held_item_id text, started_from timestamptz, started_before timestamptz, "
    "by_category boolean) "
    "WHERE by_category OR num_nonnulls(tenant_id, person_id, held_item_id, started_from, started_before) > 0"
)


# Whether any hold can matter to an item. It keeps the list from being gone through for each item of a large place.
_MAY_BE_HELD = sql.SQL(
    "(%(holds_any)s OR clocked.tenant_id IS NULL OR NOT {person_known} "
    "OR clocked.tenant_id = ANY(%(held_tenants)s) OR clocked.key_tenant = ANY(%(held_tenants)s) "
    "OR clocked.person_id = ANY(%(held_persons)s) "
    "OR {is_named})"
)


def protected(columns: FactColumns) -> sql.Composed:
    """Holds and consents per item. Where an item lacks what a scope asks for, it may be in it, and is held; of two tenants,
    one in the row and one in the key, a hold on either counts.

    The same as retention.policy.holds.covers; a guessed start may lie in any period.
    """
    # DISTINCT tells PostgreSQL what it can't know of a step: there is one row at most for each item.
    return sql.SQL(
        "SELECT clocked.*, {exempt_until} AS exempt_until, {hold_ids} AS hold_ids, {hold_ended_at} AS hold_ended_at, "
        "clocked.duties AND {duty} AS has_duty, "
        "CASE WHEN clocked.duties AND {duty} THEN {duty_until} END AS duty_ends_at, "
        "coalesce(clocked.asked_due_at <= %(as_of)s, FALSE) AS was_asked "
        "FROM clocked LEFT JOIN (SELECT DISTINCT ON (item_id) * FROM consent) AS consent "
        "ON consent.item_id = clocked.item_id"
    ).format(
        exempt_until=_EXEMPT_UNTIL,
        hold_ids=_of_holds("array_agg(hold.hold_id ORDER BY hold.hold_id) FILTER (WHERE hold.active)", columns),
        hold_ended_at=_of_holds("max(hold.until) FILTER (WHERE NOT hold.active)", columns),
        duty=columns.duty(),
        duty_until=columns.duty_until(),
    )


def _of_holds(aggregate: LiteralString, columns: FactColumns) -> sql.Composed:
    """An aggregate over the holds whose scope the item is in. CASE, so that it costs nothing for all the others."""
    names = [sql.Identifier("clocked", name) for name in columns.names]
    is_named = sql.SQL(" OR ").join(sql.SQL("{} = ANY(%(held_items)s)").format(name) for name in names)
    return sql.SQL(
        "CASE WHEN {may_be_held} THEN (SELECT {aggregate} FROM hold "
        "WHERE (hold.tenant_id IS NULL OR clocked.tenant_id IS NULL "
        "OR hold.tenant_id IN (clocked.tenant_id, clocked.key_tenant)) "
        "AND (hold.person_id IS NULL OR NOT {person_known} OR hold.person_id = clocked.person_id) "
        "AND (hold.held_item_id IS NULL OR hold.held_item_id IN ({names})) "
        "AND (hold.started_from IS NULL OR clocked.redated OR clocked.arose_at >= hold.started_from) "
        "AND (hold.started_before IS NULL OR clocked.redated OR clocked.arose_at < hold.started_before)) END"
    ).format(
        aggregate=sql.SQL(aggregate),
        may_be_held=_MAY_BE_HELD.format(person_known=columns.person_known(), is_named=is_named),
        names=sql.SQL(", ").join(names),
        person_known=columns.person_known(),
    )


KEPT_BY_DUTY = sql.SQL("has_duty AND (duty_ends_at IS NULL OR %(now)s < duty_ends_at)")
"""A duty without an end goes on."""

# An item is due when the last protection that had kept it ended, and overdue the release latency after that. What customer or
# person decided waits for no consent's end, and where we are the processor for no hold's; an item that one of these kept until
# then has the dates of that decision alone.
RELEASED = sql.SQL(
    "SELECT protected.*, CASE WHEN k.until_asked THEN asked_trigger ELSE trigger_event END AS trigger, "
    "CASE WHEN k.until_asked THEN a.due_at ELSE least(greatest(clock_due_at, released_at), a.due_at) END AS due_at, "
    "CASE WHEN k.until_asked THEN a.deadline_at ELSE "
    "least(greatest(clock_deadline_at, released_at + %(release_s)s * interval '1 second'), a.deadline_at) END AS deadline_at "
    "FROM protected "
    "CROSS JOIN LATERAL (SELECT CASE WHEN duty_ends_at <= %(now)s THEN duty_ends_at END AS duty_ended_at) AS d "
    "CROSS JOIN LATERAL (SELECT greatest(hold_ended_at, duty_ended_at, "
    "CASE WHEN exempt_until <= %(now)s THEN exempt_until END) AS released_at, "
    "greatest(duty_ended_at, CASE WHEN NOT %(is_processor)s THEN hold_ended_at END) AS asked_released_at) AS r "
    "CROSS JOIN LATERAL (SELECT "
    "CASE WHEN asked_due_at IS NOT NULL THEN greatest(asked_due_at, asked_released_at) END AS due_at, "
    "CASE WHEN asked_deadline_at IS NOT NULL THEN "
    "greatest(asked_deadline_at, asked_released_at + %(release_s)s * interval '1 second') END AS deadline_at) AS a "
    "CROSS JOIN LATERAL (SELECT was_asked AND ((%(is_processor)s AND hold_ids IS NOT NULL) "
    "OR coalesce(%(now)s < exempt_until, FALSE)) AS until_asked) AS k"
)
