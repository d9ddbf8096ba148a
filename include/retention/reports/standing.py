"""What the last proof says now: the one judgement behind status, summary, report and page.

A check answers for the instant at which it looked. Its breach stays one until a newer check finds none; everything better needs
a proof that is young enough, of the promises and the map of now, and no deadline that came up since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from retention.database import OwnConnection
from retention.reports import verdict
from retention.reports.checks import CheckRead, Documents, changed_documents, last_proof_id, read_check
from retention.reports.document import Check
from retention.verification.result import Verdict

PROOF_VALID_FOR = timedelta(hours=2)
"""Verification runs hourly by its own clock; a proof that is older than two intervals proves nothing about now."""


class Doubt(StrEnum):
    """Why what a check found is not known of now."""

    TOO_OLD = "too_old"
    PROMISES_CHANGED = "promises_changed"
    MAP_CHANGED = "map_changed"
    DEADLINE_PASSED = "deadline_passed"


_CHANGED = {"promises": Doubt.PROMISES_CHANGED, "map": Doubt.MAP_CHANGED}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a check says now. `then` is its verdict on what it saw, `verdict` the one that may be claimed now.

    `headroom_s` is counted from now: seconds until the first deadline if nothing runs, negative after it; None: not known.
    """

    then: Verdict
    verdict: Verdict
    headroom_s: int | None
    doubts: tuple[Doubt, ...]


NEVER_CHECKED = Standing(Verdict.UNKNOWN, Verdict.UNKNOWN, None, ())
"""Where no check has finished."""


def judge(
    check: Check | None, then: Verdict, headroom_s: int | None, changed: Sequence[str], now: datetime
) -> Standing:
    """What a check that said `then`, with this headroom as it looked, says at `now`.

    `changed` names the documents that are others now (`promises`, `map`). The proof holds up to and including the end of its
    validity, and up to and including a deadline, as promises do.
    """
    if check is None:
        return NEVER_CHECKED
    room_s = headroom_s - (now - check.as_of).total_seconds() if headroom_s is not None else None
    doubts = [Doubt.TOO_OLD] if now - check.started_at > PROOF_VALID_FOR else []
    doubts += [_CHANGED[name] for name in changed]
    # A check that found no breach had every deadline before it; another one may have looked after the first of them.
    ahead_then = then is Verdict.COMPLIANT or (headroom_s is not None and headroom_s >= 0)
    if ahead_then and room_s is not None and room_s < 0:
        doubts.append(Doubt.DEADLINE_PASSED)
    said = Verdict.UNKNOWN if doubts and then is not Verdict.BREACH else then
    return Standing(then, said, int(room_s // 1) if room_s is not None else None, tuple(doubts))


def last_standing(
    own: OwnConnection, category: str, documents: Documents, now: datetime, since: datetime | None = None
) -> tuple[CheckRead | None, Standing]:
    """The last proof of the category that began at or after `since` and had finished at `now`, and what it says at `now`.

    What the check states without showing where it lies falls on every category; a finding in another category's place does not.
    """
    proof = last_proof_id(own, now, category=category, since=since)
    if proof is None:
        return None, NEVER_CHECKED
    read = read_check(own, proof)
    changed = changed_documents(Documents(read.check.promises_digest, read.check.map_digest), documents)
    places = (documents.places or {}).get(category) if "map" not in changed else None
    if places is None:  # which places are the category's is not known: then all that the check speaks of
        places = tuple(place.place for place in read.check.places)
    then = verdict.of_category(read.check, read.findings, category, places)
    facts = read.facts.get(category)
    return read, judge(read.check, then, facts.headroom_s if facts is not None else None, changed, now)


def valid_until(check: Check | None, then: Verdict, headroom_s: int | None) -> datetime | None:
    """The end of a finished check's answer: of its validity, or the first deadline after it if that comes before.

    A breach doesn't end with a deadline.
    """
    if check is None or check.finished_at is None:
        return None
    end = check.started_at + PROOF_VALID_FOR
    if then is Verdict.BREACH or headroom_s is None or headroom_s < 0:
        return end
    return min(end, check.as_of + timedelta(seconds=headroom_s))
