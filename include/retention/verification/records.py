"""Writes a finished check into our own database, by the verifying role: all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from psycopg.types.json import Jsonb

from retention.database import OwnConnection
from retention.verification.inventory import Inventory
from retention.verification.kept import remember_kept
from retention.verification.known_files import remember_files
from retention.verification.result import CheckResult
from retention.verification.vanished import remember_protected
from retention.verification.version_dates import forget_gone
from retention.verification.withdrawn_contacts import remember_withdrawn

_RUN = """
INSERT INTO retention.check_runs (
    check_run_id, started_at, finished_at, as_of, categories, verdict, policy_version, promises_digest, map_digest,
    inventory_digest, hash_key_id, ledger_seq, ledger_head, places_read, places_failed, summary
)
SELECT
    %(check_run_id)s, %(started_at)s, %(finished_at)s, %(as_of)s, %(categories)s, %(verdict)s, %(policy_version)s,
    %(promises_digest)s, %(map_digest)s, %(inventory_digest)s, %(hash_key_id)s, head.seq, encode(head.hash, 'hex'),
    %(places_read)s, %(places_failed)s, %(summary)s
FROM (VALUES (1)) AS one (n)
LEFT JOIN (SELECT seq, hash FROM retention.ledger ORDER BY seq DESC LIMIT 1) AS head ON TRUE
"""

_FINDING = """
INSERT INTO retention.findings (finding_id, check_run_id, kind, category, place, severity, count, oldest_age_s, detail)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def record(
    own: OwnConnection, inventory: Inventory, result: CheckResult, last_checks: Mapping[str, UUID], hash_key_id: str
) -> None:
    """Insert the run, its findings, and what is protected now in every place that was read to its end, hashed under this key."""
    with own.transaction():
        own.execute(_RUN, _run_fields(result) | {"hash_key_id": hash_key_id})
        with own.cursor() as cursor:
            cursor.executemany(
                _FINDING,
                [
                    (
                        *(one.finding_id, result.check_run_id, one.kind, one.category, one.place, one.severity.value),
                        *(one.count, one.oldest_age_s, Jsonb(dict(one.detail))),
                    )
                    for one in result.findings
                ],
            )
        for place in result.places_read:
            remember_protected(inventory, result.check_run_id, place, last_checks.get(place))
            remember_files(inventory, result.check_run_id, place, last_checks.get(place))
            remember_kept(inventory, result.check_run_id, place, last_checks.get(place))
            remember_withdrawn(inventory, result.check_run_id, place, last_checks.get(place))
            forget_gone(inventory, place)


def _run_fields(result: CheckResult) -> dict[str, object]:
    return {
        "check_run_id": result.check_run_id,
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "as_of": result.as_of,
        "categories": list(result.categories),
        "verdict": result.verdict.value,
        "policy_version": result.policy_version,
        "promises_digest": result.promises_digest,
        "map_digest": result.map_digest,
        "inventory_digest": result.inventory_digest,
        "places_read": Jsonb(list(result.places_read)),
        "places_failed": Jsonb(
            [
                {"place": place, "reason": why, "explanation": result.explanations[place]}
                for place, why in result.places_failed.items()
            ]
        ),
        "summary": Jsonb(
            {
                "checks": [check.to_json() for check in result.checks],
                "counts": dict(result.counts),
                "headroom": {category: room.to_json() for category, room in result.headroom.items()},
            }
        ),
    }
