"""What the last disposals and the last proof say, in words: the end of `make run`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from retention.database import OwnConnection
from retention.evidence.controls import mode_of, stop_of
from retention.readable import utc_minute
from retention.reports import formats
from retention.reports.checks import CheckRead, Documents
from retention.reports.run import DisposalRun
from retention.reports.runs import last_runs, newest_by_coverage, newest_counted
from retention.reports.standing import Standing, last_standing
from retention.reports.status import NEXT_STEP, reason_of, run_status
from retention.reports.wording import say
from retention.verification.result import Verdict


def read_summary(
    own: OwnConnection,
    categories: Sequence[str],
    documents: Documents,
    *,
    until: datetime,
    since: datetime | None = None,
) -> dict[str, Any]:
    """The last disposals (regular, by the full listing) and the last proof of each category that began at or after
    `since` and up to `until`, with a text for people.

    The verdict is the one that `status` gives at `until`; `documents` are those that count then.
    """
    found = [_summary(own, category, documents, since, until) for category in categories]
    stop = stop_of(own, until)
    stopped = [f"Everything is STOPPED; {stop.how_to_end}"] if stop.value == "stopped" else []
    texts = [*stopped, *(one["text"] for one in found)]
    if any(one["verdict"] != Verdict.COMPLIANT for one in found):
        texts.append(NEXT_STEP)
    return {"categories": found, "text": "\n".join(texts)}


def _summary(
    own: OwnConnection, category: str, documents: Documents, since: datetime | None, until: datetime
) -> dict[str, Any]:
    runs = last_runs(own, category, until, since, anonymises=category in documents.anonymised)
    newest, counted = newest_by_coverage(runs), newest_counted(runs, "rows")
    row = own.execute(
        "SELECT result FROM retention.plans WHERE plan_id = %s", (counted.plan_id if counted is not None else None,)
    ).fetchone()
    read, standing = last_standing(own, category, documents, until, since)
    said = {coverage: run_status(run, until) for coverage, run in newest.items()}
    lines = [
        f"{category}: {_proven(read, standing, category)}",
        *(run.said for run in said.values()),
        *_besides(own, category, list(newest.values()), since, until, others=category in documents.kept_by_others),
        *_MODES.get(mode_of(own, category, until).value, []),
        *_stayed(counted),
    ]
    return {
        "category": category,
        "plan_id": counted.plan_id if counted else None,
        "result": row["result"] if row else None,
        "kept_by_reason": counted.kept_by_reason if counted else None,
        "runs": {coverage: asdict(run) for coverage, run in said.items()},
        "gone": sum(run.gone for run in newest.values()),
        "verdict": standing.verdict.value,
        "reason": reason_of(read, standing),
        "next_due_at": counted.next_due_at if counted else None,
        "text": "\n  ".join(lines),
    }


_MODES = {
    "off": ["Mode off: nothing is planned or deleted until `mode` changes that."],
    "observe": ["Mode observe: runs plan, and delete nothing until `mode` changes that."],
}
_GONE = "SELECT count(*) AS gone FROM retention.disposed_items WHERE category = %s AND gone_at BETWEEN %s AND %s"


def _besides(
    own: OwnConnection,
    category: str,
    runs: Sequence[DisposalRun],
    since: datetime | None,
    until: datetime,
    *,
    others: bool,
) -> list[str]:
    """What went since then under other plans, such as one that an interruption had left; or that there is no run."""
    if not runs:
        return ["No run of ours deletes here: others keep it all." if others else "No deletion run yet."]
    if since is None:
        return []
    row = own.execute(_GONE, (category, since, until)).fetchone()
    more = (row["gone"] if row is not None else 0) - sum(run.gone for run in runs)
    went = "were anonymised" if runs[0].anonymises else "went"
    return [f"{more} more {went} since {utc_minute(since)}, as earlier plans had it."] if more > 0 else []


def _stayed(run: DisposalRun | None) -> list[str]:
    if run is None or run.kept_by_reason is None:
        return []
    stayed = ", ".join(
        f"{formats.number(count, 'en')} × {say(f'reason.{reason}', 'en')}"
        for reason, count in run.kept_by_reason.items()
    )
    due = f" The next one is due at {utc_minute(run.next_due_at)}." if run.next_due_at is not None else ""
    return [f"Stayed: {stayed or 'nothing'}.{due}"]


def _proven(read: CheckRead | None, standing: Standing, category: str) -> str:
    """What may be claimed now, what was found, and by which proof."""
    if read is None:
        return "Not verified yet: nothing is proven."
    found = Counter[str]()
    for finding in read.findings:
        found[finding.severity] += finding.count if finding.category == category else 0
    words = {"breach": "in breach", "unknown": "unknown", "exception": "kept lawfully", "finding": "to look at"}
    counts = ", ".join(f"{found[severity]} {word}" for severity, word in words.items() if found[severity])
    then = f"{standing.then.upper()} ({counts})" if counts else standing.then.upper()
    proof = f"proof of {utc_minute(read.check.finished_at)}"
    if not standing.doubts:
        return f"{then}, {proof}."
    return f"{standing.verdict.upper()}, {reason_of(read, standing)}; {proof}: {then}."
