"""One batch, from the last look at holds to the confirmed result. This is the only code that removes anything.

Order of steps, each a boundary at which a kill must do no harm: shared lock → guard → decide again → intent in the ledger →
remove bytes → confirm → remove rows → result in the ledger → unlock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import sql

from retention.database import OwnConnection
from retention.disposal.guard import require_enforce, require_running
from retention.disposal.preflight import CheckedPlace
from retention.disposal.runtime import Runtime
from retention.disposal.sweep import decide_loose, protected_by_row, rows_by_key
from retention.errors import PlanError
from retention.evidence import ledger
from retention.evidence.hashing import merkle_root
from retention.evidence.holds import read_holds
from retention.policy.model import RetentionRule
from retention.stores.protocol import Removal, Target

HOLDS_LOCK = "7301, 2"
"""Advisory lock: batches share it, setting a hold takes it alone (see migration 0001)."""


class Line(NamedTuple):
    """One planned item as it is in our database; `intended` means that an earlier try may have removed it already."""

    place: str
    item_id: str
    object_key: str
    part_id: str | None
    tenant_id: str | None
    person_id: str | None
    arose_at: datetime | None
    evidence_at: datetime | None
    due_at: datetime
    state: str

    @property
    def target(self) -> Target:
        """What to remove from the object store."""
        return Target(self.object_key, self.part_id)

    @property
    def intended(self) -> bool:
        """Whether a batch had recorded its intent and then not its result."""
        return self.state == "intended"


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Counts by outcome: `gone`, `gone_confirmed_on_recovery`, `failed` by code, `spared` by reason."""

    gone: int = 0
    recovered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    spared: Counter[str] = field(default_factory=Counter)
    ledger_head: str = ""


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What all batches of one execution share. `dry_run` batches write nothing but a ledger entry."""

    runtime: Runtime
    rule: RetentionRule
    plan_id: UUID
    as_of: datetime
    expires_at: datetime
    places: Mapping[str, CheckedPlace]
    stored_before: Mapping[str, datetime]
    dry_run: bool


Outcomes = dict[Line, tuple[str, str | None]]
"""State and outcome word per line: ("gone", None), ("spared", "legal_hold"), ("failed", "AccessDenied") …"""


def dispose_batch(context: BatchContext, own: OwnConnection, batch_no: int) -> BatchResult:
    """Dispose of one batch on a connection of its own. Raises what the guard raises, before anything is removed."""
    step = context.runtime.on_step
    own.execute(f"SELECT pg_advisory_lock_shared({HOLDS_LOCK})")
    try:
        _require_allowed(context, own)
        lines = _open_lines(context, own, batch_no)
        if not lines:
            return BatchResult()
        checked = context.places[lines[0].place]
        step("locked")
        due, outcomes = _decide_again(context, own, checked, lines)
        step("decided_again")
        _record_intent(context, own, batch_no, due)
        step("intent_recorded")
        outcomes |= _remove(context, checked, due, step)
        return _record_result(context, own, batch_no, outcomes)
    finally:
        if not own.closed:
            own.execute(f"SELECT pg_advisory_unlock_shared({HOLDS_LOCK})")


def _require_allowed(context: BatchContext, own: OwnConnection) -> None:
    """Stop, mode and expiry count from one batch to the next."""
    require_running(own)
    if not context.dry_run:
        require_enforce(own, context.rule.category)
    if context.runtime.now() >= context.expires_at:
        raise PlanError(f"plan {context.plan_id} expired while it was executed; the next run plans what is left.")


def _open_lines(context: BatchContext, own: OwnConnection, batch_no: int) -> list[Line]:
    rows = own.execute(
        sql.SQL(
            "SELECT {} FROM retention.plan_items WHERE plan_id = %s AND batch_no = %s "
            "AND state IN ('planned', 'intended', 'failed') ORDER BY item_id"
        ).format(sql.SQL(", ").join(map(sql.Identifier, Line._fields))),
        (context.plan_id, batch_no),
    )
    return [Line(**row) for row in rows]


def _decide_again(
    context: BatchContext, own: OwnConnection, checked: CheckedPlace, lines: Sequence[Line]
) -> tuple[list[Line], Outcomes]:
    """Read rows, holds and consents as they are now. Execution only ever shrinks a plan."""
    runtime, now = context.runtime, context.runtime.now()
    holds = read_holds(own)
    keys = sorted({line.object_key for line in lines})
    rows = rows_by_key(runtime, context.rule, checked, holds, context.as_of, keys)
    due: list[Line] = []
    outcomes: Outcomes = {}
    unsettled: dict[Line, str] = {}
    for line in lines:
        of_key = rows.get(line.object_key, ())
        if line.part_id is not None:
            reason = protected_by_row(of_key, now)
            decision = decide_loose(context.rule, checked, line._asdict(), holds, context.as_of, now)
            kept = reason or (None if decision.disposable else decision.reason)
        else:
            row = next((row for row in of_key if row["item_id"] == line.item_id), None)
            if row is None:
                unsettled[line] = "row_gone"
                continue
            kept = None if row["status"] in ("due", "overdue") else row["reason"]
        if kept is None:
            due.append(line)
        elif line.intended:
            unsettled[line] = kept
        else:
            outcomes[line] = ("spared", kept)
    return due, outcomes | _settle(checked, unsettled)


def _settle(checked: CheckedPlace, unsettled: Mapping[Line, str]) -> Outcomes:
    """Items whose row is gone, or that are protected by now although an interrupted try may have removed them before.

    Nothing is removed for them: the store tells whether they are there. Bytes without a row are left to the full listing.
    """
    if not unsettled:
        return {}
    parts = list(checked.stores.objects.parts_of(sorted({line.object_key for line in unsettled})))
    present = {Target(part.key) for part in parts} | {Target(part.key, part.part_id) for part in parts}
    outcomes: Outcomes = {}
    for line, kept in unsettled.items():
        if line.target in present:
            outcomes[line] = ("spared", kept)
        elif line.intended:
            outcomes[line] = ("gone_confirmed_on_recovery", None)
        else:
            outcomes[line] = ("spared", "already_gone")
    return outcomes


def _remove(context: BatchContext, checked: CheckedPlace, due: Sequence[Line], step: Callable[[str], None]) -> Outcomes:
    """Bytes, confirmation, then rows. An item counts as gone only when a listing after the deletion doesn't show it."""
    if not due:
        return {}
    objects = checked.stores.objects
    results = objects.remove([line.target for line in due], stored_before=context.stored_before[checked.place.name])
    step("bytes_removed")
    parts = list(objects.parts_of(sorted({line.object_key for line in due})))
    present = {Target(part.key) for part in parts} | {Target(part.key, part.part_id) for part in parts}
    step("bytes_confirmed")
    outcomes: Outcomes = {}
    confirmed: list[Line] = []
    for line in due:
        result = results[line.target]
        if result.outcome is Removal.FAILED:
            outcomes[line] = ("failed", result.error_code or "unknown")
        elif result.outcome is Removal.NEWER:
            outcomes[line] = ("spared", "newer_version")
        elif line.target in present:
            # Listed again after its removal: written since, or a store that only says it deletes.
            outcomes[line] = ("failed", "still_there")
        else:
            recovered = line.intended and result.outcome is Removal.ABSENT
            outcomes[line] = ("gone_confirmed_on_recovery" if recovered else "gone", None)
            confirmed.append(line)
    outcomes |= _remove_rows(checked, confirmed, context.runtime.now())
    step("rows_removed")
    return outcomes


