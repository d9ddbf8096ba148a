"""Why one log object or log file stays or goes: the same steps that decide for all, and the times that its records say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from retention.datamap.loader import MappedFiles, MappedPlace
from retention.disposal.age_alone import require_age_alone
from retention.disposal.checked import CheckedLogFiles
from retention.disposal.log_files import decide_parts, is_empty, memory_of
from retention.disposal.opened_log_files import claimed_elsewhere, open_log_files, refuse_shared_files
from retention.disposal.reading import Reading
from retention.disposal.runtime import Runtime
from retention.policy.facts import Basis, Decision, Status
from retention.policy.model import RetentionRule
from retention.stores.protocol import StoredPart


def opened_files(runtime: Runtime, rule: RetentionRule, place: MappedPlace | MappedFiles) -> CheckedLogFiles:
    """The place, to be read; what only deletion needs is not asked for."""
    require_age_alone(rule, place)
    records = open_log_files(place, runtime.resolve)
    return CheckedLogFiles(place, records, claimed_elsewhere(place, runtime.datamap, runtime.resolve))


def explained_file(reading: Reading[CheckedLogFiles], item: str) -> Mapping[str, Any] | None:
    """Status, basis, reason and dates of the file with this key, or of one part of it (KEY#PART), and the times of its oldest and
    youngest record; None where there is neither.

    Each version of an object goes by itself: the current one is told, and of the others (`other_parts`) how many have which
    status. Raises DataMapError for a file that another place claims, too, which no plan takes.
    """
    parts = _parts_of(reading, item)
    if not parts:
        return None
    if reading.checked.is_claimed_elsewhere(parts[0].key):
        raise refuse_shared_files(reading.checked.place.name)
    decided = decide_parts(reading, [part for part in parts if not is_empty(part)])
    told = next((part for part in parts if part.is_latest), parts[0])
    others = Counter(_status(decided.get(part)) for part in parts if part is not told)
    times = memory_of(reading).times([told], now=reading.now).get(told)
    return _as_row(told, decided.get(told)) | {
        "other_parts": {str(status): count for status, count in others.items()},
        "oldest_record_at": times.oldest if times is not None else None,
        "youngest_record_at": times.youngest if times is not None and times.oldest is not None else None,
    }


def _parts_of(reading: Reading[CheckedLogFiles], item: str) -> list[StoredPart]:
    """What the store has under this key; else the part that a plan calls so."""
    checked = reading.checked
    if parts := _stored(checked, item):
        return parts
    key, _hash, part_id = item.rpartition("#")
    return [part for part in _stored(checked, key) if part.part_id == part_id] if key else []


def _stored(checked: CheckedLogFiles, key: str) -> list[StoredPart]:
    place = checked.place
    if isinstance(place, MappedPlace) and not key.startswith(tuple(place.spec.prefixes)):
        return []
    return list(checked.records.parts_of([key]))


def _status(decision: Decision | None) -> Status:
    return decision.status if decision is not None else Status.RETAIN


def _as_row(part: StoredPart, decision: Decision | None) -> dict[str, Any]:
    no_decision = "no_records" if is_empty(part) else "newer_version"  # it changed while it was read
    return {
        "item_id": f"{part.key}#{part.part_id}",
        "status": _status(decision),
        "basis": decision.basis if decision is not None else Basis.UNDATED,
        "reason": decision.reason if decision is not None else no_decision,
        "due_at": decision.due_at if decision is not None else None,
        "deadline_at": decision.deadline_at if decision is not None else None,
        "hold_ids": list(decision.holds) if decision is not None else [],
        "exempt_until": None,
    }
