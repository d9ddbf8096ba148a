"""What the last disposals and the last proof say, in words: the end of `make run`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from retention.database import OwnConnection
from retention.readable import utc_minute
from retention.reports.run import DisposalRun
from retention.reports.runs import last_runs, newest_by_coverage, newest_counted
from retention.reports.status import run_status
from retention.reports.wording import say

NEXT_STEP = "Why, and what to do: the page Retention in Airflow, or the report (`python -m retention report`)."
"""What to do about a verdict other than compliant."""


def read_summary(
    own: OwnConnection, categories: Sequence[str], *, until: datetime, since: datetime | None = None
) -> dict[str, Any]:
    """The last disposals (by the tables, by the full listing) and the last proof of each category that began at or after
    `since` and up to `until`, with a text for people.
    """
    found = [_summary(own, category, since, until) for category in categories]
    return {"categories": found, "text": "\n".join(one["text"] for one in found)}


def _summary(own: OwnConnection, category: str, since: datetime | None, until: datetime) -> dict[str, Any]:
    runs = last_runs(own, category, until, since)
    newest, counted = newest_by_coverage(runs), newest_counted(runs, "rows")
    row = own.execute(
        "SELECT * FROM retention.plans WHERE plan_id = %s", (counted.plan_id if counted is not None else None,)
    ).fetchone()
    proof, findings = _proof(own, category, since, until)
    said = {coverage: run_status(run, until) for coverage, run in newest.items()}
    lines = [
        f"{category}:",
        *(run.said for run in said.values()),
        *_in_all(list(newest.values())),
        *_stayed(counted),
        *_proven(proof, findings),
    ]
    return {
        "category": category,
        "plan_id": counted.plan_id if counted else None,
        "result": row["result"] if row else None,
        "kept_by_reason": counted.kept_by_reason if counted else None,
        "runs": {coverage: asdict(run) for coverage, run in said.items()},
        "gone": sum(run.gone for run in newest.values()),
        "verdict": proof["verdict"] if proof else "unknown",
        "next_due_at": counted.next_due_at if counted else None,
        "text": "\n  ".join(lines),
    }


def _proof(
    own: OwnConnection, category: str, since: datetime | None, until: datetime
) -> tuple[dict[str, Any] | None, Mapping[str, int]]:
    """The newest finished proof, and what it found of each weight."""
    proof = own.execute(
        "SELECT * FROM retention.check_runs WHERE %s = ANY(categories) AND is_proof AND finished_at <= %s "
        "AND started_at >= coalesce(%s, '-infinity'::timestamptz) ORDER BY started_at DESC LIMIT 1",
        (category, until, since),
    ).fetchone()
    counted = own.execute(
        "SELECT severity, sum(count)::bigint AS items FROM retention.findings WHERE check_run_id = %s AND category = %s "
        "GROUP BY severity",
        (proof["check_run_id"] if proof else None, category),
    ).fetchall()
    return proof, {row["severity"]: row["items"] for row in counted}


def _in_all(runs: Sequence[DisposalRun]) -> list[str]:
    if not runs:
        return ["No deletion run yet."]
    gone = sum(run.gone for run in runs)
    return [f"{gone} gone in these {len(runs)} runs."] if gone and len(runs) > 1 else []


def _stayed(run: DisposalRun | None) -> list[str]:
    if run is None or run.kept_by_reason is None:
        return []
    stayed = ", ".join(f"{count} × {say(f'reason.{reason}', 'en')}" for reason, count in run.kept_by_reason.items())
    due = [f"The next one is due at {utc_minute(run.next_due_at)}."] if run.next_due_at is not None else []
    return [f"Stayed by the tables: {stayed or 'nothing'}.", *due]


def _proven(proof: Mapping[str, Any] | None, findings: Mapping[str, int]) -> list[str]:
    if proof is None:
        return ["Not verified yet: nothing is proven."]
    words = {"breach": "in breach", "unknown": "unknown", "exception": "kept lawfully", "finding": "to look at"}
    counts = ", ".join(f"{findings[severity]} {word}" for severity, word in words.items() if severity in findings)
    said = f"Proof of {utc_minute(proof['finished_at'])}: {proof['verdict'].upper()}"
    line = f"{said} ({counts})." if counts else f"{said}."
    return [line] if proof["verdict"] == "compliant" else [line, NEXT_STEP]
