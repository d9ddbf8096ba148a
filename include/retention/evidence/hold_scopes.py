"""Whether holds still cover what they were set for: their scope, against the keyed hash that the ledger noted of it.

A hold protects by its row alone, and a row can be changed past the product; the ledger's entry can't.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from retention.database import OwnConnection
from retention.evidence.hashing import ItemHasher
from retention.policy.facts import Hold


def with_other_scope(own: OwnConnection, hasher: ItemHasher, holds: Sequence[Hold]) -> list[Hold]:
    """Those of these holds whose scope is not the one they were set with.

    A hold without an entry, or with one that has no hash or one under another key, can't be compared.
    """
    noted = _noted_scopes(own, hasher.key_id)
    return [
        hold
        for hold in holds
        if noted.get(hold.hold_id) is not None and noted[hold.hold_id] != hasher.scope(hold.filled()).hex()
    ]


def _noted_scopes(own: OwnConnection, key_id: str) -> dict[str, str | None]:
    """The scope's hash by hold, None where it can't be compared. A hold is set once: of several entries the first counts."""
    noted: dict[str, str | None] = {}
    for entry in own.execute("SELECT body FROM retention.ledger WHERE kind = 'hold_set' ORDER BY seq"):
        body = _fields(entry["body"])
        noted.setdefault(str(body.get("hold")), body.get("scope_hash") if body.get("key") == key_id else None)
    return noted


def _fields(text: str) -> dict[str, Any]:
    """An entry's fields; none where nobody can read it: the ledger only grows, so that must not end every later run."""
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
