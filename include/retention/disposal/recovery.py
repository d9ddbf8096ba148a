"""What a killed run left open: plans in execution that nobody executes any more.

Nothing is deleted for them here: what is still there is planned again by the next run. But what had gone under a recorded
intent gets its result, so that the ledger tells the truth about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg import sql

from retention.database import OwnConnection
from retention.disposal.batch import Line
from retention.disposal.clocks import database_time
from retention.disposal.disposed import disposed_row, write_disposed
from retention.disposal.locking import try_plan_lock
from retention.disposal.preflight import CheckedPlace
from retention.disposal.runtime import Runtime
from retention.evidence import ledger
from retention.evidence.hashing import merkle_root
from retention.policy.model import RetentionRule
from retention.stores.protocol import Target


def settle_abandoned(
    runtime: Runtime, own: OwnConnection, rule: RetentionRule, places: Sequence[CheckedPlace], *, coverage: str
) -> int:
    """Settle every plan that is marked as executing but whose lock is free; returns how many.

    A plan of another coverage may be waiting for its retry: it is left alone until it expires. One of the same coverage
    is superseded by the plan that is being made.
    """
    settled = 0
    by_name = {place.place.name: place for place in places}
    for row in own.execute(
        "SELECT plan_id FROM retention.plans WHERE category = %s AND state = 'executing' "
        "AND (coverage = %s OR expires_at < clock_timestamp())",
        (rule.category, coverage),
    ).fetchall():
        with try_plan_lock(own, row["plan_id"]) as free:
            if free:
                _settle(runtime, own, rule, by_name, row["plan_id"])
                settled += 1
    return settled


def _settle(
    runtime: Runtime, own: OwnConnection, rule: RetentionRule, places: Mapping[str, CheckedPlace], plan_id: UUID
) -> None:
    batches = own.execute(
        "SELECT DISTINCT batch_no, place FROM retention.plan_items WHERE plan_id = %s AND state IN ('intended', 'failed') "
        "ORDER BY batch_no",
        (plan_id,),
    ).fetchall()
    for batch in batches:
        _settle_batch(runtime, own, rule, places.get(batch["place"]), plan_id, batch["batch_no"])
        runtime.on_step("batch_settled")
    with own.transaction():
        own.execute("DELETE FROM retention.plan_items WHERE plan_id = %s", (plan_id,))
        own.execute("UPDATE retention.plans SET state = 'abandoned' WHERE plan_id = %s", (plan_id,))
        ledger.append(own, "plan_abandoned", {"plan": plan_id})


def _settle_batch(
    runtime: Runtime,
    own: OwnConnection,
    rule: RetentionRule,
    checked: CheckedPlace | None,
    plan_id: UUID,
    batch_no: int,
) -> None:
    """Note what of one batch is gone. Its lines go with that, so that nothing is noted twice, whenever we are interrupted.

    A place that the data map names no more can't be asked: its items are noted as unknown.
    """
    query = sql.SQL("SELECT {} FROM retention.plan_items WHERE plan_id = %s AND batch_no = %s AND {}").format(
        sql.SQL(", ").join(map(sql.Identifier, Line._fields)), sql.SQL("state IN ('intended', 'failed')")
    )
    lines = [Line(**row) for row in own.execute(query, (plan_id, batch_no))]
    gone = _gone(checked, lines) if checked is not None else []
    at = database_time(own)
    rows = [disposed_row(runtime.hasher, line, "gone_confirmed_on_recovery", at) for line in gone]
    body = {
        "plan": plan_id,
        "batch": batch_no,
        "recovered": len(gone),
        "still_there": len(lines) - len(gone) if checked is not None else None,
        "unknown": 0 if checked is not None else len(lines),
        "root": merkle_root(sorted(row.item_hash for row in rows)).hex(),
        "key": runtime.hasher.key_id,
    }
    with own.transaction():
        write_disposed(own, plan_id, batch_no, rule.category, rows)
        own.execute(
            "DELETE FROM retention.plan_items WHERE plan_id = %s AND batch_no = %s AND state IN ('intended', 'failed')",
            (plan_id, batch_no),
        )
        ledger.append(own, "recovery", body)


def _gone(checked: CheckedPlace, lines: Sequence[Line]) -> list[Line]:
    """The lines of which neither bytes nor row are left; one of both still there means that the next plan finishes it."""
    parts = list(checked.stores.objects.parts_of(sorted({line.object_key for line in lines})))
    present = {Target(part.key) for part in parts} | {Target(part.key, part.part_id) for part in parts}
    whole = [line.item_id for line in lines if line.part_id is None]
    rows = {part.key for part in checked.stores.rows.parts_of(whole)} if checked.stores.rows and whole else set()
    return [line for line in lines if line.target not in present and (line.part_id or line.item_id not in rows)]
