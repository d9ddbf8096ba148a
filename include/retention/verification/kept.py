"""What is kept although no source says until when: restricted (Art. 18), or waiting for what has to go first.

Once it is kept no more, its promise counts from the last check that saw it so: disposal could not have acted before. Nobody but
the checks themselves knows since when and until when that was; so they remember it, of items whose promised end has come or
comes within the time that follows. An item that was late before it was kept gains no time by that, and one that is kept again
goes on being kept since the first time.
"""

from __future__ import annotations

from uuid import UUID

from retention.verification.inventory import Inventory
from retention.verification.memory import LastCheck, forget_older
from retention.verification.place_check import PlaceCheck

_IN_TIME_TO_DELETE = """
SELECT item_hash
FROM retention.kept_items
WHERE check_run_id = %s AND place = %s AND kept_at + %s > %s
"""

_RECALL = """
INSERT INTO {kept} (place, item_hash, kept_by, kept_since, kept_at, was_late)
SELECT place, item_hash, kept_by, kept_since, kept_at, was_late
FROM retention.kept_items
WHERE check_run_id = %s AND place = %s
"""

_REMEMBER = """
INSERT INTO retention.kept_items (check_run_id, place, item_hash, kept_by, kept_since, kept_at, was_late)
SELECT DISTINCT ON (item_hash)
    CAST(%s AS uuid),
    place,
    item_hash,
    CASE WHEN is_kept THEN kept_by ELSE last_kept_by END,
    kept_since,
    CASE WHEN is_kept THEN as_of ELSE last_kept_at END,
    was_late OR is_past_cap OR is_past_event
FROM {judged}
WHERE
    place = %s
    AND entry = 'record'
    AND tells_kept
    AND promised_at < as_of + release_time
    AND (is_kept OR is_recalled OR is_past_cap OR is_past_event)
ORDER BY item_hash, entry_no
"""


def kept_lately(check: PlaceCheck, last_check: LastCheck | None) -> set[bytes]:
    """The hashes of what some check saw kept, and that has time to delete since. A check that comes before the promised end looks
    at such a row too: nothing else asks for it then, and what is not looked at is forgotten."""
    if last_check is None:
        return set()
    terms = (check.terms.release_time, check.around.as_of)
    found = check.inventory.own.execute(_IN_TIME_TO_DELETE, (last_check.check_run_id, check.name, *terms))
    return {bytes(row["item_hash"]) for row in found}


def recall_kept(inventory: Inventory, place: str, last_check: UUID) -> None:
    """Bring what the last check of the place remembered into this check's inventory."""
    inventory.ask(_RECALL, (last_check, place))


def remember_kept(inventory: Inventory, check_run: UUID, place: str, last_check: UUID | None) -> None:
    """Write down for the next check what is kept now, or was, and what was late before; forget what older checks knew."""
    inventory.ask(_REMEMBER, (check_run, place))
    forget_older(inventory.own, "kept_items", place, keep=(check_run, last_check))
