"""Status from our own database alone: it works on the day that Airflow is down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from retention.database import OwnConnection
from retention.evidence.controls import mode_of, stop_of
from retention.policy.model import Action
from retention.readable import duration, utc_minute
from retention.reports import formats
from retention.reports.backups import BackupStatus, read_backups
from retention.reports.checks import CheckRead, Documents
from retention.reports.run import NOT_BEGUN, DisposalRun
from retention.reports.run_words import describe_plainly
from retention.reports.runs import last_runs, most_urgent, newest_by_coverage
from retention.reports.standing import Doubt, Standing, last_standing
from retention.reports.wording import of_action, say
from retention.verification.result import Verdict

AS_VERIFIED = "as last verified"
NEXT_STEP = "Why, and what to do: the page Retention in Airflow, or the report (`python -m retention report`)."
"""What to do about a verdict other than compliant."""
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
    the newest regular one and the newest by the full listing the one in trouble, else the newer. `runs` has both.
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
    kept_by_others: bool = False
    action: str = Action.DELETE.value

    def line(self) -> tuple[str, ...]:
        """Its line in the table of `Status.to_text`."""
        room = _headroom_text(self.headroom_s, self.verdict)
        return self.category, self.verdict, self.mode, room, utc_minute(self.last_proof), self._last_run()

    def _last_run(self) -> str:
        if self.last_run_state is None:
            return "none: others keep it" if self.kept_by_others else "none yet"
        count = (
            f"; {formats.number(self.gone, 'en')} of {formats.number(self.due, 'en')}" if self.due is not None else ""
        )
        if self.last_run_state in NOT_BEGUN:
            count = f"; {formats.number(self.due, 'en')} due"
        return f"{utc_minute(self.last_run_at)}: {say(of_action(f'state.{self.last_run_state}', self.action), 'en')}{count}"

    def troubles(self) -> list[str]:
        """What became of those of its runs that somebody should look at."""
        return [f"{self.category}: {run.said}" for run in self.runs.values() if run.is_trouble]


_HEAD = ("category", "verdict", "mode", "first breach if nothing runs", "last proof", "last run")


@dataclass(frozen=True, slots=True)
class Status:
    """All categories; the worst verdict counts."""

    verdict: str
    stopped: bool
    categories: list[CategoryStatus]
    stopped_because: str | None = None
    how_to_end: str | None = None
    backups: BackupStatus | None = None

    def to_json(self) -> dict[str, Any]:
        """Fields of the command line's JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """A table with a line for each category, before it whether everything is stopped, and after it what asks for a look."""
        stopped = [f"everything is STOPPED; {self.how_to_end}"] if self.stopped else []
        table = in_columns([_HEAD, *(one.line() for one in self.categories)])
        troubles = [trouble for one in self.categories for trouble in one.troubles()]
        next_step = [NEXT_STEP] if self.verdict != Verdict.COMPLIANT else []
        warnings = self.backups.warnings if self.backups is not None else ()
        return "\n".join(
            [*stopped, *table, *self._doubts(), *troubles, *next_step, *(f"WARNING: {one}" for one in warnings)]
        )

    def _doubts(self) -> list[str]:
        """Why a verdict is not what the last proof said, the categories with the same reason together."""
        reasons = dict.fromkeys(one.reason for one in self.categories if one.reason != AS_VERIFIED)
        return [
            f"{', '.join(one.category for one in self.categories if one.reason == reason)}: {reason}"
            for reason in reasons
        ]


def in_columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines in which columns stand below each other, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def read_status(own: OwnConnection, categories: Sequence[str], documents: Documents, now: datetime) -> Status:
    """The status of these categories at `now`, from what had happened by then.

    `documents` are those that count now: a proof of others proves nothing here. No proof, or one that is too old, is `unknown`.
    """
    found = [_category(own, category, documents, now) for category in categories]
    verdicts = {one.verdict for one in found}
    worst = next(
        (verdict for verdict in ("breach", "unknown") if verdict in verdicts), "compliant" if found else "unknown"
    )
    stop, backups = stop_of(own, now), read_backups(own, now)
    if stop.value != "stopped":
        return Status(worst, False, found, backups=backups)
    return Status(worst, True, found, stop.reason, stop.how_to_end, backups)


def _category(own: OwnConnection, category: str, documents: Documents, now: datetime) -> CategoryStatus:
    done = own.execute(
        "SELECT max(planned_at) AS at FROM retention.plans WHERE category = %s AND state = 'done' AND planned_at <= %s",
        (category, now),
    ).fetchone()
    read, standing = last_standing(own, category, documents, now)
    newest = newest_by_coverage(last_runs(own, category, now, anonymises=category in documents.anonymised))
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
        kept_by_others=category in documents.kept_by_others,
        action=(Action.ANONYMISE if category in documents.anonymised else Action.DELETE).value,
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
    said = [AS_VERIFIED] if standing.verdict is standing.then else []
    return "; ".join([*said, *dict.fromkeys(_DOUBTS[doubt] for doubt in standing.doubts)])


def _headroom_text(headroom_s: int | None, verdict: str) -> str:
    """When the first breach comes. Beside a breach of another kind, such as a loss, it is the next deadline and no more."""
    if headroom_s is None:
        # A check that found all well has read and dated everything: then no deadline is known because none is running.
        return {"breach": "in breach", "compliant": "no deadline running"}.get(verdict, "not known")
    if headroom_s >= 0:
        return (
            f"in breach; next deadline in {duration(headroom_s)}"
            if verdict == "breach"
            else f"in {duration(headroom_s)}"
        )
    return (
        f"overdue by {duration(headroom_s)}" if verdict == "breach" else f"a deadline passed {duration(headroom_s)} ago"
    )
