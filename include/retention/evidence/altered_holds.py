"""Holds that somebody changed past the product: as they stand, against what the ledger noted when they were set and ended.

A hold protects by its row alone, and a row can be changed; the ledger's entry can't.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from retention.database import OwnConnection
from retention.evidence.hashing import ItemHasher
from retention.policy.facts import Hold

_ENTRIES = """
SELECT kind, body FROM retention.ledger WHERE kind IN ('hold_set', 'hold_approved', 'hold_ended') ORDER BY seq
"""


@dataclass(slots=True)
class _Noted:
    """What the first entry of each kind says of one hold."""

    said: Mapping[str, Any]
    approved: Mapping[str, Any] | None = None
    is_ended: bool = False

    def protects(self, now: datetime) -> bool:
        """Whether by its entries the hold holds, or waits for approval."""
        until = _instant(self.said, "ends_at") or _instant(self.said, "review_at")
        return not self.is_ended and until is not None and now < until

    def fits(self, hold: Hold, hasher: ItemHasher) -> bool:
        """Whether the row protects what the entries say, and for as long. What an entry doesn't say is not compared, and a scope
        that was hashed under another key can't be."""
        approved = self.approved or self.said
        by = approved.get("by") if self.approved is not None else self.said.get("approved_by")
        return (
            (hold.ended_at is None or self.is_ended)
            and (by is None or hold.approved_by == by)
            and hold.requested_by == self.said.get("requested_by", hold.requested_by)
            and (hold.ends_at, hold.review_at) == (_instant(self.said, "ends_at"), _instant(self.said, "review_at"))
            and hold.effective_at == (_instant(approved, "effective_at") or hold.effective_at)
            and self._scope_fits(hold, hasher)
        )

    def _scope_fits(self, hold: Hold, hasher: ItemHasher) -> bool:
        if self.said.get("scope_hash") is None or self.said.get("key") != hasher.key_id:
            return True
        return bool(self.said["scope_hash"] == hasher.scope(hold.filled()).hex())


def altered_holds(own: OwnConnection, hasher: ItemHasher, holds: Sequence[Hold], now: datetime) -> list[str]:
    """Ids of holds that by their entries protect, or wait to, and whose rows say something else, or are gone.

    A hold without an entry is taken as it stands.
    """
    by_id = {hold.hold_id: hold for hold in holds}
    return sorted(
        hold_id
        for hold_id, noted in _noted(own).items()
        if noted.protects(now) and (hold_id not in by_id or not noted.fits(by_id[hold_id], hasher))
    )


def _noted(own: OwnConnection) -> dict[str, _Noted]:
    """By hold. A hold is set once and approved once: of several entries the first counts."""
    noted: dict[str, _Noted] = {}
    for entry in own.execute(_ENTRIES):
        body = _fields(entry["body"])
        hold_id = str(body.get("hold"))
        if entry["kind"] == "hold_set":
            noted.setdefault(hold_id, _Noted(body))
        elif hold_id in noted and entry["kind"] == "hold_approved":
            noted[hold_id].approved = noted[hold_id].approved or body
        elif hold_id in noted:
            noted[hold_id].is_ended = True
    return noted


def _fields(text: str) -> dict[str, Any]:
    """An entry's fields; none where nobody can read it: the ledger only grows, so that must not end every later run."""
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _instant(body: Mapping[str, Any], name: str) -> datetime | None:
    """Aware; None where the entry has none that can be read."""
    try:
        at = datetime.fromisoformat(str(body.get(name)))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
