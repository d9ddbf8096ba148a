"""Runs of 400 days: hourly, or nightly in a zone, some missed and some late, as far as a number of missed runs allows."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from retention.policy.model import Schedule

DAYS = 400
BERLIN, GREENWICH = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
HOURLY_AT, NIGHTLY_AT = timedelta(minutes=5), timedelta(hours=2, minutes=30)
"""In Berlin, half past two is there twice in one night of the year, and not at all in another."""


class Era(NamedTuple):
    """400 days with a leap day and both changes of the clocks, from this day on, and where nightly runs have their time."""

    first_day: datetime
    zone: ZoneInfo

    @property
    def end(self) -> datetime:
        return self.first_day + timedelta(days=DAYS)


@cache
def turns(era: Era) -> list[datetime]:
    """The instants at which Berlin's clocks change, and both ends of 29 February."""
    hours = [era.first_day + timedelta(hours=hour) for hour in range(DAYS * 24)]
    offsets = {at: at.astimezone(BERLIN).utcoffset() for at in hours}
    changes = [two for one, two in pairwise(hours) if offsets[one] != offsets[two]]
    days = [at for one, at in pairwise(hours) if one.date() != at.date()]
    leap_days = [(one, two) for one, two in pairwise(days) if (one.month, one.day) == (2, 29)]
    return sorted([*changes, *(at for both in leap_days for at in both)])


class Run(NamedTuple):
    """One run: `starts_at` by the true clock, `as_of` by the machine's own, which may be wrong."""

    starts_at: datetime
    as_of: datetime


def is_nightly(schedule: Schedule) -> bool:
    return schedule.longest_interval > timedelta(hours=12)


def slots(schedule: Schedule, era: Era) -> list[datetime]:
    """When runs are scheduled (UTC)."""
    if not is_nightly(schedule):
        return [era.first_day + timedelta(hours=hour) + HOURLY_AT for hour in range(DAYS * 24)]
    days = [(era.first_day + timedelta(days=day)).date() for day in range(DAYS)]
    midnights = [datetime(day.year, day.month, day.day, tzinfo=era.zone) for day in days]
    return [(midnight + NIGHTLY_AT).astimezone(UTC) for midnight in midnights]  # wall clock: nights of 23 and 25 hours


def draw_runs(rng: random.Random, schedule: Schedule, era: Era, missed: int, clock_ahead: timedelta) -> tuple[Run, ...]:
    """Runs of which up to `missed` in a row fail or are late: between two lies at most (missed + 1) · longest_interval."""
    scheduled, longest = slots(schedule, era), (missed + 1) * schedule.longest_interval
    starts, position = [scheduled[0]], 0
    while True:
        last = starts[-1]
        earliest = max(position + 1, bisect_right(scheduled, last + schedule.run_time))
        furthest = bisect_right(scheduled, last + longest) - 1
        if earliest >= len(scheduled):
            break
        assert earliest <= furthest, "the schedule has a longer interval than the rule says"
        position = rng.choice([earliest, furthest, rng.randint(earliest, furthest)])
        spare = last + longest - scheduled[position]
        starts.append(scheduled[position] + rng.choice([timedelta(0), spare, spare * rng.random()]))
    return tuple(Run(start, start + clock_ahead) for start in starts)


def one_outage(schedule: Schedule, era: Era, missed: int, clock_ahead: timedelta) -> tuple[tuple[Run, ...], Run]:
    """Runs an hour or a short night apart, with one outage of exactly (missed + 1) · longest_interval; and the run before it."""
    step = timedelta(hours=23) if is_nightly(schedule) else schedule.longest_interval
    before = [era.first_day + number * step for number in range(timedelta(days=60) // step)]
    after = [before[-1] + (missed + 1) * schedule.longest_interval + number * step for number in range(60)]
    runs = [Run(start, start + clock_ahead) for start in before + after]
    return tuple(runs), runs[len(before) - 1]


def before_the_worst(runs: Sequence[Run], era: Era) -> list[Run]:
    """Runs after which the next is longest in coming, and those right before the clocks change or a leap day begins or ends."""
    margin = timedelta(days=45)
    gaps = {
        one: two.starts_at - one.starts_at
        for one, two in pairwise(runs)
        if era.first_day + margin < one.starts_at < era.end - margin
    }
    longest = sorted(gaps, key=lambda run: gaps[run], reverse=True)[:12]
    starts = [run.starts_at for run in runs]
    return longest + [runs[bisect_right(starts, turn) - 1] for turn in turns(era)]
