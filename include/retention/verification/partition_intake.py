"""Reads a log table that is partitioned by time: every partition, also one that is half detached, and what was left beside it.

A partition is as old as its oldest record. Records without a good time are looked at one by one, and so are those that a hold
names. Where a hold covers a period, the records in it and around it are dated apart: one must not hide the other. What each hold
covers, by its own period, is counted beside that, day by day: what other holds say changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from psycopg import sql

from retention.datamap.loader import MappedPartitions
from retention.verification.holds import Covered
from retention.verification.inventory import Entry
from retention.verification.partition_canaries import PartitionCanaries
from retention.verification.partition_holds import ALWAYS, PartitionHolds, Period
from retention.verification.partition_parts import ABOUT, Part, is_still, list_parts
from retention.verification.place_check import PlaceCheck
from retention.verification.source import Source, Unread
from retention.verification.vanished_partitions import counted_before

_CHUNK = 1_000
_NO_TABLE = "42P01"
_CLOCKS_DIFFER = "interval '10 minutes'"
"""By so much a record's time may lie ahead of ours."""
_LISTINGS = 5
"""How often parts are listed, until a listing shows none that wasn't read."""


def read_partitions(check: PlaceCheck) -> None:
    """The whole place. Raises StoreUnreadable."""
    place = check.place
    assert isinstance(place, MappedPartitions)  # intakes.py
    check.looked_at.update(parts=0, partitions=0)
    source = Source(check.around.resolve(place.store.verification), check.name, ABOUT)
    check.around.sessions.callback(source.close)
    PartitionIntake(check, place, source).read()


