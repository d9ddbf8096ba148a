"""Marketing stops at once, also for those whose row a hold, a duty or a restriction keeps (clause `marketing`).

Such rows are in no plan: nothing of them goes. What goes on is that they are put on the suppression list, so that nobody who is
imported again under the same identifiers stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from psycopg import sql

from retention.database import OwnConnection
from retention.disposal.batch import BatchContext, require_allowed
from retention.disposal.checked import CheckedTable
from retention.disposal.reading import Reading
from retention.disposal.selection import AMBIGUOUS, DISPOSABLE
from retention.disposal.suppression import suppress
from retention.disposal.withdrawals import DecidedRow, forget, not_seen_again, note_all_read, withdrawals
from retention.evidence import ledger
from retention.evidence.hashing import items_root

_ROWS = 1_200
_WITHDRAWN = sql.SQL(
    "SELECT * FROM (SELECT item_id, {due} AS is_due, reason, withdrawn_at, withdrawn_undated FROM {decided}) AS told "
    "WHERE withdrawn_undated OR (withdrawn_at IS NOT NULL AND NOT is_due)"
)
_SILENT = sql.SQL("SELECT item_id FROM {decided} WHERE NOT withdrawn_undated AND reason <> {ambiguous}")


def suppress_kept(context: BatchContext, own: OwnConnection) -> None:
    """Put everybody on the list who withdrew and whose row is kept; once per execution, before anything goes.

    What nobody dated is noted of whoever withdrew, kept or not. Raises what the guard raises. The ledger says of how many rows
    something was added, or dated anew.
    """
    for checked in context.places.values():
        if isinstance(checked, CheckedTable) and checked.place.spec.identifiers:
            require_allowed(context, own)
            reading = Reading[CheckedTable].take(context.runtime, own, context.rule, checked, context.as_of)
            for rows in _withdrawn(reading):
                since = withdrawals(reading, own, rows)
                kept = {row.item_id for row in rows if not row.is_due}
                _suppress(context, own, reading, {item_id: since[item_id] for item_id in kept & since.keys()})
            if not_seen_again(reading, own):
                for silent in _silent(reading):
                    forget(reading, own, silent)
            note_all_read(reading, own)


def _withdrawn(reading: Reading[CheckedTable]) -> Iterator[list[DecidedRow]]:
    """The rows that stay although their person withdrew, and all of whom nobody says when that was, in chunks."""
    selection = reading.selection()
    query = _WITHDRAWN.format(due=sql.SQL(DISPOSABLE), decided=selection.decided)
    for found in _in_chunks(reading, query, selection.parameters):
        yield [DecidedRow(**row) for row in found]


def _silent(reading: Reading[CheckedTable]) -> Iterator[list[str]]:
    """The ids of rows that say of nobody that they withdrew at a time that nobody knows, in chunks."""
    selection = reading.selection()
    query = _SILENT.format(decided=selection.decided, ambiguous=sql.Literal(AMBIGUOUS))
    for found in _in_chunks(reading, query, selection.parameters):
        yield [row["item_id"] for row in found]


def _in_chunks(
    reading: Reading[CheckedTable], query: sql.Composed, parameters: Mapping[str, Any]
) -> Iterator[list[dict[str, Any]]]:
    with (
        reading.runtime.source(reading.checked.place) as source,
        source.transaction(),
        source.cursor(name="kept_contacts") as cursor,
    ):
        cursor.execute(query, parameters)
        while found := cursor.fetchmany(_ROWS):
            yield found


def _suppress(
    context: BatchContext, own: OwnConnection, reading: Reading[CheckedTable], withdrawn_at: Mapping[str, datetime]
) -> None:
    place, hasher = reading.checked.place.name, context.runtime.hasher
    with reading.checked.rows.kept_session() as batch, own.transaction():
        added = suppress(reading, own, batch, withdrawn_at).added
        if added:
            body = {
                "plan": context.plan_id,
                "place": place,
                "rows": len(added),
                "root": items_root(hasher.item(place, item_id) for item_id in added),
                "key": hasher.key_id,
                "by": context.runtime.actor,
            }
            ledger.append(own, "suppressed", body)
