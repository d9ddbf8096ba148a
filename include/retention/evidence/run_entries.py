"""Which entries of the ledger are one run's. The last of them has the numbers of all others, so that none is left out unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:  # a certificate is checked where no database is
    from retention.database import OwnConnection

CLOSING = "plan_result"
COUNTED = "entries"
"""The field of the closing entry that has the numbers of all others, as [first, last] of what stands one behind the other."""
_OF_RUN = """
SELECT seq, at, kind, body, prev_hash FROM retention.ledger
WHERE coalesce(body::jsonb ->> 'plan', body::jsonb ->> 'plan_id') = %s
    AND kind IN ('plan', 'approval', 'intent', 'result', 'recovery', 'plan_result')
ORDER BY seq
"""
_NAMED = 100
"""How many that are missing are named."""


def entries_of_run(own: OwnConnection, plan_id: UUID) -> list[dict[str, Any]]:
    """All entries of one run, oldest first."""
    return own.execute(_OF_RUN, (str(plan_id),)).fetchall()


def counted(own: OwnConnection, plan_id: UUID) -> list[list[int]]:
    """The numbers of a run's entries until now, as its closing entry has them."""
    ranges = list[list[int]]()
    for entry in entries_of_run(own, plan_id):
        if ranges and ranges[-1][1] == entry["seq"] - 1:
            ranges[-1][1] = entry["seq"]
        else:
            ranges.append([entry["seq"], entry["seq"]])
    return ranges


def left_out(numbers: Iterable[int], closing: Mapping[str, Any]) -> list[int]:
    """What the closing entry, whose body this is, counts and these numbers lack: the first of them. Of an older version it counts
    nothing."""
    have, ranges = set(numbers), closing.get(COUNTED, [])
    missing = (number for first, last in ranges for number in range(first, last + 1) if number not in have)
    return list(islice(missing, _NAMED))


def uncounted(numbers: Iterable[int], closing: Mapping[str, Any]) -> Iterator[int]:
    """Which of these numbers the closing entry does not count."""
    ranges: Sequence[Sequence[int]] = closing.get(COUNTED, [])
    return (number for number in numbers if not any(first <= number <= last for first, last in ranges))
