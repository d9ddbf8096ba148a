"""How far each item of a plan has come, as our own database knows it; the one place that writes it.

A state stands with the batch: `planned`, `intended` (may be gone at any moment), `gone`. An item has a state of its own only
where it differs from its batch: it was spared or failed, or an earlier try left it open. The view `plan_item_states` puts both
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from retention.database import OwnConnection
from retention.disposal.lines import Line, Outcomes
from retention.disposal.locking import Part
from retention.errors import UnknownError

OPEN = sql.SQL("state IN ('planned', 'intended', 'failed')")
"""What is still to be done, of `plan_item_states`."""
TRIED = sql.SQL("state IN ('intended', 'failed')")
"""What may be gone though nothing says so, of `plan_item_states`."""

_LINES = sql.SQL(
    "SELECT {} FROM retention.plan_item_states WHERE plan_id = %s AND batch_no = %s AND {} ORDER BY item_id"
)

# Both count what they change as it was before: all parts of a statement see the same.
_MARK = sql.SQL(
    "WITH items AS (UPDATE retention.plan_items SET state = 'intended' "
    "WHERE plan_id = %(plan)s AND batch_no = %(batch)s AND {open} AND item_id <> ALL(%(kept)s)), "
    "batch AS (UPDATE retention.plan_batches SET state = 'intended' "
    "WHERE plan_id = %(plan)s AND batch_no = %(batch)s AND state = 'planned') "
    "SELECT count(*) AS items FROM retention.plan_item_states "
    "WHERE plan_id = %(plan)s AND batch_no = %(batch)s AND {open} AND item_id <> ALL(%(kept)s)"
).format(open=OPEN)
_GONE = sql.SQL(
    "WITH items AS (UPDATE retention.plan_items SET state = 'gone', outcome = NULL "
    "WHERE plan_id = %(plan)s AND batch_no = %(batch)s AND state = 'intended'), "
    "batch AS (UPDATE retention.plan_batches SET state = 'gone' "
    "WHERE plan_id = %(plan)s AND batch_no = %(batch)s AND state = 'intended') "
    "SELECT count(*) AS items FROM retention.plan_item_states "
    "WHERE plan_id = %(plan)s AND batch_no = %(batch)s AND state = 'intended'"
)


def open_batches(own: OwnConnection, plan_id: UUID, part: Part) -> list[dict[str, Any]]:
    """Number and place of each batch of the part in which something is still to be done."""
    return own.execute(
        sql.SQL(
            "SELECT b.batch_no, i.place FROM retention.plan_batches AS b CROSS JOIN LATERAL (SELECT s.place "
            "FROM retention.plan_item_states AS s WHERE (s.plan_id, s.batch_no) = (b.plan_id, b.batch_no) AND s.{} LIMIT 1) AS i "
            "WHERE b.plan_id = %s AND b.batch_no %% %s = %s ORDER BY b.batch_no"
        ).format(OPEN),
        (plan_id, part.of, part.number),
    ).fetchall()


def open_lines(own: OwnConnection, plan_id: UUID, batch_no: int) -> list[Line]:
    """The batch's items that are still to be done."""
    return _lines(own, plan_id, batch_no, OPEN)


def tried_batches(own: OwnConnection, plan_id: UUID) -> list[dict[str, Any]]:
    """Number and place of each batch with items that may be gone though nothing says so."""
    return own.execute(
        sql.SQL(
            "SELECT DISTINCT batch_no, place FROM retention.plan_item_states WHERE plan_id = %s AND {} ORDER BY batch_no"
        ).format(TRIED),
        (plan_id,),
    ).fetchall()


def tried_lines(own: OwnConnection, plan_id: UUID, batch_no: int) -> list[Line]:
    """The batch's items that may be gone though nothing says so."""
    return _lines(own, plan_id, batch_no, TRIED)


def _lines(own: OwnConnection, plan_id: UUID, batch_no: int, of: sql.SQL) -> list[Line]:
    columns = sql.SQL(", ").join(map(sql.Identifier, Line._fields))
    with own.cursor(row_factory=lambda _cursor: Line._make) as cursor:
        return cursor.execute(_LINES.format(columns, of), (plan_id, batch_no)).fetchall()


