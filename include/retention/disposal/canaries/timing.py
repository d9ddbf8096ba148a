"""When a canary is due, by when it must have gone, and how often one is planted, so that it is late before anything real is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from retention.policy.model import RetentionRule, StartPoint
from retention.policy.schedule import room


@dataclass(frozen=True, slots=True)
class Times:
    """The times of one canary. It is due when it is planted (`start_at` lies back so far), or when what keeps it ends."""

    start_at: datetime
    stays_until: datetime
    gone_by: datetime
    breach_at: datetime
    next_by: datetime


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What one start point leaves for canaries: `every` so often one is planted, and so long a hold or consents keep one.

    A run that is not missed takes `run` until an item is gone; a real item has `room`. Half of what lies between is `every`: then
    `every + run < room`, so that a disposal that ends right after it took a canary is noticed by the next before the first
    real item breaks the promise.
    """

    due_after: timedelta
    run: timedelta
    room: timedelta
    every: timedelta
    release: timedelta

    def times(self, now: datetime, *, is_kept: bool) -> Times:
        """The times of a canary that is planted now, and that something keeps for a while, or nothing."""
        due_at = now + self.every if is_kept else now
        promised_at = now + self.room
        return Times(
            start_at=now - self.due_after,
            stays_until=due_at,
            gone_by=due_at + self.run,
            breach_at=max(promised_at, due_at + self.release) if is_kept else promised_at,
            next_by=now + self.every + self.run,
        )


def rhythm_of(rule: RetentionRule, event: str, now: datetime) -> Rhythm | None:
    """The rhythm at this start point of the rule in force; None where it has none or leaves no time to spare."""
    start = _start_point(rule, event, now)
    if start is None:
        return None
    run = rule.schedule.needed(0)
    spare = room(start) - run
    if spare <= timedelta(0):
        return None
    return Rhythm(start.due_after, run, room(start), spare / 2, max(rule.release_latency, run))


def _start_point(rule: RetentionRule, event: str, now: datetime) -> StartPoint | None:
    for version in reversed(rule.in_force(now)):
        return next((start for start in version.start_points if start.event == event and not start.never), None)
    return None
