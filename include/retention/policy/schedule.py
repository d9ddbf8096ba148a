"""Proof that a rule's schedule keeps its promise: what may go wrong between runs must fit between due and deadline."""

from __future__ import annotations

from datetime import timedelta

from retention.policy.model import RetentionRule, RuleVersion, StartPoint
from retention.policy.periods import format_elapsed


def room(start: StartPoint) -> timedelta:
    """Time between due and deadline of one start point: its lead, or its allowed latency where it is due at once."""
    return start.deadline_after - start.due_after


def missed_runs(rule: RetentionRule, start: StartPoint) -> int:
    """How many missed runs the start point must survive: none where it is due at once, one interval and the run must fit."""
    return 0 if start.allowed_latency is not None else rule.schedule.missed_runs_tolerated


def needed(rule: RetentionRule, start: StartPoint) -> timedelta:
    """Time that the schedule may take until an item is gone."""
    return rule.schedule.needed(missed_runs(rule, start))


def arithmetic(rule: RetentionRule, start: StartPoint) -> str:
    """How `needed` comes about: `(6 + 1) · 1 hour + 3 hours = 10 hours`."""
    waiting = f"({missed_runs(rule, start)} + 1) · {format_elapsed(rule.schedule.longest_interval)}"
    return f"{waiting} + {format_elapsed(rule.schedule.slack)} = {format_elapsed(needed(rule, start))}"


def unkept(rule: RetentionRule) -> list[tuple[RuleVersion, StartPoint, timedelta, timedelta]]:
    """Every start point whose room is smaller than what the schedule needs: (version, start point, needed, room)."""
    return [
        (version, start, needed(rule, start), room(start))
        for version in rule.versions
        for start in version.start_points
        if not start.never and needed(rule, start) > room(start)
    ]
