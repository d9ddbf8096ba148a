"""What a killed run left open: plans in execution that nobody executes any more.

Nothing is deleted for them here: what is still there is planned again by the next run. But what had gone under a recorded
intent gets its result, so that the ledger tells the truth about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from retention.database import OwnConnection
from retention.disposal.preflight import CheckedPlace
from retention.disposal.runtime import Runtime
from retention.evidence import ledger
from retention.evidence.hashing import merkle_root
from retention.policy.model import RetentionRule


def settle_abandoned(
    runtime: Runtime, own: OwnConnection, rule: RetentionRule, places: Sequence[CheckedPlace], *, besides: UUID
) -> int:
    """Settle every plan of the category that is marked as executing but whose lock is free; returns how many."""
    settled = 0
    by_name = {place.place.name: place for place in places}
    for row in own.execute(
        "SELECT plan_id FROM retention.plans WHERE category = %s AND state = 'executing' AND plan_id <> %s",
        (rule.category, besides),
    ).fetchall():
        plan_id = row["plan_id"]
        lock = own.execute("SELECT pg_try_advisory_lock(7302, hashtext(%s)) AS free", (str(plan_id),)).fetchone()
        if lock is None or not lock["free"]:
            continue  # another run is at work on it
        try:
            _settle(runtime, own, rule, by_name, plan_id)
            settled += 1
        finally:
            own.execute("SELECT pg_advisory_unlock(7302, hashtext(%s))", (str(plan_id),))
    return settled


def _settle(
    runtime: Runtime, own: OwnConnection, rule: RetentionRule, places: dict[str, CheckedPlace], plan_id: UUID
) -> None:
    batches = own.execute(
        "SELECT DISTINCT batch_no, place FROM retention.plan_items WHERE plan_id = %s AND state = 'intended' ORDER BY 1",
        (plan_id,),
    ).fetchall()
    for batch in batches:
        _settle_batch(runtime, own, rule, places[batch["place"]], plan_id, batch["batch_no"])
    with own.transaction():
        own.execute("UPDATE retention.plans SET state = 'abandoned' WHERE plan_id = %s", (plan_id,))
        own.execute("DELETE FROM retention.plan_items WHERE plan_id = %s", (plan_id,))
        ledger.append(own, "plan_abandoned", {"plan": plan_id})


def _settle_batch(
    runtime: Runtime, own: OwnConnection, rule: RetentionRule, checked: CheckedPlace, plan_id: UUID, batch_no: int
) -> None:
    lines = own.execute(
        "SELECT * FROM retention.plan_items WHERE plan_id = %s AND batch_no = %s AND state = 'intended'",
        (plan_id, batch_no),
    ).fetchall()
    gone = _gone(checked, lines)
    hashes = [runtime.hasher.item(line["place"], line["item_id"]) for line in gone]
    body = {"plan": plan_id, "batch": batch_no, "recovered": len(gone), "still_there": len(lines) - len(gone)}
    with own.transaction():
        for line, item_hash in zip(gone, hashes, strict=True):
            person = runtime.hasher.person(line["person_id"]) if line["person_id"] is not None else None
            own.execute(
                "INSERT INTO retention.disposed_items (plan_id, batch_no, place, item_hash, category, tenant_id, person_hash, "
                "arose_at, outcome, trigger_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'gone_confirmed_on_recovery', %s)",
                (plan_id, batch_no, line["place"], item_hash, rule.category, line["tenant_id"], person,
                 line["arose_at"], line["due_at"]),
            )  # fmt: skip
        ledger.append(own, "recovery", body | {"root": merkle_root(sorted(hashes)).hex(), "key": runtime.hasher.key_id})


def _gone(checked: CheckedPlace, lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of which neither bytes nor row are left; one of both still there means that the next plan finishes it."""
    parts = list(checked.stores.objects.parts_of(sorted({line["object_key"] for line in lines})))
    keys = Counter(part.key for part in parts)
    part_ids = {(part.key, part.part_id) for part in parts}
    whole = [line["item_id"] for line in lines if line["part_id"] is None]
    rows = (
        {part.key for part in checked.stores.rows.parts_of(whole)}
        if checked.stores.rows is not None and whole
        else set()
    )

    def is_gone(line: dict[str, Any]) -> bool:
        if line["part_id"] is not None:
            return (line["object_key"], line["part_id"]) not in part_ids
        return line["object_key"] not in keys and line["item_id"] not in rows

    return [line for line in lines if is_gone(line)]
