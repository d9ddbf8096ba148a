"""Lives of items: every event of a rule with everything that can protect an item from it, and what else happens to dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.policy.simulated_item import Change, Life
from tests.policy.simulated_moments import DAY, HOUR, MINUTE, TICK, Moments
from tests.policy.simulated_protections import PROTECTIONS, hold

from retention.policy.facts import HoldScope


def draw_lives(moments: Moments) -> list[Life]:
    """Every event with every protection once, then the other things that can happen to events and dates, then pairs of it all."""
    lives = list(_each_with_each(moments))
    lives += [one for story in STORIES for one in story(moments)]
    mixed = [moments.rng.sample(lives, 2) for _ in range(12)]
    lives += [_both(moments, one, two) for one, two in mixed]
    return [life for life in lives if moments.bears(life)]


def _each_with_each(moments: Moments) -> Iterator[Life]:
    for event in moments.promised.limits:
        for name, protect in PROTECTIONS.items():
            if moments.survives(event):
                life = moments.life(f"{event}:{name}", event)
                yield replace(life, **protect(moments, life, moments.promised.due_at(life, life.born_at + 999 * DAY)))


def _both(moments: Moments, one: Life, two: Life) -> Life:
    """The first item with the second's protections too."""
    everything: dict[str, Any] = dict.fromkeys(HoldScope().parts()) | {"category": moments.rule.category}
    held = tuple(placed._replace(hold=replace(placed.hold, **everything)) for placed in two.holds if placed.is_meant)
    return replace(
        one,
        name=f"{one.name}+{two.name}",
        holds=one.holds + held,
        consents=one.consents or two.consents,
        duty=one.duty or two.duty,
    )


def _announced(moments: Moments) -> Iterator[Life]:
    """Ends that are known ahead, extended, brought forward, taken back, or followed by a new contract."""
    ahead = [start.event for start in moments.rule.versions[-1].start_points if start.may_lie_ahead]
    for event in filter(moments.survives, ahead):
        life = moments.life("", event)
        at, limit = life.events[event][0].known_at, moments.promised.limit(life, event)
        told, due_at = at - 70 * DAY, at + limit.within - limit.lead
        stories: dict[str, tuple[Change, ...]] = {
            "announced": (Change(told, at),),
            "extended": (Change(told, at - 20 * DAY), Change(at - 21 * DAY, at)),
            "extended_at_the_end": (Change(told, at), Change(at - TICK, at + 45 * DAY)),
            "brought_forward": (Change(told, at + 45 * DAY), Change(at - MINUTE, at)),
            "taken_back": (Change(told, at), Change(at - HOUR, None)),
            "new_contract_before_due": (Change(at, at), Change(due_at - TICK, None)),
            "new_contract_that_ends": (Change(told, at - 20 * DAY), Change(at - 19 * DAY, None), Change(at, at)),
        }
        for name, changes in stories.items():
            yield replace(life, name=f"{event}:{name}", born_at=told, stated=told, events={event: changes})


def _on_request(moments: Moments) -> Iterator[Life]:
    """Requests for what a hold keeps, with and without another reason to go: of a customer's data, and of our own."""
    asked = [event for event, limit in moments.promised.limits.items() if limit.on_request and moments.survives(event)]
    for event in asked:
        others = moments.promised.limits.keys() - {event, moments.promised.clock_event}
        for is_processor in (True, False):
            whose = "customers" if is_processor else "ours"
            life = replace(moments.life(f"{event}:held_{whose}", event), is_processor=is_processor)
            at = life.events[event][0].known_at
            yield replace(life, **hold(moments, life, at, moments.release(at), placed_at=at - 5 * DAY))
            yield replace(
                life,
                name=f"{event}:taken_back_{whose}",
                events={event: (Change(at, at), Change(at + moments.rule.schedule.run_time, None))},
            )
            mistyped = datetime(2199, 1, 1, tzinfo=UTC)
            yield replace(
                life,
                name=f"{event}:dated_ahead_{whose}",
                events={event: (Change(life.born_at, mistyped), Change(at, at))},
            )
            for other in sorted(filter(moments.survives, others)):
                ended_at = life.born_at + moments.rng.random() * (at - life.born_at)
                events = life.events | {other: (Change(ended_at, ended_at),)}
                both = replace(life, name=f"{event}:held_after_{other}_{whose}", events=events)
                yield replace(both, **hold(moments, both, at, moments.for_good, placed_at=life.born_at))


def _misdated(moments: Moments) -> Iterator[Life]:
    """Rows that say nothing of their birth, or nonsense: other evidence tells."""
    event = moments.promised.clock_event
    if event not in moments.promised.limits:
        return
    nonsense = {"none": None, "1970": datetime(1970, 1, 1, tzinfo=UTC), "2199": datetime(2199, 1, 1, tzinfo=UTC)}
    for name, stated in nonsense.items():
        life = moments.life(f"{event}:dated_{name}", event)
        yield replace(life, stated=stated, evidence_at=life.born_at)
    life = moments.life(f"{event}:contradicted", event)
    yield replace(life, stated=life.born_at + 3 * DAY, evidence_at=life.born_at)


def _never(moments: Moments) -> Iterator[Life]:
    """Items that nothing ever happens to; where age alone makes nothing due, they stay."""
    if moments.promised.clock_event not in moments.promised.limits:
        event = next(iter(moments.promised.limits))
        for protection in ("nothing", "hold", "duty"):
            life = replace(moments.life(f"never:{protection}", event), events={})
            yield replace(life, **PROTECTIONS[protection](moments, life, life.born_at + 50 * DAY))


STORIES = (_announced, _on_request, _misdated, _never)
