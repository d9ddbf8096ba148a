"""Which tables a log in partitions is made of: its partitions, also half detached ones, and what was left beside it."""

from __future__ import annotations

from typing import NamedTuple

from psycopg import sql

from retention.datamap.loader import MappedPartitions
from retention.verification.coverage.claims import claims_on
from retention.verification.place_check import PlaceCheck
from retention.verification.source import Source, Unread

ABOUT = "its partitions"

_PARENT = """
SELECT c.relkind = 'p' AS is_partitioned,
       (SELECT format_type(a.atttypid, NULL) FROM pg_attribute AS a
         WHERE a.attrelid = c.oid AND a.attname = %(time)s AND a.attnum > 0 AND NOT a.attisdropped) AS time_type
  FROM pg_class AS c WHERE c.oid = to_regclass(%(table)s)
"""
_ABOVE = """
SELECT n.nspname || '.' || c.relname FROM pg_partition_ancestors(to_regclass(%(table)s)) AS log
  JOIN pg_class AS c ON c.oid = log.relid JOIN pg_namespace AS n ON n.oid = c.relnamespace
"""
_CHILDREN = """
WITH RECURSIVE below AS (
    SELECT i.inhrelid, ARRAY[]::oid[] AS above FROM pg_inherits AS i WHERE i.inhparent = to_regclass(%(table)s)
    UNION ALL
    SELECT i.inhrelid, below.above || i.inhparent FROM pg_inherits AS i JOIN below ON i.inhparent = below.inhrelid
)
SELECT c.oid::bigint, n.nspname::text, c.relname::text,
       ARRAY(SELECT s.nspname || '.' || a.relname FROM pg_class AS a JOIN pg_namespace AS s ON s.oid = a.relnamespace
              WHERE a.oid = ANY(below.above))
  FROM below JOIN pg_class AS c ON c.oid = below.inhrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'f') ORDER BY 2, 3
"""
_BESIDE = """
WITH columns AS (
    SELECT a.attrelid, array_agg(a.attname::text ORDER BY a.attname) AS names FROM pg_attribute AS a
     WHERE a.attnum > 0 AND NOT a.attisdropped GROUP BY a.attrelid
)
SELECT c.oid::bigint, n.nspname::text, c.relname::text
  FROM pg_class AS parent JOIN columns AS wanted ON wanted.attrelid = parent.oid
  JOIN pg_class AS c ON c.relnamespace = parent.relnamespace AND starts_with(c.relname, parent.relname || '_')
  JOIN columns AS found ON found.attrelid = c.oid AND found.names = wanted.names
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE parent.oid = to_regclass(%(table)s) AND c.relkind = 'r'
   AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid)
 ORDER BY 2, 3
"""
_NAMED = """
WITH columns AS (
    SELECT attrelid, attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped
)
SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname || '.' || c.relname = %s AND c.relkind IN ('r', 'p', 'f')
   AND NOT EXISTS (
       SELECT attname FROM columns WHERE attrelid = to_regclass(%s)
       EXCEPT SELECT attname FROM columns WHERE attrelid = c.oid
   )
"""


class Part(NamedTuple):
    """One table of the log: its number, which stays, its schema and name by now, and whether it hangs on nothing any more.

    `above` are the names of the tables that it is part of, the log's among them: a hold on one of those is one on all its parts.
    `listed_as` is what it was called when this check listed it first; holds mean it by that."""

    oid: int
    schema: str
    name: str
    is_left: bool
    above: tuple[str, ...]
    listed_as: str | None = None

    @property
    def item_id(self) -> str:
        """What disposal and holds call it."""
        return self.listed_as or f"{self.schema}.{self.name}"

    @property
    def names(self) -> tuple[str, ...]:
        """By what holds may mean it."""
        return self.item_id, *self.above

    @property
    def table(self) -> sql.Identifier:
        """The table in SQL."""
        return sql.Identifier(self.schema, self.name)


def list_parts(check: PlaceCheck, place: MappedPartitions, source: Source) -> list[Part]:
    """All parts as they are now. Raises Unread where the table is not as mapped."""
    asked = {"table": place.spec.table, "time": place.spec.time_column}
    if source.ask(ABOUT, sql.SQL(_PARENT), asked) != [(True, "timestamp with time zone")]:
        raise Unread(
            f"place {check.name!r}: found no such partitioned table, or another time column than the map names",
            "NotPartitioned",
            "the table and the column of type timestamptz as the data map names them",
        )
    log = [name for (name,) in source.ask(ABOUT, sql.SQL(_ABOVE), asked)]
    children = source.ask(ABOUT, sql.SQL(_CHILDREN), asked)
    parts = [Part(oid, schema, name, False, (*log, *above)) for oid, schema, name, above in children]
    datamap = check.around.datamap
    claims = claims_on(datamap, datamap.connections, check.around.as_of)
    beside = [
        Part(oid, schema, name, True, tuple(log)) for oid, schema, name in source.ask(ABOUT, sql.SQL(_BESIDE), asked)
    ]
    return parts + [part for part in beside if part.item_id not in claims.places.keys() | claims.declared]


def is_still(part: Part, source: Source) -> bool:
    """Whether the name is still this table's. Once it was read, it stays so until the snapshot ends."""
    name = part.table.as_string(None)
    return source.ask(ABOUT, sql.SQL("SELECT to_regclass(%s)::oid::bigint"), (name,)) == [(part.oid,)]


def may_be_detached(name: str, log: str, source: Source) -> bool:
    """Whether a table bears this qualified name that has the columns of the log; an index, a view, or a table of other columns
    was never a partition of it."""
    return bool(source.ask(ABOUT, sql.SQL(_NAMED), (name, log)))
