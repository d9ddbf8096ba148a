"""What a hold covered of partitions, day by day, and is there no more: in SQL, each statement about one place since one check.

A table is known by its number, whatever it is called. Of what went from it, the hold misses nothing where all that it covers has
as many records of that day as then: partition managers move rows into new tables, and a restored table is another one. Where the
hold means another table by now, what it meant stands unprotected, whoever else has as many.
"""

from __future__ import annotations

from datetime import datetime

from retention.verification.clocks import APART
from retention.verification.memory import last_check_of
from retention.verification.place_check import PlaceCheck

# How much there was under each hold on each day, all tables together, when it was last whole, and of which of these days there is
# less now, without what came since the last check; where the oldest record went, something is missing anyway.
_LESS = """
WITH last AS (
    SELECT * FROM retention.protected_items WHERE check_run_id = %s AND place = %s AND day IS NOT NULL
),

seen AS (
    SELECT hold_ids, day, max(day_extent) AS extent, min(arose_at) AS oldest_at FROM last GROUP BY hold_ids, day
),

found AS (
    SELECT sure_hold_ids, day, sum(coalesce(extent_then, extent)) AS extent, min(clock_at) AS oldest_at
    FROM {entries}
    WHERE entry = 'held' AND place IN (SELECT place FROM last)
    GROUP BY sure_hold_ids, day
),

less AS (
    SELECT
        seen.hold_ids,
        seen.day,
        greatest(seen.extent - coalesce(found.extent, 0), 1) AS lacks
    FROM seen
    LEFT JOIN found ON seen.hold_ids = found.sure_hold_ids AND seen.day = found.day
    WHERE coalesce(found.extent < seen.extent OR found.oldest_at > seen.oldest_at, TRUE)
)
"""

GONE_DAYS = """
{less}
SELECT
    p.item_hash, p.part_hash, p.hold_ids, p.consent_ids, p.duty_until, p.tenant_id, p.arose_at, p.missing_since, p.is_restricted
FROM last AS p
LEFT JOIN {entries} AS e ON p.place = e.place AND p.part_hash = e.part_hash AND e.entry = 'held'
LEFT JOIN less ON p.hold_ids = less.hold_ids AND p.day = less.day
WHERE
    (p.missing_since IS NOT NULL OR %s)
    AND CASE WHEN e.entry_no IS NULL THEN less.day IS NOT NULL ELSE e.sure_hold_ids <> p.hold_ids END
""".replace("{less}", _LESS)

# What is lacking of the day is remembered with all its tables, and which of them have less themselves.
FEWER_OF_A_DAY = """
{less}
UPDATE {entries} AS e
SET
    day_lacks = less.lacks,
    extent_before = (
        SELECT e.extent + greatest(p.extent - coalesce(e.extent_then, e.extent), 1)
        FROM last AS p
        WHERE p.part_hash = e.part_hash AND (coalesce(e.extent_then, e.extent) < p.extent OR e.clock_at > p.arose_at)
    )
FROM less
WHERE e.entry = 'held' AND e.place IN (SELECT place FROM last) AND e.sure_hold_ids = less.hold_ids AND e.day = less.day
""".replace("{less}", _LESS)

# An older version remembered partitions with all their days.
KNOWN_OTHERWISE = """
SELECT 1
FROM retention.protected_items
WHERE check_run_id = %s AND place = %s AND day IS NULL AND extent IS NOT NULL AND missing_since IS NULL
LIMIT 1
"""

_COUNTED_TO = """
SELECT max(counted_to) AS counted_to
FROM retention.protected_items
WHERE check_run_id = %s AND place = %s
"""


def counted_before(check: PlaceCheck) -> datetime | None:
    """The instant up to which the last check counted the place's records; None before the first. An older version counted all
    that were there, some dated ahead by as much as clocks differ."""
    own = check.inventory.own
    last = last_check_of(own, check.name)
    if last is None:
        return None
    found = own.execute(_COUNTED_TO, (last.check_run_id, check.name)).fetchone()
    assert found is not None  # an aggregate always gives one row
    known: datetime | None = found["counted_to"]
    return known if known is not None else last.finished_at + APART
