"""When people decided that they go, for the suppression list; what nobody dated counts from when it was first seen.

Else it would count from each run anew, past every consent that was proven since. Our own database remembers it by the row's keyed
hash until the row is there and says it no more: one that we removed comes again, perhaps, with an import that still says it.
Where nothing is remembered of a place, or nothing any more, the list itself says best since when.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from retention.database import OwnConnection
from retention.disposal.checked import CheckedTable
from retention.disposal.reading import Reading
from retention.disposal.selection import AMBIGUOUS
from retention.disposal.suppression import suppressed_items

_THE_PLACE = "\0"
"""Stands for the place among its rows, once all of them were read; PostgreSQL has no such text."""
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


def not_seen_again(reading: Reading[CheckedTable], own: OwnConnection) -> bool:
    """Whether something is remembered that no row has said since `reading.now`."""
    found = own.execute(
        "SELECT 1 FROM retention.undated_withdrawals WHERE place = %s AND last_seen_at < %s AND item_hash <> %s LIMIT 1",
        (reading.checked.place.name, reading.now, _mark(reading, _THE_PLACE)),
    )
    return found.fetchone() is not None


def forget(reading: Reading[CheckedTable], own: OwnConnection, silent: Collection[str]) -> None:
    """Forget these rows (by their ids), which are there and say it no more: should one say it again, that is another decision."""
    place = reading.checked.place.name
    own.execute(
        "DELETE FROM retention.undated_withdrawals WHERE place = %s AND last_seen_at < %s AND item_hash = ANY(%s)",
        (place, reading.now, reading.runtime.hasher.items(place, silent)),
    )


def note_all_read(reading: Reading[CheckedTable], own: OwnConnection) -> None:
    """From now on, a row of which nothing is remembered has said nothing before."""
    _note(reading, own, {_THE_PLACE: max(reading.as_of, reading.now)})


def _first_seen(reading: Reading[CheckedTable], own: OwnConnection, ids: Collection[str]) -> dict[str, datetime]:
    """Since when these rows have said so; noted of those that are new, unless this is a rehearsal."""
    since = dict.fromkeys(ids, max(reading.as_of, reading.now))
    if reading.checked.is_rehearsal or not ids:
        return since
    if not _all_were_read(reading, own):
        # The earliest: none of the entries is dated anew.
        since |= {item_id: min(at) for item_id, at in suppressed_items(reading, own, list(ids)).items()}
    return _note(reading, own, since)


def _all_were_read(reading: Reading[CheckedTable], own: OwnConnection) -> bool:
    found = own.execute(
        "SELECT 1 FROM retention.undated_withdrawals WHERE place = %s AND item_hash = %s",
        (reading.checked.place.name, _mark(reading, _THE_PLACE)),
    )
    return found.fetchone() is not None


def _note(reading: Reading[CheckedTable], own: OwnConnection, since: Mapping[str, datetime]) -> dict[str, datetime]:
    """Remember that these rows say it now, and have since then, unless more is known; gives what is known."""
    # In one order, so that no two batches wait for each other.
    marks = dict(sorted((_mark(reading, item_id), item_id) for item_id in since))
    rows = own.execute(
        "INSERT INTO retention.undated_withdrawals AS known (place, item_hash, first_seen_at, last_seen_at) "
        "SELECT %(place)s, mark, at, %(now)s FROM unnest(%(marks)s::bytea[], %(since)s::timestamptz[]) AS new (mark, at) "
        "ON CONFLICT (place, item_hash) DO UPDATE SET last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at) "
        "RETURNING item_hash, first_seen_at",
        {
            "place": reading.checked.place.name,
            "now": max(reading.as_of, reading.now),
            "marks": list(marks),
            "since": [since[item_id] for item_id in marks.values()],
        },
    )
    return {marks[bytes(row["item_hash"])]: row["first_seen_at"] for row in rows}


def _mark(reading: Reading[CheckedTable], item_id: str) -> bytes:
    return reading.runtime.hasher.item(reading.checked.place.name, item_id)
