"""Holding the ledger against what was signed, with Airflow's connection to the locked bucket, for the pages' "verify now"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention.orchestration.connections import from_airflow, is_connected

if TYPE_CHECKING:
    from retention.anchoring import LedgerProof
    from retention.database import OwnConnection


def prove_now(own: OwnConnection) -> LedgerProof:
    """The ledger against its chain, every signed head, and the locked bucket where Airflow has one.

    Raises StoreUnreadable where the bucket can't be read: what it holds is unknown then.
    """
    from retention.anchored_heads import CONNECTION
    from retention.anchoring import prove_ledger
    from retention.stores.locked_bucket import LockedBucket

    bucket = LockedBucket(from_airflow(CONNECTION)) if is_connected(CONNECTION) else None
    return prove_ledger(own, bucket)
