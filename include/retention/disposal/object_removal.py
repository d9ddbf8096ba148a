"""The removal of one batch of objects: bytes, confirmation, rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from retention.disposal.checked import CheckedObjects
from retention.disposal.lines import Line, Outcomes
from retention.stores.protocol import IN_PART, Removal, RemovalResult, Store, StoredPart, Target


def remove(
    checked: CheckedObjects, due: Sequence[Line], stored_before: datetime, now: datetime, step: Callable[[str], None]
) -> tuple[Outcomes, int]:
    """Remove these items; returns what became of each, and the number of parts removed, which NEWER and FAILED items may have
    lost, too.

    An item counts as gone only when a listing after the deletion doesn't show it, and only where there was something to
    remove: what another run took in between is that run's. What was stored at or after `stored_before` stays, with its row.
    """
    if not due:
        return {}, 0
    outcomes, confirmed, parts_removed = remove_bytes(checked.stores.objects, due, stored_before, step)
    outcomes |= _remove_rows(checked, confirmed, now)
    step("rows_removed")
    return outcomes, parts_removed


def remove_bytes(
    store: Store, due: Sequence[Line], stored_before: datetime, step: Callable[[str], None]
) -> tuple[Outcomes, dict[Line, bool], int]:
    """Remove bytes alone: what became of those still there, whether each of the others had any, and how many parts went."""
    results = store.remove([line.target for line in due], stored_before=stored_before)
    step("bytes_removed")
    present = present_targets(store, due)
    step("bytes_confirmed")
    outcomes: Outcomes = {}
    confirmed: dict[Line, bool] = {}
    for line in due:
        result, left = results[line.target], present.get(line.target, [])
        if result.outcome is Removal.FAILED:
            outcomes[line] = ("failed", _failure(line, result))
        elif result.outcome is Removal.NEWER or (left and all(_is_newer(part, stored_before) for part in left)):
            outcomes[line] = ("spared", "newer_version")
        elif left:
            # A store that only says it deletes.
            outcomes[line] = ("failed", "still_there")
        else:
            confirmed[line] = result.outcome is Removal.REMOVED
    return outcomes, confirmed, sum(result.parts_removed for result in results.values())


def _failure(line: Line, result: RemovalResult) -> str:
    """Why not all of the item went: the store's code, and whether a part of it has gone, now or perhaps in an earlier try."""
    code = result.error_code or "unknown"
    may_lack_parts = result.parts_removed > 0 or (line.part_id is None and line.was_tried)
    return code + IN_PART if may_lack_parts and not code.endswith(IN_PART) else code


def present_targets(store: Store, lines: Iterable[Line]) -> dict[Target, list[StoredPart]]:
    """Which items, and which single parts, a new listing of the store shows, each with its parts."""
    present: dict[Target, list[StoredPart]] = {}
    for part in store.parts_of(sorted({line.object_key for line in lines})):
        present.setdefault(Target(part.key), []).append(part)
        present[Target(part.key, part.part_id)] = [part]
    return present


def _is_newer(part: StoredPart, stored_before: datetime) -> bool:
    return part.stored_at is not None and part.stored_at >= stored_before


def _remove_rows(checked: CheckedObjects, confirmed: Mapping[Line, bool], now: datetime) -> Outcomes:
    """Remove the rows of items whose bytes are gone, and say what became of each item. `confirmed`: had it any bytes?

    A row that names another object by now stays.
    """
    rows = checked.stores.rows
    whole = [line for line in confirmed if line.part_id is None] if rows is not None else []
    results: Mapping[Target, RemovalResult] = {}
    present: set[str] = set()
    if rows is not None and whole:
        results = rows.remove([_row_of(checked, line) for line in whole], stored_before=now)
        present = {part.key for part in rows.parts_of([line.item_id for line in whole])}
    outcomes: Outcomes = {}
    for line, had_bytes in confirmed.items():
        row = results.get(_row_of(checked, line)) if line.part_id is None else None
        if row is not None and row.outcome is Removal.NEWER:
            outcomes[line] = ("spared", "row_changed")
            continue
        if row is not None and (row.outcome is Removal.FAILED or line.item_id in present):
            outcomes[line] = ("failed", row.error_code or "row_still_there")
            continue
        # Of two runs at once, both may have asked for the same bytes; only one of them deleted the row.
        ours = row.outcome is Removal.REMOVED if row is not None else had_bytes
        if line.was_tried and not (ours and had_bytes):
            outcomes[line] = ("gone_confirmed_on_recovery", None)
        else:
            outcomes[line] = ("gone", None) if ours else ("spared", "already_gone")
    return outcomes


def _row_of(checked: CheckedObjects, line: Line) -> Target:
    """The line's row, as long as it describes the object that was planned."""
    return Target(line.item_id, describes=(checked.place.spec.bucket, line.object_key))
