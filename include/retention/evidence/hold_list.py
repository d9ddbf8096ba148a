"""Holds as people see them: on what, until when, why, by whom, and whether they hold. Persons and items appear as the beginnings
of their keyed hashes, as ledger and results know them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from retention.database import OwnConnection
from retention.evidence.hashing import ItemHasher
from retention.evidence.holds import read_holds, read_reasons
from retention.policy.facts import Hold
from retention.policy.holds import holds_until, is_approved, is_in_force


def list_holds(own: OwnConnection, hasher: Callable[[], ItemHasher], now: datetime) -> list[dict[str, Any]]:
    """Every hold ever set, as plain values. `hasher` is asked only where a hold names a person or an item."""
    holds, reasons = read_holds(own), read_reasons(own)
    return [_listed(hold, reasons[hold.hold_id], hasher, now) for hold in holds if hold.hold_id in reasons]


def _listed(hold: Hold, reason: str, hasher: Callable[[], ItemHasher], now: datetime) -> dict[str, Any]:
    return {
        "id": hold.hold_id,
        "scope": _shown_scope(hold, hasher),
        "state": _state(hold, now),
        "in_force": is_in_force(hold, now),
        "reason": reason,
        "requested_by": hold.requested_by,
        "approved_by": hold.approved_by,
        "effective_at": hold.effective_at,
        "ends_at": hold.ends_at,
        "review_at": hold.review_at,
        "ended_at": hold.ended_at,
        "until": holds_until(hold),
    }


def _shown_scope(hold: Hold, hasher: Callable[[], ItemHasher]) -> dict[str, Any]:
    scope = hold.filled()
    if hold.person_id is not None:
        scope["person_id"] = _short(hasher().person(hold.person_id))
    if hold.item_id is not None and hold.place is not None:
        scope["item_id"] = _short(hasher().item(hold.place, hold.item_id))
    return scope


def _short(keyed_hash: bytes) -> str:
    return f"#{keyed_hash.hex()[:12]}"


def _state(hold: Hold, now: datetime) -> str:
    """Whether it holds, and if not, why."""
    until = holds_until(hold)
    if hold.ended_at is not None and hold.ended_at <= now:
        return "ended"
    if until is None or until <= now:
        return "expired" if hold.ends_at is not None else "review missed"
    if not is_approved(hold):
        return "not approved" if not (hold.approved_by or "").strip() else "approved by its requester"
    return "in force" if hold.effective_at <= now else "not yet in force"
