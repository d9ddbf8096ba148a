"""Tree heads outside of our own database: objects in a bucket under object lock.

Whoever can rewrite ledger, heads and results together can't rewrite that bucket.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from retention.database import OwnConnection
from retention.evidence.tree_head import TreeHead
from retention.evidence.tree_heads import heads_of
from retention.stores.locked_bucket import LockedBucket

CONNECTION = "retention_anchor"
PREFIX = "tree-heads/"
KEPT_YEARS = 4
"""A head stays to the end of the third year after its own, as long as the ledger's entries."""


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


def heads_in(bucket: LockedBucket, prefix: str) -> Iterator[TreeHead | None]:
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
