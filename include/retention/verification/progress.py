"""How far a check has come, for whoever waits for it, and how long it may go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from retention.database import OwnConnection
from retention.errors import StoreUnreadable
from retention.verification.place_check import Progress

CHECK_WITHIN = timedelta(minutes=100)
"""A check answers for two hours from its beginning (reports/standing.py): one that reads for longer would answer for
nothing. What it has read by then is judged; the rest is unknown. One statement in a source may take 15 minutes more, as may one
of those that judge in our own database."""

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


class OutOfTime(StoreUnreadable):
    """The whole check's time is over, and this was not read to its end."""

    def __init__(self, allowed: timedelta) -> None:
        super().__init__(
            f"the check had read for {allowed.total_seconds() / 60:.0f} min, which is all it may take, before it came to the end "
            "of this; expected all places to be read by then. Look at what takes so long (a missing index, a slow store), or "
            "check fewer categories at once.",
            code="OutOfTime",
        )


def within(allowed: timedelta, count: Progress) -> Progress:
    """`count`, which raises OutOfTime once a check that begins now has gone on for longer than `allowed`."""
    until = time.monotonic() + allowed.total_seconds()

    def add(more: int) -> None:
        if time.monotonic() > until:
            raise OutOfTime(allowed)
        count(more)

    return add