class PartitionIntake:
    """One reading of one partitioned table."""

    def __init__(self, check: PlaceCheck, place: MappedPartitions, source: Source) -> None:
        self._check = check
        self._place = place
        self._spec = place.spec
        self._source = source
        self._holds = PartitionHolds(check)
        self._canaries = PartitionCanaries(check, place.spec)
        self._latest = check.around.clocks.now()
        self._counted_before = counted_before(check)
        self._first: dict[int, Part] = {}

    def read(self) -> None:
        """Every part by itself, and then what came meanwhile: rows may have been moved into a new partition, and one that bears
        another name by now was not read under its old one. At last what holds cover, of all parts at one instant."""
        read: set[int] = set()
        for _ in range(_LISTINGS):
            parts = self._listed()
            waiting = [part for part in parts if part.oid not in read]
            if waiting:
                self._holds.look_for_lost(parts, self._spec, self._source)
                self._holds.note_unqualified(waiting)
                read |= {part.oid for part in waiting if self._read(part)}
            elif self._count_held(read):
                return
        raise Unread(
            f"place {self._check.name!r}: found other partitions in each of {_LISTINGS} listings",
            "PartitionsChange",
            "partitions that stay as they are while they are read; look at who makes and renames them",
        )

    def _listed(self) -> list[Part]:
        """Each table once, by the names under which it was listed first."""
        parts = {part.oid: part for part in self._parts()}
        firsts = ((part, self._first.setdefault(part.oid, part)) for part in parts.values())
        return [part._replace(listed_as=first.item_id, above=first.above) for part, first in firsts]

    def _parts(self) -> list[Part]:
        return list_parts(self._check, self._place, self._source)

    def _read(self, part: Part) -> bool:
        """Enter what is in it; whether that was this very table. One that is being read can be neither dropped nor renamed."""
        try:
            with self._source.snapshot():
                found = list(self._ages(part))
                if not is_still(part, self._source):
                    return False
                self._check.read_more("parts", len(found))
                self._check.looked_at["partitions"] += 1
                self._check.inventory.add(found)
                for chunk in self._single(part):
                    self._check.inventory.add(chunk)
                self._canaries.look(part, self._holds, self._source)
        except Unread as error:
            if error.code != _NO_TABLE:
                raise
            return False  # gone, or renamed: the next listing shows
        return True

    def _ages(self, part: Part) -> Iterator[Entry]:
        """The partition's age, apart for each period between edges of holds. One without records has none."""
        hashed = self._check.item_hash(part.item_id)
        for since, until in pairwise([None, *self._holds.edges, None]):
            oldest, evidence = self._oldest(part, Period(since, until))
            if oldest is not None:
                yield self._check.entry(
                    "partition",
                    holds=self._holds.covering(*part.names),
                    item_hash=hashed,
                    part_hash=hashed,
                    row_count=1,
                    clock_at=oldest,
                    evidence_at=evidence,
                    note="detached" if part.is_left else None,
                )

    def _count_held(self, read: Collection[int]) -> bool:
        """Enter what holds cover, rows that move from one part to another counted once; whether all these parts, and no others,
        were there to be counted. A part is locked no longer than it is counted."""
        found: list[Entry] = []
        try:
            with self._source.snapshot():
                parts = self._listed()
                if any(part.oid not in read for part in parts):
                    return False
                for part, by_period in ((part, self._holds.by_period(part)) for part in parts):
                    if not by_period:
                        continue
                    with self._source.passing():
                        found += self._held(part, by_period)
                        if not is_still(part, self._source):
                            return False
        except Unread as error:
            if error.code != _NO_TABLE:
                raise
            return False
        self._check.inventory.add(found)
        return True

    def _held(self, part: Part, by_period: dict[Period, list[Covered]]) -> Iterator[Entry]:
        """What each hold covers of it, by its own period and day by day, with the number of records, named ones among them."""
        query = sql.SQL(
            "SELECT ({time} AT TIME ZONE 'UTC')::date, {asked} FROM ONLY {part} WHERE {good} GROUP BY 1"
        ).format(
            time=self._time,
            asked=sql.SQL(", ").join(self._counted(period) for period in by_period),
            part=part.table,
            good=self._is_good,
        )
        for day, *counts in self._source.ask(ABOUT, query):
            of_periods = zip(counts[::3], counts[1::3], counts[2::3], strict=True)
            for holds, (rows, rows_then, oldest) in zip(by_period.values(), of_periods, strict=True):
                if rows:
                    yield from (self._held_on(part, day, covered, rows, rows_then, oldest) for covered in holds)

    def _held_on(self, part: Part, day: date, covered: Covered, rows: int, rows_then: int, oldest: datetime) -> Entry:
        return self._check.entry(
            "held",
            holds=covered,
            day=day,
            extent=rows,
            extent_then=rows_then if self._counted_before is not None else None,
            counted_to=self._latest,
            item_hash=self._check.item_hash(part.item_id),
            part_hash=self._holds.line(part, covered.all[0], day),
            row_count=1,
            clock_at=oldest,
        )

    def _counted(self, period: Period) -> sql.Composed:
        """Of the records in a period: how many there are by this check's instant, how many by the last one's, and the oldest's
        date. Nobody knows the period of one whose time other evidence contradicts."""
        return sql.SQL(
            "count(*) FILTER (WHERE {where} AND {time} <= {now}), "
            "count(*) FILTER (WHERE {where} AND {time} <= {before}::timestamptz), "
            "min({time}) FILTER (WHERE {where} AND {time} <= {now})"
        ).format(
            where=sql.SQL("TRUE") if period == ALWAYS else self._in_surely(period),
            time=self._time,
            now=sql.Literal(self._latest),
            before=sql.Literal(self._counted_before),
        )

    def _in_surely(self, period: Period) -> sql.Composed:
        return sql.SQL("{within} AND coalesce({time} <= {evidence} + interval '24 hours', TRUE)").format(
            within=period.within(self._time), time=self._time, evidence=self._finite(self._evidence, floor=True)
        )

    def _oldest(self, part: Part, period: Period) -> tuple[Any, Any]:
        where = [self._is_good, period.within(self._time)]
        if self._holds.named:
            where.append(sql.SQL("NOT {}").format(self._is_named))
        query = sql.SQL("SELECT min({time}), min({evidence}) FROM ONLY {part} WHERE {where}").format(
            time=self._time,
            evidence=self._finite(self._evidence, floor=True),
            part=part.table,
            where=sql.SQL(" AND ").join(where),
        )
        ((oldest, evidence),) = self._source.ask(ABOUT, query)
        return oldest, evidence

    def _single(self, part: Part) -> Iterator[list[Entry]]:
        """The records that are looked at one by one: without a good time, or named by a hold."""
        wanted = [sql.SQL("NOT coalesce({}, FALSE)").format(self._is_good)]
        if self._holds.named:
            wanted.append(self._is_named)
        query = sql.SQL("SELECT {id}, {time}, {evidence} FROM ONLY {part} WHERE {where}").format(
            id=sql.SQL("{}::text").format(sql.Identifier(self._spec.id_column)),
            time=self._finite(self._time),
            evidence=self._finite(self._evidence),
            part=part.table,
            where=sql.SQL(" OR ").join(wanted),
        )
        for chunk in self._source.ask_in_chunks(ABOUT, query, _CHUNK):
            self._check.read_more("parts", len(chunk))
            yield [self._record(part, *row) for row in chunk]

    def _record(self, part: Part, item_id: str | None, at: datetime | None, evidence: datetime | None) -> Entry:
        name = item_id if item_id is not None else f"{part.item_id}, records without an id"
        hashed = self._check.item_hash(name)
        return self._check.entry(
            "record",
            holds=self._holds.covering(name, *part.names),
            item_hash=hashed,
            part_hash=hashed,
            row_count=1,
            clock_at=at,
            evidence_at=evidence,
        )

    @property
    def _time(self) -> sql.Composable:
        return sql.Identifier(self._spec.time_column)

    @property
    def _evidence(self) -> sql.Composable:
        column = self._spec.evidence_column
        return sql.Identifier(column) if column is not None else sql.SQL("NULL::timestamptz")

    @property
    def _is_good(self) -> sql.Composed:
        """A time that is a date, and not in the future by more than clocks differ."""
        return sql.SQL("{} BETWEEN '1990-01-01Z' AND {} + {}").format(
            self._time, sql.Literal(self._latest), sql.SQL(_CLOCKS_DIFFER)
        )

    @property
    def _is_named(self) -> sql.Composed:
        return sql.SQL("coalesce({}::text = ANY({}), FALSE)").format(
            sql.Identifier(self._spec.id_column), sql.Literal(self._holds.named)
        )

    @staticmethod
    def _finite(value: sql.Composable, *, floor: bool = False) -> sql.Composed:
        """The instant; none where it is infinite, or, with `floor`, no date at all."""
        least = sql.SQL("'1990-01-01Z'" if floor else "'0001-01-02Z'")
        return sql.SQL("CASE WHEN {value} BETWEEN {least} AND '9999-12-30Z' THEN {value} END").format(
            value=value, least=least
        )
