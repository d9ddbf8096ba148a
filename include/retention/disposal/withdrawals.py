"""When people decided that they go, for the suppression list; what nobody dated counts from when it was first seen.

Else it would count from each run anew, past every consent that was proven since. Our own database remembers it by the row's keyed
hash, as long as the row says so.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from retention.database import OwnConnection
from retention.disposal.checked import CheckedTable
from retention.disposal.reading import Reading
from retention.disposal.selection import AMBIGUOUS

_STAYS_OUT = ("not_due", AMBIGUOUS)
"""Why a row puts nobody on the list although it says so: its time has not come, or nobody knows whether it says the truth."""


class DecidedRow(NamedTuple):
    """A row as it was decided; `withdrawn_at` is when its own customer or person last decided that it goes, as far as that has a
    date, and `withdrawn_undated` whether something of it has none."""

    item_id: str
    is_due: bool
    reason: str
    withdrawn_at: datetime | None
    withdrawn_undated: bool


def withdrawals(
    reading: Reading[CheckedTable], own: OwnConnection, rows: Collection[DecidedRow]
) -> dict[str, datetime]:
    """Since when each person of these rows stays away, by the row's id. Whether the row goes or is kept makes no difference.

    A row that goes only because it is on the list, or by its age, is not among them: its person has decided nothing. So the list
    neither spreads from row to row over what they share, nor does its date move past a consent that was proven since.
    """
    said = [row for row in rows if row.reason not in _STAYS_OUT]
    dated = {row.item_id: row.withdrawn_at for row in said if row.withdrawn_at is not None}
    seen = _first_seen(reading, own, [row.item_id for row in said if row.withdrawn_undated])
    return dated | {item_id: max(at, dated.get(item_id, at)) for item_id, at in seen.items()}


def forget_ended(reading: Reading[CheckedTable], own: OwnConnection) -> None:
    """Forget what no row said when all of them were read at `reading.now`: should one say it again, that is another decision."""
    own.execute(
        "DELETE FROM retention.undated_withdrawals WHERE place = %s AND last_seen_at < %s",
        (reading.checked.place.name, reading.now),
    )


def _first_seen(reading: Reading[CheckedTable], own: OwnConnection, ids: Collection[str]) -> dict[str, datetime]:
    """Since when these rows have said so; noted of those that are new, unless this is a rehearsal."""
    now = max(reading.as_of, reading.now)
    if reading.checked.is_rehearsal or not ids:
        return dict.fromkeys(ids, now)
    place, hasher = reading.checked.place.name, reading.runtime.hasher
    marks = {hasher.item(place, item_id): item_id for item_id in ids}
    rows = own.execute(
        "INSERT INTO retention.undated_withdrawals AS known (place, item_hash, first_seen_at, last_seen_at) "
        "SELECT %(place)s, mark, %(now)s, %(now)s FROM unnest(%(marks)s::bytea[]) AS mark "
        "ON CONFLICT (place, item_hash) DO UPDATE SET last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at) "
        "RETURNING item_hash, first_seen_at",
        # In one order, so that no two batches wait for each other.
        {"place": place, "now": now, "marks": sorted(marks)},
    )
    return {marks[bytes(row["item_hash"])]: row["first_seen_at"] for row in rows}
