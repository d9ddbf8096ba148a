"""How much headroom the checks of the last days saw, by category."""

from __future__ import annotations

from datetime import datetime, timedelta

from retention.database import OwnConnection
from retention.policy.periods import BERLIN
from retention.reports.disposals import DAYS_SHOWN
from retention.reports.document import DayRoom

_SMALLEST = """
SELECT (as_of AT TIME ZONE 'Europe/Berlin')::date AS day,
    min((summary #>> ARRAY['headroom', %(category)s, 'headroom_s'])::numeric) AS room
FROM retention.check_runs
WHERE is_proof AND finished_at IS NOT NULL AND started_at <= %(until)s AND %(category)s = ANY(categories)
AND started_at >= (%(first)s::date)::timestamp AT TIME ZONE 'Europe/Berlin'
GROUP BY 1
"""


def headroom_per_day(own: OwnConnection, category: str, until: datetime) -> tuple[DayRoom, ...]:
    """The last 30 calendar days in Berlin, today included. A day that nobody checked, or without a deadline, has None."""
    last = until.astimezone(BERLIN).date()
    days = [last - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1)]
    rows = own.execute(_SMALLEST, {"category": category, "until": until, "first": days[0]})
    seen = {row["day"]: int(row["room"]) for row in rows if row["room"] is not None}
    return tuple(DayRoom(day, seen.get(day)) for day in days)
