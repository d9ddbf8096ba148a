"""The overview: each data category as it stands now, by the same judgement as `status`, in a form that pages show."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from retention.database import OwnConnection, database_time
from retention.datamap.loader import DataMap
from retention.evidence.controls import Change, stop_of
from retention.evidence.people import seems_to_name
from retention.policy.loader import Policy
from retention.reports import Verdict, verdict
from retention.reports.assembly import category_report
from retention.reports.backups import backup_notices
from retention.reports.checks import documents_now
from retention.reports.document import CategoryReport, Text
from retention.reports.run import DisposalRun, RunState
from retention.reports.runs import newest_by_coverage
from retention.reports.standing import last_standing

LATE_AFTER = timedelta(hours=26)
"""The rarest regular run is nightly: a category that nobody has looked through for a day and two hours waits for its run."""
_AT_WORK = (RunState.PLANNING, RunState.RUNNING, RunState.DONE, RunState.PARTLY_FAILED, RunState.OBSERVED)


@dataclass(frozen=True, slots=True)
class Tile:
    """One data category. `proof_at` is when its last proof looked (None: never), `runs` its newest run of each coverage, `late`:
    no regular run has come in time. `breach_at` is the first deadline that comes if nothing runs, where one is known."""

    category: CategoryReport
    proof_at: datetime | None
    runs: tuple[DisposalRun, ...]
    late: bool
    breach_at: datetime | None

    @property
    def asks_for_runs(self) -> bool:
        """Whether its deletion is in trouble, so that the time to the first breach is what counts."""
        return self.late or any(run.is_trouble for run in self.runs)


@dataclass(frozen=True, slots=True)
class Overview:
    """All tiles at `now`, the worst verdict of them, and the global stop."""

    now: datetime
    verdict: Verdict
    stop: Change
    tiles: tuple[Tile, ...]
    notices: tuple[Text, ...]

    @property
    def is_stopped(self) -> bool:
        """Whether every delete path is stopped."""
        return self.stop.value == "stopped"

    def to_json(self) -> dict[str, Any]:
        """Its fields as JSON values."""
        return asdict(self) | {"stop": asdict(self.stop) | {"reason": shown_reason(self.stop)}}


def look(own: OwnConnection, policy: Policy, datamap: DataMap) -> Overview:
    """The overview now, from our own database. Raises HoldsUnreadable where the holds can't be read."""
    now = database_time(own)
    tiles = tuple(_tile(own, category, policy, datamap, now) for category in sorted(policy.rules))
    worst = verdict.worst(tile.category.verdict for tile in tiles)
    return Overview(now, worst, stop_of(own, now), tiles, backup_notices(own, now))


def _tile(own: OwnConnection, category: str, policy: Policy, datamap: DataMap, now: datetime) -> Tile:
    current = documents_now(policy, datamap)
    read, standing = last_standing(own, category, current, now)
    seen = replace(
        category_report(own, policy.rules[category], policy, current, read, now),
        verdict=standing.verdict,
        verdict_at_check=standing.then,
        doubts=standing.doubts,
        headroom_s=standing.headroom_s,
    )
    room_s = standing.headroom_s
    return Tile(
        seen,
        read.check.as_of if read is not None else None,
        tuple(newest_by_coverage(seen.runs).values()),
        _is_late(seen, now),
        now + timedelta(seconds=room_s) if room_s is not None else None,
    )


def _is_late(category: CategoryReport, now: datetime) -> bool:
    if category.kept_by_others or category.mode == "off":
        return False
    began = [run.at for run in category.runs if run.coverage == "rows" and run.state in _AT_WORK]
    return not began or now - max(began) > LATE_AFTER


def shown_reason(stop: Change) -> str | None:
    """Why it was stopped; None where the words name somebody, as those of an urgent stop may: no page shows that."""
    return None if seems_to_name(stop.reason) else stop.reason
