"""What earlier checks remember: which check read a place last, under which key, and which places have left the map since."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import sql

from retention.database import OwnConnection

DROPPED_PLACES_FOR = "30 days"
"""For so long after it was last read a place that left the map is reported."""

_LAST_READ = """
SELECT check_run_id, hash_key_id, finished_at
FROM retention.check_runs
WHERE places_read ? %s AND finished_at IS NOT NULL AND is_proof AND started_at <= clock_timestamp()
ORDER BY started_at DESC
LIMIT 1
"""

_DROPPED = """
WITH last_read AS (
    SELECT DISTINCT ON (place.name)
        place.name,
        run.check_run_id
    FROM retention.check_runs AS run
    CROSS JOIN LATERAL jsonb_array_elements_text(run.places_read) AS place (name)
    WHERE
        run.finished_at IS NOT NULL
        AND run.is_proof
        AND run.categories && %s
        AND run.started_at BETWEEN clock_timestamp() - CAST(%s AS interval) AND clock_timestamp()
        AND place.name <> ALL(%s)
    ORDER BY place.name, run.started_at DESC
)

SELECT
    last_read.name,
    array_agg(DISTINCT item.item_hash) FILTER (WHERE item.item_hash IS NOT NULL) AS item_hashes
FROM last_read
LEFT JOIN (
    SELECT check_run_id, place, item_hash FROM retention.protected_items
    UNION ALL
    SELECT w.check_run_id, w.place, w.item_hash
    FROM retention.withdrawn_contacts AS w
    WHERE EXISTS (
        SELECT FROM unnest(w.identifiers) AS one (hash)
        WHERE NOT EXISTS (
            SELECT FROM retention.suppression_list AS s WHERE s.hash = one.hash AND s.suppressed_at >= w.withdrawn_at
        )
    )
) AS item ON last_read.check_run_id = item.check_run_id AND last_read.name = item.place
GROUP BY last_read.name
"""


_FORGET = sql.SQL("""
DELETE FROM {table} AS remembered
USING retention.check_runs AS r
WHERE
    remembered.check_run_id = r.check_run_id
    AND remembered.place = %s
    AND r.started_at < clock_timestamp() - interval '2 days'
    AND remembered.check_run_id <> ALL(%s)
""")


class LastCheck(NamedTuple):
    """The last check that read a place to its end. `key_id` is None in one that is older than this column."""

    check_run_id: UUID
    key_id: str | None
    finished_at: datetime

    def is_comparable(self, key_id: str) -> bool:
        """Whether its hashes can be compared with those under this key."""
        return self.key_id in (None, key_id)


def last_check_of(own: OwnConnection, place: str) -> LastCheck | None:
    """The last check that read this place to its end; None before the first. One that is yet to come has read nothing."""
    found = own.execute(_LAST_READ, (place,)).fetchone()
    return LastCheck(found["check_run_id"], found["hash_key_id"], found["finished_at"]) if found is not None else None


def dropped_places(own: OwnConnection, categories: Collection[str], mapped: Collection[str]) -> dict[str, list[bytes]]:
    """Places that checks of these categories read in the last 30 days and the map has no more, with what nobody
    can look for any more: what was protected there, and who had withdrawn and is not wholly on the suppression list."""
    rows = own.execute(_DROPPED, (list(categories), DROPPED_PLACES_FOR, list(mapped))).fetchall()
    return {row["name"]: [bytes(item_hash) for item_hash in row["item_hashes"] or ()] for row in rows}


def forget_older(own: OwnConnection, table: str, place: str, *, keep: Collection[UUID | None]) -> None:
    """Let go of what checks of more than two days ago remembered of the place in this table, but for those to `keep`. It is
    working memory, no evidence: what older checks saw is in no later check's way.
    """
    runs = [run for run in keep if run is not None]
    own.execute(_FORGET.format(table=sql.Identifier("retention", table)), (place, runs))
