"""What the ledger has to know of others: the results of checks, and the rules in force with who approved them.

Noted before the ledger is signed, so that a signature stands over them, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from retention import locks
from retention.database import OwnConnection, database_time
from retention.errors import EvidenceError
from retention.evidence import ledger
from retention.evidence.entry import canonical

CHECK = "check"
DOCUMENTS = "documents"

_ALONE = f"SELECT pg_advisory_xact_lock({locks.NOTES})"  # two at once would note the same twice
# Finished checks that are proofs of their own time, with what the ledger says of each.
_CHECKS = """
SELECT
    c.check_run_id AS check, c.verdict, c.as_of, c.started_at, c.finished_at, c.categories, c.policy_version,
    c.promises_digest, c.map_digest, c.inventory_digest, jsonb_array_length(c.places_read) AS places_read, c.places_failed,
    coalesce(f.by_severity, '{}') AS findings, f.digest AS findings_digest, noted.bodies
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
CROSS JOIN LATERAL (
    SELECT array_agg(l.body) AS bodies FROM retention.ledger AS l
    WHERE l.kind = 'check' AND l.body::jsonb ->> 'check' = c.check_run_id::text
) AS noted
WHERE c.finished_at IS NOT NULL AND c.is_proof AND c.finished_at >= coalesce(%s, '-infinity'::timestamptz)
ORDER BY c.finished_at, c.check_run_id
"""
_FOUND = {"verdict", "as_of", "findings", "findings_digest", "places_read", "places_failed"}
_LOOK_BACK = timedelta(days=7)
"""How old a check may be that is noted, or compared, before a head is signed. `changed_checks` compares all."""


def note_checks(own: OwnConnection) -> int:
    """Note every finished check of the last days that has no entry yet; gives how many those were.

    Raises EvidenceError where an entry says something else of a check than its result does.
    """
    with own.transaction():
        own.execute(_ALONE)
        missing = []
        for body, noted in _checks(own, database_time(own) - _LOOK_BACK):
            if not all(_is_said(one, body) for one in noted):
                raise EvidenceError(
                    f"check {body['check']}: the ledger says something else of it than its result; expected the "
                    "same. Nothing was signed. Somebody changed the result, or wrote an entry in its name: compare both "
                    "(docs/evidence.md)."
                )
            missing += [] if noted else [body]
        for body in missing:
            ledger.append(own, CHECK, body)
    return len(missing)


def changed_checks(own: OwnConnection) -> int | None:
    """The first entry that says something else of a check than its result does; None where all fit."""
    checks = _checks(own, None)
    changed = [body["check"] for body, noted in checks if not all(_is_said(one, body) for one in noted)]
    row = own.execute(
        "SELECT min(seq) AS seq FROM retention.ledger WHERE kind = 'check' AND body::jsonb ->> 'check' = ANY(%s)",
        (changed,),
    ).fetchone()
    return row["seq"] if row is not None else None


def _checks(own: OwnConnection, since: datetime | None) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """What each check's entry should say, and the entries that there are, as JSON values."""
    for row in own.execute(_CHECKS, (since,)).fetchall():
        noted = row.pop("bodies") or []
        yield json.loads(canonical(row)), [json.loads(body) for body in noted]


def _is_said(noted: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether an entry says of a check what its result does: all that it says, and at least what was found. An entry of an older
    version may say less."""
    return noted.keys() >= _FOUND and all(name in body and body[name] == said for name, said in noted.items())


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
