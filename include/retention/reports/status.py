"""Status and summary from our own database alone: they work on the day that Airflow is down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from retention.database import OwnConnection
from retention.evidence.controls import mode_of, stop_of
from retention.reports.wording import say

PROOF_VALID_FOR = timedelta(hours=2)
"""Verification runs hourly by its own clock; a proof that is older than two intervals proves nothing about now."""


Documents = tuple[str, str]
"""SHA-256 of the promises, and of the data map."""


@dataclass(frozen=True, slots=True)
class CategoryStatus:
    """One category; None where nothing is known yet. `headroom_s` is counted from now, negative after the first breach."""

    category: str
    mode: str
    last_run: datetime | None
    last_proof: datetime | None
    headroom_s: int | None
    verdict: str
    reason: str


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
        """One line per category."""
        lines = ["everything is STOPPED"] if self.stopped else []
        for one in self.categories:
            headroom = "unknown" if one.headroom_s is None else f"{one.headroom_s / 3600:.1f} h"
            proof = one.last_proof.isoformat() if one.last_proof else "never"
            run = one.last_run.isoformat() if one.last_run else "never"
            lines.append(
                f"{one.category}: {one.verdict} ({one.reason}); mode {one.mode}; last run {run}; last proof {proof}; "
                f"first breach in {headroom} if nothing runs"
            )
        return "\n".join(lines)


def read_status(own: OwnConnection, categories: Sequence[str], documents: Documents, now: datetime) -> Status:
    """The status of these categories at `now`, from what had happened by then.

    `documents` are the digests of the promises and the data map that count now: a proof of others proves nothing here. No
    proof, or one that is too old, is `unknown`.
    """
    found = [_category(own, category, documents, now) for category in categories]
    verdicts = {one.verdict for one in found}
    worst = next(
        (verdict for verdict in ("breach", "unknown") if verdict in verdicts), "compliant" if found else "unknown"
    )
    return Status(worst, stop_of(own, now).value == "stopped", found)


def _category(own: OwnConnection, category: str, documents: Documents, now: datetime) -> CategoryStatus:
    run = own.execute(
        "SELECT planned_at FROM retention.plans WHERE category = %s AND state = 'done' AND planned_at <= %s "
        "ORDER BY planned_at DESC LIMIT 1",
        (category, now),
    ).fetchone()
    proof = own.execute(
        "SELECT started_at, finished_at, as_of, verdict, summary, promises_digest, map_digest FROM retention.check_runs "
        "WHERE %s = ANY(categories) AND is_proof AND started_at <= %s ORDER BY started_at DESC LIMIT 1",
        (category, now),
    ).fetchone()
    headroom = _headroom(proof, category, now)
    verdict, reason = _judge(proof, documents, headroom, now)
    return CategoryStatus(
        category,
        mode_of(own, category, now).value,
        run["planned_at"] if run else None,
        proof["finished_at"] if proof else None,
        headroom,
        verdict,
        reason,
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
    if proof["verdict"] != "breach" and (proof["promises_digest"], proof["map_digest"]) != documents:
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


def last_proof_id(own: OwnConnection, until: datetime) -> UUID | None:
    """The newest check run that had finished at `until`, as a report takes it; None where there was none."""
    row = own.execute(
        "SELECT check_run_id FROM retention.check_runs WHERE finished_at <= %s AND is_proof ORDER BY started_at DESC LIMIT 1",
        (until,),
    ).fetchone()
    return row["check_run_id"] if row else None


def read_summary(
    own: OwnConnection, categories: Sequence[str], *, since: datetime | None, until: datetime | None = None
) -> dict[str, Any]:
    """The last finished disposal and the last proof of each category up to `until` (None: now), with a text for people."""
    found = [_summary(own, category, since, until) for category in categories]
    return {"categories": found, "text": "\n".join(one["text"] for one in found)}


def _summary(own: OwnConnection, category: str, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    plan = own.execute(
        "SELECT * FROM retention.plans WHERE category = %s AND coverage = 'rows' AND state = 'done' "
        "AND planned_at >= coalesce(%s, '-infinity'::timestamptz) AND planned_at <= coalesce(%s, 'infinity'::timestamptz) "
        "ORDER BY planned_at DESC LIMIT 1",
        (category, since, until),
    ).fetchone()
    proof = own.execute(
        "SELECT * FROM retention.check_runs WHERE %s = ANY(categories) AND is_proof AND finished_at <= coalesce(%s, 'infinity') "
        "AND started_at >= coalesce(%s, '-infinity'::timestamptz) ORDER BY started_at DESC LIMIT 1",
        (category, until, since),
    ).fetchone()
    counted = own.execute(
        "SELECT severity, sum(count)::bigint AS items FROM retention.findings WHERE check_run_id = %s AND category = %s "
        "GROUP BY severity",
        (proof["check_run_id"] if proof else None, category),
    ).fetchall()
    lines = [_disposal_line(category, plan), _proof_line(proof, {row["severity"]: row["items"] for row in counted})]
    if plan is not None and plan["next_due_at"] is not None:
        lines.append(f"  The next one is due at {plan['next_due_at']:%Y-%m-%d %H:%M} UTC.")
    return {
        "category": category,
        "plan_id": plan["plan_id"] if plan else None,
        "result": plan["result"] if plan else None,
        "kept_by_reason": plan["kept_by_reason"] if plan else None,
        "verdict": proof["verdict"] if proof else "unknown",
        "next_due_at": plan["next_due_at"] if plan else None,
        "text": "\n".join(lines),
    }


def _disposal_line(category: str, plan: dict[str, Any] | None) -> str:
    if plan is None or plan["result"] is None:
        return f"{category}: no disposal has finished yet."
    result = plan["result"]
    gone = result["gone"] + result["recovered"]
    stayed = ", ".join(
        f"{count} × {say(f'reason.{reason}', 'en')}" for reason, count in sorted(plan["kept_by_reason"].items())
    )
    spared = sum(result["spared"].values())
    return (
        f"{category}: {plan['due']} of {plan['considered']} were due and {gone} went"
        + (f", {spared} were spared at the last moment" if spared else "")
        + (f", {result['failed']} failed" if result["failed"] else "")
        + f".\n  Stayed: {stayed or 'nothing'}."
    )


def _proof_line(proof: dict[str, Any] | None, findings: Mapping[str, int]) -> str:
    if proof is None:
        return "  Not verified yet: nothing is proven."
    words = {"breach": "in breach", "unknown": "unknown", "exception": "kept lawfully", "finding": "to look at"}
    counts = ", ".join(f"{findings[severity]} {word}" for severity, word in words.items() if severity in findings)
    said = f"  Proof of {proof['finished_at']:%Y-%m-%d %H:%M} UTC: {proof['verdict'].upper()}"
    return f"{said} ({counts})." if counts else f"{said}."
