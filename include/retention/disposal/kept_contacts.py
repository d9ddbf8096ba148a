"""Marketing stops at once, also for those whose row a hold, a duty or a restriction keeps (clause `marketing`).

Such rows are in no plan: nothing of them goes. What goes on is that they are put on the suppression list, so that nobody who is
imported again under the same identifiers stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from retention.database import OwnConnection
from retention.disposal.batch import BatchContext, require_allowed
from retention.disposal.checked import CheckedTable
from retention.disposal.reading import Reading
from retention.disposal.selection import DISPOSABLE
from retention.disposal.suppression import DecidedRow, suppress
from retention.evidence import ledger
from retention.evidence.hashing import items_root

_ROWS = 1_200
_WITHDRAWN = sql.SQL(
    "SELECT item_id, FALSE AS is_due, reason, withdrawn_at FROM {} WHERE withdrawn_at IS NOT NULL AND NOT ({})"
)


def suppress_kept(context: BatchContext, own: OwnConnection) -> None:
    """Put everybody on the list who withdrew and whose row is kept; once per execution, before anything goes.

    Raises what the guard raises. The ledger says of how many rows something was added, or dated anew.
    """
    for checked in context.places.values():
        if isinstance(checked, CheckedTable) and checked.place.spec.identifiers:
            require_allowed(context, own)
            reading = Reading[CheckedTable].take(context.runtime, own, context.rule, checked, context.as_of)
            for rows in _kept(reading):
                _suppress(context, own, reading, rows)


def _kept(reading: Reading[CheckedTable]) -> Iterator[list[DecidedRow]]:
    """The rows that stay although their person withdrew, in chunks."""
    selection = reading.selection()
    query = _WITHDRAWN.format(selection.decided, sql.SQL(DISPOSABLE))
    with (
        reading.runtime.source(reading.checked.place) as source,
        source.transaction(),
        source.cursor(name="kept_contacts") as cursor,
    ):
        cursor.execute(query, selection.parameters)
        while found := cursor.fetchmany(_ROWS):
            yield [DecidedRow(**row) for row in found]


def _suppress(
    context: BatchContext, own: OwnConnection, reading: Reading[CheckedTable], rows: list[DecidedRow]
) -> None:
    place, hasher = reading.checked.place.name, context.runtime.hasher
    with reading.checked.rows.kept_session() as batch, own.transaction():
        added = suppress(reading, own, batch, rows).added
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
