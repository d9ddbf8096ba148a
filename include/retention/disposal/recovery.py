"""What a killed run left open: plans in execution that nobody executes any more.

Nothing is deleted for them here: what is still there is planned again by the next run. But what had gone under a recorded
intent gets its result, so that the ledger tells the truth about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from retention.database import OwnConnection, database_time
from retention.datamap.loader import AnyPlace
from retention.disposal.disposed import disposed_row, hashes_of, write_disposed
from retention.disposal.kinds import disposable_places, kind_of
from retention.disposal.locking import try_plan_lock
from retention.disposal.previews import is_preview
from retention.disposal.runtime import Runtime
from retention.disposal.states import discard_all, discard_tried, tried_batches, tried_lines
from retention.evidence import ledger
from retention.evidence.hashing import items_root
from retention.evidence.shares import shares_of


def begin_execution(runtime: Runtime, own: OwnConnection, plan: Mapping[str, Any]) -> None:
    """Mark the plan as executing. A preview supersedes others only now: to make it changed nothing."""
    if is_preview(plan["run_id"]) and plan["state"] == "ready":
        settle_superseded(runtime, own, plan["category"], coverage=plan["coverage"], by=plan["plan_id"])
    own.execute("UPDATE retention.plans SET state = 'executing' WHERE plan_id = %s", (plan["plan_id"],))
    runtime.on_step("executing")


def settle_superseded(
    runtime: Runtime, own: OwnConnection, category: str, *, coverage: str, by: UUID | None = None
) -> int:
    """Settle every plan of this coverage that is marked as executing but whose lock is free; returns how many.

    The plan that is being made supersedes them, or the preview that begins (`by`), of which another part may have begun. One of
    the other coverage may be waiting for its retry: it is left alone until it expires (retention.disposal.expiry).
    """
    settled = 0
    places = {place.name: place for place in disposable_places(runtime.datamap, category)}
    for row in own.execute(
        "SELECT plan_id FROM retention.plans WHERE category = %s AND state = 'executing' AND coverage = %s "
        "AND plan_id IS DISTINCT FROM %s",
        (category, coverage, by),
    ).fetchall():
        with try_plan_lock(own, row["plan_id"]) as free:
            if free:
                settle_plan(runtime, own, category, places, row["plan_id"])
                settled += 1
    return settled


def settle_plan(
    runtime: Runtime, own: OwnConnection, category: str, places: Mapping[str, AnyPlace], plan_id: UUID
) -> None:
    """Note what of the plan is gone, and give it up with all its items; its lock must be held.

    Raises StoreUnreadable; what was settled by then stays settled.
    """
    for batch in tried_batches(own, plan_id):
        _settle_batch(runtime, own, category, places.get(batch["place"]), plan_id, batch["batch_no"])
        runtime.on_step("batch_settled")
    with own.transaction():
        discard_all(own, plan_id)
        own.execute("UPDATE retention.plans SET state = 'abandoned' WHERE plan_id = %s", (plan_id,))
        ledger.append(own, "plan_abandoned", {"plan": plan_id})


def _settle_batch(
    runtime: Runtime,
    own: OwnConnection,
    category: str,
    place: AnyPlace | None,
    plan_id: UUID,
    batch_no: int,
) -> None:
    """Note what of one batch is gone. Its lines go with that, so that nothing is noted twice, whenever we are interrupted.

    A place that can't be asked, because the data map names it no more or its store is lost: its items are noted as unknown.
    """
    lines = tried_lines(own, plan_id, batch_no)
    absent = kind_of(place).gone(runtime, place, lines) if place is not None else []
    gone = [line for line in absent if line.was_tried]
    at, hashes = database_time(own), hashes_of(runtime.hasher, gone)
    rows = [
        disposed_row(line, hashes[line.item_id], runtime.hasher.key_id, "gone_confirmed_on_recovery", at)
        for line in gone
    ]
    body = {
        "plan": plan_id,
        "batch": batch_no,
        "recovered": len(gone),
        "already_gone": len(absent) - len(gone),
        "still_there": len(lines) - len(absent) if place is not None else None,
        "unknown": 0 if place is not None else len(lines),
        "root": items_root(row.item_hash for row in rows),
        "key": runtime.hasher.key_id,
        "category": category,
        "place": place.name if place is not None else None,
        **shares_of(runtime.hasher, (row.tenant_id for row in rows)).to_json(),
    }
    with own.transaction():
        write_disposed(own, plan_id, batch_no, category, rows)
        discard_tried(own, plan_id, batch_no)
        ledger.append(own, "recovery", body)
