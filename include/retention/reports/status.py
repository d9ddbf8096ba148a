"""Status from our own database alone: it works on the day that Airflow is down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from retention.database import OwnConnection
from retention.evidence.controls import mode_of, stop_of
from retention.readable import duration, utc_minute
from retention.reports.checks import Documents, changed_documents
from retention.reports.run import DisposalRun
from retention.reports.run_words import describe_plainly
from retention.reports.runs import last_runs, most_urgent, newest_by_coverage

PROOF_VALID_FOR = timedelta(hours=2)
"""Verification runs hourly by its own clock; a proof that is older than two intervals proves nothing about now."""


@dataclass(frozen=True, slots=True)
class RunStatus:
    """The newest run of one coverage. `said` is the run in one English line, with what to do where it is in trouble."""

    at: datetime
    state: str
    due: int | None
    gone: int
    already_gone: int | None
    spared: int | None
    failed: int | None
    failures: dict[str, int] | None
    blocked_reason: str | None
    breaches_at: datetime | None
    is_trouble: bool
    said: str


@dataclass(frozen=True, slots=True)
class CategoryStatus:
    """One category; None where nothing is known yet. `headroom_s` is counted from now, negative after the first breach.

    `last_run` is the newest run that ended well. `last_run_state` and the counts after it are of the run to look at first: of
    the newest ones by the tables and by the full listing the one in trouble, else the newer. `runs` has both.
    """

    category: str
    mode: str
    last_run: datetime | None
    last_proof: datetime | None
    headroom_s: int | None
    verdict: str
    reason: str
    last_run_state: str | None
    last_run_at: datetime | None
    due: int | None
    gone: int | None
    failed: int | None
    blocked_reason: str | None
    runs: dict[str, RunStatus]

    def to_text(self) -> str:
        """A line on the verdict, then one for each thing that it rests on."""
        runs = [run.said for run in self.runs.values()] or ["no deletion run yet"]
        lines = [_headroom_text(self.headroom_s), f"last proof: {utc_minute(self.last_proof)}", *runs]
        head = f"{self.category}: {self.verdict} ({self.reason}); mode {self.mode}"
        return "\n  ".join([head, *lines])


@dataclass(frozen=True, slots=True)
class Status:
    """All categories; the worst verdict counts."""

    verdict: str
    stopped: bool
    categories: list[CategoryStatus]

    def to_json(self) -> dict[str, Any]:
        """Fields of the command line's JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """The categories, and before them whether everything is stopped."""
        stopped = ["everything is STOPPED; `resume` ends that"] if self.stopped else []
        return "\n".join([*stopped, *(one.to_text() for one in self.categories)])


def read_status(own: OwnConnection, categories: Sequence[str], documents: Documents, now: datetime) -> Status:
    """The status of these categories at `now`, from what had happened by then.

    `documents` are those that count now: a proof of others proves nothing here. No proof, or one that is too old, is `unknown`.
    """
    found = [_category(own, category, documents, now) for category in categories]
    verdicts = {one.verdict for one in found}
    worst = next(
        (verdict for verdict in ("breach", "unknown") if verdict in verdicts), "compliant" if found else "unknown"
    )
    return Status(worst, stop_of(own, now).value == "stopped", found)


def _category(own: OwnConnection, category: str, documents: Documents, now: datetime) -> CategoryStatus:
    done = own.execute(
        "SELECT max(planned_at) AS at FROM retention.plans WHERE category = %s AND state = 'done' AND planned_at <= %s",
        (category, now),
    ).fetchone()
    proof = own.execute(
        "SELECT started_at, finished_at, as_of, verdict, summary, promises_digest, map_digest FROM retention.check_runs "
        "WHERE %s = ANY(categories) AND is_proof AND started_at <= %s ORDER BY started_at DESC LIMIT 1",
        (category, now),
    ).fetchone()
    headroom = _headroom(proof, category, now)
    verdict, reason = _judge(proof, documents, headroom, now)
    newest = newest_by_coverage(last_runs(own, category, now))
    first = most_urgent(newest)
    return CategoryStatus(
        category,
        mode_of(own, category, now).value,
        done["at"] if done else None,
        proof["finished_at"] if proof else None,
        headroom,
        verdict,
        reason,
        last_run_state=first.state.value if first else None,
        last_run_at=first.at if first else None,
        due=first.due if first else None,
        gone=first.gone if first else None,
        failed=first.failed if first else None,
        blocked_reason=first.blocked_reason if first else None,
        runs={coverage: run_status(run, now) for coverage, run in newest.items()},
    )


def run_status(run: DisposalRun, now: datetime) -> RunStatus:
    """What status and summary say of a run."""
    return RunStatus(
        at=run.at,
        state=run.state.value,
        due=run.due,
        gone=run.gone,
        already_gone=run.already_gone,
        spared=run.spared_items,
        failed=run.failed,
        failures=run.failures,
        blocked_reason=run.blocked_reason,
        breaches_at=run.breaches_at,
        is_trouble=run.is_trouble,
        said=describe_plainly(run, now),
    )


def _judge(
    proof: dict[str, Any] | None, documents: Documents, headroom_s: int | None, now: datetime
) -> tuple[str, str]:
    """The last proof's verdict, unless it is missing, unfinished, of other documents, or too old to say anything about now."""
    if proof is None:
        return "unknown", "never verified"
    if proof["finished_at"] is None or proof["finished_at"] > now or proof["verdict"] is None:
        return "unknown", "the last verification did not finish"
    if proof["verdict"] != "breach" and now - proof["started_at"] > PROOF_VALID_FOR:
        return "unknown", "the last proof is too old"
    then = Documents(proof["promises_digest"], proof["map_digest"])
    if proof["verdict"] != "breach" and changed_documents(then, documents):
        return "unknown", "the last proof is of other promises or another data map than these"
    if proof["verdict"] == "compliant" and headroom_s is not None and headroom_s < 0:
        return "unknown", "a deadline has passed since the last proof"
    return proof["verdict"], "as last verified"


def _headroom(proof: dict[str, Any] | None, category: str, now: datetime) -> int | None:
    """Seconds until the first breach if nothing runs from now on, as last verified; None where that is not known."""
    room = (proof["summary"] or {}).get("headroom", {}).get(category, {}).get("headroom_s") if proof else None
    if proof is None or room is None:
        return None
    return int(room - (now - proof["as_of"]).total_seconds())


def _headroom_text(headroom_s: int | None) -> str:
    if headroom_s is None:
        return "first breach: not known"
    return (
        f"overdue by {duration(headroom_s)}"
        if headroom_s < 0
        else f"first breach in {duration(headroom_s)} if nothing runs"
    )


def last_proof_id(own: OwnConnection, until: datetime) -> UUID | None:
    """The newest check run that had finished at `until`, as a report takes it; None where there was none."""
    row = own.execute(
        "SELECT check_run_id FROM retention.check_runs WHERE finished_at <= %s AND is_proof ORDER BY started_at DESC LIMIT 1",
        (until,),
    ).fetchone()
    return row["check_run_id"] if row else None
