"""Whether our own database is where it was last confirmed to be complete. One that was restored isn't, by whatever means it was.

A restored database lacks what was noted since its backup, holds above all: deletion waits for `restore confirm`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from retention.database import OwnConnection
from retention.errors import StoppedError
from retention.evidence import ledger

RESTORED, CONFIRMED, DOUBTED = "restored", "restore_confirmed", "ledger_doubted"
NOT_CONFIRMED = "restored, not confirmed"
CONFIRM = (
    "Set again what holds it lost (`hold add`), then somebody other than who restored it runs "
    "`python -m retention restore confirm`, then `resume` (docs/backup.md)."
)


# The restore that was noted since the last one was confirmed, or a doubt; else the ledger's last entry.
_NOTED = """
SELECT at, kind, body FROM retention.ledger
WHERE seq > (SELECT coalesce(max(seq), 0) FROM retention.ledger WHERE kind = 'restore_confirmed')
ORDER BY kind IN ('restored', 'ledger_doubted') DESC, seq DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Restore:
    """A restore that waits to be confirmed, noted at `at`. Done by other means than `restore`, nobody noted who did it (`by`),
    and `at` is the last entry's. `lost` is how many entries the ledger that was replaced had more than the backup."""

    at: datetime | None
    by: str | None = None
    lost: int = 0


def is_at_home(own: OwnConnection) -> bool:
    """Whether this database is where it was last confirmed to be complete."""
    row = own.execute(
        "SELECT home = retention.home() AS at_home FROM retention.homes ORDER BY home_no DESC LIMIT 1"
    ).fetchone()
    return row is not None and bool(row["at_home"])


def unconfirmed_restore(own: OwnConnection) -> Restore | None:
    """The restore that waits to be confirmed; None where none does."""
    if is_at_home(own):
        return None
    row = own.execute(_NOTED).fetchone()
    if row is None:
        return Restore(None)
    body = json.loads(row["body"]) if row["kind"] == RESTORED else {}
    return Restore(row["at"], body.get("by"), max(0, (body.get("replaced") or 0) - body.get("entries", 0)))


def require_confirmed(own: OwnConnection) -> None:
    """Raise StoppedError while a restore waits to be confirmed."""
    if not is_at_home(own):
        raise StoppedError(
            f"our own database was {NOT_CONFIRMED}: found it in another place than where its holds were last known to be "
            f"complete, so holds may be missing. Nothing is planned, deleted or signed. {CONFIRM}"
        )


def note_home(own: OwnConnection) -> None:
    """From now on this is the place where the database is complete."""
    own.execute("INSERT INTO retention.homes (home) VALUES (retention.home())")


def doubt_home(own: OwnConnection, reason: str) -> None:
    """Something outside says that the database is not what it was: everything stops until somebody confirms it."""
    if is_at_home(own):
        with own.transaction():
            own.execute("INSERT INTO retention.homes (home) VALUES ('')")
            ledger.append(own, DOUBTED, {"reason": reason})
