"""The lock on one plan: one executor at a time, and none left behind by a killed one (it goes with its connection)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from retention import locks
from retention.database import OwnConnection


@contextmanager
def try_plan_lock(own: OwnConnection, plan_id: UUID) -> Iterator[bool]:
    """Take the plan's lock if it is free, and say whether; given back at the end."""
    key = (locks.PLANS, str(plan_id))
    row = own.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s)) AS free", key).fetchone()
    free = row is not None and bool(row["free"])
    try:
        yield free
    finally:
        if free and not own.closed:
            own.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", key)
