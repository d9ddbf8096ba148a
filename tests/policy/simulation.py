"""A simulation in memory: items whose facts change with time, and runs that ask decide() about them and delete what is due.

A run does here what it does in disposal: it plans by the facts that are shown when it starts, and decides again right before each
item goes, at most `run_time` after its start. What came of it is judged apart, by promise_checker.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.policy.simulated_item import Fate, Life
from tests.policy.simulated_runs import Run, is_nightly

from retention.policy.decide import decide
from retention.policy.facts import Decision
from retention.policy.model import RetentionRule

Decide = Callable[..., Decision]
QUIET = 23
"""Where nothing happens to an item, every 23rd hourly run asks about it: at each hour of the day in turn."""


@dataclass(frozen=True)
class World:
    """One category's rule and runs. `stirs` says when something changes for an item, so that no run near to that is left out.

    Without `rng`, every item takes all of a run's time.
    """

    rule: RetentionRule
    runs: tuple[Run, ...]
    clock_ahead: timedelta
    stirs: Callable[[Life], Sequence[datetime]]
    rng: random.Random | None = None
    decide: Decide = decide
    decides_again: bool = True

    def run_all(self, lives: Sequence[Life]) -> list[Fate]:
        """Let every run dispose of what decide() says is due."""
        return [self._fate(life) for life in lives]

    def _fate(self, life: Life) -> Fate:
        for run in self._asking(life):
            if not self._is_due(life, run, run.starts_at):
                continue
            share = self.rng.choice([1.0, 1.0, self.rng.random()]) if self.rng else 1.0
            gone_at = run.starts_at + share * self.rule.schedule.run_time
            if not self.decides_again or self._is_due(life, run, gone_at):
                return Fate(life, gone_at, gone_at + life.gone_after)
        return Fate(life, None, None)

    def _asking(self, life: Life) -> list[Run]:
        """The runs that ask about it: those near to its own instants, and one in `QUIET` between them; at night, every one."""
        starts = [run.starts_at for run in self.runs]
        near = {bisect_left(starts, at) + step for at in self.stirs(life) for step in range(-4, 4)}
        turns = range(0, len(starts), 1 if is_nightly(self.rule.schedule) else QUIET)
        asking = sorted(number for number in near | {*turns} if 0 <= number < len(starts))
        return [self.runs[number] for number in asking if starts[number] >= life.born_at]

    def _is_due(self, life: Life, run: Run, at: datetime) -> bool:
        now = max(at, at + self.clock_ahead)  # the later of our own clock and the database's
        return self.decide(life.facts(at), self.rule, life.holds_known(at), run.as_of, now=now).disposable