def _remove_rows(checked: CheckedPlace, confirmed: Sequence[Line], now: datetime) -> Outcomes:
    """Remove the rows of items whose bytes are gone; returns only what failed."""
    rows = checked.stores.rows
    whole = [line for line in confirmed if line.part_id is None]
    if rows is None or not whole:
        return {}
    results = rows.remove([Target(line.item_id) for line in whole], stored_before=now)
    present = {part.key for part in rows.parts_of([line.item_id for line in whole])}
    return {
        line: ("failed", results[Target(line.item_id)].error_code or "row_still_there")
        for line in whole
        if line.item_id in present or results[Target(line.item_id)].outcome is Removal.FAILED
    }


def _root(context: BatchContext, lines: Sequence[Line]) -> str:
    """Merkle root over the items' keyed hashes, in sorted order."""
    return merkle_root(sorted(context.runtime.hasher.item(line.place, line.item_id) for line in lines)).hex()


def _record_intent(context: BatchContext, own: OwnConnection, batch_no: int, due: Sequence[Line]) -> None:
    if context.dry_run or not due:
        return
    with own.transaction():
        own.execute(
            "UPDATE retention.plan_items SET state = 'intended' WHERE plan_id = %s AND batch_no = %s AND item_id = ANY(%s)",
            (context.plan_id, batch_no, [line.item_id for line in due]),
        )
        body = {"plan": context.plan_id, "batch": batch_no, "items": len(due), "root": _root(context, due)}
        ledger.append(own, "intent", body | {"key": context.runtime.hasher.key_id})


