"""The deletion runs as our own database recorded them: plans, what went under them, and tasks that failed without one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from retention import locks
from retention.database import OwnConnection
from retention.disposal import approvals
from retention.disposal.previews import PREVIEWS
from retention.evidence.controls import Mode, mode_of, stop_of
from retention.policy.facts import WAITS
from retention.reports.run import NOT_BEGUN, DisposalRun, RunState, state_of

COVERAGES = ("rows", "listing", "replay", "purge")

_RUNS = """
WITH planned AS (
    -- A plan that is just being made is not shown: it would hide the last run that says anything.
    -- Nor is a preview before anybody has approved or executed it: nobody meant to delete anything yet. A restore abandons it and
    -- loses its items; whether any was about to go, the ledger still says.
    SELECT plan_id, coverage, planned_at, state IN ('executing', 'done', 'abandoned') AS executed,
        due > coalesce((result -> 'spared' ->> 'waits')::bigint, 0) AS had_due
    FROM retention.plans AS p
    WHERE category = %(category)s AND planned_at <= %(now)s AND planned_at >= coalesce(%(since)s, '-infinity'::timestamptz)
      AND (state <> 'planning' OR expires_at <= %(now)s)
      -- What somebody asked for, and nobody went on with in time, is over: no later run would ever replace it.
      AND NOT (coverage = 'purge' AND state = 'ready' AND expires_at <= %(now)s)
      AND NOT (run_id LIKE %(previews)s AND state IN ('planning', 'ready', 'abandoned')
        AND NOT EXISTS (SELECT FROM retention.approvals AS a WHERE a.plan_id = p.plan_id)
        AND NOT EXISTS (SELECT FROM retention.ledger AS l WHERE l.kind = 'intent'
            AND coalesce(l.body::jsonb ->> 'plan', l.body::jsonb ->> 'plan_id') = p.plan_id::text))
), numbered AS (
    SELECT *,
        row_number() OVER (PARTITION BY coverage ORDER BY planned_at DESC) AS by_age,
        row_number() OVER (PARTITION BY coverage, executed ORDER BY planned_at DESC) AS by_execution,
        row_number() OVER (PARTITION BY coverage, executed, had_due ORDER BY planned_at DESC) AS by_work
    FROM planned
), ranked AS (
    -- Only what is shown is read in full: years of hourly plans are sorted by their keys alone.
    SELECT p.* FROM retention.plans AS p JOIN numbered AS n USING (plan_id)
    WHERE n.by_age = 1 OR (n.executed AND (n.by_execution = 1 OR (n.had_due AND n.by_work = 1)))
)
SELECT ranked.*,
    EXISTS (SELECT FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %(plan_locks)s::oid
        AND l.objid = hashtext(ranked.plan_id::text)::oid
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS in_hand,
    ARRAY(SELECT jsonb_build_object('approved_by', a.approved_by, 'via', a.via) FROM retention.approvals AS a
        WHERE a.plan_id = ranked.plan_id AND a.digest = ranked.digest) AS approvals,
    -- A stop lets a batch end that has begun; an intent without a result was broken off otherwise.
    NOT EXISTS (SELECT FROM retention.plan_item_states AS i WHERE i.plan_id = ranked.plan_id AND i.state = 'intended')
        AND (EXISTS (SELECT FROM retention.stop_changes WHERE stopped AND changed_at BETWEEN ranked.planned_at AND %(now)s)
        OR EXISTS (SELECT FROM retention.mode_changes AS m WHERE m.category = ranked.category AND m.mode <> 'enforce'
            AND m.changed_at BETWEEN ranked.planned_at AND %(now)s)) AS halted_since,
    (SELECT count(*) FROM retention.disposed_items AS d WHERE d.plan_id = ranked.plan_id) AS gone,
    (SELECT count(*) FROM retention.disposed_items AS d
        WHERE d.plan_id = ranked.plan_id AND d.outcome = 'gone_confirmed_on_recovery') AS gone_on_recovery,
    (SELECT coalesce(sum((l.body::jsonb ->> 'parts_removed')::bigint), 0)::bigint FROM retention.ledger AS l
        WHERE l.kind = 'result' AND l.body::jsonb ->> 'plan' = ranked.plan_id::text) AS parts_removed
FROM ranked
ORDER BY planned_at DESC
"""

_FAILURE = (
    "SELECT at, body FROM retention.ledger WHERE kind = 'task_failed' AND at <= %s AND body::jsonb ->> 'category' = %s "
    "AND body::jsonb ->> 'coverage' = %s ORDER BY seq DESC LIMIT 1"
)


def last_runs(
    own: OwnConnection, category: str, now: datetime, since: datetime | None = None, *, anonymises: bool = False
) -> tuple[DisposalRun, ...]:
    """Per coverage (regular, full listing): the newest run, the newest executed one, and the newest executed one under which
    something was due, because an idle hour must not hide the last run that mattered. Newest first; none that began after `now`
    or before `since`. `anonymises`: the category's rule anonymises instead of deleting.
    """
    asked = {"category": category, "now": now, "since": since, "plan_locks": locks.PLANS, "previews": PREVIEWS}
    rows = own.execute(_RUNS, asked).fetchall()
    halted = stop_of(own, now).value == "stopped" or mode_of(own, category, now).value != Mode.ENFORCE
    runs = []
    for coverage in COVERAGES:
        plans = [row for row in rows if row["coverage"] == coverage]
        read = [_run(plan, now, halted=halted) for plan in plans]
        runs += _with_failure(own, category, coverage, plans, read, now, since)
    runs = [replace(run, category=category, anonymises=anonymises) for run in runs]
    return tuple(sorted(runs, key=lambda run: run.at, reverse=True))


def newest_by_coverage(runs: Sequence[DisposalRun]) -> dict[str, DisposalRun]:
    """The newest run of each coverage that has one."""
    found = {coverage: next((run for run in runs if run.coverage == coverage), None) for coverage in COVERAGES}
    return {coverage: run for coverage, run in found.items() if run is not None}


def newest_counted(runs: Sequence[DisposalRun], coverage: str) -> DisposalRun | None:
    """The newest run of a coverage that got as far as counting what is due and what stays."""
    return next((run for run in runs if run.coverage == coverage and run.kept_by_reason is not None), None)


def most_urgent(runs: Mapping[str, DisposalRun]) -> DisposalRun | None:
    """Of the newest runs the one to look at first: one in trouble, because the other one's success must not hide it."""
    return max(runs.values(), key=lambda run: (run.is_trouble, run.at), default=None)


def _run(plan: Mapping[str, Any], now: datetime, *, halted: bool) -> DisposalRun:
    approved = approvals.given(plan, plan["approvals"]) >= approvals.needed(plan) > 0
    halted = halted if plan["state"] == "ready" else plan["halted_since"]
    state = state_of(plan, now=now, in_hand=plan["in_hand"], approved=approved, halted=halted)
    result = plan["result"] or {}
    spared = dict(sorted(result["spared"].items())) if "spared" in result else None
    by_reason = dict(plan["due_by_reason"] or {})
    waited = by_reason.pop(WAITS, 0)
    waiting = spared.pop(WAITS, 0) if spared is not None else waited
    if waited > waiting:
        by_reason["waited"] = waited - waiting
    kept = dict(plan["kept_by_reason"]) | ({WAITS: waiting} if waiting else {})
    return DisposalRun(
        plan_id=plan["plan_id"],
        coverage=plan["coverage"],
        at=plan["planned_at"],
        as_of=plan["as_of"],
        state=state,
        mode=plan["mode"],
        digest=plan["digest"],
        considered=plan["considered"],
        due=plan["due"] - waiting if plan["due"] is not None else None,
        waiting=waiting,
        due_by_reason=by_reason if plan["due_by_reason"] is not None else None,
        gone=plan["gone"],
        gone_on_recovery=plan["gone_on_recovery"],
        parts_removed=plan["parts_removed"],
        already_gone=spared.pop("already_gone", 0) if spared is not None else None,
        spared=spared,
        failed=result.get("failed"),
        failures=result.get("failures"),
        kept_by_reason=dict(sorted(kept.items())) if plan["digest"] is not None else None,
        undated=plan["undated"],
        fallback=plan["fallback"],
        blocked_reason=plan["blocked_reason"],
        breaches_at=plan["breaches_at"] if state in NOT_BEGUN else None,
        next_due_at=plan["next_due_at"],
    )


def _with_failure(
    own: OwnConnection,
    category: str,
    coverage: str,
    plans: Sequence[Mapping[str, Any]],
    runs: list[DisposalRun],
    now: datetime,
    since: datetime | None,
) -> list[DisposalRun]:
    """The runs, newest first, and what the newest failed task adds to them: a run that has no plan, or that failed before it
    executed anything. Whatever else a task failed of, its plan's own state says more exactly.
    """
    failure = own.execute(_FAILURE, (now, category, coverage)).fetchone()
    begun_at = runs[0].at if runs else since
    if failure is None or (begun_at is not None and failure["at"] < begun_at):
        return runs
    body = json.loads(failure["body"])
    if body["task"] == "plan":
        at = failure["at"]
        return [DisposalRun(None, coverage, at=at, as_of=at, state=RunState.FAILED), *runs]
    same_run = bool(plans) and plans[0]["run_id"].partition("#")[0] == f"{body['dag']}/{body['run']}"
    if same_run and runs[0].state is RunState.PLANNED:
        return [replace(runs[0], state=RunState.FAILED), *runs[1:]]
    return runs
