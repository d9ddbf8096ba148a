"""One batch, from the last look at holds to the confirmed result. This is the only code that removes anything.

Order of steps, each a boundary at which a kill must do no harm: shared lock → guard → decide again → intent in the ledger →
remove bytes → confirm → remove rows → result in the ledger → unlock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql

from retention import locks
from retention.database import OwnConnection
from retention.disposal.clocks import current_time, database_time
from retention.disposal.disposed import disposed_row, write_disposed
from retention.disposal.guard import require_enforce, require_running
from retention.disposal.older_objects import store_evidence
from retention.disposal.preflight import CheckedPlace
from retention.disposal.runtime import Runtime
from retention.disposal.sweep import decide_loose, is_loose, lost_hold_items, protected_by_row, rows_by_key
from retention.errors import PlanError, UnknownError
from retention.evidence import ledger
from retention.evidence.hashing import merkle_root
from retention.evidence.holds import read_holds
from retention.policy.model import RetentionRule
from retention.stores.protocol import Removal, RemovalResult, StoredPart, Target


class Line(NamedTuple):
    """One planned item as it is in our database."""

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
    def was_tried(self) -> bool:
        """Whether an earlier try may have removed it already: its intent is recorded, its result is not, or was a failure."""
        return self.state in ("intended", "failed")


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Counts by outcome: `gone`, `gone_confirmed_on_recovery`, `failed` by code, `spared` by reason."""

    gone: int = 0
    recovered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    spared: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What all batches of one execution share. `dry_run` batches write nothing but a ledger entry."""

    runtime: Runtime
    rule: RetentionRule
    plan_id: UUID
    coverage: str
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
    own.execute(f"SELECT pg_advisory_lock_shared({locks.HOLDS})")
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
        _require_lock(own)
        removed, parts_removed = _remove(context, checked, due, step)
        return _record_result(context, own, batch_no, outcomes | removed, parts_removed)
    finally:
        if not own.closed:
            own.execute(f"SELECT pg_advisory_unlock_shared({locks.HOLDS})")


def _require_allowed(context: BatchContext, own: OwnConnection) -> None:
    """Stop, mode and expiry count from one batch to the next."""
    require_running(own)
    if not context.dry_run:
        require_enforce(own, context.rule.category)
    if context.runtime.now() >= context.expires_at:
        raise PlanError(f"plan {context.plan_id} expired while it was executed; the next run plans what is left.")


def _require_lock(own: OwnConnection) -> None:
    """Raise where the session that held off new holds has gone: one may have been set since, and nothing has been removed yet."""
    try:
        own.execute("SELECT 1")
    except psycopg.OperationalError:
        raise UnknownError(
            "the connection that held off new holds was lost; expected it to last for the batch. Nothing of the batch was "
            "deleted; the next try decides again."
        ) from None


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
    runtime = context.runtime
    holds = read_holds(own)
    now = current_time(runtime, own)  # read after the holds: every one that was committed by then is in force
    keys = sorted({line.object_key for line in lines})
    rows = rows_by_key(runtime, context.rule, checked, holds, context.as_of, now, keys)
    if context.coverage == "listing":
        # Its whole items are those whose object is older than their row says: the store is asked again, too.
        whole = sorted({line.object_key for line in lines if line.part_id is None})
        stored = store_evidence(checked, list(checked.stores.objects.parts_of(whole)) if whole else [], rows)
        again = rows_by_key(runtime, context.rule, checked, holds, context.as_of, now, sorted(stored), stored=stored)
        rows |= again
    loose = [line for line in lines if line.part_id is not None]
    lost = lost_hold_items(runtime, checked, holds) if loose else frozenset()
    parts = _parts_by_target(checked, loose)
    due: list[Line] = []
    outcomes: Outcomes = {}
    unsettled: dict[Line, str] = {}
    for line in lines:
        of_key = rows.get(line.object_key, ())
        if line.part_id is not None:
            part = parts.get(line.target)
            kept = "already_gone" if part is None else protected_by_row(of_key, now)
            if part is not None and kept is None:
                decision = decide_loose(context.rule, checked, line._asdict(), holds, lost, context.as_of, now)
                # What a row describes by now is no loose part any more, whatever its age.
                kept = decision.reason if not decision.disposable else None
                kept = kept if is_loose(part, of_key) else "described_by_row"
        else:
            row = next((row for row in of_key if row["item_id"] == line.item_id), None)
            if row is None:
                unsettled[line] = "row_gone"
                continue
            kept = None if row["status"] in ("due", "overdue") else row["reason"]
        if kept is None:
            due.append(line)
        elif line.was_tried or kept == "already_gone":
            unsettled[line] = kept
        else:
            outcomes[line] = ("spared", kept)
    return due, outcomes | _settle(checked, unsettled)


def _parts_by_target(checked: CheckedPlace, lines: Sequence[Line]) -> dict[Target, StoredPart]:
    """Every part that is there now, of these lines' objects."""
    keys = sorted({line.object_key for line in lines})
    return {Target(part.key, part.part_id): part for part in checked.stores.objects.parts_of(keys)} if keys else {}


def _present(checked: CheckedPlace, lines: Iterable[Line]) -> set[Target]:
    """Which items, and which single parts, a new listing of the store shows."""
    parts = list(checked.stores.objects.parts_of(sorted({line.object_key for line in lines})))
    return {Target(part.key) for part in parts} | {Target(part.key, part.part_id) for part in parts}


