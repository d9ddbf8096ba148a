"""Whether what this check rests on in our own database is as it was recorded: the ledger's chain, and the holds that it names.

Written apart from evidence/ledger.py, from the format alone (architecture, "Evidence"): verification shares no code with what
writes the ledger.
"""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import Any, NamedTuple

from retention.database import OwnConnection

_ENTRIES = "SELECT seq, at, kind, body, prev_hash, hash FROM retention.ledger ORDER BY seq"

_NOTED = """
SELECT DISTINCT ledger_seq AS seq, decode(ledger_head, 'hex') AS hash
FROM retention.check_runs
WHERE ledger_seq > 0 AND ledger_head IS NOT NULL
"""

# A hold protects by its row alone. One that went, or was ended, approved or dated otherwise without an entry, was not by us.
_HOLDS_CHANGED = """
WITH entries AS (
    SELECT kind, at, CAST(body AS jsonb) AS body, CAST(body AS jsonb) ->> 'hold' AS hold
    FROM retention.ledger
    WHERE kind IN ('hold_set', 'hold_approved', 'hold_ended')
),

recorded AS (
    SELECT
        hold,
        max(body ->> 'requested_by') FILTER (WHERE kind = 'hold_set') AS requested_by,
        coalesce(
            max(body ->> 'by') FILTER (WHERE kind = 'hold_approved'),
            max(body ->> 'approved_by') FILTER (WHERE kind = 'hold_set')
        ) AS approved_by,
        CAST(max(body ->> 'ends_at') FILTER (WHERE kind = 'hold_set') AS timestamptz) AS ends_at,
        CAST(max(body ->> 'review_at') FILTER (WHERE kind = 'hold_set') AS timestamptz) AS review_at,
        greatest(
            max(at) FILTER (WHERE kind IN ('hold_set', 'hold_approved')),
            CAST(max(body ->> 'effective_at') FILTER (WHERE kind = 'hold_set') AS timestamptz)
        ) AS effective_until,
        bool_or(kind = 'hold_ended') AS was_ended
    FROM entries
    GROUP BY hold
    HAVING bool_or(kind = 'hold_set')
)

SELECT count(*) AS holds
FROM recorded AS r
LEFT JOIN retention.holds AS h ON r.hold = h.hold_id::text
WHERE
    h.hold_id IS NULL
    OR h.requested_by IS DISTINCT FROM r.requested_by
    OR h.approved_by IS DISTINCT FROM r.approved_by
    OR h.ends_at IS DISTINCT FROM r.ends_at
    OR h.review_at IS DISTINCT FROM r.review_at
    OR h.effective_at > r.effective_until
    OR (h.ended_at IS NOT NULL AND NOT r.was_ended)
"""


_HOLDS = "SELECT count(*) AS holds FROM retention.holds"

# A hold that somebody wrote past the product: it protects, and nobody vouches for it.
_HOLDS_UNNOTED = """
SELECT count(*) AS holds
FROM retention.holds AS h
WHERE NOT EXISTS (
    SELECT 1
    FROM retention.ledger AS l
    WHERE l.kind = 'hold_set' AND CAST(l.body AS jsonb) ->> 'hold' = h.hold_id::text
)
"""


class Trail(NamedTuple):
    """`entries` of the ledger were read; `troubles` names what does not fit, and how often; `holds_unnoted` have no entry."""

    entries: int
    troubles: dict[str, int]
    holds: int
    holds_unnoted: int


def read_trail(own: OwnConnection) -> Trail:
    """Recompute the ledger's chain, compare it with every head that a check noted, and the holds with their entries."""
    entries, chain_troubles = _chain(own)
    changed = _count(own, _HOLDS_CHANGED)
    troubles = chain_troubles | ({"holds_changed_behind_the_ledger": changed} if changed else {})
    return Trail(entries, troubles, _count(own, _HOLDS), _count(own, _HOLDS_UNNOTED))


def _count(own: OwnConnection, query: str) -> int:
    return int((own.execute(query).fetchone() or {})["holds"])


def _chain(own: OwnConnection) -> tuple[int, dict[str, int]]:
    noted: dict[int, set[bytes]] = {}
    for row in own.execute(_NOTED):
        noted.setdefault(row["seq"], set()).add(bytes(row["hash"]))
    previous, entries = bytes(32), 0
    with own.transaction(), own.cursor(name="trail") as cursor:
        cursor.itersize = 10_000
        cursor.execute(_ENTRIES)
        for row in cursor:
            entries += 1
            fits = row["seq"] == entries and bytes(row["prev_hash"]) == previous and bytes(row["hash"]) == _hash(row)
            if not fits or noted.pop(entries, {bytes(row["hash"])}) != {bytes(row["hash"])}:
                return entries, {"ledger_does_not_fit": 1}
            previous = bytes(row["hash"])
    return entries, {"ledger_ends_too_early": 1} if noted else {}


def _hash(row: dict[str, Any]) -> bytes:
    """SHA-256 over the previous hash and number, time (UTC, microseconds), kind and body, one on each line."""
    at = row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    lines = "\n".join((str(row["seq"]), at, row["kind"], row["body"]))
    return hashlib.sha256(bytes(row["prev_hash"]) + lines.encode()).digest()
