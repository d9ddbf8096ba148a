"""Legal holds as they stand, against the entries that the ledger has of them.

A hold protects by its row alone. One that went, or was widened, approved, dated or ended otherwise than its entries say, was not
changed by the product; one without any entry was never set by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from retention.database import OwnConnection
from retention.evidence.hashing import ItemHasher

_ENTRIES = """
SELECT seq, kind, at, body
FROM retention.ledger
WHERE kind IN ('hold_set', 'hold_approved', 'hold_ended')
ORDER BY seq
"""

_PRUNED = "SELECT at, body FROM retention.ledger WHERE kind = 'records_pruned'"
_KEPT = timedelta(days=3 * 365)
"""Ended holds stay to the end of the third year at least (include/records/own.yaml)."""

_SCOPE = ("category", "tenant_id", "person_id", "place", "item_id", "started_from", "started_before")
_HOLDS = """
SELECT
    CAST(hold_id AS text) AS hold_id,
    category, tenant_id, person_id, place, item_id, started_from, started_before,
    requested_by, approved_by, effective_at,
    -- No entry has a date for ever; one that Python can't hold must not end the reading.
    CASE WHEN isfinite(ends_at) THEN least(ends_at, '9999-12-30 00:00:00+00') END AS ends_at,
    CASE WHEN isfinite(review_at) THEN least(review_at, '9999-12-30 00:00:00+00') END AS review_at,
    ended_at
FROM retention.holds
"""


class HoldTrail(NamedTuple):
    """`holds` there are; `changed` ones don't fit their entries (or are gone), `unrecorded` ones have none."""

    holds: int
    changed: int
    unrecorded: int


@dataclass(slots=True)
class _Recorded:
    """What the entries of one hold say, in their order. Instants that an older entry didn't note are None: not compared.

    `is_sound` is False where an entry can't be read or there are two of a kind that comes once: then they vouch for nothing.
    """

    said: Mapping[str, Any]
    approved_by: str | None
    ends_at: datetime | None
    review_at: datetime | None
    effective_by: datetime
    effective_at: datetime | None
    is_ended: bool = False
    ended_at: datetime | None = None
    is_sound: bool = True

    def fits(self, hold: Mapping[str, Any], hasher: ItemHasher) -> bool:
        """Whether the hold's row is as recorded."""
        return (
            self.is_sound
            and hold["requested_by"] == self.said.get("requested_by")
            and hold["approved_by"] == self.approved_by
            and hold["ends_at"] == self.ends_at
            and hold["review_at"] == self.review_at
            and hold["effective_at"] <= self.effective_by
            and self.effective_at in (None, hold["effective_at"])
            and (hold["ended_at"] is not None) == self.is_ended
            and self.ended_at in (None, hold["ended_at"])
            and self._scope_fits(hold, hasher)
        )

    def was_over(self, before: datetime | None) -> bool:
        """Whether the hold had ended before this instant, so that its row may be gone."""
        ended = self.ended_at or self.ends_at
        return self.is_sound and before is not None and ended is not None and ended < before

    def _scope_fits(self, hold: Mapping[str, Any], hasher: ItemHasher) -> bool:
        """An entry under another key can't be compared."""
        if self.said.get("scope_hash") is None or self.said.get("key") != hasher.key_id:
            return True
        scope = {name: hold[name] for name in _SCOPE if hold[name] is not None}
        return bool(hasher.scope(scope).hex() == self.said["scope_hash"])


def compare_holds(own: OwnConnection, hasher: ItemHasher) -> HoldTrail:
    """Compare every hold with its entries."""
    with own.transaction():
        # One snapshot: a hold that is set meanwhile comes with its entry.
        own.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        recorded = _recorded(own)
        holds = {row["hold_id"]: row for row in own.execute(_HOLDS)}
        pruned_before = _pruned_before(own)
    changed = sum(
        not entries.fits(holds[hold_id], hasher) if hold_id in holds else not entries.was_over(pruned_before)
        for hold_id, entries in recorded.items()
    )
    return HoldTrail(len(holds), changed, len(holds.keys() - recorded.keys()))


def _pruned_before(own: OwnConnection) -> datetime | None:
    """Holds that had ended by then were let go when their time was over, as the ledger says; None: none ever was.

    An entry that lets go of younger ones, or can't be read, excuses nothing.
    """
    said = []
    for row in own.execute(_PRUNED):
        with suppress(ValueError, TypeError, AttributeError):
            body = json.loads(row["body"])
            before = _instant(body, "before")
            if body.get("record") == "holds" and before is not None and row["at"] - before > _KEPT:
                said.append(before)
    return max(said, default=None)


def _recorded(own: OwnConnection) -> dict[str, _Recorded]:
    found: dict[str, _Recorded] = {}
    for entry in own.execute(_ENTRIES):
        try:
            _note(found, entry)
        except (ValueError, TypeError, AttributeError):
            # The ledger only grows, so an entry that nobody can read must not end every later check. No hold fits it.
            found[f"entry {entry['seq']}"] = _Recorded({}, None, None, None, entry["at"], None, is_sound=False)
    return found


def _note(found: dict[str, _Recorded], entry: Mapping[str, Any]) -> None:
    body = json.loads(entry["body"])
    hold_id = str(body.get("hold"))
    effective_at = _instant(body, "effective_at")
    if entry["kind"] == "hold_set":
        # A hold is set once: a second entry would be a way to date or widen it anew.
        found[hold_id] = _Recorded(
            said=body,
            approved_by=body.get("approved_by"),
            ends_at=_instant(body, "ends_at"),
            review_at=_instant(body, "review_at"),
            effective_by=max(entry["at"], effective_at or entry["at"]),
            effective_at=effective_at,
            is_sound=hold_id not in found,
        )
    elif hold_id in found and entry["kind"] == "hold_approved":
        found[hold_id].is_sound &= found[hold_id].approved_by is None
        found[hold_id].approved_by = body.get("by")
        found[hold_id].effective_by = entry["at"]
        found[hold_id].effective_at = effective_at
    elif hold_id in found:
        found[hold_id].is_sound &= not found[hold_id].is_ended
        found[hold_id].is_ended = True
        found[hold_id].ended_at = _instant(body, "ended_at")


def _instant(body: Mapping[str, Any], name: str) -> datetime | None:
    """Aware, or None where the entry has no such instant. Raises ValueError or TypeError for what is none."""
    return datetime.fromisoformat(body[name]) if body.get(name) is not None else None
