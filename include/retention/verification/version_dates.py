"""What earlier checks learnt of object versions by asking for each one: its own `recorded-at`.

A version's metadata never changes, so one answer is good for as long as the version is there. Not remembered is what may be
written again under the same id (a bucket without versioning), nor a refusal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from retention.database import OwnConnection
from retention.verification.inventory import Inventory

# A date at an end of time can be stored, and not be read in UTC: such a version is asked for each time.
_KNOWN = """
SELECT part_hash, recorded_at FROM retention.version_dates
WHERE place = %s AND part_hash = ANY(%s)
    AND coalesce(recorded_at BETWEEN timestamptz '0001-01-03 00:00Z' AND timestamptz '9999-12-29 00:00Z', TRUE)
"""
_LEARN = """
INSERT INTO retention.version_dates (place, part_hash, recorded_at)
SELECT %s, told.part_hash, told.recorded_at
FROM unnest(%s::bytea [], %s::timestamptz []) AS told (part_hash, recorded_at)
ON CONFLICT DO NOTHING
"""
_FORGET_GONE = """
DELETE FROM retention.version_dates AS d
WHERE d.place = %s AND NOT EXISTS (SELECT FROM {entries} AS e WHERE e.place = d.place AND e.part_hash = d.part_hash)
"""
_FORGET_UNMAPPED = "DELETE FROM retention.version_dates WHERE place <> ALL(%s)"


def known_dates(own: OwnConnection, place: str, versions: Sequence[bytes]) -> dict[bytes, datetime | None]:
    """Those of these versions (their hashes) that were asked for before, each with its date; None where it says none."""
    rows = own.execute(_KNOWN, (place, list(versions))).fetchall() if versions else []
    return {bytes(row["part_hash"]): row["recorded_at"] for row in rows}


def learn_dates(own: OwnConnection, place: str, told: Mapping[bytes, datetime | None]) -> None:
    """Remember what these versions said."""
    if told:
        own.execute(_LEARN, (place, list(told), list(told.values())))


def forget_gone(inventory: Inventory, place: str) -> None:
    """Let go of versions that are gone from a place that was read to its end."""
    inventory.ask(_FORGET_GONE, (place,))


def forget_unmapped(own: OwnConnection, mapped: Collection[str]) -> None:
    """Let go of what lies in places that the map has no more."""
    own.execute(_FORGET_UNMAPPED, (list(mapped),))
