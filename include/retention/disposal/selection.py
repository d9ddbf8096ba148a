"""A rule compiled to SQL: status, reason and dates of every item of a place, decided where the items are.

It says the same as `retention.policy.decide`, for sets; a property test on a real PostgreSQL holds the two equal. The data
map's SQL files are reviewed code and are embedded as they stand; everything else is a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from psycopg import sql

from retention.arrays import text_array
from retention.datamap.loader import MappedPlace, RowPlace
from retention.disposal import purged as purges
from retention.disposal import replayed as replays
from retention.disposal.clock_sql import clocked, dated, happened, terms_of
from retention.disposal.fact_columns import FactColumns
from retention.disposal.item_sql import objects_of, rows_of
from retention.disposal.protections import (
    HOLDS,
    KEPT_BY_DUTY,
    RELEASED,
    consents,
    holds_parameters,
    protected,
)
from retention.policy.decide import CONTRADICTION_TOLERANCE, EARLIEST, NEVER
from retention.policy.facts import WAITS, Hold, Status
from retention.policy.model import RetentionRule, Terms

_ONCE = ("protected", "released", "decided")
"""Steps that PostgreSQL must not copy into every place that names one of their columns (`OFFSET 0`): it would evaluate, and plan,
the same expression many times over for each item."""
_FIRST_DAY = datetime(1, 1, 2, tzinfo=UTC)
"""PostgreSQL knows `-infinity` and days before Christ, Python doesn't."""
AMBIGUOUS = "ambiguous"
"""The reason of items that share their id or object with others: which of them says the truth, nobody knows."""
_IN_DOUBT = sql.SQL("(is_in_doubt AND %(as_of)s < due_at)")
"""Only a time that can't be one says that some event happened, and nothing else makes the item due."""
DISPOSABLE = "status IN ('due', 'overdue')"


def is_disposable(row: Mapping[str, Any]) -> bool:
    """The same as `DISPOSABLE`, of a decided row that has been read."""
    return row["status"] in (Status.DUE, Status.OVERDUE)


PLANNED = f"({DISPOSABLE} OR reason = 'waits')"
"""What is planned: a row that only waits for another is due as soon as that has gone, which may be in the same run."""


def is_planned(row: Mapping[str, Any]) -> bool:
    """The same as `PLANNED`, of a decided row that has been read."""
    return is_disposable(row) or row["reason"] == WAITS


def is_deadline_known(row: Mapping[str, Any], as_of: datetime) -> bool:
    """Whether a decided row's deadline is what it says. Not of one that waits, nor once it has passed of one that is merely due:
    something may have kept it until lately, and when that ended nobody says."""
    if row["deadline_at"] is None or row["deadline_at"] >= NEVER or row["reason"] in (WAITS, "restriction"):
        return False
    return bool(row["status"] != Status.DUE or row["deadline_at"] >= as_of)


DEADLINE_KNOWN = (
    "reason NOT IN ('waits', 'restriction') AND (status <> 'due' OR deadline_at >= %(as_of)s) "
    "AND deadline_at < %(never)s"
)
"""The same as `is_deadline_known`, of a decided row with a deadline."""


class Manner(Enum):
    """By what items are due: their rule, a replay list, a person who asked."""

    RULE = "rule"
    REPLAY = "replay"
    PURGE = "purge"


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
    suppressed: Mapping[str, Sequence[datetime]] | None = None,
    replayed: Mapping[str, datetime] | None = None,
    purge: purges.PurgeScope | None = None,
) -> Selection:
    """Compile the rule for one place; `keys` restricts it to the items with these objects or ids (None: the whole place).

    An empty `keys` selects nothing. `now` is when holds and consents are read, `as_of` decides what is due. `stored` is what the
    store says about the age of objects, by key: evidence beside that of the rows and keys. `suppressed` says since when a
    row's identifiers have been on the suppression list, by the row's id. `replayed` (None: no replay) says of items, by their
    ids, when they went before a restore brought them back: then these alone are decided, by `retention.disposal.replayed`.
    `purge` is what a person asked for: then all are decided by `retention.disposal.purged`.
    """
    now = max(as_of, now)
    manner = Manner.PURGE if purge is not None else Manner.REPLAY if replayed is not None else Manner.RULE
    written = _written(place, rule, columns, as_of, by_key=keys is not None, manner=manner)
    changing: dict[str, Any] = {
        "keys": text_array(keys) if keys is not None else None,
        "suppressed_ids": [item_id for item_id, listed in (suppressed or {}).items() for _ in listed],
        "suppressed_at": [at for listed in (suppressed or {}).values() for at in listed],
        "now": now,
        "latest": rule.latest(now),
        "stored_keys": list(stored or ()),
        "stored_at": list((stored or {}).values()),
        "replayed_ids": list(replayed or ()),
        "replayed_at": list((replayed or {}).values()),
    } | purges.parameters_of(purge)
    return Selection(written.decided, written.parameters | changing | holds_parameters(holds, place, rule, now))


