"""What the newest checks found, with who answers for it and who has acknowledged it, and how to name one of them."""

from __future__ import annotations

from collections.abc import Sequence

from retention.database import OwnConnection, database_time
from retention.datamap.loader import DataMap
from retention.errors import RequestError
from retention.evidence.acknowledgements import acknowledged
from retention.policy.loader import Policy
from retention.reports.attribution import attributed
from retention.reports.checks import last_coverage_id, last_proof_id, read_check
from retention.reports.document import Finding


def findings_now(own: OwnConnection, policy: Policy, datamap: DataMap) -> list[Finding]:
    """What the newest proof found, and what the newest look for unmapped data found besides. Raises RequestError where no check
    has finished."""
    now = database_time(own)
    checks = dict.fromkeys(one for one in (last_proof_id(own, now), last_coverage_id(own, now)) if one is not None)
    if not checks:
        raise RequestError("found no finished check; expected one. Run `verify` first.")
    words = acknowledged(own, now)
    findings = [one for check in checks for one in attributed(read_check(own, check), policy, datamap, words).findings]
    return list({one.finding_id: one for one in reversed(findings)}.values())[::-1]


def the_one(found: Sequence[Finding], name: str) -> Finding:
    """The finding of this id, or of this `KIND@PLACE` where that names only one. Raises RequestError."""
    named = [one for one in found if name in (one.finding_id, f"{one.kind}@{one.place}")]
    if not named:
        raise RequestError(f"found no finding {name!r} in the newest check; expected one that `finding list` shows")
    if len(named) > 1:
        ids = ", ".join(one.finding_id for one in named)
        raise RequestError(f"{name!r} names {len(named)} findings; expected one of their ids: {ids}")
    return named[0]
