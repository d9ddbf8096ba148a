"""Whether a source is a replica that is behind: what it shows may have gone since, and what came since it doesn't show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

LAG_ALLOWED = timedelta(minutes=5)
"""Half of what clocks may differ by: a replica that is further behind speaks of another time than the check does."""
REPLICA_LAGS = "ReplicaLags"
"""The code of a place that lies on such a replica; its kind of finding is `replica_lags`."""

# Behind is how old the last replayed commit is, unless all that was received has been replayed and the receiver still runs: then
# the primary has nothing newer. Without a receiver (cut off, or fed from an archive) equal positions say nothing.
LAG = """
SELECT
    CASE
        WHEN NOT pg_catalog.pg_is_in_recovery() THEN interval '0'
        WHEN
            EXISTS (SELECT FROM pg_catalog.pg_stat_get_wal_receiver() AS receiver WHERE receiver.pid IS NOT NULL)
            AND pg_catalog.pg_last_wal_replay_lsn() >= pg_catalog.pg_last_wal_receive_lsn()
            THEN interval '0'
        ELSE pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()
    END AS lag
"""


def behind(ask: Callable[[str], Any]) -> str | None:
    """How far the session's server is behind its primary, in words, where that is more than allowed; None where it isn't.

    `ask` runs a query that gives one row. A replica that can't say how far it is behind is as good as one that is far behind.
    """
    (lag,) = ask(LAG)
    if lag is None:
        return "a replica that has replayed nothing yet"
    if lag <= LAG_ALLOWED:
        return None
    return f"a replica that is {lag.total_seconds():.0f} s behind its primary"
