"""The lock on one plan: one executor at a time, or one for each part, and none left behind by a killed one (it goes with its
connection)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString, NamedTuple
from uuid import UUID

from retention import locks
from retention.database import OwnConnection


class Part(NamedTuple):
    """One of several runs that execute a plan together: of its batches those whose number, divided by `of`, leaves `number`."""

    number: int
    of: int

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the plan."""
        return self.of == 1


WHOLE = Part(0, 1)


@contextmanager
def try_plan_lock(own: OwnConnection, plan_id: UUID, part: Part = WHOLE) -> Iterator[bool]:
    """Take the lock of the plan, or of one part of it, if it is free, and say whether; given back at the end."""
    if part.is_whole:
        with _try(own, "", locks.PLANS, str(plan_id)) as free:
            yield free
        return
    with (
        _try(own, "_shared", locks.PLANS, str(plan_id)) as shared,
        _try(own, "", locks.PLAN_PARTS, f"{plan_id}/{part.number}/{part.of}") as free,
    ):
        yield shared and free


@contextmanager
def _try(own: OwnConnection, how: LiteralString, *key: object) -> Iterator[bool]:
    row = own.execute(f"SELECT pg_try_advisory_lock{how}(%s, hashtext(%s)) AS free", key).fetchone()
    free = row is not None and bool(row["free"])
    try:
        yield free
    finally:
        if free and not own.closed:
            own.execute(f"SELECT pg_advisory_unlock{how}(%s, hashtext(%s))", key)
