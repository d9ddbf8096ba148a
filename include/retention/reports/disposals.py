"""What disposal recorded in our own database beside its runs: latencies, deletions per day, and holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from retention.database import OwnConnection
from retention.evidence.holds import read_holds
from retention.policy.facts import Hold
from retention.policy.holds import holds_until, is_in_force
from retention.policy.periods import BERLIN
from retention.reports.document import DayCount, HoldInForce, Latency

DAYS_SHOWN = 30


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


def deletions(own: OwnConnection, category: str, until: datetime) -> tuple[tuple[DayCount, ...], dict[str, int]]:
    """What went on the last 30 calendar days in Berlin, today included: per day, and by the coverage of the run that took it.

    Days before the category's first plan are not known, not zero.
    """
    last = until.astimezone(BERLIN).date()
    days = [last - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1)]
    first = _first_recorded_day(own, category)
    by_day, by_coverage = Counter[date](), Counter[str]()
    for row in own.execute(
        "SELECT (gone_at AT TIME ZONE 'Europe/Berlin')::date AS day, coverage, count(*) AS gone "
        "FROM retention.disposed_items AS item LEFT JOIN retention.plans USING (plan_id) WHERE item.category = %s "
        "AND gone_at >= (%s::date)::timestamp AT TIME ZONE 'Europe/Berlin' AND gone_at <= %s GROUP BY 1, 2",
        (category, days[0], until),
    ):
        by_day[row["day"]] += row["gone"]
        by_coverage[row["coverage"] or "rows"] += row["gone"]
    counts = (DayCount(day, by_day.get(day, 0 if first is not None and day >= first else None)) for day in days)
    return tuple(counts), dict(by_coverage.most_common())


def _first_recorded_day(own: OwnConnection, category: str) -> date | None:
    row = own.execute(
        "SELECT (min(planned_at) AT TIME ZONE 'Europe/Berlin')::date AS day FROM retention.plans WHERE category = %s",
        (category,),
    ).fetchone()
    day: date | None = row["day"] if row else None
    return day


def holds_in_force(
    own: OwnConnection, category: str, places: Sequence[str], now: datetime, check_run_id: UUID | None
) -> tuple[HoldInForce, ...]:
    """Holds that hold now and may concern the category, with the number of items that the check saw under each in its places."""
    seen = _items_by_hold(own, places, check_run_id)
    return tuple(
        _hold(hold, seen)
        for hold in sorted(read_holds(own), key=lambda hold: (hold.effective_at, hold.hold_id))
        if is_in_force(hold, now) and hold.category in (None, category)
    )


def _hold(hold: Hold, seen: Mapping[str, int] | None) -> HoldInForce:
    return HoldInForce(
        hold_id=hold.hold_id,
        scope=tuple(hold.filled()),
        effective_at=hold.effective_at,
        until=holds_until(hold),
        for_review=hold.ends_at is None and hold.ended_at is None,
        items=seen[hold.hold_id] if seen is not None else None,
    )


def _items_by_hold(own: OwnConnection, places: Sequence[str], check_run_id: UUID | None) -> Mapping[str, int] | None:
    """None where no check has looked, and for any but the newest one: only its list of protected items is kept."""
    newest = own.execute(
        "SELECT check_run_id FROM retention.check_runs WHERE finished_at IS NOT NULL AND is_proof "
        "AND started_at <= clock_timestamp() ORDER BY started_at DESC LIMIT 1"
    ).fetchone()
    if check_run_id is None or newest is None or newest["check_run_id"] != check_run_id:
        return None
    rows = own.execute(
        "SELECT hold_id::text, count(DISTINCT item_hash) AS items FROM retention.protected_items, unnest(hold_ids) AS hold_id "
        "WHERE check_run_id = %s AND place = ANY(%s) AND missing_since IS NULL GROUP BY hold_id",
        (check_run_id, list(places)),
    )
    return defaultdict(int, {row["hold_id"]: row["items"] for row in rows})
