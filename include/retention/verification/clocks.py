"""Whether the clocks that a check rests on agree: this machine's, our own database's, and those of every store and source.

Deadlines are judged by our own database's clock, as holds and the ledger are dated by it. A single clock can be wrong, and would
call overdue what is not, or the other way round, without anybody noticing; a source's dates what its rows say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from retention.database import OwnConnection, database_time

APART = timedelta(minutes=10)
"""Clocks that differ by more don't tell the same time. Rows are given as much (dates.sql)."""

_FROM_THE_FUTURE = """
SELECT count(*) AS runs
FROM retention.check_runs
WHERE started_at > clock_timestamp() + CAST(%s AS interval)
"""


class Clocks:
    """How far each clock is ahead of this machine's."""

    def __init__(self, own: OwnConnection) -> None:
        self._own = own
        self._ahead = {"this_machine": timedelta(0)}
        self.note("own_database", self.now())

    def now(self) -> datetime:
        """The time by our own database."""
        return database_time(self._own).astimezone(UTC)

    def note(self, name: str, now: datetime | None) -> None:
        """What a clock says just now; None where it says nothing."""
        if now is not None:
            self._ahead[name] = now - datetime.now(UTC)

    @property
    def looked_at(self) -> int:
        """How many clocks there are."""
        return len(self._ahead)

    def troubles(self) -> dict[str, int]:
        """The clocks that most others contradict, and whether any check is recorded that is yet to come."""
        found = {name: 1 for name in self._ahead if self._is_contradicted(name)}
        row = self._own.execute(_FROM_THE_FUTURE, (APART,)).fetchone()
        runs = int(row["runs"]) if row is not None else 0
        return found | ({"check_of_the_future": runs} if runs else {})

    def _is_contradicted(self, name: str) -> bool:
        others = [ahead for other, ahead in self._ahead.items() if other != name]
        apart = sum(abs(ahead - self._ahead[name]) > APART for ahead in others)
        return 2 * apart > len(others)


def clock_of(answer: Mapping[str, Any]) -> datetime | None:
    """The time by a store: the Date of its answer; None where it gives none that can be read."""
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        at = parsedate_to_datetime(str(said))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
