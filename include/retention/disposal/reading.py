"""One look at one place: the rule, the protections as they stand, and the instants that its items are decided by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from psycopg import sql

from retention.database import OwnConnection
from retention.disposal.checked import CheckedObjects, CheckedPlace, CheckedTable
from retention.disposal.clocks import current_time
from retention.disposal.item_holds import holds_here
from retention.disposal.keys import require_read_alike
from retention.disposal.purged import PurgeScope
from retention.disposal.runtime import Runtime
from retention.disposal.selection import Selection, compile_selection
from retention.evidence.holds import read_holds
from retention.policy.facts import Hold
from retention.policy.model import RetentionRule

RowsByKey = dict[str, list[dict[str, Any]]]
"""Decided rows by their object's key; a key without a row is absent."""


Looked = TypeVar("Looked", bound=CheckedPlace, covariant=True)


@dataclass(frozen=True, slots=True)
class Reading(Generic[Looked]):
    """What one place's items are decided by: `as_of` says what is due, `recorded` holds were read by `now`; `holds` are the same
    as they apply to this place. `replayed`: this is a replay, of items that went then (by their ids). `purge`: a person asked for
    what is in this scope.

    Taken anew for every plan and every batch, and kept no longer.
    """

    runtime: Runtime
    rule: RetentionRule
    checked: Looked
    recorded: Sequence[Hold]
    holds: Sequence[Hold]
    as_of: datetime
    now: datetime
    replayed: Mapping[str, datetime] | None = field(default=None, kw_only=True)
    purge: PurgeScope | None = field(default=None, kw_only=True)

    @classmethod
    def take(
        cls,
        runtime: Runtime,
        own: OwnConnection,
        rule: RetentionRule,
        checked: Any,
        as_of: datetime,
        *,
        replayed: Mapping[str, datetime] | None = None,
        purge: PurgeScope | None = None,
    ) -> Reading[Looked]:
        """Read the holds, then the clock: every hold that was committed by `now` is among them."""
        recorded = read_holds(own)
        holds = holds_here(recorded, runtime.datamap, checked.place)
        now = current_time(runtime, own)
        return cls(runtime, rule, checked, recorded, holds, as_of, now, replayed=replayed, purge=purge)

    def selection(
        self: Reading[CheckedObjects | CheckedTable],
        *,
        keys: Sequence[str] | None = None,
        stored: Mapping[str, datetime] | None = None,
        suppressed: Mapping[str, Sequence[datetime]] | None = None,
    ) -> Selection:
        """The decision of all items, or of these objects' or rows', as SQL; arguments as in `compile_selection`."""
        return compile_selection(
            self.checked.place,
            self.rule,
            self.checked.columns,
            self.holds,
            as_of=self.as_of,
            now=self.now,
            keys=keys,
            stored=stored,
            suppressed=suppressed,
            replayed=self.replayed,
            purge=self.purge,
        )

    def rows_by_key(
        self: Reading[CheckedObjects], keys: Sequence[str], *, stored: Mapping[str, datetime] | None = None
    ) -> RowsByKey:
        """The decided rows of these objects. Raises what `require_read_alike` raises."""
        selection = self.selection(keys=keys, stored=stored)
        with self.runtime.source(self.checked.place) as source:
            query = sql.SQL("SELECT * FROM {}").format(selection.decided)
            rows = source.execute(query, selection.parameters).fetchall()
        require_read_alike(self.checked.place, rows)
        found: RowsByKey = {}
        for row in rows:
            found.setdefault(row["object_key"], []).append(row)
        return found
