"""Modes per category and the global stop: who set them, when and why. Every change is a row and a ledger entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from retention import locks
from retention.database import OwnConnection
from retention.evidence import ledger
from retention.evidence.homes import CONFIRM, NOT_CONFIRMED, require_confirmed, unconfirmed_restore
from retention.evidence.people import require_person_and_reason


class Mode(StrEnum):
    """What disposal may do in a category; new ones start in `observe`."""

    OFF = "off"
    OBSERVE = "observe"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Change:
    """The newest change of a mode or of the stop; `changed_at` is None where nobody has changed it yet.

    `is_restored`: everything is stopped because our own database was restored, and nobody has confirmed its holds yet.
    """

    value: str
    changed_by: str | None
    changed_at: datetime | None
    reason: str
    is_restored: bool = False

    @property
    def how_to_end(self) -> str:
        """What ends a stop, in words."""
        return f"{NOT_CONFIRMED}. {CONFIRM}" if self.is_restored else "`resume` ends that."


def mode_of(own: OwnConnection, category: str, as_of: datetime | None = None) -> Change:
    """The category's mode, at `as_of` (None: now); `observe` until somebody decides otherwise."""
    row = own.execute(
        "SELECT mode, changed_by, changed_at, reason FROM retention.mode_changes WHERE category = %s "
        "AND changed_at <= coalesce(%s, 'infinity'::timestamptz) ORDER BY change_id DESC LIMIT 1",
        (category, as_of),
    ).fetchone()
    if row is None:
        return Change(Mode.OBSERVE, None, None, "new categories start in observe")
    return Change(row["mode"], row["changed_by"], row["changed_at"], row["reason"])


def set_mode(own: OwnConnection, category: str, mode: Mode, *, changed_by: str, reason: str) -> Change:
    """Set the category's mode. Raises RequestError without a person or a reason."""
    require_person_and_reason(changed_by, reason)
    with own.transaction():
        own.execute(
            "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES (%s, %s, %s, %s)",
            (category, mode.value, changed_by, reason),
        )
        ledger.append(own, "mode", {"category": category, "mode": mode.value, "by": changed_by, "reason": reason})
    return mode_of(own, category)


def stop_of(own: OwnConnection, as_of: datetime | None = None) -> Change:
    """Whether everything is stopped at `as_of` (None: now): value `stopped` or `running`.

    A restored database is stopped until its holds are confirmed, whatever its rows say.
    """
    restore = unconfirmed_restore(own)
    if restore is not None:
        return Change("stopped", restore.by, restore.at, NOT_CONFIRMED, is_restored=True)
    row = own.execute(
        "SELECT stopped, changed_by, changed_at, reason FROM retention.stop_changes "
        "WHERE changed_at <= coalesce(%s, 'infinity'::timestamptz) ORDER BY change_id DESC LIMIT 1",
        (as_of,),
    ).fetchone()
    if row is None:
        return Change("running", None, None, "never stopped")
    return Change("stopped" if row["stopped"] else "running", row["changed_by"], row["changed_at"], row["reason"])


def set_stop(own: OwnConnection, stopped: bool, *, changed_by: str, reason: str) -> Change:
    """Stop every delete path before its next batch, or resume. Raises RequestError without a person or a reason, StoppedError
    where a restore has to be confirmed before.

    Batches that run at this moment end in their own time: `wait_for_batches` tells when.
    """
    require_person_and_reason(changed_by, reason, is_urgent=stopped)
    if not stopped:
        require_confirmed(own)
    with own.transaction():
        own.execute(
            "INSERT INTO retention.stop_changes (stopped, changed_by, reason) VALUES (%s, %s, %s)",
            (stopped, changed_by, reason),
        )
        ledger.append(own, "stop" if stopped else "resume", {"by": changed_by, "reason": reason})
    return stop_of(own)


def wait_for_batches(own: OwnConnection) -> None:
    """Return when every batch that ran at the call has ended: deleted, confirmed, and its result recorded.

    Batches hold these locks shared, and look for a stop after they have got them. Once a stop is committed, none runs from here
    on.
    """
    with own.transaction():
        own.execute(f"SELECT pg_advisory_xact_lock({locks.RESULTS})")
        own.execute(f"SELECT pg_advisory_xact_lock({locks.HOLDS})")
