"""Single rows of a partition, where it can't go as a whole: found by their place in the table (ctid), deleted without waiting.

A ctid names one version of a row: a row that was changed since stands elsewhere. Its id is compared all the same, because what
was deleted leaves its ctid to others; and no lock is waited for, so that nobody waits for us.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import psycopg
from psycopg import IsolationLevel, sql

from retention.stores.column_types import uncut_type
from retention.stores.partition_catalog import PartitionedTable, Session, find_partition, qualified, row_id
from retention.stores.partition_drop import LOCK_WAIT_MS
from retention.stores.protocol import Removal, RemovalResult
from retention.stores.refused_rows import remove_unrefused

_TRIES = 3


class RowAt(NamedTuple):
    """One row of one partition: where it stands, and its id as text. Without an id, the row is named by where it stands."""

    ctid: str
    item_id: str


def delete_rows(table: PartitionedTable, partition: str, rows: Sequence[RowAt]) -> dict[RowAt, RemovalResult]:
    """Delete these rows of one partition in one transaction.

    A row that somebody has locked fails (55P03) without waiting; one that moved, changed or went is ABSENT. Where rows are
    refused (a foreign key, a trigger), the others still go. Raises StoreUnreadable when the connection is lost.
    """

    def work(session: Session) -> dict[RowAt, RemovalResult]:
        session.isolation_level = IsolationLevel.REPEATABLE_READ  # a row that changes meanwhile is an error
        session.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
        for _ in range(_TRIES):
            try:
                with session.transaction():
                    session.execute("SET CONSTRAINTS ALL IMMEDIATE")
                    return _delete(session, table, partition, list(dict.fromkeys(rows)))
            except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as error:
                code = error.sqlstate
        return dict.fromkeys(rows, RemovalResult(Removal.FAILED, 0, code))

    return table.ask(work) if rows else {}


def present_rows(table: PartitionedTable, partition: str, rows: Sequence[RowAt]) -> set[RowAt]:
    """Which of these rows still stand where they stood."""
    there = sql.SQL(
        "SELECT r.ctid::text AS ctid, {id} AS item_id FROM ONLY {partition} AS r WHERE r.ctid = ANY(%s::tid[])"
    )
    statement = there.format(id=row_id(table, partition), partition=qualified(partition))

    def work(session: Session) -> set[RowAt]:
        if session.execute(
            "SELECT to_regclass(%s) AS found", (qualified(partition).as_string(session),)
        ).fetchone() == {"found": None}:
            return set()
        return {RowAt(**row) for row in session.execute(statement, ([row.ctid for row in rows],))}

    return table.ask(work) & set(rows) if rows else set()


def certainly_gone(table: PartitionedTable, partition: str, rows: Sequence[RowAt]) -> set[RowAt]:
    """Which of these rows are nowhere in the table any more; rows that were changed or moved stand elsewhere under their id.

    Of a row without an id, and of all where the table has no such partition any more, nobody can tell: none of them is certain.
    """
    named = [row for row in rows if row.item_id != partition + row.ctid]

    def work(session: Session) -> set[RowAt]:
        if find_partition(session, table, partition) is None:
            return set()
        left = _ids_in(session, table, partition, named)
        return {row for row in named if row.item_id not in left}

    return table.ask(work) if named else set()


def _ids_in(session: Session, table: PartitionedTable, partition: str, rows: Sequence[RowAt]) -> set[str]:
    """Which of these ids a row has, in the table or in the partition, which may be half detached."""
    ids, id_column = [row.item_id for row in rows], sql.Identifier(table.id_column)
    id_type = uncut_type(session, table.identifier, table.id_column)
    assert id_type is not None  # require_as_mapped
    # In the column's own type, so that an index on it serves.
    statement = sql.SQL("SELECT r.{id}::text AS id FROM {rows} AS r WHERE r.{id} = ANY(%s::text[]::{type}[])")
    return {
        row["id"]
        for found in (table.identifier, sql.SQL("ONLY {}").format(qualified(partition)))
        for row in session.execute(statement.format(id=id_column, rows=found, type=sql.SQL(id_type)), (ids,))
    }


def _delete(
    session: Session, table: PartitionedTable, partition: str, rows: Sequence[RowAt]
) -> dict[RowAt, RemovalResult]:
    """Delete what nothing refuses; a failed serialization is for the caller, who tries all again."""

    def delete(some: Sequence[RowAt]) -> dict[RowAt, RemovalResult]:
        return _delete_unlocked(session, table, partition, some)

    done, refused = remove_unrefused(session, rows, delete, again=["40"])
    results = {row: RemovalResult(Removal.FAILED, 0, code) for row, code in refused.items()}
    return results | {row: result for one in done for row, result in one.items()}


def _delete_unlocked(
    session: Session, table: PartitionedTable, partition: str, rows: Sequence[RowAt]
) -> dict[RowAt, RemovalResult]:
    """One statement: see which rows are there as they were decided, lock those that are free, delete these."""
    statement = sql.SQL(
        "WITH there AS MATERIALIZED (SELECT r.ctid, {id} AS item_id FROM ONLY {partition} AS r "
        "WHERE r.ctid = ANY(%(ctids)s::tid[])), "
        "asked AS MATERIALIZED (SELECT there.* FROM there JOIN unnest(%(ctids)s::tid[], %(ids)s::text[]) AS w (ctid, item_id) "
        "ON there.ctid = w.ctid AND there.item_id = w.item_id), "
        "free AS MATERIALIZED (SELECT r.ctid FROM ONLY {partition} AS r "
        "WHERE r.ctid = ANY(ARRAY(SELECT ctid FROM asked)) FOR UPDATE SKIP LOCKED), "
        "gone AS (DELETE FROM ONLY {partition} AS r WHERE r.ctid = ANY(ARRAY(SELECT ctid FROM free)) RETURNING r.ctid) "
        "SELECT asked.ctid::text AS ctid, asked.item_id, gone.ctid IS NOT NULL AS is_gone "
        "FROM asked LEFT JOIN gone ON gone.ctid = asked.ctid"
    ).format(id=row_id(table, partition), partition=qualified(partition))
    found = session.execute(statement, {"ctids": [row.ctid for row in rows], "ids": [row.item_id for row in rows]})
    results = {
        RowAt(row["ctid"], row["item_id"]): RemovalResult(Removal.REMOVED, 1)
        if row["is_gone"]
        else RemovalResult(Removal.FAILED, 0, "55P03")
        for row in found
    }
    absent = RemovalResult(Removal.ABSENT, 0)
    return {row: results.get(row, absent) for row in rows}
