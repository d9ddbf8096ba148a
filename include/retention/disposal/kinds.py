"""What each kind of place needs of a run, in one table: how it is checked, what is due in it, how that goes, and how it is told
that it went. Everything around that (guard, holds, ledger) is the same for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from retention.database import OwnConnection
from retention.datamap.loader import (
    OF_OTHERS,
    AnyPlace,
    DataMap,
    MappedFiles,
    MappedPartitions,
    MappedPlace,
    MappedTable,
)
from retention.disposal.lines import DueItem, Line, Outcomes, Tally
from retention.disposal.log_files import LogFileKind
from retention.disposal.objects import ObjectKind
from retention.disposal.partitions.kind import PartitionsKind
from retention.disposal.runtime import Runtime
from retention.disposal.tables import TableKind
from retention.errors import DataMapError, Problem
from retention.policy.model import RetentionRule

# The place, as mapped, checked or read: each kind is given those of its kind, which `kind_of` sees to.
OfKind = Any


class PlaceKind(Protocol):
    """One kind of place. `batch_items`: how many items go in one batch; `threads`: how many batches at once. A hold waits for all
    batches in flight."""

    batch_items: int
    threads: int

    def check(self, runtime: Runtime, rule: RetentionRule, place: OfKind) -> OfKind:
        """Look at the place before a run; raises DataMapError or StoreUnreadable."""
        ...

    def clock(self, runtime: Runtime, checked: OfKind) -> datetime:
        """The time of the place's store."""
        ...

    def due_items(self, reading: OfKind, own: OwnConnection, coverage: str, tally: Tally) -> Iterable[DueItem]:
        """The items that are due, and in `tally` the count of what stays."""
        ...

    def decide_again(self, reading: OfKind, lines: Sequence[Line], coverage: str) -> tuple[list[Line], Outcomes]:
        """Which lines may still go, and what became of the others."""
        ...

    def remove(
        self, reading: OfKind, own: OwnConnection, due: Sequence[Line], stored_before: datetime
    ) -> tuple[Outcomes, int]:
        """Remove these items and confirm that they are gone; gives what became of each, and how many parts went."""
        ...

    def gone(self, runtime: Runtime, place: OfKind, lines: Sequence[Line]) -> list[Line]:
        """The lines of which nothing is left; asked after a run was killed."""
        ...

    def release(self, checked: OfKind) -> None:
        """Let go of what the place's batches kept open for the next ones."""
        ...

    def rehearsing(self, checked: OfKind) -> OfKind:
        """The same place, from which nothing is removed: the only switch between a dry run and a real one."""
        ...


_LOG_FILES = LogFileKind()
KINDS: dict[type[AnyPlace], PlaceKind] = {
    MappedPlace: ObjectKind(),
    MappedTable: TableKind(),
    MappedPartitions: PartitionsKind(),
    MappedFiles: _LOG_FILES,
}


def kind_of(place: AnyPlace) -> PlaceKind:
    """The place's kind; raises DataMapError where nothing disposes of such a place."""
    kind = KINDS.get(type(place))
    if isinstance(place, MappedPlace) and not place.has_rows:
        kind = _LOG_FILES
    if kind is None:
        found = f"place {place.name!r} of kind {place.spec.kind!r}, from which nothing can delete"
        raise DataMapError([Problem("datamap", 1, "not_disposable", found, "a kind of place that disposal knows")])
    return kind


def disposable_places(datamap: DataMap, category: str) -> list[AnyPlace]:
    """The category's places from which plans delete."""
    return [place for place in datamap.of_category(category) if not isinstance(place, OF_OTHERS)]
