"""Rows of a table as items: decided again and removed in one transaction, what belongs to them first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from psycopg import sql

from retention.database import OwnConnection
from retention.datamap.loader import MappedTable
from retention.disposal.checked import CheckedTable
from retention.disposal.clocks import source_time
from retention.disposal.due_rows import DueRows
from retention.disposal.lines import Line, Outcomes, Tally
from retention.disposal.opened_tables import open_table
from retention.disposal.place_checks import check_table
from retention.disposal.reading import Reading
from retention.disposal.runtime import Runtime
from retention.disposal.selection import AMBIGUOUS, DISPOSABLE
from retention.disposal.suppression import suppress, suppressed_items
from retention.disposal.withdrawals import DecidedRow, withdrawals
from retention.policy.model import RetentionRule
from retention.stores.tables import TableBatch


class TableKind:
    """See `retention.disposal.kinds.PlaceKind`."""

    batch_items = 1_000
    """Others wait for one batch, for a row or to set a hold. Fewer rows would cost more each, twice as many a little less."""
    threads = 2
    """Enough to keep the database busy; a hold would wait longer for more."""

    def check(self, runtime: Runtime, rule: RetentionRule, place: MappedTable) -> CheckedTable:
        """Look at the table, what belongs to its rows, and the SQL."""
        return check_table(runtime, rule, place)

    def clock(self, runtime: Runtime, checked: CheckedTable) -> datetime:
        """The source database's time."""
        return source_time(runtime, checked.place)

    def due_items(
        self,
        reading: Reading[CheckedTable],
        own: OwnConnection,
        coverage: str,
        tally: Tally,
    ) -> DueRows:
        """By the table; whoever is on the suppression list is looked up before."""
        return DueRows(reading, tally, suppressed_items(reading, own))

    def decide_again(
        self,
        reading: Reading[CheckedTable],
        lines: Sequence[Line],
        coverage: str,
    ) -> tuple[list[Line], Outcomes]:
        """All of them: rows are decided in the transaction that removes them, so that nothing can change in between."""
        return list(lines), {}

    def remove(
        self,
        reading: Reading[CheckedTable],
        own: OwnConnection,
        due: Sequence[Line],
        stored_before: datetime,
    ) -> tuple[Outcomes, int]:
        """Lock the rows, decide again, remove what is still due, and look whether it is gone."""
        return remove_rows(reading, own, due)

    def gone(self, runtime: Runtime, place: MappedTable, lines: Sequence[Line]) -> list[Line]:
        """The lines whose rows are gone, or anonymised."""
        present = open_table(place, runtime.resolve, runtime.policy.rule(place.spec.category)).present(
            [line.item_id for line in lines]
        )
        return [line for line in lines if line.item_id not in present]

    def release(self, checked: CheckedTable) -> None:
        """The sessions with the source."""
        checked.rows.close()

    def rehearsing(self, checked: CheckedTable) -> CheckedTable:
        """The same; its rows are only counted."""
        return replace(checked, is_rehearsal=True)


def remove_rows(reading: Reading[CheckedTable], own: OwnConnection, lines: Sequence[Line]) -> tuple[Outcomes, int]:
    """One batch. A row that is not due any more stays, with the reason; one that the database refuses to remove fails."""
    checked, ids = reading.checked, [line.item_id for line in lines]
    if not ids:
        return {}, 0
    step = reading.runtime.on_step
    suppressed = suppressed_items(reading, own, ids)
    with checked.rows.kept_session() as batch:
        with batch.transaction():
            batch.lock(ids)
            rows = _decided(batch, reading, ids, suppressed)
            due = [line.item_id for line in lines if line.item_id in rows and rows[line.item_id].is_due]
            unread = suppress(reading, own, batch, withdrawals(reading, own, rows.values())).unread
            due = [key for key in due if key not in unread]
            removed, count = _remove(reading, batch, due)
            removed |= dict.fromkeys(unread, "unreadable_identifier")
        left = batch.present(ids)
        if checked.is_rehearsal:
            left.difference_update(due)
    step("rows_confirmed")
    return {line: _outcome(line, rows.get(line.item_id), removed, left) for line in lines}, count


def _remove(reading: Reading[CheckedTable], batch: TableBatch, due: Sequence[str]) -> tuple[dict[str, str | None], int]:
    if reading.checked.is_rehearsal:
        return dict.fromkeys(due), 0
    removed, count = batch.remove(due)
    reading.runtime.on_step("rows_removed")
    return dict(removed), count


def _decided(
    batch: TableBatch, reading: Reading[CheckedTable], ids: Sequence[str], suppressed: Mapping[str, Sequence[datetime]]
) -> dict[str, DecidedRow]:
    selection = reading.selection(keys=ids, suppressed=suppressed)
    query = sql.SQL("SELECT item_id, {} AS is_due, reason, withdrawn_at, withdrawn_undated FROM {}").format(
        sql.SQL(DISPOSABLE), selection.decided
    )
    with batch.session.cursor(row_factory=lambda _cursor: DecidedRow._make) as cursor:
        # Planned for each batch anew: a plan for any number of ids would be one for a handful.
        found = cursor.execute(query, selection.parameters, prepare=False).fetchall()
    return {row.item_id: row for row in sorted(found, key=lambda row: row.reason == AMBIGUOUS)}


def _outcome(
    line: Line, row: DecidedRow | None, removed: Mapping[str, str | None], left: set[str]
) -> tuple[str, str | None]:
    if row is None and line.item_id in left:
        return "spared", "not_selected"
    if row is None:
        return ("gone_confirmed_on_recovery", None) if line.was_tried else ("spared", "already_gone")
    if not row.is_due:
        # It may be another one that came after it: then this is the only entry that speaks of the first.
        return "spared", "maybe_gone_before" if line.is_unsettled else row.reason
    if removed.get(line.item_id) is not None:
        return "failed", removed[line.item_id]
    if line.item_id in left:
        return "failed", "still_there"
    # A row that nobody could delete: a trigger that swallows the deletion, while another session took the row away.
    return ("gone", None) if line.item_id in removed else ("spared", "already_gone")
