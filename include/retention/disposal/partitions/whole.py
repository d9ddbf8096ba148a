"""What becomes of each partition: dropped whole, emptied row by row, or kept.

A partition is as old as its oldest record and expires by its *end*: until then a record may come in that is not due. It goes
whole where each of its records would go by itself (`retention.disposal.partitions.alike`), unless it is so wide that its end
falls due too late for its oldest record, unless a hold covers a part of it, and unless a default partition stands beside it, with
which PostgreSQL detaches nothing without blocking everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from retention.disposal.checked import CheckedPartitions
from retention.disposal.partitions.alike import are_judged_alike, may_be_dated_otherwise
from retention.disposal.partitions.wide_holds import with_wide_holds
from retention.disposal.reading import Reading
from retention.errors import StoreUnreadable
from retention.policy.decide import decide
from retention.policy.facts import Basis, Decision, Hold, ItemFacts, Start, Status
from retention.policy.holds import covers, is_in_force
from retention.stores.partition_catalog import Partition, PartitionState
from retention.stores.partition_records import PartitionRecords

_NOT_NOW = ("55P03", "42501")
"""Somebody has locked it, or its owner is another."""


class Fate(StrEnum):
    """What a run does with a partition."""

    DROP = "drop"
    ROWS = "rows"  # its rows are decided one by one
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Fated:
    """One partition and what becomes of it. `arose_at` is its oldest record, None of an empty one; `decision` says why and since
    when, None where its rows are asked. No record in it is younger than `end`; None of an empty one that nothing bounds.
    `about_rows` is an estimate, at least 1."""

    partition: Partition
    fate: Fate
    arose_at: datetime | None = None
    decision: Decision | None = None
    end: datetime | None = None
    about_rows: int = 1

    @property
    def reason(self) -> str:
        """Why it does not go whole, as a code."""
        return "by_rows" if self.decision is None or self.fate is Fate.ROWS else self.decision.reason


def sort_out(reading: Reading[CheckedPartitions], only: Collection[str] | None = None) -> list[Fated]:
    """The partitions as they are now: all, or `only` those of these names. Raises StoreUnreadable."""
    partitions = reading.checked.store.partitions()
    # After the names: one that is renamed in between was listed as its hold calls it.
    reading = with_wide_holds(reading)
    has_default = any(one.is_default for one in partitions)
    return [_fate_of(reading, one, has_default) for one in partitions if only is None or one.name in only]


def _fate_of(reading: Reading[CheckedPartitions], partition: Partition, has_default: bool) -> Fated:
    if partition.state is not PartitionState.DETACHED and not partition.is_bounded:
        return Fated(partition, Fate.ROWS)
    records, unread = _records(reading, partition)
    fated = _fate_by(reading, partition, records, has_default=has_default)
    fated = replace(fated, end=_end_of(partition, records), about_rows=max(1, records.about_rows or 1))
    if unread is None or fated.fate is not Fate.ROWS:
        return fated
    if (fated.decision is not None and fated.decision.disposable) or _may_hold_due(reading, partition):
        raise unread
    return replace(fated, fate=Fate.KEEP)


def _records(
    reading: Reading[CheckedPartitions], partition: Partition
) -> tuple[PartitionRecords, StoreUnreadable | None]:
    """What is in it. One that somebody has locked, or whose owner lets nobody read it, is as old and as young as its bounds: its
    drop then fails by itself, and the others go."""
    try:
        return reading.checked.store.records(partition), None
    except StoreUnreadable as error:
        if error.code not in _NOT_NOW or not partition.is_bounded:
            raise
        return PartitionRecords(partition.lower or partition.upper, partition.upper, None, None, is_read=False), error


def _may_hold_due(reading: Reading[CheckedPartitions], partition: Partition) -> bool:
    """Whether its bounds let in records that are due."""
    soonest = min(terms.due_after[reading.rule.clock_event] for terms in reading.rule.terms(reading.as_of))
    return partition.lower is None or partition.lower <= reading.as_of - soonest


def _fate_by(
    reading: Reading[CheckedPartitions], partition: Partition, records: PartitionRecords, *, has_default: bool
) -> Fated:
    if not are_judged_alike(reading.rule, partition, records, _end_of(partition, records), reading.as_of):
        return Fated(partition, Fate.ROWS)
    item = _facts(reading, partition, records)
    if item is None:
        return Fated(partition, Fate.DROP, None, _left_over_empty(reading))
    if records.is_empty and item.youngest_at is not None and item.youngest_at > reading.now:
        # A day to come has no age.
        return Fated(partition, Fate.KEEP, None, Decision(Status.RETAIN, Basis.START_POINT, "not_due", None, None))
    whole, in_part = _holds_on(reading, item, partition, records)
    decision = decide(item, reading.rule, whole, reading.as_of, now=reading.now)
    fated = Fated(partition, Fate.KEEP, records.oldest, decision)
    if records.is_empty:
        # PostgreSQL drops an empty partition also beside a default one.
        return replace(fated, fate=Fate.DROP if decision.disposable else Fate.KEEP)
    if decision.disposable:
        by_rows = in_part or (has_default and partition.state is PartitionState.ATTACHED)
        return replace(fated, fate=Fate.ROWS if by_rows else Fate.DROP)
    if partition.is_bounded and decision.reason in ("not_due", "too_wide", "undated"):
        return replace(fated, fate=Fate.ROWS if _is_too_wide(reading, decision) else Fate.KEEP)
    return fated


def _facts(reading: Reading[CheckedPartitions], partition: Partition, records: PartitionRecords) -> ItemFacts | None:
    """The partition as an item; None for an empty one of which only the drop is missing: nothing dates it, nothing is in it."""
    end = _end_of(partition, records)
    oldest = records.oldest if records.oldest is not None else end
    if oldest is None:
        return None
    return ItemFacts(
        place=reading.checked.place.name,
        item_id=partition.name,
        tenant_id=None,
        starts={reading.rule.clock_event: Start(oldest, True)},
        evidence_at=records.evidence,
        youngest_at=end,
        person_known=False,  # a log may hold anybody's records
        is_processor=reading.checked.place.spec.role == "processor",
    )


def _end_of(partition: Partition, records: PartitionRecords) -> datetime | None:
    return partition.upper if partition.is_bounded else records.youngest


def _left_over_empty(reading: Reading[CheckedPartitions]) -> Decision:
    """An empty table that was being dropped: due since it was found."""
    return Decision(Status.DUE, Basis.UNDATED, reading.rule.clock_event, reading.as_of, reading.as_of)


def _is_too_wide(reading: Reading[CheckedPartitions], decision: Decision) -> bool:
    """Whether its end falls due so late that runs may miss the deadline of its oldest record.

    One without any date is looked at row by row, too: there they are counted.
    """
    if decision.due_at is None or decision.deadline_at is None or decision.basis is Basis.UNDATED:
        return True
    schedule = reading.rule.schedule
    needed = schedule.needed(schedule.missed_runs_tolerated) - schedule.granularity
    return decision.deadline_at - decision.due_at < needed


def _holds_on(
    reading: Reading[CheckedPartitions], item: ItemFacts, partition: Partition, records: PartitionRecords
) -> tuple[list[Hold], bool]:
    """The holds that cover all of it, and whether one in force covers a part: a period, or single rows."""
    whole: list[Hold] = []
    in_part = False
    for hold in reading.holds:
        of_all = replace(
            hold, category=hold.category or reading.rule.category, item_id=None, started_from=None, started_before=None
        )
        if not covers(of_all, item, reading.rule.category, None):
            continue
        by_name = hold.item_id is None or hold.item_id == partition.name
        if by_name and _spans(hold, records, item.youngest_at):
            whole.append(of_all)
        elif is_in_force(hold, reading.now) and _touches(reading, hold, partition, records, item.youngest_at):
            in_part = True
    return whole, in_part


def _spans(hold: Hold, records: PartitionRecords, end: datetime | None) -> bool:
    """Whether the hold's period covers every record that is or may be in it."""
    begins = hold.started_from is None or (records.oldest is not None and hold.started_from <= records.oldest)
    return begins and (hold.started_before is None or (end is not None and end <= hold.started_before))


def _touches(
    reading: Reading[CheckedPartitions],
    hold: Hold,
    partition: Partition,
    records: PartitionRecords,
    end: datetime | None,
) -> bool:
    """Whether something in it may fall under the hold; of a record that other evidence dates, nobody knows the period."""
    if may_be_dated_otherwise(records, end):
        return _names_something(reading, hold, partition)
    if hold.started_from is not None and end is not None and end < hold.started_from:
        return False
    if hold.started_before is not None and records.oldest is not None and hold.started_before <= records.oldest:
        return False
    return _names_something(reading, hold, partition)


def _names_something(reading: Reading[CheckedPartitions], hold: Hold, partition: Partition) -> bool:
    if hold.item_id is None or hold.item_id == partition.name:
        return True
    try:
        return reading.checked.store.holds_rows(partition, [hold.item_id])
    except StoreUnreadable:  # it may
        return True


def names(fated: Sequence[Fated], fate: Fate) -> list[str]:
    """The names of the partitions that have this fate."""
    return [one.partition.name for one in fated if one.fate is fate]
