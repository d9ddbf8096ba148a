"""What lies in a partition now, read without counting its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import sql

from retention.stores.partition_catalog import PartitionedTable, Session, qualified


@dataclass(frozen=True, slots=True)
class PartitionRecords:
    """What lies in a partition now: oldest and youngest finite time, the oldest other evidence, and about how many rows.

    `about_rows` None: not known. `has_undated`: the time of a record is none, infinite or before 1990, and tells no age.
    `is_read`: False where all that stands here are its bounds.
    """

    oldest: datetime | None
    youngest: datetime | None
    evidence: datetime | None
    about_rows: int | None
    has_undated: bool = False
    is_read: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether there is no row in it."""
        return self.oldest is None and not self.has_undated


# By the density that the last ANALYZE saw. Without one, or where the file has grown by more than half since: by rows as small as
# one with a time can be (36 bytes: 226 on a page), so that the number is too high.
_ABOUT_ROWS: LiteralString = """
(SELECT ceil(CASE WHEN c.reltuples >= 0 AND c.relpages > 0 AND size.pages <= c.relpages * 1.5
                  THEN c.reltuples * size.pages / c.relpages
                  ELSE size.pages * 226 END)::bigint
   FROM pg_class AS c
  CROSS JOIN LATERAL (SELECT ceil(pg_relation_size(c.oid) / current_setting('block_size')::float8) AS pages) AS size
  WHERE c.oid = to_regclass({name}))
"""


def read_records(session: Session, table: PartitionedTable, name: str) -> PartitionRecords:
    """As `PartitionStore.records`; whatever is no finite time counts as none."""
    statement = sql.SQL(
        "SELECT (SELECT min({time}) FROM {rows} AS r WHERE isfinite({time})) AS oldest, "
        "(SELECT max({time}) FROM {rows} AS r WHERE isfinite({time})) AS youngest, "
        "{evidence} AS evidence, {about_rows} AS about_rows, "
        "coalesce((SELECT min({time}) FROM {rows} AS r) < '1990-01-01Z', FALSE) "
        "OR coalesce((SELECT max({time}) FROM {rows} AS r) = 'infinity', FALSE) "
        "OR EXISTS (SELECT FROM {rows} AS r WHERE {time} IS NULL) AS has_undated"
    ).format(
        time=sql.Identifier(table.time_column),
        rows=sql.SQL("ONLY {}").format(qualified(name)),
        evidence=_oldest_evidence(table, name),
        about_rows=sql.SQL(_ABOUT_ROWS).format(name=sql.Literal(qualified(name).as_string(session))),
    )
    row = session.execute(statement).fetchone()
    assert row is not None  # a SELECT of single values
    return PartitionRecords(**row)


def _oldest_evidence(table: PartitionedTable, name: str) -> sql.Composable:
    """Before 1990 there is no date, only what programs write where they know none."""
    if table.evidence_column is None:
        return sql.SQL("NULL::timestamptz")
    return sql.SQL(
        "(SELECT min({column}) FROM ONLY {rows} WHERE {column} >= '1990-01-01Z' AND isfinite({column}))"
    ).format(column=sql.Identifier(table.evidence_column), rows=qualified(name))
