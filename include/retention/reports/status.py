"""Status from our own database alone: it works on the day that Airflow is down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from retention.database import OwnConnection
from retention.evidence.controls import mode_of, stop_of
from retention.readable import duration, utc_minute
from retention.reports.checks import CheckRead, Documents
from retention.reports.run import DisposalRun
from retention.reports.run_words import describe_plainly
from retention.reports.runs import last_runs, most_urgent, newest_by_coverage
from retention.reports.standing import Doubt, Standing, last_standing

_DOUBTS = {
    Doubt.TOO_OLD: "the last proof is too old",
    Doubt.PROMISES_CHANGED: "the last proof is of other promises or another data map than these",
    Doubt.MAP_CHANGED: "the last proof is of other promises or another data map than these",
    Doubt.DEADLINE_PASSED: "a deadline has passed since the last proof",
}


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
    """One category; None where nothing is known yet. `headroom_s` is counted from now, negative after the first deadline.

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
        lines = [_headroom_text(self.headroom_s, self.verdict), f"last proof: {utc_minute(self.last_proof)}", *runs]
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
    read, standing = last_standing(own, category, documents, now)
    newest = newest_by_coverage(last_runs(own, category, now))
    first = most_urgent(newest)
    return CategoryStatus(
        category,
        mode_of(own, category, now).value,
        done["at"] if done else None,
        read.check.finished_at if read is not None else None,
        standing.headroom_s,
        standing.verdict.value,
        reason_of(read, standing),
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


def reason_of(read: CheckRead | None, standing: Standing) -> str:
    """Why this verdict: what the last proof said, or why it says nothing about now."""
    if read is None:
        return "never verified"
    said = ["as last verified"] if standing.verdict is standing.then else []
    return "; ".join([*said, *dict.fromkeys(_DOUBTS[doubt] for doubt in standing.doubts)])


def _headroom_text(headroom_s: int | None, verdict: str) -> str:
    """Until when nothing can breach. Beside a breach of another kind, such as a loss, it is the next deadline and no more."""
    if headroom_s is None:
        return "next deadline: none known" if verdict == "breach" else "first breach: not known"
    if headroom_s >= 0:
        comes = f"in {duration(headroom_s)} if nothing runs"
        return f"in breach; next deadline {comes}" if verdict == "breach" else f"first breach {comes}"
    if verdict == "breach":
        return f"overdue by {duration(headroom_s)}"
    return f"a deadline passed {duration(headroom_s)} ago; whether it was kept is not known"
