"""The ledger, held against what was signed, and against what of that lies outside of our own database.

Whoever can rewrite ledger, heads and results together can't rewrite that bucket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retention.anchored_heads import PREFIX, heads_in
from retention.database import OwnConnection
from retention.errors import EvidenceError
from retention.evidence.homes import CONFIRM, doubt_home
from retention.evidence.merkle_log import LedgerTree, ReadLedger
from retention.evidence.noted import changed_checks
from retention.evidence.signing_keys import keys_of
from retention.evidence.tree_head import TreeHead
from retention.evidence.tree_heads import BadHead, check_heads, heads_of, log_of
from retention.restore_cuts import not_lost
from retention.stores.locked_bucket import LockedBucket

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
    read, heads = ReadLedger(own), heads_of(own)
    chain, tree = read.check, read.tree
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


def require_anchored(own: OwnConnection, bucket: LockedBucket, tree: LedgerTree) -> None:
    """Raise EvidenceError, and stop everything, unless the ledger, whose tree this is, begins with what the newest heads in the
    bucket say: each is over all before it.

    That is how a rewritten ledger shows, and a database that was put back by a copy of its disk: nothing inside of it says so.
    Raises RequestError for a bucket without object lock, StoreUnreadable where it can't be read.
    """
    bucket.require_lock()
    newest = sorted(bucket.keys(PREFIX), key=lambda key: key.rpartition("/")[2])[-NEWEST:]
    found = [head for key in newest for head in heads_in(bucket, key)]
    bad = _first_bad(own, tree, found)
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
    heads = list(heads_in(bucket, PREFIX))
    missing = sum(head not in heads for head in heads_of(own))
    known = {head for head in heads if head is not None}
    return AnchorCheck(
        len(heads), missing, _first_bad(own, tree, heads), lost=len(known) - len(not_lost(own, list(known)))
    )


def _first_bad(own: OwnConnection, tree: LedgerTree, heads: Sequence[TreeHead | None]) -> BadHead | None:
    if None in heads:
        return BadHead(1, "an object in the locked bucket is no tree head, or not the one that its name says")
    return check_heads(tree, not_lost(own, heads), log_of(own), keys_of(own))
