"""The holds on one log in partitions: what each covers, by its own period, and those that name a partition that isn't there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import sql

from retention.verification.holds import Covered, HoldIndex
from retention.verification.partition_parts import ABOUT, Part, is_a_table
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


class Period(NamedTuple):
    """`since <= time < until`; None is without bound."""

    since: datetime | None
    until: datetime | None

    @property
    def name(self) -> str:
        """What tells it from other periods."""
        since, until = (at.isoformat() if at is not None else "ever" for at in self)
        return f" from {since} to {until}"

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
        self._place = check.name
        self._index = HoldIndex(check.around.scopes, check.terms.category)
        rows = check.inventory.own.execute(_PERIODS, (check.terms.category, check.name))
        self._periods = {UUID(str(row["hold_id"])): Period(row["since"], row["until"]) for row in rows}
        of_place = [one for one in check.around.scopes if one.place == check.name and one.item_id is not None]
        self.named = sorted({str(one.item_id) for one in of_place})
        now = check.around.clocks.now()
        self._may_be_lost = {
            str(one.item_id) for one in of_place if now < one.until and "." in _table_of(str(one.item_id))
        }

    @property
    def edges(self) -> list[datetime]:
        """Where their periods begin or end."""
        return sorted({at for period in self._periods.values() for at in period if at is not None})

    def look_for_lost(self, parts: Sequence[Part], id_column: str, source: Source) -> None:
        """A partition that isn't there, and none of whose rows is, was renamed, perhaps: its hold may mean any other."""
        known = {part.item_id for part in parts}
        missing = {name for name in self._may_be_lost if _table_of(name) not in known}
        lost = {name for name in missing if not is_a_table(_table_of(name), source)}
        if lost:
            lost -= {name for part in parts for name in _rows_named(part, id_column, sorted(lost), source)}
        self._index.lose(lost)

    def covering(self, *names: str) -> Covered:
        """The holds that cover what has these names. What nobody finds by its name any more may be any of them."""
        return self._index.covering(self._place, names, None, None, person_known=False, has_row=False)

    def by_period(self, part: Part) -> dict[Period, Covered]:
        """The holds that cover a partition, or the part of it in their own period, surely or as one that lost its name."""
        covered = self.covering(part.item_id)
        found: dict[Period, Covered] = defaultdict(lambda: Covered([], []))
        for hold in covered.all:
            if hold in covered.surely or hold in self._index.lost:
                period = self._periods.get(hold, ALWAYS)
                found[period].all.append(hold)
                found[period].surely.extend([hold] if hold in covered.surely else [])
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
