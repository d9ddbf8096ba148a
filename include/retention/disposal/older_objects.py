"""Objects that are older than their rows say: a listing shows what no table knows, such as a copy that carried its date along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from retention.disposal.checked import CheckedObjects
from retention.disposal.reading import Reading, RowsByKey
from retention.policy.decide import CONTRADICTION_TOLERANCE, EARLIEST
from retention.stores.protocol import PartKind, StoredPart


def rows_by_store(reading: Reading[CheckedObjects], parts: Sequence[StoredPart], rows: RowsByKey) -> RowsByKey:
    """The rows among these that may be too young, decided again with what the store says of their objects' age."""
    stored = _stored_at(reading, parts, rows)
    return reading.rows_by_key(sorted(stored), stored=stored) if stored else {}


def _stored_at(reading: Reading[CheckedObjects], parts: Sequence[StoredPart], rows: RowsByKey) -> dict[str, datetime]:
    """By key, the oldest date in the store of current versions whose rows may be too young: LastModified, or their metadata's.

    Only what could make a row due is asked for: rows that are not due yet, with a date that is a guess or later than
    LastModified by more than the tolerance. Of all others nothing is read but the listing.
    """
    doubtful = [
        part
        for part in parts
        if part.kind is PartKind.VERSION
        and part.is_latest
        and part.stored_at is not None
        and part.stored_at >= EARLIEST
        and any(_may_be_too_young(row, part.stored_at) for row in rows.get(part.key, ()))
    ]
    stated = reading.checked.stores.objects.stated_at(doubtful)
    return {
        part.key: min(at for at in (part.stored_at, stated.get(part)) if at is not None and at >= EARLIEST)
        for part in doubtful
    }


def _may_be_too_young(row: Mapping[str, Any], stored_at: datetime) -> bool:
    if row["status"] != "retain" or row["reason"] not in ("not_due", "undated"):
        return False
    return bool(row["basis"] != "start_point" or row["arose_at"] > stored_at + CONTRADICTION_TOLERANCE)