def _written(
    place: RowPlace, rule: RetentionRule, columns: FactColumns, as_of: datetime, *, by_key: bool, manner: Manner
) -> Selection:
    """The statement, with the parameters that stay the same. Remembered with the columns: every batch of a run asks the same."""
    key = (as_of, by_key, manner)
    remembered = columns.selections.get(key)
    if remembered is None or remembered[0] is not place or remembered[1] is not rule:
        written = _write(place, rule, columns, as_of, by_key=by_key, manner=manner)
        remembered = columns.selections[key] = place, rule, written
    selection: Selection = remembered[2]
    return selection


def _write(
    place: RowPlace, rule: RetentionRule, columns: FactColumns, as_of: datetime, *, by_key: bool, manner: Manner
) -> Selection:
    parameters: dict[str, Any] = {
        "is_processor": place.spec.role == "processor",
        "as_of": as_of,
        "earliest": EARLIEST,
        "never": NEVER,
        "first_day": _FIRST_DAY,
        "tolerance_s": CONTRADICTION_TOLERANCE.total_seconds(),
        "release_s": rule.release_latency.total_seconds(),
    }
    terms = rule.terms(as_of)
    items = (
        objects_of(place, columns, parameters, by_key=by_key)
        if isinstance(place, MappedPlace)
        else rows_of(place, rule, columns, parameters, by_key=by_key)
    )
    steps = [
        ("item", items),
        ("dated", dated(rule)),
        ("terms", terms_of(rule, as_of, parameters)),
        ("happened", happened(rule, terms, columns)),
        ("clocked", clocked(rule)),
        ("consent", consents(place, columns, by_key=by_key)),
        ("hold", HOLDS),
        ("protected", protected(columns)),
        ("released", RELEASED),
        *_by_manner(manner, rule, terms, columns, parameters),
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
    return Selection(sql.Composed([sql.SQL(decided.as_string())]), parameters)


def _by_manner(
    manner: Manner, rule: RetentionRule, terms: Sequence[Terms], columns: FactColumns, parameters: dict[str, Any]
) -> list[tuple[str, sql.Composed]]:
    """The last steps, which say what is due."""
    if manner is Manner.REPLAY:
        replayed = replays.replayed(rule, columns, parameters)
        return [("replayed", replayed), ("decided", _replayed(terms, columns, parameters))]
    if manner is Manner.PURGE:
        return [("purged", purges.purged(columns)), ("decided", _purged(terms, columns, parameters))]
    return [("decided", _decided(rule, terms, columns, parameters))]


def _decided(
    rule: RetentionRule, terms: Sequence[Terms], columns: FactColumns, parameters: dict[str, Any]
) -> sql.Composed:
    """Status and reason, in the order of precedence."""
    undated = sql.SQL("clock_due_at IS NULL") if rule.goes_by_age else sql.SQL("clock_due_at IS NULL AND any_event")
    by_minimum = _minimum(terms, columns, parameters)
    ladder: replays.Ladder = [
        (undated, "retain", sql.Literal("undated")),
        (sql.SQL("clock_due_at IS NULL"), "retain", sql.Literal("no_event")),
        (_IN_DOUBT, "retain", sql.Literal("undated")),
        (sql.SQL("%(as_of)s < due_at"), "retain", sql.Literal("not_due")),
        (sql.SQL("twins > 1"), "retain", sql.Literal(AMBIGUOUS)),
        (by_minimum, "kept_by_minimum", sql.Literal("statutory_minimum")),
        (KEPT_BY_DUTY, "kept_by_minimum", sql.Literal("statutory_duty")),
        (sql.SQL("hold_ids IS NOT NULL AND NOT (%(is_processor)s AND was_asked)"), "held", sql.Literal("legal_hold")),
        (columns.restricted(), "restricted", sql.Literal("restriction")),
        (sql.SQL("%(now)s < exempt_until AND NOT was_asked"), "exempt", sql.Literal("consent")),
        (columns.waits(), "retain", sql.Literal(WAITS)),
        (
            sql.SQL("%(as_of)s > deadline_at" if not columns.may_have_been_kept else "FALSE"),
            "overdue",
            sql.SQL("trigger"),
        ),
        (sql.SQL("TRUE"), "due", sql.SQL("trigger")),
    ]
    due_at, deadline_at = (
        sql.SQL("CASE WHEN clock_due_at IS NOT NULL THEN {} END").format(sql.Identifier(name))
        for name in ("due_at", "deadline_at")
    )
    no_date = sql.SQL("{} OR {}").format(undated, _IN_DOUBT)
    return _told("released", ladder, columns, by_minimum, due_at=due_at, deadline_at=deadline_at, undated=no_date)


def _replayed(terms: Sequence[Terms], columns: FactColumns, parameters: dict[str, Any]) -> sql.Composed:
    """The same of what a replay list names: due since it went."""
    by_minimum = _minimum(terms, columns, parameters)
    ladder = replays.ladder(columns, by_minimum, KEPT_BY_DUTY, AMBIGUOUS)
    gone_at = replays.GONE_AT
    return _told("replayed", ladder, columns, by_minimum, due_at=gone_at, deadline_at=gone_at, undated=replays.NO_DATE)


def _purged(terms: Sequence[Terms], columns: FactColumns, parameters: dict[str, Any]) -> sql.Composed:
    """The same of what a person asked for: due since then, if its rule doesn't say earlier."""
    by_minimum = _minimum(terms, columns, parameters)
    ladder = purges.ladder(columns, by_minimum, KEPT_BY_DUTY, AMBIGUOUS)
    return _told(
        "purged",
        ladder,
        columns,
        by_minimum,
        due_at=purges.DUE_AT,
        deadline_at=purges.DEADLINE_AT,
        undated=purges.NO_DATE,
    )


def _told(
    step: str,
    ladder: replays.Ladder,
    columns: FactColumns,
    by_minimum: sql.Composable,
    *,
    due_at: sql.Composable,
    deadline_at: sql.Composable,
    undated: sql.Composable,
) -> sql.Composed:
    statuses = sql.SQL(" ").join(sql.SQL("WHEN {} THEN {}").format(when, sql.Literal(then)) for when, then, _ in ladder)
    reasons = sql.SQL(" ").join(sql.SQL("WHEN {} THEN {}").format(when, reason) for when, _, reason in ladder)
    return sql.SQL(
        "SELECT item_id, object_key, tenant_id, key_tenant, key_day, person_id, arose_at, seen_at AS evidence_at, "
        "{due_at} AS due_at, {deadline_at} AS deadline_at, "
        "coalesce(hold_ids, '{{}}') AS hold_ids, CASE WHEN isfinite(exempt_until) THEN exempt_until END AS exempt_until, "
        "withdrawn_at, withdrawn_undated, "
        "CASE WHEN {undated} THEN 'undated' WHEN rests_on_fallback THEN 'fallback' "
        "ELSE 'start_point' END AS basis, "
        "{restricted} AS restricted, coalesce({by_minimum}, FALSE) OR coalesce({by_duty}, FALSE) AS kept_by_minimum, "
        "CASE {statuses} END AS status, CASE {reasons} END AS reason FROM {step}"
    ).format(
        step=sql.Identifier(step),
        due_at=due_at,
        deadline_at=deadline_at,
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
