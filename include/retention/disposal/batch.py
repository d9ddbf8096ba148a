"""One batch, from the last look at holds to the recorded result.

Order of steps, each a boundary at which a kill must do no harm: shared lock → guard → decide again → intent in the ledger →
remove bytes → confirm → remove rows → unlock → result in the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from retention import locks
from retention.database import OwnConnection, database_time
from retention.disposal.checked import CheckedPlace
from retention.disposal.disposed import DisposedRow, ItemHashes, disposed_row, hashes_of, write_disposed
from retention.disposal.guard import require_enforce, require_running
from retention.disposal.kinds import kind_of
from retention.disposal.lines import Line, Outcomes
from retention.disposal.purged import PurgeScope
from retention.disposal.reading import Reading
from retention.disposal.replayed import COVERAGE
from retention.disposal.runtime import Runtime
from retention.disposal.states import mark_intended, open_lines, write_outcomes
from retention.errors import PlanError, UnknownError
from retention.evidence import ledger
from retention.evidence.hashing import items_root
from retention.evidence.shares import shares_of
from retention.policy.model import RetentionRule


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Counts by outcome: `gone`, `gone_confirmed_on_recovery`, `failed` by code, `spared` by reason."""

    gone: int = 0
    recovered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    spared: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What all batches of one execution share. `dry_run` batches write nothing but a ledger entry. `purge`: what a
    person asked for, where the plan is of that."""

    runtime: Runtime
    rule: RetentionRule
    plan_id: UUID
    coverage: str
    as_of: datetime
    expires_at: datetime
    places: Mapping[str, CheckedPlace]
    stored_before: Mapping[str, datetime]
    dry_run: bool
    purge: PurgeScope | None = None


def dispose_batch(context: BatchContext, own: OwnConnection, batch_no: int) -> BatchResult:
    """Dispose of one batch on a connection of its own. Raises what the guard raises, before anything is removed."""
    # What needs no lock comes before it: the plan is frozen, and whoever sets a hold waits for all the rest. What went is
    # recorded after it: only who counts what has gone waits for that.
    lines = open_lines(own, context.plan_id, batch_no)
    hashes = hashes_of(context.runtime.hasher, lines)
    with _shared(own, locks.RESULTS):
        with _shared(own, locks.HOLDS):
            require_allowed(context, own)
            if not lines:
                return BatchResult()
            removed = _remove(context, own, batch_no, lines, hashes)
        context.runtime.on_step("holds_released")
        return _record_result(context, own, batch_no, removed, hashes)


@contextmanager
def _shared(own: OwnConnection, lock: LiteralString) -> Iterator[None]:
    own.execute(f"SELECT pg_advisory_lock_shared({lock})")
    try:
        yield
    finally:
        if not own.closed:
            own.execute(f"SELECT pg_advisory_unlock_shared({lock})")


class _Removed(NamedTuple):
    """What became of a batch's items, how many stored parts went, and when that was, by our own database: before any hold that is
    set from then on."""

    place: str
    outcomes: Outcomes
    parts: int
    at: datetime


def _remove(
    context: BatchContext, own: OwnConnection, batch_no: int, lines: Sequence[Line], hashes: Mapping[str, ItemHashes]
) -> _Removed:
    """Decide again, note the intent, remove and confirm, under the shared lock."""
    step, checked = context.runtime.on_step, context.places[lines[0].place]
    step("locked")
    kind = kind_of(checked.place)
    # A replay's items are due since they went, which their plan says.
    replayed = {line.item_id: line.due_at for line in lines} if context.coverage == COVERAGE else None
    reading = Reading[Any].take(
        context.runtime, own, context.rule, checked, context.as_of, replayed=replayed, purge=context.purge
    )
    due, outcomes = kind.decide_again(reading, lines, context.coverage)
    step("decided_again")
    kept = [line.item_id for line in outcomes]
    _record_intent(context, own, batch_no, [hashes[line.item_id].item for line in due], kept)
    step("intent_recorded")
    _require_lock(own)
    removed, parts = kind.remove(reading, own, due, context.stored_before[checked.place.name])
    return _Removed(checked.place.name, outcomes | removed, parts, database_time(own))


def require_allowed(context: BatchContext, own: OwnConnection) -> None:
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


def _record_intent(
    context: BatchContext, own: OwnConnection, batch_no: int, due: Sequence[bytes], kept: Sequence[str]
) -> None:
    """Mark what may go from now on: all open lines of the batch but those that were `kept` when they were decided again.

    `due` are the hashes of the others.
    """
    if context.dry_run or not due:
        return
    with own.transaction():
        mark_intended(own, context.plan_id, batch_no, due=len(due), kept=kept)
        hasher = context.runtime.hasher
        root = items_root(due)
        body = {"plan": context.plan_id, "batch": batch_no, "items": len(due), "root": root}
        ledger.append(own, "intent", body | {"key": hasher.key_id, "by": context.runtime.actor})


def _record_result(
    context: BatchContext, own: OwnConnection, batch_no: int, removed: _Removed, hashes: Mapping[str, ItemHashes]
) -> BatchResult:
    """Write states, keyed hashes of what went, and the ledger's entry, in one transaction."""
    outcomes, disposed = removed.outcomes, _disposed(context, removed, hashes)
    shares = shares_of(context.runtime.hasher, (row.tenant_id for row in disposed))
    gone = sum(row.outcome == "gone" for row in disposed)
    failed = Counter(word or "unknown" for state, word in outcomes.values() if state == "failed")
    spared = Counter(word or "unknown" for state, word in outcomes.values() if state == "spared")
    body = {
        "plan": context.plan_id,
        "batch": batch_no,
        "category": context.rule.category,
        "place": removed.place,
        "gone": gone,
        "recovered": len(disposed) - gone,
        "failed": dict(failed),
        "spared": dict(spared),
        "parts_removed": removed.parts,
        "by": context.runtime.actor,
        "root": items_root(row.item_hash for row in disposed),
        "key": context.runtime.hasher.key_id,
        **shares.to_json(),
    }
    with own.transaction():
        if not context.dry_run:
            write_outcomes(own, context.plan_id, batch_no, outcomes)
            write_disposed(own, context.plan_id, batch_no, context.rule.category, disposed)
        ledger.append(own, "dry_run" if context.dry_run else "result", body)
    context.runtime.on_step("result_recorded")
    return BatchResult(gone, len(disposed) - gone, failed, spared)


def parts_removed(own: OwnConnection, plan_id: UUID) -> int:
    """Versions, markers and uploads that went under the plan, of items that then failed too; a dry run removes none."""
    row = own.execute(
        "SELECT coalesce(sum((body::jsonb ->> 'parts_removed')::bigint), 0)::bigint AS parts FROM retention.ledger "
        "WHERE kind = 'result' AND body::jsonb ->> 'plan' = %s",
        (str(plan_id),),
    ).fetchone()
    return row["parts"] if row is not None else 0


def _disposed(context: BatchContext, removed: _Removed, hashes: Mapping[str, ItemHashes]) -> list[DisposedRow]:
    key_id = context.runtime.hasher.key_id
    return [
        disposed_row(line, hashes[line.item_id], key_id, state, removed.at)
        for line, (state, _) in removed.outcomes.items()
        if state in ("gone", "gone_confirmed_on_recovery")
    ]
