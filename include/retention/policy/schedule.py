"""Proof that a rule's schedule keeps its promise: what may go wrong between runs must fit between due and deadline."""

from __future__ import annotations

from datetime import timedelta

from retention.policy.model import RetentionRule, RuleVersion, StartPoint


def room(start: StartPoint) -> timedelta:
    """Time between due and deadline of one start point: its lead, or its allowed latency where it is due at once."""
    return start.deadline_after - start.due_after


def needed(rule: RetentionRule, start: StartPoint) -> timedelta:
    """Time that the schedule may take until an item is gone.

    Where a start point is due at once there is no room for a missed run: one interval and the run itself must fit.
    """
    missed = 0 if start.allowed_latency is not None else rule.schedule.missed_runs_tolerated
    return rule.schedule.needed(missed)


def unkept(rule: RetentionRule) -> list[tuple[RuleVersion, StartPoint, timedelta, timedelta]]:
    """Every start point whose room is smaller than what the schedule needs: (version, start point, needed, room)."""
    return [
        (version, start, needed(rule, start), room(start))
        for version in rule.versions
        for start in version.start_points
        if needed(rule, start) > room(start)
    ]
