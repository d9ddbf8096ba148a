"""What a log file's records and its store's date together say about its age, for the inventory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from retention.verification.record_times import Records

BEGINS_UNDATED = "begins undated"
"""An entry's note: nobody can say how old its first record is."""

_AT_ONCE = timedelta(days=1)
"""So long after it began a record may have been written to its end."""


@dataclass(frozen=True, slots=True)
class FileDates:
    """`clock_at`: the oldest record of a file that could be read whole; `reaches_to` its youngest. `evidence_at` stands in where
    records don't say. Without either, nobody knows how old the file is. `ahead`: a time in the future that some record bears.
    `may_be_older`: some record may be of any age. `note`: what else is to be said."""

    clock_at: datetime | None = None
    reaches_to: datetime | None = None
    evidence_at: datetime | None = None
    ahead: datetime | None = None
    note: str | None = None
    may_be_older: bool = False


def dates_of(records: Records, stored_at: datetime) -> FileDates:
    """A file of which a part can't be read, or that begins with a record without a time, is at least as old as what can; it may
    be older. One that gives nothing at all is of unknown age; one that was read whole and has no times is dated by its store.

    The store's date is that of the last write: a record without a time may be as young, and of any age beyond. So may be what
    continues the last record where that date is long after it.
    """
    may_be_older = records.has_undated or records.ahead is not None
    reaches_to = records.youngest
    goes_on = records.ends_undated and reaches_to is not None and stored_at - reaches_to > _AT_ONCE
    if reaches_to is not None and (may_be_older or goes_on or not records.is_whole):
        reaches_to = max(reaches_to, stored_at)
    note = BEGINS_UNDATED if records.begins_undated else None
    if records.oldest is not None and records.is_whole and not records.begins_undated:
        return FileDates(records.oldest, reaches_to, ahead=records.ahead, may_be_older=may_be_older)
    if records.oldest is not None:
        return FileDates(None, reaches_to, min(records.oldest, stored_at), records.ahead, note)
    return FileDates(None, None, stored_at if records.is_whole else None, records.ahead, note)
