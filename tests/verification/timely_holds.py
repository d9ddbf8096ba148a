"""Which holds make a difference to the check, for comparing it with decide()."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from retention.policy.decide import decide
from retention.policy.facts import Basis, Hold, ItemFacts, Start
from retention.policy.holds import is_in_force
from retention.policy.model import RetentionRule


def counting(rule: RetentionRule, facts: ItemFacts, holds: list[Hold], now: datetime) -> list[Hold]:
    """The holds that make a difference to the check: those in force, and those that began while the item was not yet overdue.

    decide() gives time to delete after any hold, as jobs need it. To the check, what was overdue before a hold came is overdue
    again once that has gone; nor does a hold give it time that only may have meant it.
    """
    is_guessed = decide(facts, rule, (), now).basis is Basis.FALLBACK
    timely: list[Hold] = []
    for hold in sorted(holds, key=lambda one: one.effective_at):
        is_sure = not (is_guessed and hold.started_from is not None)
        at = _at(rule, facts, hold.effective_at)
        if is_sure and decide(at, rule, timely, hold.effective_at).status != "overdue":
            timely.append(hold)
    return [hold for hold in holds if hold in timely or is_in_force(hold, now)]


def _at(rule: RetentionRule, facts: ItemFacts, instant: datetime) -> ItemFacts:
    """What could be known at an earlier instant: what happened later had not happened."""
    starts = {
        name: Start(None, False) if start.happened and start.at is not None and start.at > instant else start
        for name, start in facts.starts.items()
        if name != rule.clock_event
    }
    return replace(facts, starts={**facts.starts, **starts})
