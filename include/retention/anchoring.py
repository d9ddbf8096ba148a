"""Tree heads outside of our own database: written to a bucket under object lock, and compared with the ledger from there.

Whoever can rewrite ledger, heads and results together can't rewrite that bucket.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from retention.database import OwnConnection
from retention.errors import EvidenceError
from retention.evidence import ledger
from retention.evidence.homes import CONFIRM, CONFIRMED, doubt_home
from retention.evidence.merkle_log import LedgerTree
from retention.evidence.noted import changed_checks
from retention.evidence.signing_keys import keys_of
from retention.evidence.tree_head import TreeHead
from retention.evidence.tree_heads import BadHead, check_heads, heads_of, log_of
from retention.stores.locked_bucket import LockedBucket

CONNECTION = "retention_anchor"
PREFIX = "tree-heads/"
KEPT_YEARS = 4
"""A head stays to the end of the third year after its own, as long as the ledger's entries."""


NEWEST = 24
"""How many heads are read before another one is signed: the last day's. `check_anchors` reads all."""


@dataclass(frozen=True, slots=True)
class LedgerProof:
    """What the ledger was held against: its chain, `heads` that were signed, and those in the locked bucket, where there is one.

    `first_bad` is the first entry that may be wrong, None where all fits; `root` is the Merkle root over all entries in hex.
    """

    entries: int
    head: str
    root: str
    heads: int
    anchors: AnchorCheck | None
    first_bad: int | None
    reason: str | None


def prove_ledger(own: OwnConnection, bucket: LockedBucket | None) -> LedgerProof:
    """Hold the ledger against its chain, every signed head and everything in the bucket.

    Raises StoreUnreadable where the bucket can't be read: what it holds is unknown then.
    """
    chain, tree, heads = ledger.verify(own), LedgerTree.read(own), heads_of(own)
    anchors = check_anchors(own, tree, bucket) if bucket is not None else None
    found = [BadHead(chain.first_bad, str(chain.reason))] if chain.first_bad is not None else []
    found += filter(None, [check_heads(tree, heads, log_of(own), keys_of(own)), anchors.bad if anchors else None])
    changed = changed_checks(own)
    if changed is not None:
        found.append(BadHead(changed, "a check's result is another than what was noted of it"))
    first = min(found, key=lambda bad: bad.first_bad, default=None)
    return LedgerProof(
        entries=chain.entries,
        head=chain.head,
        root=tree.get_root().hex(),
        heads=len(heads),
        anchors=anchors,
        first_bad=first.first_bad if first is not None else None,
        reason=first.reason if first is not None else None,
    )


@dataclass(frozen=True, slots=True)
class AnchorCheck:
    """How many heads the bucket holds, how many of those in our own database it lacks, and the first that is wrong.

    `lost` heads are of entries that a restore lost, as somebody confirmed: they stay in the bucket, and fit no ledger any more.
    """

    anchored: int
    missing: int
    bad: BadHead | None
    lost: int = 0


def anchor_heads(own: OwnConnection, bucket: LockedBucket) -> int:
    """Write every head that the bucket lacks; gives how many those were. Doing it again changes nothing.

    Raises RequestError for a bucket without object lock, StoreUnreadable where it does not answer.
    """
    bucket.require_lock()
    there = bucket.keys(PREFIX)
    missing = [head for head in heads_of(own) if _key(head) not in there]
    for head in missing:
        bucket.write(_key(head), head.to_json(), until=_until(head.at))
    return len(missing)


def require_anchored(own: OwnConnection, bucket: LockedBucket) -> None:
    """Raise EvidenceError, and stop everything, unless the ledger begins with what the newest heads in the bucket say: each is
    over all before it.

    That is how a rewritten ledger shows, and a database that was put back by a copy of its disk: nothing inside of it says so.
    Raises RequestError for a bucket without object lock, StoreUnreadable where it can't be read.
    """
    bucket.require_lock()
    newest = sorted(bucket.keys(PREFIX), key=lambda key: key.rpartition("/")[2])[-NEWEST:]
    found = [head for key in newest for head in _heads_in(bucket, key)]
    bad = _first_bad(own, LedgerTree.read(own), found)
    if bad is not None and None in found:  # whoever may write there could stop everything with it
        raise EvidenceError(
            f"found {bad.reason}; expected our own heads alone. Nothing was signed. Find out who writes there, and let its owner "
            "remove that version (docs/evidence.md)."
        )
    if bad is not None:
        doubt_home(own, "the ledger lacks what the newest heads in the locked bucket say")
        raise EvidenceError(
            f"entry {bad.first_bad}: {bad.reason}; expected a ledger that goes on from what lies in the locked bucket. Was it "
            "changed, or an old copy of our own database put in its place? Everything is stopped, nothing was signed. "
            f"Compare the ledger with a backup (docs/evidence.md). {CONFIRM}"
        )


