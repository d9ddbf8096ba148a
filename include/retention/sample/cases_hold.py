"""Cases about legal holds: a hold holds only when a second person approved it and while it is in force."""

from __future__ import annotations

from datetime import timedelta

from retention.sample.situation import Case, HoldTerms, Situation
from retention.sample.tenants import PLAIN, days


def _held(age: timedelta, hold: HoldTerms, tenants: tuple[str, ...] = PLAIN) -> Situation:
    """A transcribed call under `hold`."""
    return Situation(age, tenants, hold=hold)


HOLD_CASES = (
    Case(
        "hold_on_item",
        "a hold on this very recording, with an end",
        "held",
        _held(days(13), HoldTerms("item", ends_ago=days(-60))),
    ),
    Case(
        "hold_on_person",
        "a hold on one caller of one customer, until it is reviewed",
        "held",
        _held(days(14), HoldTerms("person"), PLAIN[:1]),
    ),
    Case(
        "hold_on_tenant",
        "a hold on all recordings of one customer",
        "held",
        _held(days(19), HoldTerms("tenant"), ("krautwinkel-immobilien",)),
        count=4,
    ),
    Case(
        "hold_on_period",
        "a hold on one customer's recordings of two days",
        "held",
        _held(days(36), HoldTerms("period"), ("moosrose-immobilien",)),
    ),
    Case(
        "hold_on_other_period",
        "the same customer, outside those two days",
        "overdue",
        Situation(days(26), ("moosrose-immobilien",)),
    ),
    Case(
        "hold_expired",
        "the hold's end passed three days ago",
        "overdue",
        _held(days(27), HoldTerms("item", ends_ago=days(3))),
    ),
    Case(
        "hold_expired_just_now",
        "the hold's end passed half an hour ago",
        "due",
        # In force before they fell due: a hold on what is overdue leaves no time after its end.
        _held(days(28), HoldTerms("item", effective_ago=days(29), ends_ago=timedelta(minutes=30))),
    ),
    Case(
        "hold_ended_early",
        "somebody ended the hold five days ago, before its end",
        "overdue",
        _held(days(25), HoldTerms("item", ends_ago=days(-30), ended_ago=days(5))),
    ),
    Case(
        "hold_review_missed",
        "a hold without an end, whose review date passed six days ago",
        "overdue",
        _held(days(24), HoldTerms("item", effective_ago=days(20), review_ago=days(6))),
    ),
    Case(
        "hold_self_approved",
        "requested and approved by the same person",
        "overdue",
        _held(days(12), HoldTerms("item", approved_by="legal")),
    ),
    Case("hold_unapproved", "nobody approved it", "overdue", _held(days(11), HoldTerms("item", approved_by=None))),
    Case(
        "hold_not_yet_effective",
        "approved, takes effect only in ten days",
        "overdue",
        _held(days(10), HoldTerms("item", effective_ago=days(-10), ends_ago=days(-90))),
    ),
)
