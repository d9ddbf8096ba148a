"""Rows that the database refuses to let go, found among those that it does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

import psycopg

W = TypeVar("W")
R = TypeVar("R")

_REFUSED_BY_ROW = frozenset({"22", "23", "27", "44", "P0"})
"""SQLSTATE classes in which single rows or ids are refused: casts, integrity constraints, triggers, RAISE in a trigger."""


def remove_unrefused(
    session: psycopg.Connection[Any],
    wanted: Sequence[W],
    remove: Callable[[Sequence[W]], R],
    *,
    again: Collection[str] = (),
) -> tuple[list[R], dict[W, str]]:
    """Call `remove` with all that is wanted, under a savepoint; where rows are refused, with halves, until those stand alone.
    Gives what the calls that went through returned, and the SQLSTATE that refused each of the others.

    What no single row causes (a lock on the table, a missing right) refuses all at once: each half would wait for it again.
    Raises psycopg.Error when the connection is lost, when nothing is wanted that could be named as refused, and for SQLSTATE
    classes after which the whole transaction is tried `again`.
    """
    try:
        with session.transaction():
            return [remove(wanted)], {}
    except psycopg.Error as error:
        if session.closed or error.sqlstate is None or error.sqlstate[:2] in again or not wanted:
            raise
        code = error.sqlstate
    if len(wanted) == 1 or code[:2] not in _REFUSED_BY_ROW:
        return [], dict.fromkeys(wanted, code)
    middle = len(wanted) // 2
    halves = wanted[:middle], wanted[middle:]
    first, second = (remove_unrefused(session, half, remove, again=again) for half in halves)
    return first[0] + second[0], first[1] | second[1]
