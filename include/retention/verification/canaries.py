"""Looks for the canaries of a place: invented items, of which each must have gone, or still be there, by now.

Which were planted, and by when each must go, is the planting side's word; whether they are there is looked up in the stores.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from retention.verification.inventory import Entry
from retention.verification.place_check import PlaceCheck

_PLANTED = """
SELECT canary_id, item_hash, kept_by, start_at, stays_until, gone_by, breach_at, next_by
FROM retention.canaries
WHERE place = %s AND hash_key_id = %s AND planted_at BETWEEN clock_timestamp() - interval '30 days' AND clock_timestamp()
ORDER BY planted_at, canary_id
"""

_THERE = """
SELECT DISTINCT item_hash FROM {entries}
WHERE place = %s AND item_hash = ANY(%s) AND entry IN ('version', 'delete_marker', 'upload', 'record', 'file')
"""

LATE = {None: "canary_late", "hold": "canary_late_after_hold", "consent": "canary_late_after_consent"}
LOST = {None: "canary_gone_early", "hold": "canary_held_and_gone", "consent": "canary_consented_and_gone"}
NONE_NEW = "canary_none_new"
"""What may be wrong with a canary, by what kept it: the entry's note, and the finding's reason."""


def note_planted(check: PlaceCheck) -> None:
    """Note which canaries of the last 30 days the place has, before it is read: one that comes meanwhile may go unseen."""
    check.canaries = check.inventory.own.execute(_PLANTED, (check.name, check.around.hasher.key_id)).fetchall()


def canary_starts(check: PlaceCheck) -> dict[str, datetime | None]:
    """When each canary's event was, by its id, as the place's SQL gives it."""
    return {
        text: one["start_at"]
        for one in check.canaries
        for text in _texts(check, one)
        if check.item_hash(text) == bytes(one["item_hash"])
    }


def read_canaries(check: PlaceCheck) -> None:
    """Enter each canary that is wrong; called once the place has been read."""
    planted = check.canaries
    if not planted:
        return
    hashes = [bytes(one["item_hash"]) for one in planted]
    there = {bytes(row["item_hash"]) for row in check.inventory.ask(_THERE, (check.name, hashes))} | set(check.sighted)
    check.looked_at["canaries"] += len(planted)
    check.inventory.add(list(_wrong(check, planted, there)))


def _wrong(check: PlaceCheck, planted: Collection[dict[str, Any]], there: Collection[bytes]) -> Iterator[Entry]:
    # Read after the place was: what went on time until then is not missed.
    as_of, now = check.around.as_of, max(check.around.as_of, check.around.clocks.now())
    for one in planted:
        item_hash = bytes(one["item_hash"])
        if item_hash in there:
            if as_of > one["gone_by"]:
                yield _entry(check, one, LATE[one["kept_by"]])
        elif now < one["stays_until"]:
            yield _entry(check, one, LOST[one["kept_by"]])
    newest = max(planted, key=lambda one: one["next_by"])
    if as_of > newest["next_by"]:
        yield _entry(check, newest, NONE_NEW)


def _texts(check: PlaceCheck, one: dict[str, Any]) -> tuple[str, str]:
    """A canary's id in its place, as a uuid and as a number: the hash says which of them it is."""
    own_id = check.around.hasher.canary(check.name, one["canary_id"])
    return str(own_id), str(own_id.int >> 66)


def _entry(check: PlaceCheck, one: dict[str, Any], note: str) -> Entry:
    item_hash = bytes(one["item_hash"])
    holds = check.sighted.get(item_hash)
    # What is in no listing of its own is dated here, so that the holds on its time are judged.
    clock_at = one["start_at"] if holds is not None else None
    return check.entry(
        "canary", holds=holds, item_hash=item_hash, note=note, clock_at=clock_at, first_end_at=one["breach_at"]
    )
