"""Execute a plan: guard, batches in parallel, recovery of what an earlier try left open, and the summary."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from retention import database
from retention.database import OwnConnection
from retention.disposal import guard
from retention.disposal.batch import BatchContext, BatchResult, dispose_batch, parts_removed
from retention.disposal.clocks import current_time
from retention.disposal.digest import plan_digest
from retention.disposal.expiry import discard_expired
from retention.disposal.kept_contacts import suppress_kept
from retention.disposal.kinds import kind_of
from retention.disposal.locking import WHOLE, Part, try_plan_lock
from retention.disposal.plan import header_of
from retention.disposal.preflight import check_places
from retention.disposal.recovery import begin_execution
from retention.disposal.runtime import Runtime
from retention.disposal.scopes import scope_of
from retention.disposal.states import count_states, discard_all, open_batches
from retention.errors import BusyError, PartlyFailedError, PlanError
from retention.evidence import ledger
from retention.evidence.run_entries import COUNTED, counted
from retention.policy.model import Action, RetentionRule

THREADS = 6
"""Most batches in flight, where a kind of place doesn't ask for fewer."""

Progress = Callable[[int, int], None]


def _silent(_done: int, _total: int) -> None:
    """No progress is shown."""


@dataclass(frozen=True, slots=True)
class DisposalSummary:
    """What became of a plan: `planned = gone + recovered + spared + failed`. Where the rule's `action` is `anonymise`, what
    counts as gone was anonymised. `kept_by_reason` counts what was not planned, by why it stays; of a part nothing."""

    plan_id: UUID
    category: str
    planned: int
    gone: int
    recovered: int
    spared: dict[str, int]
    failed: int
    failures: dict[str, int] = field(default_factory=dict)
    dry_run: bool = False
    ledger_head: str = ""
    action: str = Action.DELETE.value
    kept_by_reason: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Fields of the command line's JSON."""
        return asdict(self) | {"plan_id": str(self.plan_id)}


def execute_plan(
    runtime: Runtime,
    plan_id: UUID,
    digest: str,
    *,
    dry_run: bool = False,
    part: Part = WHOLE,
    threads: int = THREADS,
    progress: Progress = _silent,
) -> DisposalSummary:
    """Dispose of exactly the plan that the digest names, or less. To finish an interrupted try is the same call.

    Several may each execute a `part` of it, on machines of their own; what each returns counts its part alone, and `close_plan`
    comes after all of them.

    Raises RequestError (no such plan), BusyError, StoppedError, ModeError, GuardError or PlanError before anything is removed,
    and PartlyFailedError at the end when some items failed; the others are done by then. With `dry_run` the stores are
    wrapped, and nothing but the ledger is written.
    """
    with runtime.own() as own:
        discard_expired(runtime, own)
        with try_plan_lock(own, plan_id, part) as free:
            _require_free(plan_id, free)
            summary = _execute(
                runtime, own, plan_id, digest, dry_run=dry_run, part=part, threads=threads, progress=progress
            )
            parts = parts_removed(own, plan_id) if summary.failed else 0
    return _without_failures(summary, parts)


def close_plan(runtime: Runtime, plan_id: UUID) -> DisposalSummary:
    """Close a plan that was executed in parts: count what became of all of it, and let its items go.

    Raises BusyError while a part is at work, PlanError for a plan that no part has begun (one that waits for its approval stays
    ready for it), and PartlyFailedError where something is left: what failed, and what no part did.
    """
    with runtime.own() as own, try_plan_lock(own, plan_id) as free:
        _require_free(plan_id, free)
        plan = guard.plan_row(own, plan_id)
        if plan["state"] == "done" and plan["result"] is not None:
            return DisposalSummary(**{**plan["result"], "plan_id": plan_id})
        if plan["state"] != "executing":
            raise PlanError(
                f"plan {plan_id} is {plan['state']}; expected one that was executed. Nothing was closed; why no part of it began "
                "stands with the tasks that were to execute it."
            )
        summary = _summarise(own, plan, [], runtime.policy.rule(plan["category"]), dry_run=False, part=WHOLE)
        _finish(own, summary, runtime.actor)
        parts = parts_removed(own, plan_id) if summary.failed else 0
    return _without_failures(summary, parts)


def _require_free(plan_id: UUID, free: bool) -> None:
    if not free:
        raise BusyError(f"plan {plan_id} is being executed by another run. Wait for it to end.")


def _without_failures(summary: DisposalSummary, parts: int) -> DisposalSummary:
    if summary.failed:
        codes = ", ".join(f"{count} × {code}" for code, count in sorted(summary.failures.items()))
        action = Action(summary.action)
        raise PartlyFailedError(
            f"{summary.failed} of {summary.planned} items could not be {action.passive} ({codes}). "
            f"{action.done().capitalize()}: {summary.gone + summary.recovered} items; stored parts removed, of failed items too: "
            f"{parts}. "
            "The next run tries again; docs/stores.md says what each code means.",
            failed=summary.failed,
            summary=summary,
        )
    return summary


