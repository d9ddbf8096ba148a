"""Canaries in log tables in partitions: which partition takes one, and which of them are dated by former rules."""

from __future__ import annotations

from datetime import datetime

from retention.connections import postgres_conninfo
from retention.database import OwnConnection
from retention.datamap.loader import MappedPartitions
from retention.disposal.canaries.timing import Rhythm
from retention.disposal.canaries.writers import planting_identity
from retention.disposal.runtime import Runtime
from retention.stores.partition_catalog import PartitionedTable, PartitionState, read_partitions


def bounds_at(runtime: Runtime, place: MappedPartitions, at: datetime) -> tuple[datetime, datetime]:
    """The bounds of the partition that takes a record of this time, as the planting identity sees them; the instant itself where
    none has both bounds: such a record goes by itself. Raises StoreUnreadable."""
    spec = place.spec
    conninfo = postgres_conninfo(runtime.resolve(planting_identity(place.store, place.name)))
    table = PartitionedTable(conninfo, spec.table, spec.time_column, spec.evidence_column, spec.id_column)
    for one in table.ask(lambda session: read_partitions(session, table)):
        is_whole = one.lower is not None and one.upper is not None and one.state is PartitionState.ATTACHED
        if is_whole and one.lower <= at < one.upper:  # type: ignore[operator]
            return one.lower, one.upper  # type: ignore[return-value]
    return at, at


def forget_redated(own: OwnConnection, place: str, rhythm: Rhythm) -> None:
    """Let go of the place's canaries that another rule dated: they lie there until they are due, which is at another time by now,
    and would seem to go too early, or too late."""
    own.execute(
        "DELETE FROM retention.canaries WHERE place = %s AND stays_until - start_at <> %s", (place, rhythm.due_after)
    )
