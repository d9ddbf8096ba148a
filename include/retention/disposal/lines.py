"""The lines of a plan, and what is counted while they are found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from retention.disposal.refusals import is_refusal
from retention.stores.protocol import Target


class DueItem(NamedTuple):
    """One line of a plan. `part_id` is set where only one part of the object is due (an orphan's or a noncurrent version)."""

    place: str
    item_id: str
    object_key: str
    part_id: str | None
    tenant_id: str | None
    person_id: str | None
    arose_at: datetime | None
    evidence_at: datetime | None
    basis: str
    reason: str
    due_at: datetime
    deadline_at: datetime


def due_item(place: str, row: Mapping[str, Any]) -> DueItem:
    """A whole item, as the decided row describes it."""
    return DueItem(place=place, part_id=None, **{name: row[name] for name in DueItem._fields if name in row})


class Line(NamedTuple):
    """One planned item as it is read back for its batch; `outcome` is the code of a failure, or why it was spared."""

    place: str
    item_id: str
    object_key: str
    part_id: str | None
    tenant_id: str | None
    person_id: str | None
    arose_at: datetime | None
    due_at: datetime
    reason: str
    state: str
    outcome: str | None

    @property
    def target(self) -> Target:
        """What to remove from the object store."""
        return Target(self.object_key, self.part_id)

    @property
    def is_unsettled(self) -> bool:
        """Whether an earlier try may have removed it, and ended before it could say so."""
        return self.state == "intended"

    @property
    def was_tried(self) -> bool:
        """Whether an earlier try may have removed it, or its bytes: its intent is recorded, and its result is not, or was a
        failure that leaves it open."""
        if self.state != "failed":
            return self.is_unsettled
        is_described = self.part_id is None and self.object_key != self.item_id  # its row goes after its bytes
        return not is_refusal(self.outcome, by_database=not is_described)


Outcomes = dict[Line, tuple[str, str | None]]
"""State and outcome word per line: ("gone", None), ("spared", "legal_hold"), ("failed", "AccessDenied") …"""


class Tally:
    """What a plan counts while it looks: kept items by reason, the basis of the dates, the next due time.

    `inside` estimates the records within items, beyond one each (partitions), and `inside_due` those within items that are due.
    `linked` counts parts that a row describes, `unlinked_due` those that are due and that no row leads to (full listing), and
    `unmapped_rows`, where there are such parts, the rows that lead to no place.
    """

    def __init__(self) -> None:
        self.considered = 0
        self.inside = 0
        self.inside_due = 0
        self.linked = 0
        self.unlinked_due = 0
        self.unmapped_rows = 0
        self.fallback = 0
        self.kept: Counter[str] = Counter()
        self.next_due_at: datetime | None = None
        self.breaches_at: datetime | None = None

    def keep(self, reason: str, count: int = 1, next_due_at: datetime | None = None) -> None:
        """Count items that stay; `next_due_at` is the earliest time at which one of them falls due."""
        if count:
            self.kept[reason] += count
        if next_due_at is not None and (self.next_due_at is None or next_due_at < self.next_due_at):
            self.next_due_at = next_due_at

    def take(self, deadline_at: datetime) -> None:
        """Note a due item's deadline."""
        if self.breaches_at is None or deadline_at < self.breaches_at:
            self.breaches_at = deadline_at
