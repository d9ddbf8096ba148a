"""`restore confirm`: a second person says that no hold is missing, held against the ledger and what lies outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from retention.database import OwnConnection, database_time
from retention.errors import BlockedError, GuardError, RequestError
from retention.evidence import ledger
from retention.evidence.altered_holds import altered_holds
from retention.evidence.controls import set_stop, stop_of
from retention.evidence.hashing import ItemHasher
from retention.evidence.holds import read_holds
from retention.evidence.homes import CONFIRMED, Restore, note_home, unconfirmed_restore
from retention.evidence.merkle_log import ReadLedger
from retention.evidence.people import require_person_and_reason
from retention.policy.holds import is_open, is_second_person
from retention.readable import utc_minute
from retention.restore_cuts import AnchoredEnd, anchored_end
from retention.stores.locked_bucket import LockedBucket


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What was compared. `lost_entries` were signed or counted outside, and are not in this ledger (None: nothing outside could
    be asked); what came after `proven_until` (None: nothing is proven) rests on the person's word alone."""

    restored_by: str
    entries: int
    holds: int
    lost_entries: int | None
    proven_until: datetime | None


def confirm_restore(
    own: OwnConnection,
    hasher: ItemHasher,
    bucket: LockedBucket | None,
    *,
    by: str,
    restored_by: str | None,
    reason: str,
    holds_set_again: bool,
) -> Confirmation:
    """Note that the restored database's holds are complete. Everything stays stopped until `resume`.

    Raises RequestError (nothing to confirm, no second person), EvidenceError (the chain is broken), GuardError (holds differ from
    their entries), BlockedError where entries are lost, or nobody can tell, and nobody says that their holds were set again.
    """
    require_person_and_reason(by, reason)
    restore = _waiting(own)
    restorer = _restorer(restore, restored_by, by)
    read = ReadLedger(own)
    read.require_chain("Nothing was confirmed: restore another backup.")
    holds = _require_holds_as_noted(own, hasher)
    end = anchored_end(own, read.tree, bucket) if bucket is not None else None
    lost = _lost_entries(restore, end)
    if lost != 0 and not holds_set_again:
        raise BlockedError(_lost_words(lost, end))
    proven_until = end.fits_at if end is not None and not end.lost else None
    with own.transaction():
        if stop_of(own).is_restored:
            set_stop(own, True, changed_by=by, reason=f"restore confirmed: {reason}")
        noted = {"by": by, "restored_by": restorer, "reason": reason, "holds": holds, "lost": lost}
        noted |= {"holds_set_again": holds_set_again, "fits": end.fits if end is not None else None}
        ledger.append(own, CONFIRMED, noted)
        note_home(own)
    return Confirmation(restorer, read.check.entries, holds, lost, proven_until)


def _waiting(own: OwnConnection) -> Restore:
    restore = unconfirmed_restore(own)
    if restore is None:
        raise RequestError("found no restore that waits to be confirmed; expected one. Nothing was changed.")
    return restore


def _restorer(restore: Restore, restored_by: str | None, by: str) -> str:
    restorer = restore.by or restored_by
    if restorer is None:
        raise RequestError(
            "--restored-by: nobody noted who restored the database, because that was done by other means than `restore`; "
            "expected who did"
        )
    if not is_second_person(by, restorer):
        raise RequestError(f"--by: found {by!r}, who restored the database; expected a second person to confirm it")
    return restorer


def _require_holds_as_noted(own: OwnConnection, hasher: ItemHasher) -> int:
    now, holds = database_time(own), read_holds(own)
    altered = altered_holds(own, hasher, holds, now)
    if altered:
        raise GuardError(
            f"found holds that are gone, or say something else than the ledger noted ({', '.join(altered)}); expected them as "
            "they were set. Nothing was confirmed: set them anew with what they were meant for (`hold add`), and end these "
            "(`hold end`)."
        )
    return sum(is_open(hold, now) for hold in holds)


def _lost_entries(restore: Restore, end: AnchoredEnd | None) -> int | None:
    """How many entries are known to be lost, at least; None where nothing outside of the database could be asked."""
    return max(restore.lost, end.lost) if end is not None else restore.lost or None


def _lost_words(lost: int | None, end: AnchoredEnd | None) -> str:
    what = "nothing outside of the database could be asked what its ledger held (no locked bucket is connected)"
    if lost is not None:
        signed = f", the newest signed at {utc_minute(end.newest_at)}" if end is not None and end.lost else ""
        what = f"the ledger ends before entries that were there ({lost} at least{signed}): holds set since the backup are lost"
    return (
        f"found that {what}; expected a ledger that is whole. Nothing was confirmed. Find out which holds were set or ended "
        "since then, set them again (`hold add`, `hold end`), look at each category's mode (`status`), and confirm with "
        "--holds-set-again; the reason says how you know."
    )
