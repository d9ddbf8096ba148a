"""What the ledger has to know of others: the results of checks, and the rules in force with who approved them.

Noted before the ledger is signed, so that a signature stands over them, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from retention import locks
from retention.database import OwnConnection
from retention.evidence import ledger
from retention.evidence.entry import canonical

CHECK = "check"
DOCUMENTS = "documents"

_ALONE = f"SELECT pg_advisory_xact_lock({locks.NOTES})"  # two at once would note the same twice
# Checks that nobody noted yet, of those that are proofs of their own time.
_UNNOTED = """
SELECT
    c.check_run_id AS check, c.verdict, c.as_of, c.finished_at, c.categories, c.policy_version, c.promises_digest, c.map_digest,
    c.inventory_digest, jsonb_array_length(c.places_read) AS places_read, c.places_failed,
    coalesce(f.by_severity, '{}') AS findings, f.digest AS findings_digest
FROM retention.check_runs AS c
CROSS JOIN LATERAL (
    SELECT
        (SELECT jsonb_object_agg(severity, kinds) FROM (
            SELECT severity, count(*) AS kinds FROM retention.findings WHERE check_run_id = c.check_run_id GROUP BY severity
        ) AS counted) AS by_severity,
        encode(sha256(convert_to(coalesce(string_agg(
            concat_ws(E'\\n', finding_id, kind, category, place, severity, count, coalesce(oldest_age_s::text, '-'), detail),
            E'\\n' ORDER BY finding_id COLLATE "C"
        ), ''), 'UTF8')), 'hex') AS digest
    FROM retention.findings WHERE check_run_id = c.check_run_id
) AS f
WHERE c.finished_at IS NOT NULL AND c.is_proof AND NOT EXISTS (
    SELECT FROM retention.ledger AS l WHERE l.kind = 'check' AND l.body::jsonb ->> 'check' = c.check_run_id::text
)
ORDER BY c.finished_at, c.check_run_id
"""


def note_checks(own: OwnConnection) -> int:
    """Note every finished check that has no entry yet; gives how many those were."""
    with own.transaction():
        own.execute(_ALONE)
        found = own.execute(_UNNOTED).fetchall()
        for row in found:
            ledger.append(own, CHECK, row)
    return len(found)


def note_documents(own: OwnConnection, documents: Mapping[str, Any]) -> bool:
    """Note the rules and digests in force (JSON values), unless the last such entry says the same; gives whether it did."""
    with own.transaction():
        own.execute(_ALONE)
        row = own.execute(
            "SELECT body FROM retention.ledger WHERE kind = %s ORDER BY seq DESC LIMIT 1", (DOCUMENTS,)
        ).fetchone()
        if row is not None and json.loads(row["body"]) == json.loads(canonical(documents)):
            return False
        ledger.append(own, DOCUMENTS, documents)
    return True
