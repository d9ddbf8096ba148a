"""Objects in a bucket that rows describe: due by their rows each hour, and by a full listing each night."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from retention.database import OwnConnection
from retention.datamap.loader import MappedPlace
from retention.disposal.checked import CheckedObjects
from retention.disposal.decide_again import decide_again
from retention.disposal.due_rows import DueRows
from retention.disposal.lines import DueItem, Line, Outcomes, Tally
from retention.disposal.object_removal import remove
from retention.disposal.place_checks import check_objects
from retention.disposal.reading import Reading
from retention.disposal.runtime import PlaceStores, Runtime
from retention.disposal.sweep import sweep_place
from retention.policy.model import RetentionRule
from retention.stores.dry_run import DryRunStore
from retention.stores.protocol import Target


class ObjectKind:
    """See `retention.disposal.kinds.PlaceKind`."""

    batch_items = 1_000
    """S3 takes at most 1,000 keys in one deletion."""
    threads = 6
    """The store's answer time is the bottleneck, not our CPU."""

    def check(self, runtime: Runtime, rule: RetentionRule, place: MappedPlace) -> CheckedObjects:
        """Look at bucket, rows and SQL."""
        return check_objects(runtime, rule, place)

    def clock(self, runtime: Runtime, checked: CheckedObjects) -> datetime:
        """The bucket's time."""
        return checked.stores.objects.clock()

    def due_items(
        self,
        reading: Reading[CheckedObjects],
        own: OwnConnection,
        coverage: str,
        tally: Tally,
    ) -> Iterator[DueItem]:
        """By the tables, or by the full listing."""
        return sweep_place(reading, tally) if coverage == "listing" else iter(DueRows(reading, tally))

    def decide_again(
        self, reading: Reading[CheckedObjects], lines: Sequence[Line], coverage: str
    ) -> tuple[list[Line], Outcomes]:
        """Read rows and store again."""
        return decide_again(reading, lines, listing=coverage == "listing")

    def remove(
        self,
        reading: Reading[CheckedObjects],
        own: OwnConnection,
        due: Sequence[Line],
        stored_before: datetime,
    ) -> tuple[Outcomes, int]:
        """Bytes first, then the rows."""
        return remove(reading.checked, due, stored_before, reading.runtime.now(), reading.runtime.on_step)

    def gone(self, runtime: Runtime, place: MappedPlace, lines: Sequence[Line]) -> list[Line]:
        """The lines of which neither bytes nor row are left; one of both still there means that the next plan finishes it."""
        stores = runtime.open_stores(place, runtime.resolve)
        parts = list(stores.objects.parts_of(sorted({line.object_key for line in lines})))
        present = {Target(part.key) for part in parts} | {Target(part.key, part.part_id) for part in parts}
        whole = [line.item_id for line in lines if line.part_id is None]
        rows = {part.key for part in stores.rows.parts_of(whole)} if stores.rows and whole else set()
        return [line for line in lines if line.target not in present and (line.part_id or line.item_id not in rows)]

    def release(self, checked: CheckedObjects) -> None:
        """Nothing is kept open."""

    def rehearsing(self, checked: CheckedObjects) -> CheckedObjects:
        """The same with stores that remove nothing."""
        rows = DryRunStore(checked.stores.rows) if checked.stores.rows is not None else None
        return CheckedObjects(checked.place, PlaceStores(DryRunStore(checked.stores.objects), rows), checked.columns)
