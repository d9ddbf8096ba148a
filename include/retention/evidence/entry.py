"""An entry of the ledger as bytes: what is chained, hashed and proven, wherever it is checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

FIRST_PREVIOUS = bytes(32)
"""What stands before the first entry."""


def canonical(body: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no spaces, so that equal bodies have equal bytes."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_jsonable)


def _jsonable(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)


def instant_text(at: datetime) -> str:
    """An instant as it is hashed: UTC, with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entry_bytes(row: Mapping[str, Any]) -> bytes:
    """What is hashed of an entry: the previous hash and "seq\\nat\\nkind\\nbody"; `at` in UTC with microseconds."""
    at = instant_text(row["at"])
    return bytes(row["prev_hash"]) + f"{row['seq']}\n{at}\n{row['kind']}\n{row['body']}".encode()


def entry_hash(row: Mapping[str, Any]) -> bytes:
    """SHA-256 over the entry's bytes."""
    return hashlib.sha256(entry_bytes(row)).digest()
