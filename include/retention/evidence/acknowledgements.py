"""Findings that a named person has seen and answers for until a date. They stand in the ledger alone, and change no verdict."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from retention.database import OwnConnection, database_time
from retention.errors import RequestError
from retention.evidence import ledger
from retention.evidence.entry import instant_text
from retention.evidence.people import require_person_and_reason

KIND = "acknowledgement"
LONGEST = timedelta(days=366)
"""Until then somebody looks at it again: an acknowledgement without an end would be a finding that nobody sees any more."""

Found = tuple[str, str, str]
"""What was found: its kind, its data category, and where."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`by` has seen `count` of them, and says why that may be so `until` then."""

    by: str
    reason: str
    at: datetime
    until: datetime
    count: int


def acknowledge(
    own: OwnConnection, found: Found, *, severity: str, count: int, until: datetime, by: str, reason: str
) -> None:
    """Note that somebody has seen a finding. Raises RequestError without a person or a reason, for a date that is past or too far
    away, and for what is no mere finding: a breach has to be mended and an unknown looked into, by nobody's word."""
    require_person_and_reason(by, reason)
    if severity != "finding":
        raise RequestError(
            f"found {_WHAT.get(severity, severity)}; expected a finding. Only findings can be acknowledged; nothing was noted."
        )
    now = database_time(own)
    if not now < until <= now + LONGEST:
        raise RequestError(
            f"--until: found {instant_text(until)}; expected an instant after now, and {LONGEST.days} days ahead at the most"
        )
    kind, category, place = found
    body = {
        "finding": kind,
        "category": category,
        "place": place,
        "count": count,
        "until": until,
        "by": by,
        "reason": reason,
    }
    ledger.append(own, KIND, body)


_WHAT = {
    "breach": "a breach, which can't be acknowledged away: it has to be mended",
    "unknown": "an unknown, which can't be acknowledged away: somebody has to look",
    "exception": "a lawful exception, which needs no acknowledgement",
}


def acknowledged(own: OwnConnection, now: datetime) -> dict[Found, Acknowledgement]:
    """What is acknowledged at `now`; the newest word on each finding counts."""
    rows = own.execute(
        "SELECT at, body FROM retention.ledger WHERE kind = 'acknowledgement' AND at <= %s ORDER BY seq", (now,)
    )
    newest: dict[Found, Acknowledgement] = {}
    for row in rows:
        said = json.loads(row["body"])
        newest[said["finding"], said["category"], said["place"]] = Acknowledgement(
            said["by"], said["reason"], row["at"], datetime.fromisoformat(said["until"]), said["count"]
        )
    return {found: one for found, one in newest.items() if now < one.until}
