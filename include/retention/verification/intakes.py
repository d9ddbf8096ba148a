"""Who reads which kind of place. A new kind of place gets its intake here, and nowhere else.

An intake enters what it finds into the inventory (`check.entry`, `check.inventory.add`), counts what it looked at
(`check.read_more`), and raises StoreUnreadable where it can't read to the end: a place without a whole reading is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from retention.datamap.loader import (
    MappedAirflow,
    MappedExternal,
    MappedFiles,
    MappedPartitions,
    MappedPlace,
    MappedTable,
)
from retention.errors import StoreUnreadable
from retention.verification.airflow_intake import read_airflow
from retention.verification.external import read_external
from retention.verification.holds import HoldIndex, follow, items_named_by
from retention.verification.intake import ObjectReader
from retention.verification.listing import Bucket
from retention.verification.log_files import read_files
from retention.verification.log_objects import LogObjects
from retention.verification.object_rows import ObjectRows
from retention.verification.partition_intake import read_partitions
from retention.verification.place_check import PlaceCheck
from retention.verification.row_objects import RowObjects
from retention.verification.table_intake import read_table
from retention.verification.territory import BucketPlan, kin_of

INTAKES: dict[type[Any], Callable[[PlaceCheck], None]] = {
    MappedTable: read_table,
    MappedPartitions: read_partitions,
    MappedAirflow: read_airflow,
    MappedExternal: read_external,
    MappedFiles: read_files,
}
"""By the kind of place (datamap/loader.py), all but those in buckets."""


class NoIntake(StoreUnreadable):
    """Nobody reads this kind of place yet, so that nothing may be claimed of it."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"place {place!r}: found a kind of place that verification can't read; expected one of docs/data-map.md. "
            "Update the product, or take the place out of the map.",
            code="NoIntake",
        )


def read_place(check: PlaceCheck) -> None:
    """Read a place that lies in no bucket. Raises StoreUnreadable."""
    intake = INTAKES.get(type(check.place))
    if intake is None:
        raise NoIntake(check.name)
    intake(check)


def object_reader(check: PlaceCheck, plan: BucketPlan, bucket: Bucket) -> ObjectReader:
    """What reads a place's objects while its bucket is listed. Raises StoreUnreadable where its rows can't be read."""
    place = check.place
    assert isinstance(place, MappedPlace)  # what plans of buckets are made of
    if not place.has_rows:
        return LogObjects(check, bucket)
    return _row_objects(check, place, plan, bucket)


def _row_objects(check: PlaceCheck, place: MappedPlace, plan: BucketPlan, bucket: Bucket) -> RowObjects:
    check.looked_at.update(objects=0, rows=0)
    rows = ObjectRows(check.around.resolve(place.facts.verification), place, check.terms)
    check.around.sessions.callback(rows.close)
    return RowObjects(check, place, plan, bucket, rows, _object_holds(check, place, rows))


def _object_holds(check: PlaceCheck, place: MappedPlace, rows: ObjectRows) -> HoldIndex:
    """The holds that may cover something here. An item's hold follows its row to every place of the same table.

    An item that was held here must have its row here: what a row elsewhere speaks of are other bytes.
    """
    scopes, kin = check.around.scopes, kin_of(check.around.datamap, place)
    holds = HoldIndex(follow(scopes, place, kin), place.spec.category)
    here, elsewhere = (items_named_by(scopes, places) for places in (kin[:1], kin[1:]))
    holds.lose((here - rows.known(here, kin[:1])) | (elsewhere - rows.known(elsewhere, kin)))
    return holds
