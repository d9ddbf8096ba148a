"""What disposal recorded in our own database: runs, latencies, deletions per day, modes and holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from retention.database import OwnConnection
from retention.evidence.holds import read_holds
from retention.policy.facts import Hold
from retention.policy.holds import holds_until, is_in_force
from retention.policy.periods import BERLIN
from retention.reports.document import DayCount, DisposalRun, HoldInForce, Latency

DAYS_SHOWN = 30
_SCOPE = ("category", "tenant_id", "person_id", "place", "item_id", "started_from", "started_before")


def last_runs(own: OwnConnection, category: str) -> tuple[DisposalRun, ...]:
    """Per coverage (tables, full listing): the newest plan, the newest executed one, and the newest executed one under which
    something was due, because an idle hour must not hide the last run that mattered. Newest first.
    """
    rows = own.execute(
        "WITH planned AS (SELECT *, state <> 'ready' OR result IS NOT NULL AS executed FROM retention.plans "
        "WHERE category = %s AND state NOT IN ('planning', 'abandoned')), "
        "ranked AS (SELECT *, row_number() OVER (PARTITION BY coverage ORDER BY planned_at DESC) AS by_age, "
        "row_number() OVER (PARTITION BY coverage, executed ORDER BY planned_at DESC) AS by_execution, "
        "row_number() OVER (PARTITION BY coverage, executed, due > 0 ORDER BY planned_at DESC) AS by_work FROM planned) "
        "SELECT * FROM ranked WHERE by_age = 1 OR (executed AND by_execution = 1) "
        "OR (executed AND due > 0 AND by_work = 1) ORDER BY planned_at DESC",
        (category,),
    ).fetchall()
    return tuple(_run(own, row) for row in rows)


def _run(own: OwnConnection, plan: Mapping[str, Any]) -> DisposalRun:
    gone, on_recovery = _gone(own, plan["plan_id"])
    result = plan["result"]
    return DisposalRun(
        plan_id=plan["plan_id"],
        coverage=plan["coverage"],
        as_of=plan["as_of"],
        mode=plan["mode"],
        state=plan["state"],
        digest=plan["digest"],
        considered=plan["considered"],
        due=plan["due"],
        due_by_reason=_due_by_reason(own, plan["plan_id"]),
        gone=gone,
        gone_on_recovery=on_recovery,
        spared=dict(sorted(result["spared"].items())) if result else None,
        failed=result["failed"] if result else None,
        kept_by_reason=dict(sorted(plan["kept_by_reason"].items())),
        undated=plan["undated"],
        fallback=plan["fallback"],
        blocked_reason=plan["blocked_reason"],
        breaches_at=plan["breaches_at"] if plan["state"] != "done" else None,
    )


def _gone(own: OwnConnection, plan_id: UUID) -> tuple[int, int]:
    """Items that went under a plan, and how many of them were only found gone after an interruption."""
    row = own.execute(
        "SELECT count(*) AS gone, count(*) FILTER (WHERE outcome = 'gone_confirmed_on_recovery') AS on_recovery "
        "FROM retention.disposed_items WHERE plan_id = %s",
        (plan_id,),
    ).fetchone()
    return (int(row["gone"]), int(row["on_recovery"])) if row else (0, 0)


def _due_by_reason(own: OwnConnection, plan_id: UUID) -> dict[str, int] | None:
    """Known only while the plan's items live; an executed or expired plan has none left."""
    rows = own.execute(
        "SELECT reason, count(*) AS items FROM retention.plan_items WHERE plan_id = %s GROUP BY reason ORDER BY reason",
        (plan_id,),
    ).fetchall()
    return {row["reason"]: row["items"] for row in rows} or None


def next_due_at(own: OwnConnection, category: str) -> datetime | None:
    """When the next item falls due, as the newest plan by the tables saw it; None where nobody looked."""
    row = own.execute(
        "SELECT next_due_at FROM retention.plans WHERE category = %s AND coverage = 'rows' AND state <> 'planning' "
        "ORDER BY planned_at DESC LIMIT 1",
        (category,),
    ).fetchone()
    due_at: datetime | None = row["next_due_at"] if row else None
    return due_at


