"""Reads a log table that is partitioned by time: every partition, also one that is half detached, and what was left beside it.

A partition is as old as its oldest record. Records without a good time are looked at one by one, and so are those that a hold
names. Where a hold covers a period, the records in it and around it are dated apart: one must not hide the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import sql

from retention.datamap.dependents import all_dependents
from retention.datamap.loader import MappedPartitions, MappedTable
from retention.verification.holds import HoldIndex
from retention.verification.inventory import Entry
from retention.verification.place_check import PlaceCheck
from retention.verification.source import Source, Unread

_ABOUT = "its partitions"
_CHUNK = 1_000
_NO_TABLE = "42P01"

_PARENT = """
SELECT c.relkind = 'p' AS is_partitioned,
       (SELECT format_type(a.atttypid, NULL) FROM pg_attribute AS a
         WHERE a.attrelid = c.oid AND a.attname = %(time)s AND a.attnum > 0 AND NOT a.attisdropped) AS time_type
  FROM pg_class AS c WHERE c.oid = to_regclass(%(table)s)
"""
_CHILDREN = """
WITH RECURSIVE below AS (
    SELECT i.inhrelid FROM pg_inherits AS i WHERE i.inhparent = to_regclass(%(table)s)
    UNION ALL
    SELECT i.inhrelid FROM pg_inherits AS i JOIN below ON i.inhparent = below.inhrelid
)
SELECT n.nspname::text, c.relname::text FROM below JOIN pg_class AS c ON c.oid = below.inhrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'f') ORDER BY 1, 2
"""
_BESIDE = """
WITH columns AS (
    SELECT a.attrelid, array_agg(a.attname::text ORDER BY a.attname) AS names FROM pg_attribute AS a
     WHERE a.attnum > 0 AND NOT a.attisdropped GROUP BY a.attrelid
)
SELECT n.nspname::text, c.relname::text
  FROM pg_class AS parent JOIN columns AS wanted ON wanted.attrelid = parent.oid
  JOIN pg_class AS c ON c.relnamespace = parent.relnamespace AND starts_with(c.relname, parent.relname || '_')
  JOIN columns AS found ON found.attrelid = c.oid AND found.names = wanted.names
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE parent.oid = to_regclass(%(table)s) AND c.relkind = 'r'
   AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid)
 ORDER BY 1, 2
"""
_PERIODS = """
SELECT DISTINCT edge.at FROM retention.holds AS h CROSS JOIN LATERAL (VALUES (h.started_from), (h.started_before)) AS edge (at)
WHERE
    edge.at BETWEEN '0001-01-02 00:00:00+00' AND '9999-12-30 00:00:00+00'
    AND (h.category IS NULL OR h.category = %s) AND (h.place IS NULL OR h.place = %s)
