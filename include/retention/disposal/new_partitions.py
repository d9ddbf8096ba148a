"""Partitions for the days to come, by the data map's places: a step of its own, so that what deletes never creates."""

from __future__ import annotations

from typing import Any

from retention.connections import Resolver, postgres_conninfo
from retention.datamap.loader import MappedPartitions
from retention.disposal.runtime import Runtime
from retention.errors import PartlyFailedError, RequestError
from retention.stores import new_partitions
from retention.stores.partition_catalog import PartitionedTable

DAYS_AHEAD = 7
"""How many days get their partition by default, today's among them: as long as nobody looks, rows still find theirs."""


def partitioned_table(place: MappedPartitions, resolve: Resolver) -> PartitionedTable:
    """The place's table with the disposal identity."""
    spec = place.spec
    conninfo = postgres_conninfo(resolve(place.store.disposal))
    return PartitionedTable(conninfo, spec.table, spec.time_column, spec.evidence_column, spec.id_column)


def partitioned_places(runtime: Runtime) -> list[str]:
    """The names of all places that are partitioned, in the order of the data map."""
    return [name for name, place in runtime.datamap.places.items() if isinstance(place, MappedPartitions)]


def create_ahead(runtime: Runtime, place_name: str, *, days: int = DAYS_AHEAD) -> dict[str, Any]:
    """Create what is missing of the next `days` days' partitions (UTC), today's among them; returns counts.

    Raises RequestError for a place that is not partitioned, what `create_partitions` raises, and PartlyFailedError where
    PostgreSQL refused one; the others are there by then.
    """
    place = runtime.datamap.places.get(place_name)
    if not isinstance(place, MappedPartitions):
        known = ", ".join(partitioned_places(runtime)) or "there is none"
        raise RequestError(f"found no partitioned place {place_name!r} in the data map; expected one of: {known}")
    created = new_partitions.create_partitions(
        partitioned_table(place, runtime.resolve), from_day=runtime.now().date(), days=days
    )
    refused = created.refused
    summary = {"place": place_name, "days": days, "created": len(created) - len(refused), "refused": len(refused)}
    if refused:
        raise PartlyFailedError(
            f"place {place_name!r}: {len(refused)} of {days} days have no partition of their own "
            f"({', '.join(sorted(set(refused.values())))}). 23514: the default partition holds rows of that day already, which "
            "go one by one; 57014: it has too many rows to look through in time. Nothing is lost; docs/stores.md says more.",
            failed=len(refused),
        )
    return summary
