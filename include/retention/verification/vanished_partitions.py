"""What a hold covered of a partition (`p`, as the last check remembers it) and stands elsewhere by now. Conditions in SQL."""

from __future__ import annotations

# Under another name it has all its records still. And where nobody can say any more what a hold covered of one, what it began
# with is there.
RENAMED = """
    EXISTS (
        SELECT 1
        FROM {entries} AS e
        WHERE
            e.place = p.place
            AND least(e.clock_at, e.evidence_at) = p.arose_at
            AND CASE e.entry
                WHEN 'held' THEN coalesce(e.extent_then, e.extent) >= p.extent
                WHEN 'partition' THEN e.item_hash = p.item_hash
            END
    )
"""

# Partition managers move rows from the default partition into new ones: no check has seen those, and they begin before the last
# check. NULL: there are none.
MOVED = """
    (
        SELECT sum(coalesce(n.extent_then, n.extent))
        FROM {entries} AS n
        INNER JOIN retention.check_runs AS r ON p.check_run_id = r.check_run_id
        WHERE
            n.place = p.place
            AND n.entry = 'held'
            AND n.sure_hold_ids && p.hold_ids
            AND n.clock_at >= p.arose_at
            AND n.clock_at < r.started_at
            AND NOT EXISTS (
                SELECT 1
                FROM retention.protected_items AS k
                WHERE k.check_run_id = p.check_run_id AND k.place = p.place AND k.item_hash = n.item_hash
            )
    )
"""