def mark_intended(own: OwnConnection, plan_id: UUID, batch_no: int, *, due: int, kept: Sequence[str]) -> None:
    """Mark what may go from now on: all `due` open items of the batch but those that were `kept` when they were decided again.

    Within the caller's transaction. Raises UnknownError where the plan's items are others than those that were read.
    """
    batch = (plan_id, batch_no)
    if kept:  # each stays as far as it has come
        own.execute(
            "UPDATE retention.plan_items AS i SET state = b.state FROM retention.plan_batches AS b "
            "WHERE (b.plan_id, b.batch_no) = (i.plan_id, i.batch_no) AND i.plan_id = %s AND i.batch_no = %s "
            "AND i.state IS NULL AND i.item_id = ANY(%s)",
            (*batch, list(kept)),
        )
    _require_all(own.execute(_MARK, {"plan": plan_id, "batch": batch_no, "kept": list(kept)}), due)


def write_outcomes(own: OwnConnection, plan_id: UUID, batch_no: int, outcomes: Outcomes) -> None:
    """Write what became of each item. All that is left of what was intended then is what has gone.

    Within the caller's transaction; raises as `mark_intended`.
    """
    batch = (plan_id, batch_no)
    others = [(line.item_id, *outcome) for line, outcome in outcomes.items() if outcome[0] != "gone"]
    if others:
        own.execute(
            "UPDATE retention.plan_items i SET state = o.state, outcome = o.word "
            "FROM unnest(%s::text[], %s::text[], %s::text[]) AS o (item_id, state, word) "
            "WHERE i.plan_id = %s AND i.batch_no = %s AND i.item_id = o.item_id",
            (*([row[column] for row in others] for column in range(3)), *batch),
        )
    _require_all(own.execute(_GONE, {"plan": plan_id, "batch": batch_no}), len(outcomes) - len(others))


def _require_all(counted: psycopg.Cursor[dict[str, Any]], expected: int) -> None:
    row = counted.fetchone()
    assert row is not None  # an aggregate always gives one row
    if row["items"] != expected:
        raise UnknownError(
            f"found {row['items']} lines of the batch; expected {expected}. Something else changed the plan's items while they "
            "were disposed of; nothing of this step was recorded. Plan again: what is left is found."
        )


def count_states(own: OwnConnection, plan_id: UUID, part: Part) -> list[dict[str, Any]]:
    """How many items of the part have each state and outcome."""
    return own.execute(
        "SELECT state, outcome, count(*) AS items FROM retention.plan_item_states WHERE plan_id = %s AND batch_no %% %s = %s "
        "GROUP BY state, outcome",
        (plan_id, part.of, part.number),
    ).fetchall()


def discard_untried(own: OwnConnection, plan_id: UUID) -> None:
    """Let go of the items whose fate is known: they were done, or never tried; and of what was asked
    for, as nobody decides by it again."""
    own.execute("DELETE FROM retention.plan_scopes WHERE plan_id = %s", (plan_id,))
    own.execute(
        sql.SQL(
            "DELETE FROM retention.plan_items AS i USING retention.plan_item_states AS s WHERE i.plan_id = %s "
            "AND (s.plan_id, s.place, s.item_id) = (i.plan_id, i.place, i.item_id) AND NOT s.{}"
        ).format(TRIED),
        (plan_id,),
    )
    own.execute(
        "DELETE FROM retention.plan_batches AS b WHERE b.plan_id = %s AND NOT EXISTS (SELECT FROM retention.plan_items AS i "
        "WHERE (i.plan_id, i.batch_no) = (b.plan_id, b.batch_no))",
        (plan_id,),
    )


def discard_tried(own: OwnConnection, plan_id: UUID, batch_no: int) -> None:
    """Let go of the batch's items that may be gone though nothing says so, once their fate is noted."""
    own.execute(
        sql.SQL(
            "DELETE FROM retention.plan_items AS i USING retention.plan_item_states AS s WHERE i.plan_id = %s "
            "AND i.batch_no = %s AND (s.plan_id, s.place, s.item_id) = (i.plan_id, i.place, i.item_id) AND s.{}"
        ).format(TRIED),
        (plan_id, batch_no),
    )


def discard_all(own: OwnConnection, plan_id: UUID) -> None:
    """Let go of all the plan's items."""
    own.execute("DELETE FROM retention.plan_items WHERE plan_id = %s", (plan_id,))
    own.execute("DELETE FROM retention.plan_batches WHERE plan_id = %s", (plan_id,))
    own.execute("DELETE FROM retention.plan_scopes WHERE plan_id = %s", (plan_id,))
