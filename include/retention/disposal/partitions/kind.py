"""Log tables in partitions, as one kind of place: what is checked, what is due, how it goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from retention.database import OwnConnection
from retention.datamap.loader import MappedPartitions
from retention.disposal.age_alone import require_age_alone
from retention.disposal.checked import CheckedPartitions
from retention.disposal.lines import DueItem, Line, Outcomes, Tally
from retention.disposal.new_partitions import partitioned_table
from retention.disposal.partitions.rows import due_rows_of, remove_rows, rows_gone
from retention.disposal.partitions.whole import Fate, Fated, names, sort_out
from retention.disposal.reading import Reading
from retention.disposal.runtime import Runtime
from retention.disposal.side_effects import refuse_side_effects
from retention.policy.model import RetentionRule
from retention.stores.partition_drop import CHANGED
from retention.stores.partitions import PATIENCE_S, PartitionStore
from retention.stores.protocol import Removal

_PATIENCE_S = 60.0
"""How long all partitions of a batch are tried again together: a new hold waits for the batch."""


class PartitionsKind:
    """See `retention.disposal.kinds.PlaceKind`. An item is a partition (its qualified name), or a row where it can't go whole."""

    batch_items = 5_000
    """Rows of one batch; partitions are few."""
    threads = 2
    """As for tables."""

    def check(self, runtime: Runtime, rule: RetentionRule, place: MappedPartitions) -> CheckedPartitions:
        """Look at the table, at what its rows would take along, and whether the rule asks for no more than their age."""
        require_age_alone(rule, place)
        store = PartitionStore(partitioned_table(place, runtime.resolve))
        store.check()
        with runtime.source(place) as source:
            refuse_side_effects(source, place.name, [place.spec.table])
        return CheckedPartitions(place, store)

    def clock(self, runtime: Runtime, checked: CheckedPartitions) -> datetime:
        """The source database's time."""
        return checked.store.clock()

    def due_items(
        self, reading: Reading[CheckedPartitions], own: OwnConnection, coverage: str, tally: Tally
    ) -> Iterator[DueItem]:
        """Partitions first, then rows of those that can't go whole."""
        fated = sort_out(reading)
        for one in fated:
            if one.fate is Fate.ROWS:
                continue
            tally.considered += 1
            tally.inside += one.about_rows - 1
            if one.fate is Fate.KEEP:
                decision = one.decision
                tally.keep(one.reason, 1, decision.due_at if decision and decision.reason == "not_due" else None)
            else:
                tally.inside_due += one.about_rows - 1
                item = _item(reading, one)
                tally.take(item.deadline_at)
                yield item
        yield from due_rows_of(reading, names(fated, Fate.ROWS), tally)

    def decide_again(
        self, reading: Reading[CheckedPartitions], lines: Sequence[Line], coverage: str
    ) -> tuple[list[Line], Outcomes]:
        """Partitions are read again; rows are decided in the step that removes them."""
        whole = [line for line in lines if not _is_row(line)]
        named = {line.item_id for line in whole}
        now = {one.partition.name: one for one in sort_out(reading, named)} if named else {}
        kept: Outcomes = {}
        for line in whole:
            found = now.get(line.item_id)
            if found is None:
                kept[line] = _settled(reading, line)
            elif found.partition.identity != line.part_id:
                kept[line] = ("spared", CHANGED)
            elif found.fate is not Fate.DROP:
                kept[line] = ("spared", found.reason)
        return [line for line in lines if line not in kept], kept

    def remove(
        self, reading: Reading[CheckedPartitions], own: OwnConnection, due: Sequence[Line], stored_before: datetime
    ) -> tuple[Outcomes, int]:
        """Decide partitions once more and drop them, one by one; delete rows by partition. A partition counts as one part: nobody
        counts its rows."""
        outcomes: Outcomes = {}
        count = 0
        give_up_at = time.monotonic() + _PATIENCE_S
        for line in (line for line in due if not _is_row(line)):
            outcomes[line] = _drop(reading, line, give_up_at)
            count += outcomes[line][0] == "gone"
            reading.runtime.on_step("partition_dropped")
        of_rows, deleted = remove_rows(reading, [line for line in due if _is_row(line)])
        return outcomes | of_rows, count + deleted

    def gone(self, runtime: Runtime, place: MappedPartitions, lines: Sequence[Line]) -> list[Line]:
        """The lines whose partition, or row, is certainly gone."""
        store = PartitionStore(partitioned_table(place, runtime.resolve))
        gone = rows_gone(store.table, [line for line in lines if _is_row(line)])
        gone |= {line for line in lines if not _is_row(line) and not store.exists(line.item_id, line.part_id)}
        return [line for line in lines if line in gone]

    def release(self, checked: CheckedPartitions) -> None:
        """Nothing is kept open."""

    def rehearsing(self, checked: CheckedPartitions) -> CheckedPartitions:
        """The same; what would go is only counted."""
        return replace(checked, is_rehearsal=True)


def _item(reading: Reading[CheckedPartitions], fated: Fated) -> DueItem:
    decision = fated.decision
    assert decision is not None and decision.due_at is not None and decision.deadline_at is not None  # it goes whole
    return DueItem(
        place=reading.checked.place.name,
        item_id=fated.partition.name,
        object_key=fated.partition.name,
        part_id=fated.partition.identity,
        tenant_id=None,
        person_id=None,
        arose_at=fated.arose_at,
        evidence_at=None,
        basis=decision.basis.value,
        reason=decision.reason,
        due_at=decision.due_at,
        deadline_at=decision.deadline_at,
    )


def _is_row(line: Line) -> bool:
    """Whether the line is a row, which is named by where it stands; a partition is named by its identity."""
    return line.part_id is not None and line.part_id.startswith("(")


def _settled(reading: Reading[CheckedPartitions], line: Line) -> tuple[str, str | None]:
    """What became of a partition that the table doesn't have any more, under the name it had."""
    if reading.checked.store.exists(line.item_id, line.part_id):
        return "spared", "no_partition"
    return ("gone_confirmed_on_recovery", None) if line.was_tried else ("spared", "already_gone")


def _drop(reading: Reading[CheckedPartitions], line: Line, give_up_at: float) -> tuple[str, str | None]:
    """Drop one partition, whatever the number of its rows; returns what became of it.

    What is decided here is what is dropped, or nothing: since the intent, somebody may have emptied it for other days.
    """
    store = reading.checked.store
    fated = next(iter(sort_out(reading, [line.item_id])), None)
    if fated is None:
        return _settled(reading, line)
    if fated.partition.identity != line.part_id:
        return "spared", CHANGED
    if fated.fate is not Fate.DROP:
        return "spared", fated.reason
    if reading.checked.is_rehearsal:
        return "gone", None
    patience_s = max(0.0, min(PATIENCE_S, give_up_at - time.monotonic()))
    result = store.drop(fated.partition, fated.end, patience_s=patience_s)
    if result.outcome is Removal.FAILED:
        return ("spared", CHANGED) if result.error_code == CHANGED else ("failed", result.error_code or "unknown")
    if result.outcome is Removal.ABSENT:
        return _settled(reading, line)
    if store.exists(line.item_id, line.part_id):
        return "failed", "still_there"
    return "gone", None
