"""What the simulation finds when something is wrong: one missed run too many, a rule that is too tight, a wrong decide()."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from tests.policy.promise_checker import Promised
from tests.policy.simulated_item import Change, Life
from tests.policy.simulated_mistakes import MISTAKES, Mistake
from tests.policy.simulated_moments import TICK
from tests.policy.simulated_runs import BERLIN, DAYS, GREENWICH, draw_runs, one_outage, slots, turns
from tests.policy.simulated_worlds import CATEGORIES, ERAS, judged, live, policy
from tests.policy.simulation import Decide, World

from retention.policy.decide import decide
from retention.policy.model import RetentionRule, Schedule
from retention.policy.schedule import missed_runs, unkept

ERA = ERAS["autumn_first"]
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
LIMITS = [
    pytest.param(category, event, id=f"{category}-{event}")
    for category in CATEGORIES
    for event in policy()[1][category].limits
]


def _what(rule: RetentionRule, promised: Promised, event: str, missed: int) -> list[str]:
    """What goes wrong for an item that is due right after the run before an outage, while everything takes its longest."""
    skew = rule.schedule.clock_skew
    runs, last_before = one_outage(rule.schedule, ERA, missed, -skew)
    limit, clock = promised.limits[event], promised.clock_event
    at = last_before.as_of + TICK - (limit.within - limit.lead)
    wide = rule.schedule.granularity
    born_at = at - wide if event == clock else at - HOUR
    life = Life(
        name=event, tenant_id="a-customer", clock_event=clock, born_at=born_at, stated=born_at,
        events={} if event == clock else {event: (Change(at, at),)},
        youngest_at=at if event == clock and wide else None, gone_after=rule.schedule.store_lag,
    )  # fmt: skip
    return [breach.what for breach in judged(World(rule, runs, -skew, promised.instants), promised, [life]).breaches]


@pytest.mark.parametrize(("category", "event"), LIMITS)
def test_one_missed_run_more_than_fits_is_a_breach(category: str, event: str) -> None:
    rule, promised = policy()[0].rule(category), policy()[1][category]
    schedule, lead = rule.schedule, promised.limits[event].lead
    slack = schedule.run_time + schedule.store_lag + schedule.clock_skew + schedule.granularity
    fitting = (lead - slack) // schedule.longest_interval - 1
    start = next(start for start in rule.versions[-1].start_points if start.event == event)
    assert missed_runs(rule, start) <= fitting
    assert _what(rule, promised, event, fitting) == []
    assert _what(rule, promised, event, fitting + 1) == ["late"]


@pytest.mark.parametrize(
    ("less", "is_kept"),
    [pytest.param(0 * SECOND, True, id="just_enough"), pytest.param(SECOND, False, id="one_second_less")],
)
@pytest.mark.parametrize(("category", "event"), LIMITS)
def test_rule_that_the_loader_would_refuse_breaks_its_promise(
    category: str, event: str, less: timedelta, is_kept: bool
) -> None:
    rule, promised = policy()[0].rule(category), policy()[1][category]
    start = next(start for start in rule.versions[-1].start_points if start.event == event)
    missed = missed_runs(rule, start)
    if start.lead is not None:
        rule, promised = _with_lead(rule, promised, event, rule.schedule.needed(missed) - less)
    else:
        room = promised.limits[event].lead - rule.schedule.needed(0) + rule.schedule.run_time
        rule = rule.model_copy(update={"schedule": rule.schedule.model_copy(update={"run_time": room + less})})
    refused = {start.event for _, start, _, _ in unkept(rule)}
    assert (event not in refused) == is_kept
    assert _what(rule, promised, event, missed) == ([] if is_kept else ["late"])


def _with_lead(rule: RetentionRule, promised: Promised, event: str, lead: timedelta) -> tuple[RetentionRule, Promised]:
    version = rule.versions[-1]
    starts = [one.model_copy(update={"lead": lead}) if one.event == event else one for one in version.start_points]
    versions = (version.model_copy(update={"start_points": tuple(starts)}),)
    limits = promised.limits | {event: promised.limits[event]._replace(lead=lead)}
    return rule.model_copy(update={"versions": versions}), replace(promised, limits=limits)


@pytest.mark.parametrize("mistake", [pytest.param(one, id=one.name) for one in MISTAKES if one.category in CATEGORIES])
def test_wrong_decision_is_caught(mistake: Mistake) -> None:
    def found(by: Decide) -> set[str]:
        return {breach.what for breach in live(mistake.category, ERA, 0, only=mistake.only, by=by).breaches}

    assert found(decide) == set()
    assert found(mistake.made()) == {mistake.what}


def test_hold_that_comes_while_the_run_is_on_is_missed_without_a_second_look() -> None:
    lived = live("audio", ERA, 0, only="while_the_run_is_on", decides_again=False)
    assert {breach.what for breach in lived.breaches} == {"early"}


@pytest.mark.parametrize("era", ERAS.values(), ids=ERAS)
def test_era_has_a_leap_day_and_both_changes_of_the_clocks(era: Any) -> None:
    assert (era.end - era.first_day).days == DAYS
    assert {(at.month, at.day) for at in turns(era)} >= {(2, 29), (3, 1)}
    assert {at.month for at in turns(era)} == {2, 3, 10}


@pytest.mark.parametrize(
    ("zone", "hours"), [pytest.param(BERLIN, {23, 24, 25}, id="berlin"), pytest.param(GREENWICH, {24}, id="utc")]
)
def test_nights_are_as_long_as_the_clocks_make_them(zone: Any, hours: set[int]) -> None:
    nights = slots(_nightly(1), ERA._replace(zone=zone))
    assert {(two - one) / HOUR for one, two in pairwise(nights)} == hours


@pytest.mark.parametrize("missed", [0, 1, 3])
def test_runs_are_missed_and_late_as_far_as_the_rule_tolerates(missed: int) -> None:
    runs = draw_runs(random.Random(1), _nightly(missed), ERA, missed, timedelta(0))
    gaps = [two.starts_at - one.starts_at for one, two in pairwise(runs)]
    assert max(gaps) == (missed + 1) * 25 * HOUR
    assert len({gap for gap in gaps if gap % DAY}) > 10


def _nightly(missed: int) -> Schedule:
    return Schedule(
        longest_interval=25 * HOUR,
        missed_runs_tolerated=missed,
        run_time=2 * HOUR,
        store_lag=0 * HOUR,
        clock_skew=0 * HOUR,
    )