ORDER BY 1
"""


class Part(NamedTuple):
    """One table of the log: its schema and name, and whether the partitioned table still has it."""

    schema: str
    name: str
    is_left: bool

    @property
    def item_id(self) -> str:
        """What disposal and holds call it."""
        return f"{self.schema}.{self.name}"


def read_partitions(check: PlaceCheck) -> None:
    """The whole place. Raises StoreUnreadable."""
    place = check.place
    assert isinstance(place, MappedPartitions)  # intakes.py
    check.looked_at.update(parts=0, partitions=0)
    source = Source(check.around.resolve(place.store.verification), check.name, _ABOUT)
    check.around.sessions.callback(source.close)
    PartitionIntake(check, place, source).read()


@dataclass(frozen=True, slots=True)
class _Net:
    """What is asked of each partition. `latest`: a later time is in the future; `edges`: where periods of holds begin or end."""

    latest: datetime
    edges: Sequence[datetime]
    held: Sequence[str]


class PartitionIntake:
    """One reading of one partitioned table."""

    def __init__(self, check: PlaceCheck, place: MappedPartitions, source: Source) -> None:
        self._check = check
        self._spec = place.spec
        self._source = source
        self._holds = HoldIndex(check.around.scopes, check.terms.category)

    def read(self) -> None:
        """Every partition by itself, and what was left beside the table: one that is read can't be dropped meanwhile."""
        net = self._net()
        for part in self._parts():
            try:
                self._read(part, net)
            except Unread as error:
                if error.code != _NO_TABLE or self._is_there(part):
                    raise  # one that went meanwhile is gone

    def _read(self, part: Part, net: _Net) -> None:
        with self._source.snapshot():
            ages = list(self._ages(part, net))
            self._check.looked_at["partitions"] += 1
            self._check.inventory.add(ages)
            for chunk in self._single(part, net):
                self._check.inventory.add(chunk)

    def _is_there(self, part: Part) -> bool:
        name = sql.Identifier(part.schema, part.name).as_string(None)
        return self._source.ask(_ABOUT, sql.SQL("SELECT to_regclass(%s) IS NOT NULL"), (name,)) == [(True,)]

    def _net(self) -> _Net:
        own = self._check.inventory.own
        edges = [row["at"] for row in own.execute(_PERIODS, (self._check.terms.category, self._check.name))]
        held = {
            scope.item_id
            for scope in self._check.around.scopes
            if scope.item_id is not None and scope.place == self._check.name
        }
        return _Net(self._check.around.clocks.now(), edges, sorted(held))

    def _parts(self) -> list[Part]:
        asked = {"table": self._spec.table, "time": self._spec.time_column}
        found = self._source.ask(_ABOUT, sql.SQL(_PARENT), asked)
        if found != [(True, "timestamp with time zone")]:
            raise Unread(
                f"place {self._check.name!r}: found no such partitioned table, or another time column than the map names",
                "NotPartitioned",
                "the table and the column of type timestamptz as the data map names them",
            )
        parts = [Part(schema, name, False) for schema, name in self._source.ask(_ABOUT, sql.SQL(_CHILDREN), asked)]
        others = self._mapped_elsewhere()
        beside = [Part(schema, name, True) for schema, name in self._source.ask(_ABOUT, sql.SQL(_BESIDE), asked)]
        return parts + [part for part in beside if part.item_id not in others]

    def _mapped_elsewhere(self) -> set[str]:
        """Tables that the map names by themselves, as a place, a part of one, or a declaration."""
        datamap = self._check.around.datamap
        named = {entry.table for entry in datamap.not_personal if entry.table is not None and not entry.columns}
        for place in datamap.places.values():
            if isinstance(place, MappedTable):
                named |= {place.spec.table, *(one.table for one in all_dependents(place.spec))}
            elif isinstance(place, MappedPartitions):
                named.add(place.spec.table)
        return named

    def _ages(self, part: Part, net: _Net) -> Iterator[Entry]:
        """The partition's age, apart for each period that a hold names. One without records has none."""
        hashed = self._check.item_hash(part.item_id)
        for since, until in zip([None, *net.edges], [*net.edges, None], strict=True):
            oldest, evidence = self._oldest(part, net, since, until)
            if oldest is None:
                continue
            self._check.read_more("parts", 1)
            name = part.item_id if since is None else f"{part.item_id} since {since.isoformat()}"
            holds = self._holds.covering(self._check.name, (part.item_id,), None, None, person_known=False)
            yield self._check.entry(
                "partition",
                holds=holds,
                extent=self._extent(part, net, since, until) if holds.surely else None,
                item_hash=hashed,
                part_hash=self._check.item_hash(name),
                row_count=1,
                clock_at=oldest,
                evidence_at=evidence,
                note="detached" if part.is_left else None,
            )

    def _extent(self, part: Part, net: _Net, since: datetime | None, until: datetime | None) -> int | None:
        """How many records it has, named ones among them; None where a period takes a part of it: others may rightly go."""
        query = sql.SQL("SELECT count(*), count(*) FILTER (WHERE {within}) FROM ONLY {part} WHERE {good}").format(
            within=sql.SQL(" AND ").join([sql.SQL("TRUE"), *self._within(since, until)]),
            part=sql.Identifier(part.schema, part.name),
            good=self._is_good(net),
        )
        ((rows, within),) = self._source.ask(_ABOUT, query)
        return int(rows) if rows == within else None

    def _within(self, since: datetime | None, until: datetime | None) -> list[sql.Composable]:
        where: list[sql.Composable] = []
        if since is not None:
            where.append(sql.SQL("{} >= {}").format(self._time, sql.Literal(since)))
        if until is not None:
            where.append(sql.SQL("{} < {}").format(self._time, sql.Literal(until)))
        return where

    def _oldest(self, part: Part, net: _Net, since: datetime | None, until: datetime | None) -> tuple[Any, Any]:
        where = [self._is_good(net), *self._within(since, until)]
        if net.held:
            where.append(sql.SQL("NOT {}").format(self._is_named(net)))
        query = sql.SQL("SELECT min({time}), min({evidence}) FROM ONLY {part} WHERE {where}").format(
            time=self._time,
            evidence=self._finite(self._evidence, floor=True),
            part=sql.Identifier(part.schema, part.name),
            where=sql.SQL(" AND ").join(where),
        )
        ((oldest, evidence),) = self._source.ask(_ABOUT, query)
        return oldest, evidence

    def _single(self, part: Part, net: _Net) -> Iterator[list[Entry]]:
        """The records that are looked at one by one: without a good time, or named by a hold."""
        wanted = [sql.SQL("NOT coalesce({}, FALSE)").format(self._is_good(net))]
        if net.held:
            wanted.append(self._is_named(net))
        query = sql.SQL("SELECT {id}, {time}, {evidence} FROM ONLY {part} WHERE {where}").format(
            id=sql.SQL("{}::text").format(sql.Identifier(self._spec.id_column)),
            time=self._finite(self._time),
            evidence=self._finite(self._evidence),
            part=sql.Identifier(part.schema, part.name),
            where=sql.SQL(" OR ").join(wanted),
        )
        for chunk in self._source.ask_in_chunks(_ABOUT, query, _CHUNK):
            self._check.read_more("parts", len(chunk))
            yield [self._record(part, *row) for row in chunk]

    def _record(self, part: Part, item_id: str | None, at: datetime | None, evidence: datetime | None) -> Entry:
        name = item_id if item_id is not None else f"{part.item_id}, records without an id"
        hashed = self._check.item_hash(name)
        return self._check.entry(
            "record",
            holds=self._holds.covering(self._check.name, (name, part.item_id), None, None, person_known=False),
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

    def _is_good(self, net: _Net) -> sql.Composed:
        """A time that is a date, and not in the future by more than clocks differ."""
        return sql.SQL("{} BETWEEN '1990-01-01Z' AND {} + interval '10 minutes'").format(
            self._time, sql.Literal(net.latest)
        )

    def _is_named(self, net: _Net) -> sql.Composed:
        return sql.SQL("coalesce({}::text = ANY({}), FALSE)").format(
            sql.Identifier(self._spec.id_column), sql.Literal(list(net.held))
        )

    @staticmethod
    def _finite(value: sql.Composable, *, floor: bool = False) -> sql.Composed:
        """The instant; none where it is infinite, or, with `floor`, no date at all."""
        least = sql.SQL("'1990-01-01Z'" if floor else "'0001-01-02Z'")
        return sql.SQL("CASE WHEN {value} BETWEEN {least} AND '9999-12-30Z' THEN {value} END").format(
            value=value, least=least
        )