def _record_result(context: BatchContext, own: OwnConnection, batch_no: int, outcomes: Outcomes) -> BatchResult:
    """Write states, keyed hashes of what went, and the ledger's entry, in one transaction."""
    gone = [line for line, (state, _) in outcomes.items() if state == "gone"]
    recovered = [line for line, (state, _) in outcomes.items() if state == "gone_confirmed_on_recovery"]
    failed = Counter(word or "unknown" for state, word in outcomes.values() if state == "failed")
    spared = Counter(word or "unknown" for state, word in outcomes.values() if state == "spared")
    body = {
        "plan": context.plan_id,
        "batch": batch_no,
        "gone": len(gone),
        "recovered": len(recovered),
        "failed": dict(failed),
        "spared": dict(spared),
        "root": _root(context, gone + recovered),
        "key": context.runtime.hasher.key_id,
    }
    with own.transaction():
        if not context.dry_run:
            _write_states(context, own, batch_no, outcomes)
            _write_disposed(context, own, batch_no, outcomes)
        head = ledger.append(own, "dry_run" if context.dry_run else "result", body)
    context.runtime.on_step("result_recorded")
    return BatchResult(len(gone), len(recovered), failed, spared, head.hash)


def _write_states(context: BatchContext, own: OwnConnection, batch_no: int, outcomes: Outcomes) -> None:
    states = [(line.item_id, state, word) for line, (state, word) in outcomes.items()]
    own.execute(
        "UPDATE retention.plan_items i SET state = o.state, outcome = o.word "
        "FROM unnest(%s::text[], %s::text[], %s::text[]) AS o (item_id, state, word) "
        "WHERE i.plan_id = %s AND i.batch_no = %s AND i.item_id = o.item_id",
        (*(list(column) for column in zip(*states, strict=True)), context.plan_id, batch_no),
    )


def _write_disposed(context: BatchContext, own: OwnConnection, batch_no: int, outcomes: Outcomes) -> None:
    hasher, gone_at = context.runtime.hasher, context.runtime.now()
    with (
        own.cursor() as cursor,
        cursor.copy(
            "COPY retention.disposed_items (plan_id, batch_no, place, item_hash, category, tenant_id, person_hash, arose_at, "
            "outcome, trigger_at, gone_at) FROM STDIN"
        ) as copy,
    ):
        for line, (state, _) in outcomes.items():
            if state in ("gone", "gone_confirmed_on_recovery"):
                person = hasher.person(line.person_id) if line.person_id is not None else None
                item = hasher.item(line.place, line.item_id)
                copy.write_row(
                    (context.plan_id, batch_no, line.place, item, context.rule.category, line.tenant_id, person,
                     line.arose_at, state, line.due_at, gone_at)
                )  # fmt: skip
