"""When a legal hold holds, and what it covers: the one place that says so."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from retention.policy.facts import Hold, ItemFacts


def is_approved(hold: Hold) -> bool:
    """Whether a second person approved it: a hold that its requester approved, or nobody, holds nothing."""
    return hold.approved_by is not None and is_second_person(hold.approved_by, hold.requested_by)


def is_second_person(approver: str, requester: str) -> bool:
    """Whether the approver is somebody, and somebody else than the requester: the one comparison for every four-eyes rule."""
    return bool(_name(approver)) and _name(approver) != _name(requester)


def _name(person: str) -> str:
    """A name without what makes no difference between two people: case, spaces, the invisible, how letters are encoded."""
    letters = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", person).casefold())
    visible = (one for one in letters if one.isspace() or unicodedata.category(one) not in ("Cc", "Cf"))
    return " ".join("".join(visible).split())


def holds_until(hold: Hold) -> datetime | None:
    """The instant from which it no longer holds: its end, else its review date, cut short when somebody ended it.

    None for a hold without any date: such a hold is refused when it is set and holds nothing.
    """
    planned = hold.ends_at if hold.ends_at is not None else hold.review_at
    if planned is None:
        return None
    return planned if hold.ended_at is None else min(planned, hold.ended_at)


def is_in_force(hold: Hold, now: datetime) -> bool:
    """Whether it holds at `now`: approved, `effective_at <= now < holds_until`."""
    until = holds_until(hold)
    return is_approved(hold) and until is not None and hold.effective_at <= now < until


def was_in_force(hold: Hold, now: datetime) -> bool:
    """Whether it did hold and has ended by `now`."""
    until = holds_until(hold)
    return is_approved(hold) and until is not None and hold.effective_at < until <= now


def is_open(hold: Hold, now: datetime) -> bool:
    """Whether it holds at `now`, or may come to hold: it waits for its approval, or for its beginning."""
    until = holds_until(hold)
    return until is not None and now < until


def covers(hold: Hold, item: ItemFacts, category: str, arose_at: datetime | None) -> bool:
    """Whether the item is in the hold's scope. Where the item lacks what the scope asks for, it *may* be, and is covered.

    `arose_at` is when the item's clock started, None where that is not known for sure; a file or partition reaches from then to
    its youngest record, and a period that has a part of it covers it; so does an earlier one where it may be older. A
    person's hold covers no item whose row says that nobody is known. Where row and key name two tenants, a hold on either covers
    the item.
    """
    if hold.category is not None and hold.category != category:
        return False
    if (
        hold.tenant_id is not None
        and item.tenant_id is not None
        and hold.tenant_id not in (item.tenant_id, item.key_tenant)
    ):
        return False
    if hold.person_id is not None and item.person_known and hold.person_id != item.person_id:
        return False
    if hold.place is not None and hold.place != item.place:
        return False
    if hold.item_id is not None and hold.item_id not in (item.item_id, item.object_key):
        return False
    reaches_to = max(arose_at, item.youngest_at or arose_at) if arose_at is not None else None
    if reaches_to is not None and hold.started_from is not None and reaches_to < hold.started_from:
        return False
    known_from = None if item.may_be_older else arose_at
    if known_from is not None and hold.started_before is not None and known_from >= hold.started_before:
        return False
    return bool(hold.filled().keys() - {"place"})  # a place alone is no scope
