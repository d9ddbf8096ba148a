"""Holds that name no single partition, and mean each: on the log itself, and on a partition that bears another name by now, as
nobody can tell which of them was meant."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from retention.disposal.checked import CheckedPartitions
from retention.disposal.reading import Reading
from retention.errors import StoreUnreadable
from retention.policy.facts import Hold
from retention.policy.holds import is_in_force
from retention.stores.partition_catalog import Partition
from retention.stores.partitions import PartitionStore


def with_wide_holds(reading: Reading[CheckedPartitions]) -> Reading[CheckedPartitions]:
    """The same reading, in which these holds, if in force, are on the whole place: one on the log or on a table that it is part
    of, and one on a partition that isn't there, as one on an item that lost its row is on every object without one
    (`retention.disposal.loose`): until it has ended, nothing that it may mean goes. Raises StoreUnreadable."""
    named = {str(hold.item_id) for hold in reading.holds if _may_name_a_table(reading, hold)}
    if not named:
        return reading
    wide = named & reading.checked.store.names()
    wide |= _lost(reading, named - wide)
    category = reading.rule.category
    holds = [replace(hold, item_id=None, category=category) if hold.item_id in wide else hold for hold in reading.holds]
    return replace(reading, holds=holds)


def _may_name_a_table(reading: Reading[CheckedPartitions], hold: Hold) -> bool:
    """Only what is called as tables are, `schema.name`, or as a row by where it stands in one: others are ids of rows, which
    they keep."""
    return (
        hold.item_id is not None
        and "." in _table_of(hold.item_id)
        and hold.place in (None, reading.checked.place.name)
        and hold.category in (None, reading.rule.category)
        and is_in_force(hold, reading.now)
    )


def _table_of(item_id: str) -> str:
    return item_id.partition("(")[0]


def _lost(reading: Reading[CheckedPartitions], named: Collection[str]) -> set[str]:
    """Which of these names neither a table bears that may have been a partition, nor a row."""
    if not named:
        return set()
    store = reading.checked.store
    partitions = store.partitions()
    known = {one.name for one in partitions}
    missing = {name for name in named if _table_of(name) not in known and not _may_have_been(store, _table_of(name))}
    return {name for name in missing if not any(_has_row(reading, one, name) for one in partitions)}


def _may_have_been(store: PartitionStore, name: str) -> bool:
    try:
        return store.may_have_been(name)
    except StoreUnreadable:  # in a schema that isn't ours, perhaps
        return False


def _has_row(reading: Reading[CheckedPartitions], partition: Partition, item_id: str) -> bool:
    try:
        return reading.checked.store.holds_rows(partition, [item_id])
    except StoreUnreadable:  # then nobody knows, and it stays lost
        return False
