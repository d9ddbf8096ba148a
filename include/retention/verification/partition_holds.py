"""The holds on one log in partitions: what each covers, by its own period, and those that name a partition that isn't there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import sql

from retention.datamap.model import PartitionedPlace
from retention.verification.holds import Covered, HoldIndex
from retention.verification.memory import last_check_of
from retention.verification.partition_parts import ABOUT, Part, may_be_detached
from retention.verification.place_check import PlaceCheck
from retention.verification.source import Source, Unread

# What begins or ends at no date has no edge; whether such a hold covers anything is judged with all others.
_PERIODS = """
SELECT
    hold_id,
    CASE WHEN started_from BETWEEN '0001-01-02 00:00:00+00' AND '9999-12-30 00:00:00+00' THEN started_from END AS since,
    CASE WHEN started_before BETWEEN '0001-01-02 00:00:00+00' AND '9999-12-30 00:00:00+00' THEN started_before END AS until
FROM retention.holds
WHERE (category IS NULL OR category = %s) AND (place IS NULL OR place = %s)
"""

_MEANT_BEFORE = """
SELECT hold_id, p.part_hash, p.day
FROM retention.protected_items AS p
CROSS JOIN unnest(p.hold_ids) AS hold_id
WHERE p.check_run_id = %s AND p.place = %s AND p.day IS NOT NULL AND hold_id = ANY(%s)
"""


class Period(NamedTuple):
    """`since <= time < until`; None is without bound."""

    since: datetime | None
    until: datetime | None

    def within(self, time: sql.Composable) -> sql.Composable:
        """The condition that a time lies in it."""
        where: list[sql.Composable] = [sql.SQL("TRUE")]
        if self.since is not None:
            where.append(sql.SQL("{} >= {}").format(time, sql.Literal(self.since)))
        if self.until is not None:
            where.append(sql.SQL("{} < {}").format(time, sql.Literal(self.until)))
        return sql.SQL(" AND ").join(where)


ALWAYS = Period(None, None)


class PartitionHolds:
    """The holds that may cover something of one place's partitions."""

    def __init__(self, check: PlaceCheck) -> None:
        self._check = check
        self._place = check.name
        self._index = HoldIndex(check.around.scopes, check.terms.category)
        rows = check.inventory.own.execute(_PERIODS, (check.terms.category, check.name))
        self._periods = {UUID(str(row["hold_id"])): Period(row["since"], row["until"]) for row in rows}
        of_place = [one for one in check.around.scopes if one.place == check.name and one.item_id is not None]
        self.named = sorted({str(one.item_id) for one in of_place})
        self._meant_before = _meant_before(check, [one.hold_id for one in of_place])
        now = check.around.clocks.now()
        self._open = {one.hold_id: str(one.item_id) for one in of_place if now < one.until}

    @property
    def edges(self) -> list[datetime]:
        """Where their periods begin or end."""
        return sorted({at for period in self._periods.values() for at in period if at is not None})

    def look_for_lost(self, parts: Sequence[Part], spec: PartitionedPlace, source: Source) -> None:
        """A partition that isn't there, and none of whose rows is, was renamed, perhaps: its hold may mean any other."""
        known = {name for part in parts for name in part.names}
        missing = {name for name in self._open.values() if "." in _table_of(name) and _table_of(name) not in known}
        lost = {name for name in missing if not may_be_detached(_table_of(name), spec.table, source)}
        if lost:
            lost -= {name for part in parts for name in _rows_named(part, spec.id_column, sorted(lost), source)}
        self._index.lose(lost)

    def note_unqualified(self, parts: Sequence[Part]) -> None:
        """Holds know a table by its schema and name: the name alone is nothing's, and nobody would notice."""
        names = {part.name for part in parts} | {name.partition(".")[2] for part in parts for name in part.above}
        self._check.around.unqualified.update(hold for hold, name in self._open.items() if name in names)

    def covering(self, *names: str) -> Covered:
        """The holds that cover what has these names. What nobody finds by its name any more may be any of them."""
        return self._index.covering(self._place, names, None, None, person_known=False, has_row=False)

    def by_period(self, part: Part) -> dict[Period, list[Covered]]:
        """Each hold that covers a partition, or the part of it in its own period, and each that covered this very table under
        another name: it still does where nothing bears that name any more, and only may where another table does."""
        surely = self.covering(*part.names).surely
        found: dict[Period, list[Covered]] = defaultdict(list)
        for hold in [*surely, *self._that_meant(part, besides=surely)]:
            is_sure = hold in surely or hold in self._index.lost
            found[self._periods.get(hold, ALWAYS)].append(Covered([hold], [hold] if is_sure else []))
        return found

    def line(self, part: Part, hold: UUID, day: date) -> bytes:
        """What checks call the records of one day that a hold covers in this very table."""
        return self._check.item_hash(f"table {part.oid}, held by {hold}, on {day}")

    def _that_meant(self, part: Part, besides: Collection[UUID]) -> list[UUID]:
        return [
            hold
            for hold, lines in self._meant_before.items()
            if hold not in besides and any(self.line(part, hold, day) == part_hash for part_hash, day in lines)
        ]


def _meant_before(check: PlaceCheck, hold_ids: Collection[UUID]) -> dict[UUID, list[tuple[bytes, date]]]:
    """What the last check saw covered by each of these holds, which name one table each: its days, and what checks call them."""
    last = last_check_of(check.inventory.own, check.name) if hold_ids else None
    found: dict[UUID, list[tuple[bytes, date]]] = defaultdict(list)
    if last is not None and last.is_comparable(check.around.hasher.key_id):
        for row in check.inventory.own.execute(_MEANT_BEFORE, (last.check_run_id, check.name, list(hold_ids))):
            found[UUID(str(row["hold_id"]))].append((bytes(row["part_hash"]), row["day"]))
    return found


def _table_of(item_id: str) -> str:
    """The table that an id names, itself or as where a row without an id stands."""
    return item_id.partition("(")[0]


def _rows_named(part: Part, id_column: str, names: Sequence[str], source: Source) -> set[Any]:
    """Which of these names are ids of rows of this part."""
    query = sql.SQL("SELECT DISTINCT {id}::text FROM ONLY {part} WHERE {id}::text = ANY(%s)").format(
        id=sql.Identifier(id_column), part=part.table
    )
    try:
        return {name for (name,) in source.ask(ABOUT, query, (list(names),))}
    except Unread:  # it went, or nobody may read it: whoever reads the part says so
        return set()