def _execute(
    runtime: Runtime,
    own: OwnConnection,
    plan_id: UUID,
    digest: str,
    *,
    dry_run: bool,
    part: Part,
    threads: int,
    progress: Progress,
) -> DisposalSummary:
    """Guard, batches, summary; the lock of the plan, or of its part, is held."""
    plan = guard.plan_row(own, plan_id)
    rule = runtime.policy.rule(plan["category"])
    if plan["state"] == "done" and plan["result"] is not None and digest == plan["digest"] and not dry_run:
        if part.is_whole:
            return DisposalSummary(**{**plan["result"], "plan_id": plan_id})
        return _summarise(own, plan, [], rule, dry_run=False, part=part)
    _require_allowed(runtime, own, plan, digest, dry_run)
    places = check_places(runtime, rule)
    if not dry_run:
        begin_execution(runtime, own, plan)
    context = BatchContext(
        runtime=runtime,
        rule=rule,
        plan_id=plan_id,
        coverage=plan["coverage"],
        as_of=plan["as_of"],
        expires_at=plan["expires_at"],
        places={place.place.name: kind_of(place.place).rehearsing(place) if dry_run else place for place in places},
        stored_before={name: datetime.fromisoformat(at) for name, at in plan["stored_before"].items()},
        dry_run=dry_run,
        purge=scope_of(own, runtime.hasher, plan),
    )
    if not dry_run and part.number == 0:
        suppress_kept(context, own)
    results = _run_batches(context, own, part, threads, progress)
    summary = _summarise(own, plan, results, rule, dry_run=dry_run, part=part)
    if not dry_run and part.is_whole:
        _finish(own, summary, runtime.actor)
        runtime.on_step("finished")
    return summary


def _require_allowed(runtime: Runtime, own: OwnConnection, plan: Mapping[str, Any], digest: str, dry_run: bool) -> None:
    guard.require_running(own)
    if not dry_run:
        guard.require_enforce(own, plan["category"])
    recomputed = plan_digest(own, plan["plan_id"], header_of(plan)) if plan["state"] in ("ready", "executing") else ""
    guard.require_executable(plan, digest=digest, recomputed=recomputed, now=current_time(runtime, own))
    guard.require_same_documents(plan, rule_digest=runtime.policy.rules_digest, map_digest=runtime.datamap.digest)
    if not dry_run:
        guard.require_approved(own, plan)


def _run_batches(
    context: BatchContext, own: OwnConnection, part: Part, threads: int, progress: Progress
) -> list[BatchResult]:
    """Run all open batches of the part, at most `threads` at once, each thread on one connection; the first error stops new ones.

    One place after the other, in the order of the data map: rows of one may wait for those of another.
    """
    batches = open_batches(own, context.plan_id, part)
    local, connections = threading.local(), list[OwnConnection]()

    def work(batch_no: int) -> BatchResult:
        if not hasattr(local, "own"):
            local.own = database.connect(context.runtime.own_conninfo)
            connections.append(local.own)
        return dispose_batch(context, local.own, batch_no)

    results: list[BatchResult] = []
    try:
        for place, of_place in groupby(batches, key=itemgetter("place")):
            at_once = min(threads, kind_of(context.places[place].place).threads)
            with ThreadPoolExecutor(max_workers=max(1, at_once), thread_name_prefix="batch") as pool:
                futures = [pool.submit(work, batch["batch_no"]) for batch in of_place]
                try:
                    for future in as_completed(futures):
                        results.append(future.result())
                        progress(len(results), len(batches))
                except BaseException:
                    pool.shutdown(wait=True, cancel_futures=True)
                    raise
    finally:
        for connection in connections:
            connection.close()
        for checked in context.places.values():
            kind_of(checked.place).release(checked)
    return results


def _summarise(
    own: OwnConnection,
    plan: Mapping[str, Any],
    results: list[BatchResult],
    rule: RetentionRule,
    *,
    dry_run: bool,
    part: Part,
) -> DisposalSummary:
    """Count from the plan's own items, so that a finished earlier try of the same plan counts too; a dry run has only results."""
    failures, spared = Counter[str](), Counter[str]()
    planned = gone = recovered = 0
    if dry_run:
        for result in results:
            gone, recovered = gone + result.gone, recovered + result.recovered
            failures, spared = failures + result.failed, spared + result.spared
        planned = gone + recovered + failures.total() + spared.total()
    else:
        for row in count_states(own, plan["plan_id"], part):
            planned += row["items"]
            gone += row["items"] if row["state"] == "gone" else 0
            recovered += row["items"] if row["state"] == "gone_confirmed_on_recovery" else 0
            if row["state"] == "spared":
                spared[row["outcome"]] += row["items"]
            elif row["state"] not in ("gone", "gone_confirmed_on_recovery"):
                failures[row["outcome"] or row["state"]] += row["items"]
    return DisposalSummary(
        plan_id=plan["plan_id"],
        category=plan["category"],
        planned=plan["due"] if part.is_whole else planned,
        gone=gone,
        recovered=recovered,
        spared=dict(spared),
        failed=failures.total(),
        failures=dict(failures),
        dry_run=dry_run,
        ledger_head=ledger.head(own).hash,
        action=rule.action.value,
        kept_by_reason=plan["kept_by_reason"] if part.is_whole else {},
    )


def _finish(own: OwnConnection, summary: DisposalSummary, executed_by: str) -> None:
    """Close the plan. Its items go with it, unless some failed: then a retry of the same plan may still do them.

    The ledger comes last: its lock is everybody's, and deleting many items takes its time.
    """
    body = {"plan": summary.plan_id, "planned": summary.planned, "gone": summary.gone, "recovered": summary.recovered}
    with own.transaction():
        if not summary.failed:
            discard_all(own, summary.plan_id)
        head = ledger.append(
            own,
            "plan_result",
            body
            | {"action": summary.action, "spared": summary.spared, "failed": summary.failures, "by": executed_by}
            | {COUNTED: counted(own, summary.plan_id)},
        )
        own.execute(
            "UPDATE retention.plans SET state = %s, result = %s WHERE plan_id = %s",
            (
                "executing" if summary.failed else "done",
                Jsonb(summary.to_json() | {"ledger_head": head.hash}),
                summary.plan_id,
            ),
        )
