"""Rows of partitions that can't go whole: decided by the same SQL as the rows of any table, named by where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from retention.datamap.loader import MappedTable
from retention.datamap.model import TableFacts, TablePlace
from retention.disposal.checked import CheckedPartitions
from retention.disposal.due_rows import count_decided
from retention.disposal.fact_columns import PART_OF, FactColumns
from retention.disposal.lines import DueItem, Line, Outcomes, Tally
from retention.disposal.partitions.wide_holds import with_wide_holds
from retention.disposal.reading import Reading
from retention.disposal.selection import DISPOSABLE, Selection, compile_selection, is_disposable
from retention.errors import StoreUnreadable
from retention.policy.decide import EARLIEST
from retention.stores.partition_catalog import READ_WAIT_MS, PartitionedTable, qualified, row_id
from retention.stores.partition_rows import RowAt, certainly_gone, delete_rows, present_rows
from retention.stores.protocol import Removal, RemovalResult

LOCKED = "55P03"
_COLUMNS = {
    "item_id": "text",
    "object_key": "text",
    "tenant_id": "text",
    "person_id": "text",
    "person_known": "boolean",
    "evidence_at": "timestamptz",
    PART_OF: "text",
}


def due_rows_of(reading: Reading[CheckedPartitions], partitions: Sequence[str], tally: Tally) -> Iterator[DueItem]:
    """The due rows of these partitions, and the count of what stays of them. Where rows share an id, one goes in each run."""
    if not partitions:
        return
    selection = _selection(reading, dict.fromkeys(partitions))
    with reading.runtime.source(reading.checked.place) as source, source.transaction():
        # Counts and items from one snapshot, so that they add up.
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        source.execute(f"SET LOCAL lock_timeout = {READ_WAIT_MS}")
        count_decided(source, selection, tally)
        due = sql.SQL(
            "SELECT * FROM (SELECT DISTINCT ON (item_id) * FROM {} WHERE {} ORDER BY item_id, object_key) AS one "
            'ORDER BY object_key COLLATE "C"'
        ).format(selection.decided, sql.SQL(DISPOSABLE))
        with source.cursor(name="due_rows") as cursor:
            cursor.itersize = 10_000
            cursor.execute(due, selection.parameters)
            for row in cursor:
                partition, ctid = _where(row["object_key"])
                fields = {name: row[name] for name in DueItem._fields if name in row and name != "object_key"}
                yield DueItem(place=reading.checked.place.name, object_key=partition, part_id=ctid, **fields)


def decided_row(reading: Reading[CheckedPartitions], partition: str, item_id: str) -> Mapping[str, Any] | None:
    """The decision on one row of a partition; None where it isn't there."""
    ctids = reading.checked.store.places_of(partition, item_id)
    decided = _decided(reading, partition, [RowAt(ctid, item_id) for ctid in ctids])
    return next(iter(decided.values()), None)


def remove_rows(reading: Reading[CheckedPartitions], lines: Sequence[Line]) -> tuple[Outcomes, int]:
    """Decide these rows again, delete what is still due, and look whether it is gone. One transaction for each partition."""
    outcomes: Outcomes = {}
    count = 0
    for partition, of_one in groupby(sorted(lines, key=lambda line: line.object_key), key=lambda line: line.object_key):
        removed = _remove_from(reading, partition, list(of_one))
        count += sum(state == "gone" for state, _ in removed.values())
        outcomes |= removed
    reading.runtime.on_step("rows_removed")
    return outcomes, count


def rows_gone(table: PartitionedTable, lines: Sequence[Line]) -> set[Line]:
    """Which of these rows are certainly gone: a row that was changed since, or that was moved, stands elsewhere."""
    gone: set[Line] = set()
    for partition, of_one in groupby(sorted(lines, key=lambda line: line.object_key), key=lambda line: line.object_key):
        rows = {_row_of(line): line for line in of_one}
        gone |= {rows[row] for row in certainly_gone(table, partition, list(rows))}
    return gone


def _remove_from(reading: Reading[CheckedPartitions], partition: str, lines: Sequence[Line]) -> Outcomes:
    table = reading.checked.store.table
    rows = {_row_of(line): line for line in lines}
    try:
        decided = _decided(reading, partition, list(rows)) if reading.checked.store.exists(partition) else {}
    except StoreUnreadable as error:
        if error.code != LOCKED:
            raise
        return dict.fromkeys(lines, ("failed", LOCKED))  # nothing has been removed yet, and other partitions may go
    due = [row for row in rows if row in decided and is_disposable(decided[row])]
    if reading.checked.is_rehearsal:
        results: Mapping[RowAt, RemovalResult] = dict.fromkeys(due, RemovalResult(Removal.REMOVED, 1))
        left: set[RowAt] = set()
    else:
        results = delete_rows(table, partition, due)
        left = present_rows(table, partition, due)
    missing = {row for row in rows if row not in decided or _is_absent(results.get(row))}
    gone = certainly_gone(table, partition, list(missing))
    return {
        line: _outcome_of_missing(line, row in gone)
        if row in missing
        else _outcome(decided[row], results.get(row), row in left)
        for row, line in rows.items()
    }


