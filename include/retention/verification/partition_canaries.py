"""Looks for the canaries in a log's partition: records that hide among others, of which no check reads each."""

from __future__ import annotations

from psycopg import sql

from retention.datamap.model import PartitionedPlace
from retention.verification.canaries import canary_starts
from retention.verification.partition_holds import PartitionHolds
from retention.verification.partition_parts import ABOUT, Part
from retention.verification.place_check import PlaceCheck
from retention.verification.source import Source

# By time and id, so that an index on the time finds the few that there are.
THERE = "SELECT DISTINCT {id}::text FROM ONLY {part} WHERE {time} = ANY(%s) AND {id}::text = ANY(%s)"


class PartitionCanaries:
    """The canaries of one log table."""

    def __init__(self, check: PlaceCheck, spec: PartitionedPlace) -> None:
        self._check = check
        self._spec = spec
        self._starts = {item_id: at for item_id, at in canary_starts(check).items() if at is not None}

    def look(self, part: Part, holds: PartitionHolds, source: Source) -> None:
        """Note those that are in this part, with the holds that cover each."""
        if not self._starts:
            return
        query = sql.SQL(THERE).format(
            id=sql.Identifier(self._spec.id_column), part=part.table, time=sql.Identifier(self._spec.time_column)
        )
        asked = (list(self._starts.values()), list(self._starts))
        for (item_id,) in source.ask(ABOUT, query, asked):
            self._check.sighted[self._check.item_hash(item_id)] = holds.covering(item_id, *part.names)
