"""When things happen to the simulated items: at the moments that are worst for the runs, or at any."""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.policy.promise_checker import CHECKED_EVERY, Promised
from tests.policy.simulated_item import Change, Life
from tests.policy.simulated_runs import Era, Run, before_the_worst

from retention.policy.model import RetentionRule

TICK, MINUTE, HOUR, DAY = timedelta(microseconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Moments:
    """The runs, and the instants that are worst for them: right after a run, before the longest time without one."""

    rng: random.Random
    rule: RetentionRule
    promised: Promised
    era: Era
    runs: tuple[Run, ...]
    worst: tuple[Run, ...]
    missed: int

    @classmethod
    def of(
        cls, rng: random.Random, rule: RetentionRule, promised: Promised, era: Era, runs: tuple[Run, ...], missed: int
    ) -> Moments:
        return cls(rng, rule, promised, era, runs, tuple(before_the_worst(runs, era)), missed)

    def capacity(self, room: timedelta) -> int:
        """How many missed runs in a row fit between due and deadline, or after a protection's end; below 0: not one run does."""
        schedule = self.rule.schedule
        slack = schedule.run_time + schedule.store_lag + schedule.clock_skew + schedule.granularity
        return (room - slack) // schedule.longest_interval - 1

    def survives(self, event: str) -> bool:
        """Whether the event's room is enough for the runs that are missed."""
        return self.capacity(self.promised.limits[event].lead) >= self.missed

    def just_missed(self, shown_after: timedelta = timedelta(0)) -> datetime:
        """The first instant that a run before a long time without one does not see as come."""
        run = self.rng.choice(self.worst)
        return min(run.as_of, run.starts_at - shown_after) + TICK

    def release(self, due_at: datetime, *, unseen_for: timedelta = timedelta(0)) -> datetime:
        """When a protection ends: past due if the runs allow for that, at a bad moment for them; else before. `unseen_for`: how
        long before that whoever gives time after it may have looked."""
        if self.capacity(self.promised.after_protection - unseen_for) < self.missed:
            return due_at - self.between(HOUR, 10 * DAY)
        kinds = self.rng.choice([(self.worst, self.runs), (self.runs,)])
        later = ([run.as_of + TICK for run in runs if due_at < run.as_of < due_at + 40 * DAY] for runs in kinds)
        return self.rng.choice(next((found for found in later if found), [due_at + 10 * DAY]))

    @property
    def for_good(self) -> datetime:
        """An instant that no run sees."""
        return self.era.end + 60 * DAY

    def bears(self, life: Life) -> bool:
        """Whether the runs that are missed leave time enough for the item once what protects it has ended."""
        due_at = self.promised.due_at(life, self.for_good)
        ends = {timedelta(0): self.promised.releases(life, self.for_good)}
        ends |= {CHECKED_EVERY: [life.keeping.ends_at] if life.keeping is not None else []}
        return not any(
            due_at < end < self.era.end + 30 * DAY
            for unseen_for, found in ends.items()
            if self.capacity(self.promised.after_protection - unseen_for) < self.missed
            for end in found
        )

    def between(self, least: timedelta, most: timedelta) -> timedelta:
        return timedelta(seconds=self.rng.randint(int(least.total_seconds()), int(most.total_seconds())))

    def life(self, name: str, event: str) -> Life:
        """An item that this event makes due, with lags as long as the rule allows for."""
        schedule, clock = self.rule.schedule, self.promised.clock_event
        # What a clock that is behind sees late and what a store shows late overlap: the longer counts.
        shown_after = self.rng.choice([timedelta(0), min(schedule.store_lag, schedule.clock_skew)])
        tenant = self.rng.choice(["a-customer", *self.promised.tenants])
        life = Life(
            name=name, tenant_id=tenant, clock_event=clock, born_at=self.era.first_day, stated=None,
            shown_after=shown_after, gone_after=schedule.store_lag, is_processor=self.rng.random() < 0.5,
        )  # fmt: skip
        limit = self.promised.limit(life, event)
        after = limit.within - limit.lead
        missed_at = self.just_missed(shown_after if not after else timedelta(0))
        at = self.rng.choice([missed_at, self._some_instant()]) - after
        wide = schedule.granularity * self.rng.choice([1.0, self.rng.random()])
        if event == clock:
            # A partition is due by its youngest record, its deadline is its oldest's.
            life = replace(life, born_at=at - wide, youngest_at=at if schedule.granularity else None)
        else:
            life = replace(life, born_at=at - self.between(HOUR, 20 * DAY), events={event: (Change(at, at),)})
        return replace(life, stated=life.born_at)

    def _some_instant(self) -> datetime:
        return self.era.first_day + self.between(50 * DAY, 350 * DAY)

    def run_after(self, at: datetime) -> Run:
        return self.runs[min(bisect_right(self.runs, at, key=lambda run: min(run)), len(self.runs) - 1)]
