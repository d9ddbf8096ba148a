"""When a canary is due, by when it must have gone, and how often one is planted, so that it is late before anything real is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from retention.policy.model import RetentionRule, StartPoint
from retention.policy.schedule import room


@dataclass(frozen=True, slots=True)
class Times:
    """The times of one canary. It is due when it is planted (`start_at` lies back so far), when what keeps it ends, or, in a
    log's partition, in its time. Gone before `stays_until`, it went too early."""

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
    granularity: timedelta = timedelta(0)

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

    def times_in_partition(self, now: datetime, since: datetime, until: datetime) -> Times | None:
        """The times of a record that is logged now, in a partition of `since <= time < until`; None where it could not be late
        before the partition's first record may break the promise.

        It goes with its partition, when that one's end is due. Where that is emptied row by row, it goes by itself, as soon as it
        is due: before that nothing may take it. `run` allows for partitions as wide as the schedule's granularity; of this one
        the end is known.
        """
        gone_by = until + self.due_after + self.run - self.granularity
        breach_at = since + self.due_after + self.room
        if gone_by >= breach_at:
            return None
        return Times(now, now + self.due_after, gone_by, breach_at, now + self.every + self.run)


def rhythm_of(rule: RetentionRule, event: str, now: datetime) -> Rhythm | None:
    """The rhythm at this start point of the rule in force; None where it has none or leaves no time to spare."""
    start = _start_point(rule, event, now)
    if start is None:
        return None
    run = rule.schedule.needed(0)
    spare = room(start) - run
    if spare <= timedelta(0):
        return None
    release = max(rule.release_latency, run)
    return Rhythm(start.due_after, run, room(start), spare / 2, release, rule.schedule.granularity)


def _start_point(rule: RetentionRule, event: str, now: datetime) -> StartPoint | None:
    for version in reversed(rule.in_force(now)):
        return next((start for start in version.start_points if start.event == event and not start.never), None)
    return None
