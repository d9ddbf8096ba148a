"""Whether what this check rests on in our own database is as it was recorded: the ledger's chain, and the holds that it names.

Written apart from evidence/ledger.py, from the format alone: verification shares no code with what
writes the ledger.
"""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import Any, NamedTuple

from retention.database import OwnConnection, database_time
from retention.evidence.hashing import ItemHasher
from retention.verification.anchored import TOLD_FOR, Anchor, left_unconnected, read_anchored, read_since
from retention.verification.hold_entries import HoldTrail, compare_holds
from retention.verification.signed_heads import SignedHeads

_ENTRIES = "SELECT seq, at, kind, body, prev_hash, hash FROM retention.ledger ORDER BY seq"

_NOTED = """
SELECT DISTINCT ledger_seq AS seq, decode(ledger_head, 'hex') AS hash
FROM retention.check_runs
WHERE ledger_seq > 0 AND ledger_head IS NOT NULL
"""


class Trail(NamedTuple):
    """`entries` of the ledger were read; `troubles` names what does not fit, and how often; `unsigned` what is under no signed
    head for too long; `unanchored` why it could not be held against the locked bucket, `lost` which of its heads a confirmed
    restore lost; both None where nobody connected one."""

    entries: int
    troubles: dict[str, int]
    unsigned: dict[str, int]
    unanchored: dict[str, int] | None
    lost: dict[str, int] | None
    holds: HoldTrail


def read_trail(own: OwnConnection, hasher: ItemHasher, anchor: Anchor | None = None) -> Trail:
    """Recompute the ledger's chain, compare it with every head that a check noted or somebody signed, with the newest in the
    locked bucket, and the holds with their entries."""
    # The bucket before the ledger, which only grows.
    anchored = read_anchored(anchor, read_since(own, database_time(own))) if anchor is not None else None
    signed = SignedHeads(own, anchored.heads if anchored is not None else ())
    entries, troubles = _chain(own, signed)
    now = database_time(own)
    unfit, unsigned = signed.troubles(now)
    unanchored = {"anchor_not_connected": 1} if anchored is None and left_unconnected(own) else None
    if anchored is not None:
        unanchored = anchored.troubles or signed.unanchored(now)
    lost = {"lost_by_a_restore": signed.lost(now - TOLD_FOR)} if anchored is not None else None
    if troubles:  # read up to the first break only
        unfit = {}
    holds = compare_holds(own, hasher)
    changed = {"holds_changed_behind_the_ledger": holds.changed} if holds.changed else {}
    return Trail(entries, troubles | unfit | changed, unsigned, unanchored, lost, holds)


def _chain(own: OwnConnection, signed: SignedHeads) -> tuple[int, dict[str, int]]:
    noted: dict[int, set[bytes]] = {}
    for row in own.execute(_NOTED):
        noted.setdefault(row["seq"], set()).add(bytes(row["hash"]))
    previous, entries = bytes(32), 0
    with own.transaction(), own.cursor(name="trail") as cursor:
        cursor.itersize = 10_000
        cursor.execute(_ENTRIES)
        for row in cursor:
            entries += 1
            chained = _bytes(row)
            fits = row["seq"] == entries and bytes(row["prev_hash"]) == previous
            fits = fits and bytes(row["hash"]) == hashlib.sha256(chained).digest()
            if not fits or noted.pop(entries, {bytes(row["hash"])}) != {bytes(row["hash"])}:
                return entries, {"ledger_does_not_fit": 1}
            previous = bytes(row["hash"])
            signed.take(row, chained)
    return entries, {"ledger_ends_too_early": 1} if noted else {}


def _bytes(row: dict[str, Any]) -> bytes:
    """What is chained: the previous hash and number, time (UTC, microseconds), kind and body, one on each line."""
    at = row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    lines = "\n".join((str(row["seq"]), at, row["kind"], row["body"]))
    return bytes(row["prev_hash"]) + lines.encode()
