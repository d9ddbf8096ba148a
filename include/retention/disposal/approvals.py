"""How many people have to approve a plan, and whose word counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from retention.disposal.purged import COVERAGE as PURGE
from retention.policy.holds import is_second_person


class Via(StrEnum):
    """How an approver was known: by a name on the command line, by a login to Airflow, by a signature."""

    COMMAND_LINE = "command_line"
    AIRFLOW = "airflow"
    SIGNED_FILE = "signed_file"


KNOWN = frozenset({Via.AIRFLOW, Via.SIGNED_FILE})
"""What a purge asks for: whoever has the connections may write any name on a command line."""


def needed(plan: Mapping[str, Any]) -> int:
    """One for what a person asked for, one more above the volume limit; none for what is due by its rule within that."""
    return int(plan["coverage"] == PURGE) + int(plan["blocked_reason"] is not None)


def given(plan: Mapping[str, Any], approvals: Sequence[Mapping[str, Any]]) -> int:
    """How many people other than the requester approved exactly this plan, each known well enough for it."""
    people: list[str] = []
    for one in approvals:
        if plan["coverage"] == PURGE and one["via"] not in KNOWN:
            continue
        if all(is_second_person(one["approved_by"], other) for other in (plan["requested_by"], *people)):
            people.append(one["approved_by"])
    return len(people)
