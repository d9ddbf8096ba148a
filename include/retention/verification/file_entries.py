"""What a log file's records and its store's date together say about its age, for the inventory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from retention.verification.record_times import Records


@dataclass(frozen=True, slots=True)
class FileDates:
    """`clock_at`: the oldest record of a file that could be read whole; `reaches_to` its youngest. `evidence_at` stands in where
    records don't say. Without either, nobody knows how old the file is. `ahead`: a time in the future that some record bears."""

    clock_at: datetime | None = None
    reaches_to: datetime | None = None
    evidence_at: datetime | None = None
    ahead: datetime | None = None


def dates_of(records: Records, stored_at: datetime) -> FileDates:
    """A file of which a part can't be read is at least as old as what can. One that gives nothing at all is of unknown age; one
    that was read to its end and has no times is dated by its store."""
    if records.oldest is not None and records.is_whole:
        return FileDates(records.oldest, records.youngest, ahead=records.ahead)
    if records.oldest is not None:
        return FileDates(evidence_at=min(records.oldest, stored_at), reaches_to=records.youngest, ahead=records.ahead)
    return FileDates(evidence_at=stored_at if records.is_whole else None, ahead=records.ahead)