def latency(own: OwnConnection, category: str, until: datetime, window_days: int) -> Latency:
    """p50 and p99 of `gone_at − trigger_at` over what went in the `window_days` × 24 h before `until`."""
    row = own.execute(
        "SELECT count(*) AS items, "
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM gone_at - trigger_at)) AS p50_s, "
        "percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM gone_at - trigger_at)) AS p99_s "
        "FROM retention.disposed_items WHERE category = %s AND gone_at > %s AND gone_at <= %s",
        (category, until - timedelta(days=window_days), until),
    ).fetchone()
    if row is None or row["items"] == 0:
        return Latency(window_days, 0, None, None)
    return Latency(window_days, row["items"], float(row["p50_s"]), float(row["p99_s"]))


def deletions_per_day(own: OwnConnection, category: str, until: datetime) -> tuple[DayCount, ...]:
    """The last 30 calendar days in Berlin, today included. Days before the category's first plan are not known, not zero."""
    last = until.astimezone(BERLIN).date()
    days = [last - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1)]
    first = _first_recorded_day(own, category)
    rows = own.execute(
        "SELECT (gone_at AT TIME ZONE 'Europe/Berlin')::date AS day, count(*) AS gone FROM retention.disposed_items "
        "WHERE category = %s AND gone_at >= (%s::date)::timestamp AT TIME ZONE 'Europe/Berlin' AND gone_at <= %s GROUP BY 1",
        (category, days[0], until),
    )
    gone = {row["day"]: row["gone"] for row in rows}
    return tuple(DayCount(day, gone.get(day, 0 if first is not None and day >= first else None)) for day in days)


def _first_recorded_day(own: OwnConnection, category: str) -> date | None:
    row = own.execute(
        "SELECT (min(planned_at) AT TIME ZONE 'Europe/Berlin')::date AS day FROM retention.plans WHERE category = %s",
        (category,),
    ).fetchone()
    day: date | None = row["day"] if row else None
    return day


def holds_in_force(
    own: OwnConnection, category: str, now: datetime, check_run_id: UUID | None
) -> tuple[HoldInForce, ...]:
    """Holds that hold now and may concern the category, with the number of items that the check saw under each."""
    seen = _items_by_hold(own, check_run_id)
    return tuple(
        _hold(hold, seen)
        for hold in sorted(read_holds(own), key=lambda hold: (hold.effective_at, hold.hold_id))
        if is_in_force(hold, now) and hold.category in (None, category)
    )


def _hold(hold: Hold, seen: Mapping[str, int] | None) -> HoldInForce:
    return HoldInForce(
        hold_id=hold.hold_id,
        scope=tuple(name for name in _SCOPE if getattr(hold, name) is not None),
        effective_at=hold.effective_at,
        until=holds_until(hold),
        for_review=hold.ends_at is None and hold.ended_at is None,
        items=seen[hold.hold_id] if seen is not None else None,
    )


def _items_by_hold(own: OwnConnection, check_run_id: UUID | None) -> Mapping[str, int] | None:
    """None where no check has looked, and for any but the newest one: only its list of protected items is kept."""
    newest = own.execute(
        "SELECT check_run_id FROM retention.check_runs WHERE finished_at IS NOT NULL AND is_proof "
        "ORDER BY started_at DESC LIMIT 1"
    ).fetchone()
    if check_run_id is None or newest is None or newest["check_run_id"] != check_run_id:
        return None
    rows = own.execute(
        "SELECT hold_id::text, count(DISTINCT item_hash) AS items FROM retention.protected_items, unnest(hold_ids) AS hold_id "
        "WHERE check_run_id = %s AND missing_since IS NULL GROUP BY hold_id",
        (check_run_id,),
    )
    return defaultdict(int, {row["hold_id"]: row["items"] for row in rows})