def _is_absent(result: RemovalResult | None) -> bool:
    return result is not None and result.outcome is Removal.ABSENT


def _outcome_of_missing(line: Line, is_gone: bool) -> tuple[str, str | None]:
    """Of a row that doesn't stand where it stood. One that was changed or moved stands elsewhere: the next run finds it there."""
    if not is_gone:
        return "spared", "moved"
    return ("gone_confirmed_on_recovery", None) if line.was_tried else ("spared", "already_gone")


def _outcome(decided: Mapping[str, Any], result: RemovalResult | None, is_left: bool) -> tuple[str, str | None]:
    if result is None:
        return "spared", str(decided["reason"])
    if result.outcome is Removal.FAILED:
        return "failed", result.error_code or "unknown"
    return ("failed", "still_there") if is_left else ("gone", None)


def _decided(reading: Reading[CheckedPartitions], partition: str, rows: Sequence[RowAt]) -> dict[RowAt, dict[str, Any]]:
    """The decisions on these rows. Raises StoreUnreadable where somebody has locked the partition altogether: to wait would keep
    every new hold waiting."""
    selection = _selection(reading, {partition: [row.ctid for row in rows]})
    found = None
    with reading.runtime.source(reading.checked.place) as source, suppress(psycopg.errors.LockNotAvailable):
        source.execute(f"SET lock_timeout = {READ_WAIT_MS}")
        found = source.execute(sql.SQL("SELECT * FROM {}").format(selection.decided), selection.parameters).fetchall()
    if found is None:
        raise reading.checked.store.table.unreadable("a partition that is locked", "one that can be read", LOCKED)
    return {RowAt(_where(row["object_key"])[1], row["item_id"]): row for row in found}


def _selection(reading: Reading[CheckedPartitions], partitions: Mapping[str, Sequence[str] | None]) -> Selection:
    """The decision of rows of these partitions as SQL; None: of all that may be due, or have no good date."""
    rule, place = reading.rule, reading.checked.place
    items = sql.SQL(" UNION ALL ").join(_items(reading, name, ctids) for name, ctids in partitions.items())
    facts = TableFacts(items=Path("partitions"), check_items=Path("partitions"))
    spec = TablePlace.model_construct(**dict(place.spec), facts=facts, anonymise={}, identifiers={}, dependents=())
    as_table = MappedTable(place.name, spec, place.store, items.as_string(None), None, "", None)
    columns = FactColumns(_COLUMNS | {f"start_{rule.clock_event}": "timestamptz"})
    holds = with_wide_holds(reading).holds
    return compile_selection(as_table, rule, columns, holds, as_of=reading.as_of, now=reading.now)


def _items(reading: Reading[CheckedPartitions], partition: str, ctids: Sequence[str] | None) -> sql.Composed:
    """The facts of one partition's rows. Young rows with a good date are left out: an index finds the others."""
    table, rule = reading.checked.store.table, reading.rule
    time = sql.SQL("r.{}").format(sql.Identifier(table.time_column))
    evidence: sql.Composable = sql.SQL("NULL::timestamptz")
    if table.evidence_column is not None:
        evidence = sql.SQL("r.{}").format(sql.Identifier(table.evidence_column))
    if ctids is None:
        soonest = min(terms.due_after[rule.clock_event] for terms in rule.terms(reading.as_of))
        limits = {
            "until": reading.as_of - soonest,
            "earliest": EARLIEST,
            "latest": rule.latest(max(reading.as_of, reading.now)),
        }
        where: sql.Composable = sql.SQL(
            "({time} <= {until} OR {time} > {latest} OR {time} IS NULL OR {evidence} <= {until})"
        ).format(time=time, evidence=evidence, **{name: sql.Literal(at) for name, at in limits.items()})
    else:
        where = sql.SQL("r.ctid = ANY({}::tid[])").format(sql.Literal(list(ctids)))
    return sql.SQL(
        "SELECT {id} AS item_id, {name} || r.ctid::text AS object_key, {name} AS {part_of}, NULL::text AS tenant_id, "
        "NULL::text AS person_id, FALSE AS person_known, {time} AS {start}, {evidence} AS evidence_at "
        "FROM ONLY {rows} AS r WHERE {where}"
    ).format(
        id=row_id(table, partition),
        name=sql.Literal(partition),
        part_of=sql.Identifier(PART_OF),
        time=time,
        start=sql.Identifier(f"start_{rule.clock_event}"),
        evidence=evidence,
        rows=qualified(partition),
        where=where,
    )


def _where(object_key: str) -> tuple[str, str]:
    """Partition and ctid of `public.request_log_default(0,12)`."""
    partition, _, at = object_key.rpartition("(")
    return partition, f"({at}"


def _row_of(line: Line) -> RowAt:
    return RowAt(line.part_id or "", line.item_id)
