"""Who may answer: anybody with the right, but not those named here. How that is written where Airflow asks for assigned users."""

from __future__ import annotations

from collections.abc import Collection

_ANYBODY_BUT = "anybody but "
RIGHT_TO_APPROVE = "anybody with the right to approve purges"
"""Always among the assigned users: without any Airflow would let everybody answer who may see the task."""


def assigned_but(*people: str) -> list[dict[str, str]]:
    """The assigned users of a task that everybody with the right may answer, but not these people (their login names)."""
    ids = [RIGHT_TO_APPROVE, *(f"{_ANYBODY_BUT}{person}" for person in people)]
    return [{"id": one, "name": one} for one in ids]


def is_four_eyes(assigned: Collection[str]) -> bool:
    """Whether a task's assigned users were written by `assigned_but`."""
    return RIGHT_TO_APPROVE in assigned


def left_out(assigned: Collection[str]) -> list[str]:
    """The people who may not answer."""
    return [one.removeprefix(_ANYBODY_BUT) for one in assigned if one.startswith(_ANYBODY_BUT)]
