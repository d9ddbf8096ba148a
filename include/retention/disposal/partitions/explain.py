"""Why one partition, or one row of a partitioned log, stays or goes: the same steps that decide for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retention.datamap.loader import MappedPartitions
from retention.disposal.checked import CheckedPartitions
from retention.disposal.new_partitions import partitioned_table
from retention.disposal.partitions.rows import decided_row
from retention.disposal.partitions.whole import Fate, Fated, sort_out
from retention.disposal.reading import Reading
from retention.disposal.runtime import Runtime
from retention.policy.facts import Status
from retention.stores.partitions import PartitionStore


def opened(runtime: Runtime, place: MappedPartitions) -> CheckedPartitions:
    """The place, to be read; what only deletion needs is not asked for."""
    return CheckedPartitions(place, PartitionStore(partitioned_table(place, runtime.resolve)))


def explained(reading: Reading[CheckedPartitions], item: str) -> Mapping[str, Any] | None:
    """Status, basis, reason and dates of a partition (its qualified name) or of a row (its id); None where there is neither.

    A row of a partition that goes whole goes with it. A partition of which only rows go stays, for the reason `by_rows`.
    """
    store = reading.checked.store
    partition = store.find(item)
    if partition is None:
        partition = next((one for one in store.partitions() if store.holds_rows(one, [item])), None)
    if partition is None:
        return None
    (fated,) = sort_out(reading, [partition.name])
    if fated.fate is Fate.ROWS and partition.name != item:
        return decided_row(reading, partition.name, item)
    return _as_row(fated, item)


def _as_row(fated: Fated, item: str) -> dict[str, Any]:
    decision = fated.decision
    by_rows = fated.fate is Fate.ROWS
    return {
        "item_id": item,
        "status": Status.RETAIN if by_rows or decision is None else decision.status,
        "basis": decision.basis if decision is not None else "undated",
        "reason": fated.reason,
        "due_at": decision.due_at if decision is not None else None,
        "deadline_at": decision.deadline_at if decision is not None else None,
        "hold_ids": list(decision.holds) if decision is not None else [],
        "exempt_until": None,
    }
