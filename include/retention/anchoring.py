"""Tree heads outside of our own database: written to a bucket under object lock, and compared with the ledger from there.

Whoever can rewrite ledger, heads and results together can't rewrite that bucket.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from retention.database import OwnConnection
from retention.evidence import ledger
from retention.evidence.merkle_log import LedgerTree
from retention.evidence.signing_keys import keys_of
from retention.evidence.tree_head import TreeHead
from retention.evidence.tree_heads import BadHead, check_heads, heads_of, log_of
from retention.stores.locked_bucket import LockedBucket

CONNECTION = "retention_anchor"
PREFIX = "tree-heads/"
KEPT_YEARS = 4
"""A head stays to the end of the third year after its own, as long as the ledger's entries."""


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
    """How many heads the bucket holds, how many of those in our own database it lacks, and the first that is wrong."""

    anchored: int
    missing: int
    bad: BadHead | None


def anchor_heads(own: OwnConnection, bucket: LockedBucket) -> int:
    """Write every head that the bucket lacks; gives how many those were. Doing it again changes nothing.

    Raises RequestError for a bucket without object lock, StoreUnreadable where it does not answer.
    """
    bucket.require_lock()
    heads = heads_of(own)
    there = bucket.keys(PREFIX)
    missing = [head for head in heads if _key(head) not in there]
    for head in missing:
        bucket.write(_key(head), head.to_json(), until=_until(head.at))
    return len(missing)


def check_anchors(own: OwnConnection, tree: LedgerTree, bucket: LockedBucket) -> AnchorCheck:
    """Compare everything in the bucket with the ledger, whose tree this is. Raises StoreUnreadable where it can't be read.

    A head of another ledger, of an unknown key, or a text that is none, is wrong: nobody but us writes there.
    """
    heads = list(_heads_in(bucket))
    known = {head for head in heads if head is not None}
    missing = sum(head not in known for head in heads_of(own))
    if None in heads:
        return AnchorCheck(len(heads), missing, BadHead(1, "an object in the locked bucket is no tree head"))
    bad = check_heads(tree, known, log_of(own), keys_of(own))
    return AnchorCheck(len(heads), missing, bad)


def _heads_in(bucket: LockedBucket) -> Iterator[TreeHead | None]:
    for found in bucket.read(PREFIX):
        try:
            yield TreeHead.from_fields(json.loads(found.text or ""))
        except (ValueError, TypeError, AttributeError, RecursionError):
            yield None


def _key(head: TreeHead) -> str:
    at = head.at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return f"{PREFIX}{head.log[:16]}/{at}-{head.size}.json"


def _until(at: datetime) -> datetime:
    return datetime(at.astimezone(UTC).year + KEPT_YEARS, 1, 1, tzinfo=UTC)
