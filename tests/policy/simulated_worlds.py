"""A world for each shipped rule, era and number of missed runs; with customers whose limits are shorter."""

from __future__ import annotations

import random
import shutil
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from tests.policy.promise_checker import Breach, Promised, read_promised
from tests.policy.simulated_item import Fate, Life
from tests.policy.simulated_lives import draw_lives
from tests.policy.simulated_moments import Moments
from tests.policy.simulated_runs import BERLIN, GREENWICH, Era, draw_runs, is_nightly
from tests.policy.simulation import Decide, World
from tests.policy.situations import POLICIES

from retention.policy.decide import decide
from retention.policy.loader import Policy, load_policy

CATEGORIES = sorted(load_policy(POLICIES).rules)
ERAS = {
    "autumn_first": Era(datetime(2027, 9, 15, tzinfo=UTC), BERLIN),
    "leap_day_first": Era(datetime(2028, 2, 20, tzinfo=UTC), BERLIN),
    "nightly_in_utc": Era(datetime(2027, 9, 15, tzinfo=UTC), GREENWICH),
}
SHORTER = "customer-with-a-shorter-limit"


class Lived(NamedTuple):
    """What became of all items of a world, and every promise that was not kept."""

    fates: list[Fate]
    breaches: list[Breach]


@cache
def policy() -> tuple[Policy, dict[str, Promised]]:
    """The shipped rules, and the promises read apart from them, with one more customer, whose limits are shorter."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(POLICIES, folder, dirs_exist_ok=True))
        (copy / "tenants").mkdir(exist_ok=True)
        YAML(typ="safe").dump(_agreement(), copy / "tenants" / "shorter.yaml")
        return load_policy(copy), {category: read_promised(copy, category) for category in CATEGORIES}


def _agreement() -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for category in CATEGORIES:
        shorter = [
            {"event": event, "limit": f"PT{int((limit.lead + (limit.within - limit.lead) / 3).total_seconds())}S"}
            for event, limit in read_promised(POLICIES, category).limits.items()
            if limit.lead < limit.within
        ]
        limits |= {category: shorter} if shorter else {}
    return {"tenant": SHORTER, "owner": "DPO", "agreed_on": "2026-01-01", "reason": "annex 1", "limits": limits}


def tolerances(category: str) -> list[int]:
    """How many missed runs each limit of the rule survives: as many worlds, each with the items that survive them."""
    rules, promised = policy()
    era = ERAS["autumn_first"]
    moments = Moments(random.Random(0), rules.rule(category), promised[category], era, (), (), 0)
    rooms = [limit.lead for limit in promised[category].limits.values()] + [promised[category].after_protection]
    clock = promised[category].limits.get(promised[category].clock_event)
    most = moments.capacity(clock.lead) if clock is not None else max(map(moments.capacity, rooms))
    return sorted({missed for room in rooms if (missed := moments.capacity(room)) <= most})


def eras(category: str) -> list[str]:
    """Where a rule's runs are hourly, the zone makes no difference."""
    nightly = is_nightly(policy()[0].rule(category).schedule)
    return [name for name, era in ERAS.items() if nightly or era.zone is BERLIN]


def live(
    category: str,
    era: Era,
    missed: int,
    *,
    by: Decide = decide,
    only: str = "",
    decides_again: bool = True,
    seed: int = 0,
) -> Lived:
    """Simulate one world. `only`: none but the items with this in their names; `by`: another decide(), to see it caught."""
    rng = random.Random(f"{category} {era.first_day} {missed} {seed}")
    rule, promised = policy()[0].rule(category), policy()[1][category]
    clock_ahead = rng.choice([-1, 0, 1]) * rule.schedule.clock_skew
    runs = draw_runs(rng, rule.schedule, era, missed, clock_ahead)
    lives = draw_lives(Moments.of(rng, rule, promised, era, runs, missed))
    world = World(rule, runs, clock_ahead, promised.instants, rng, by, decides_again)
    return judged(world, promised, [life for life in lives if only in life.name])


def judged(world: World, promised: Promised, lives: list[Life]) -> Lived:
    """Run the world and hold what became of its items against the promise."""
    fates = world.run_all(lives)
    first, last = world.runs[0].starts_at, world.runs[-1].starts_at
    return Lived(fates, promised.breaches(fates, first=first, last=last, clock_ahead=world.clock_ahead))
