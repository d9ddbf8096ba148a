"""How far a check has come, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable

from retention.database import OwnConnection
from retention.verification.place_check import Progress

_LAST_READ = """
SELECT (summary #>> '{counts,parts}')::bigint + (summary #>> '{counts,rows}')::bigint AS read
FROM retention.check_runs
WHERE finished_at IS NOT NULL
ORDER BY started_at DESC
LIMIT 1
"""


def counting(own: OwnConnection, progress: Callable[[int, int], None] | None) -> Progress:
    """Adds up what was read. How much there is nobody knows before the end, so the last check's number stands in."""
    if progress is None:
        return lambda _more: None
    last = own.execute(_LAST_READ).fetchone()
    expected, done = int(last["read"] or 0) if last is not None else 0, 0

    def add(more: int) -> None:
        nonlocal done
        done += more
        progress(done, max(done, expected))

    return add