def _settle(checked: CheckedPlace, unsettled: Mapping[Line, str]) -> Outcomes:
    """Items whose row is gone, or that are protected by now although an interrupted try may have removed them before.

    Nothing is removed for them: the store tells whether they are there. Bytes without a row are left to the full listing.
    """
    if not unsettled:
        return {}
    present = _present(checked, unsettled)
    outcomes: Outcomes = {}
    for line, kept in unsettled.items():
        if line.target in present:
            outcomes[line] = ("spared", kept)
        elif line.was_tried:
            outcomes[line] = ("gone_confirmed_on_recovery", None)
        else:
            outcomes[line] = ("spared", "already_gone")
    return outcomes


def _remove(
    context: BatchContext, checked: CheckedPlace, due: Sequence[Line], step: Callable[[str], None]
) -> tuple[Outcomes, int]:
    """Bytes, confirmation, then rows; also the number of parts removed, which NEWER and FAILED items may have lost, too.

    An item counts as gone only when a listing after the deletion doesn't show it, and only where there was something to
    remove: what another run took in between is that run's.
    """
    if not due:
        return {}, 0
    objects = checked.stores.objects
    results = objects.remove([line.target for line in due], stored_before=context.stored_before[checked.place.name])
    step("bytes_removed")
    present = _present(checked, due)
    step("bytes_confirmed")
    outcomes: Outcomes = {}
    confirmed: dict[Line, bool] = {}
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
            confirmed[line] = result.outcome is Removal.REMOVED
    outcomes |= _remove_rows(checked, confirmed, context.runtime.now())
    step("rows_removed")
    return outcomes, sum(result.parts_removed for result in results.values())


def _remove_rows(checked: CheckedPlace, confirmed: Mapping[Line, bool], now: datetime) -> Outcomes:
    """Remove the rows of items whose bytes are gone, and say what became of each item. `confirmed`: had it any bytes?

    The row of an object that was written again stays, and so does one that names another object by now.
    """
    rows = checked.stores.rows
    whole = [line for line in confirmed if line.part_id is None] if rows is not None else []
    results: Mapping[Target, RemovalResult] = {}
    present: set[str] = set()
    outcomes: Outcomes = {}
    if rows is not None and whole:
        # One more listing for the whole batch: what was written since the confirmation needs its row.
        written = _present(checked, whole)
        outcomes = {line: ("spared", "newer_version") for line in whole if line.target in written}
        whole = [line for line in whole if line not in outcomes]
        results = rows.remove([_row_of(checked, line) for line in whole], stored_before=now)
        present = {part.key for part in rows.parts_of([line.item_id for line in whole])}
    for line, had_bytes in confirmed.items():
        if line in outcomes:
            continue
        row = results.get(_row_of(checked, line)) if line.part_id is None else None
        if row is not None and row.outcome is Removal.NEWER:
            outcomes[line] = ("spared", "row_changed")
            continue
        if row is not None and (row.outcome is Removal.FAILED or line.item_id in present):
            outcomes[line] = ("failed", row.error_code or "row_still_there")
            continue
        # Of two runs at once, both may have asked for the same bytes; only one of them deleted the row.
        ours = row.outcome is Removal.REMOVED if row is not None else had_bytes
        if line.was_tried and not (ours and had_bytes):
            outcomes[line] = ("gone_confirmed_on_recovery", None)
        else:
            outcomes[line] = ("gone", None) if ours else ("spared", "already_gone")
    return outcomes


def _row_of(checked: CheckedPlace, line: Line) -> Target:
    """The line's row, as long as it describes the object that was planned."""
    return Target(line.item_id, describes=(checked.place.spec.bucket, line.object_key))


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
        ledger.append(own, "intent", body | {"key": context.runtime.hasher.key_id, "by": context.runtime.actor})


def _record_result(
    context: BatchContext, own: OwnConnection, batch_no: int, outcomes: Outcomes, parts_removed: int
) -> BatchResult:
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
        "parts_removed": parts_removed,
        "by": context.runtime.actor,
        "root": _root(context, gone + recovered),
        "key": context.runtime.hasher.key_id,
    }
    with own.transaction():
        if not context.dry_run:
            _write_states(context, own, batch_no, outcomes)
            _write_disposed(context, own, batch_no, outcomes)
        ledger.append(own, "dry_run" if context.dry_run else "result", body)
    context.runtime.on_step("result_recorded")
    return BatchResult(len(gone), len(recovered), failed, spared)


def _write_states(context: BatchContext, own: OwnConnection, batch_no: int, outcomes: Outcomes) -> None:
    states = [(line.item_id, state, word) for line, (state, word) in outcomes.items()]
    own.execute(
        "UPDATE retention.plan_items i SET state = o.state, outcome = o.word "
        "FROM unnest(%s::text[], %s::text[], %s::text[]) AS o (item_id, state, word) "
        "WHERE i.plan_id = %s AND i.batch_no = %s AND i.item_id = o.item_id",
        (*(list(column) for column in zip(*states, strict=True)), context.plan_id, batch_no),
    )


def _write_disposed(context: BatchContext, own: OwnConnection, batch_no: int, outcomes: Outcomes) -> None:
    gone_at = database_time(own)
    gone = [
        disposed_row(context.runtime.hasher, line, state, gone_at)
        for line, (state, _) in outcomes.items()
        if state in ("gone", "gone_confirmed_on_recovery")
    ]
    write_disposed(own, context.plan_id, batch_no, context.rule.category, gone)
