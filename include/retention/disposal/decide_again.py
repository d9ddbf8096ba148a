"""A batch's items decided again, right before they go: rows, holds and consents as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retention.disposal.checked import CheckedObjects
from retention.disposal.lines import Line, Outcomes
from retention.disposal.loose import decide_loose, is_loose, loose_item, lost_hold_items, protected_by_row
from retention.disposal.object_removal import present_targets
from retention.disposal.older_objects import rows_by_store
from retention.disposal.reading import Reading, RowsByKey
from retention.disposal.selection import is_disposable
from retention.stores.protocol import StoredPart, Target


def decide_again(
    reading: Reading[CheckedObjects], lines: Sequence[Line], *, listing: bool
) -> tuple[list[Line], Outcomes]:
    """Which lines are still due, and what became of the others. Execution only ever shrinks a plan.

    In the plan of a full `listing`, whole items are due because their object is older than their row says: the store is asked
    again, too.
    """
    rows = reading.rows_by_key(sorted({line.object_key for line in lines}))
    if listing:
        whole = [line for line in lines if line.part_id is None]
        rows |= rows_by_store(reading, list(_parts(reading, whole).values()), rows)
    kept = _kept_whole([line for line in lines if line.part_id is None], rows)
    kept |= _kept_loose(reading, [line for line in lines if line.part_id is not None], rows)
    # What an earlier try may have removed, or what somebody else did, is told by the store, not by what protects it now.
    unsettled = {line: why for line, why in kept.items() if line.was_tried or why in ("row_gone", "already_gone")}
    spared: Outcomes = {line: ("spared", why) for line, why in kept.items() if line not in unsettled}
    return [line for line in lines if line not in kept], spared | _settle(reading, unsettled)


def _kept_whole(lines: Sequence[Line], rows: RowsByKey) -> dict[Line, str]:
    """The whole items that are not due any more, each with the reason."""
    kept = {}
    for line in lines:
        row = next((row for row in rows.get(line.object_key, ()) if row["item_id"] == line.item_id), None)
        if row is None:
            kept[line] = "row_gone"
        elif not is_disposable(row):
            kept[line] = str(row["reason"])
    return kept


def _kept_loose(reading: Reading[CheckedObjects], lines: Sequence[Line], rows: RowsByKey) -> dict[Line, str]:
    """The loose parts that are not due any more, each with the reason; dated by what the store says now."""
    if not lines:
        return {}
    parts = _parts(reading, lines)
    kept: dict[Line, str] = {}
    for line in lines:
        of_key = rows.get(line.object_key, ())
        if line.target not in parts:
            kept[line] = "already_gone"
        elif (protection := protected_by_row(of_key, reading.now)) is not None:
            kept[line] = protection
        elif not is_loose(parts[line.target], of_key):
            # What a row describes by now is no loose part any more, whatever its age.
            kept[line] = "described_by_row"
    loose = {line: parts[line.target] for line in lines if line not in kept}
    lost, stated = lost_hold_items(reading), reading.checked.stores.objects.stated_at(list(loose.values()))
    for line, part in loose.items():
        item = loose_item(reading.checked, part, stated.get(part), has_row=line.object_key in rows)
        decision = decide_loose(reading, item, lost)
        if not decision.disposable:
            kept[line] = decision.reason
    return kept


def _parts(reading: Reading[CheckedObjects], lines: Sequence[Line]) -> dict[Target, StoredPart]:
    """Every part that is there now, of these lines' objects."""
    keys = sorted({line.object_key for line in lines})
    found = reading.checked.stores.objects.parts_of(keys) if keys else ()
    return {Target(part.key, part.part_id): part for part in found}


def _settle(reading: Reading[CheckedObjects], unsettled: Mapping[Line, str]) -> Outcomes:
    """Items whose row is gone, or that are protected by now although an interrupted try may have removed them before.

    No bytes are removed for them: the store tells whether they are there. Bytes without a row are left to the full listing, and a
    row that is protected by now stays, also without its bytes: it alone shows that they were lost, should that be so.
    """
    if not unsettled:
        return {}
    present = present_targets(reading.checked.stores.objects, unsettled)
    outcomes: Outcomes = {}
    for line, why in unsettled.items():
        if line.target in present:
            outcomes[line] = ("spared", why)
        elif line.was_tried:
            outcomes[line] = ("gone_confirmed_on_recovery", None)
        else:
            outcomes[line] = ("spared", "already_gone")
    return outcomes
