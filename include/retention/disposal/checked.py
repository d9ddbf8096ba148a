"""Places that were looked at before a run: their stores answered, and their SQL returns what the rule needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from retention.datamap.loader import MappedFiles, MappedPartitions, MappedPlace, MappedTable
from retention.disposal.fact_columns import FactColumns
from retention.disposal.runtime import PlaceStores
from retention.stores.partitions import PartitionStore
from retention.stores.record_times import RecordStore
from retention.stores.tables import TableRows


@dataclass(frozen=True, slots=True)
class CheckedObjects:
    """Objects in a bucket, described by rows."""

    place: MappedPlace
    stores: PlaceStores
    columns: FactColumns


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """A table whose rows are the items. `is_rehearsal`: what would go is only counted."""

    place: MappedTable
    rows: TableRows
    columns: FactColumns
    is_rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class CheckedPartitions:
    """A log table that is partitioned by time. `is_rehearsal`: what would go is only counted."""

    place: MappedPartitions
    store: PartitionStore
    is_rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class CheckedLogFiles:
    """Log objects or log files. `is_claimed_elsewhere` says of a file's key whether another place has the file, too."""

    place: MappedPlace | MappedFiles
    records: RecordStore
    is_claimed_elsewhere: Callable[[str], bool]
    is_rehearsal: bool = False


CheckedPlace = CheckedObjects | CheckedTable | CheckedPartitions | CheckedLogFiles