def check_anchors(own: OwnConnection, tree: LedgerTree, bucket: LockedBucket) -> AnchorCheck:
    """Compare everything in the bucket with the ledger, whose tree this is. Raises RequestError for a bucket without object lock,
    StoreUnreadable where it can't be read.

    A head of another ledger, of an unknown key, under another name, or a text that is none, is wrong: nobody but us writes there.
    """
    bucket.require_lock()
    heads = list(_heads_in(bucket, PREFIX))
    missing = sum(head not in heads for head in heads_of(own))
    known = {head for head in heads if head is not None}
    return AnchorCheck(
        len(heads), missing, _first_bad(own, tree, heads), lost=len(known) - len(_not_lost(own, list(known)))
    )


def _first_bad(own: OwnConnection, tree: LedgerTree, heads: Sequence[TreeHead | None]) -> BadHead | None:
    if None in heads:
        return BadHead(1, "an object in the locked bucket is no tree head, or not the one that its name says")
    return check_heads(tree, _not_lost(own, heads), log_of(own), keys_of(own))


def _not_lost(own: OwnConnection, heads: Sequence[TreeHead | None]) -> list[TreeHead]:
    """The heads without those of entries that a confirmed restore lost."""
    cuts = _cuts(own)
    return [head for head in heads if head is not None and not any(cut.covers(head) for cut in cuts)]


@dataclass(frozen=True, slots=True)
class _Cut:
    """A confirmed restore: entries beyond `fits` that were signed before `at` are lost."""

    fits: int
    at: datetime

    def covers(self, head: TreeHead) -> bool:
        return head.size > self.fits and head.at < self.at


def _cuts(own: OwnConnection) -> list[_Cut]:
    rows = own.execute("SELECT at, body FROM retention.ledger WHERE kind = %s ORDER BY seq", (CONFIRMED,)).fetchall()
    said = [(row["at"], json.loads(row["body"])["fits"]) for row in rows]
    return [_Cut(fits, at) for at, fits in said if fits is not None]


@dataclass(frozen=True, slots=True)
class AnchoredEnd:
    """How far the ledger and the bucket agree: to entry `fits`, signed at `fits_at` (0 and None: nowhere). `lost` entries at
    least were signed beyond, the last of them at `newest_at`."""

    fits: int
    fits_at: datetime | None
    lost: int
    newest_at: datetime | None


def anchored_end(own: OwnConnection, tree: LedgerTree, bucket: LockedBucket) -> AnchoredEnd:
    """Up to which entry the ledger, whose tree this is, has what was signed. Raises StoreUnreadable where the bucket can't be
    read.

    Whose key signed is not asked: one that was announced in lost entries is lost with them. What earlier restores lost is left
    out.
    """
    heads = _not_lost(own, list(_heads_in(bucket, PREFIX)))
    fitting = [head for head in heads if _fits(tree, head, log_of(own))]
    last = max(fitting, key=lambda head: (head.size, head.at), default=None)
    fits = last.size if last is not None else 0
    beyond = [head for head in heads if head.size > fits]
    newest = max(beyond, key=lambda head: head.size, default=None)
    return AnchoredEnd(
        fits,
        last.at if last is not None else None,
        newest.size - fits if newest is not None else 0,
        newest.at if newest is not None else None,
    )


def _fits(tree: LedgerTree, head: TreeHead, log: str) -> bool:
    return head.log == log and 0 < head.size <= tree.get_size() and tree.get_root(head.size).hex() == head.root


def _heads_in(bucket: LockedBucket, prefix: str) -> Iterator[TreeHead | None]:
    """Every version of every head; None for what is none, or lies under another head's name."""
    for found in bucket.read(prefix):
        try:
            head = TreeHead.from_fields(json.loads(found.text or ""))
            yield head if _key(head) == found.key else None
        except (ValueError, TypeError, AttributeError, RecursionError):
            yield None


def _key(head: TreeHead) -> str:
    at = head.at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return f"{PREFIX}{head.log[:16]}/{at}-{head.size}.json"


def _until(at: datetime) -> datetime:
    return datetime(at.astimezone(UTC).year + KEPT_YEARS, 1, 1, tzinfo=UTC)
