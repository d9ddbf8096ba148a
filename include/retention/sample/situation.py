"""What can be said about one recording, as plain data: the vocabulary that cases and everyday calls are written in.

Times are spans: `…_ago` counts back from the load's instant (negative lies ahead), `…_after` counts from the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal

Expected = Literal["retain", "due", "overdue", "exempt", "held", "kept_by_minimum"]

DURING_CALL = timedelta(seconds=20)
SOON_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One transcription; `finished_after` counts from the call's end, None while it is still open."""

    status: Literal["pending", "running", "succeeded", "failed"]
    finished_after: timedelta | None = SOON_AFTER


SUCCEEDED = (Attempt("succeeded"),)
FAILED = (Attempt("failed"),)
NEVER: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """A consent given for one call. `recorded_after` None means: noted when the call ended."""

    party: Literal["caller", "customer"]
    scope: Literal["archiving", "ai_training", "marketing"] = "archiving"
    given_after: timedelta = DURING_CALL
    recorded_after: timedelta | None = None
    ends_ago: timedelta | None = None
    withdrawn_ago: timedelta | None = None
    for_earlier_call: bool = False


CALLER_AGREED = (ConsentTerms("caller"),)


class RowDate(StrEnum):
    """What the row says about when the recording was made."""

    TRUE = "true"
    MISSING = "missing"
    FUTURE = "future"  # a clock that was a year ahead
    LATER = "later"  # contradicted: after the row itself was created


class Stored(StrEnum):
    """What lies in the bucket under the recording's key."""

    ONE_VERSION = "one version"
    THREE_VERSIONS = "three versions"
    BEHIND_MARKER = "a version behind a delete marker"
    MARKER_ALONE = "a delete marker alone"
    UNFINISHED_UPLOAD = "an unfinished upload"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """A legal hold on the item, the tenant, the tenant's person or period. Without an end it has a review date."""

    scope: Literal["item", "person", "tenant", "period"]
    approved_by: str | None = "compliance"
    effective_ago: timedelta = timedelta(days=10)
    ends_ago: timedelta | None = None
    review_ago: timedelta = timedelta(days=-80)
    ended_ago: timedelta | None = None


@dataclass(frozen=True, slots=True)
class DutyTerms:
    """A statutory duty flagged on a transcript: its paragraph, and how long ago it ended (negative: ahead; None: never said)."""

    paragraph: str | None
    ended_ago: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """One call with everything that decides on its recording; by default transcribed and without any exception."""

    age: timedelta
    tenants: tuple[str, ...]
    attempts: tuple[Attempt, ...] = SUCCEEDED
    consents: tuple[ConsentTerms, ...] = ()
    hold: HoldTerms | None = None
    row_date: RowDate = RowDate.TRUE
    stored: Stored = Stored.ONE_VERSION
    has_row: bool = True
    has_call: bool = True
    file_name: str | None = None
    """Instead of `<call_id>.wav`; `{n}` is replaced by the item's number, so that keys stay different."""
    has_transcript: bool = True
    """Whether a call that was transcribed still has its transcript."""
    duty: DutyTerms | None = None
    """A statutory duty flagged on the transcript."""


@dataclass(frozen=True, slots=True)
class Case:
    """A named case with what must be decided about its items right after the load, and how many there are."""

    name: str
    meaning: str
    expected: Expected
    situation: Situation
    count: int = 3
    fallback: bool = False
    """True when the start point can't come from `recorded_at` and the decision must say `basis: fallback`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCase:
    """A named case of another category: one row of a table, a log object, a log file or a partition."""

    name: str
    meaning: str
    expected: Expected
    place: str
    count: int = 3
    fallback: bool = False
    """True when the item is dated by other evidence than its own time."""
    hold: HoldTerms | None = None
