"""What a restore lost: entries that were signed, and are in the ledger no more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from retention.anchored_heads import PREFIX, heads_in
from retention.database import OwnConnection
from retention.evidence.homes import CONFIRMED
from retention.evidence.merkle_log import LedgerTree
from retention.evidence.tree_head import TreeHead
from retention.evidence.tree_heads import log_of
from retention.stores.locked_bucket import LockedBucket


def not_lost(own: OwnConnection, heads: Sequence[TreeHead | None]) -> list[TreeHead]:
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
    heads = not_lost(own, list(heads_in(bucket, PREFIX)))
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
