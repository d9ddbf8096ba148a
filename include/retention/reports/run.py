"""One deletion run as people see it: what its plan was, what became of it, and in which of the following states it is.

state          | what happened                                                                | trouble
---------------|------------------------------------------------------------------------------|--------
planning       | it is finding out what is due                                                |
planned        | frozen, nobody has executed it yet                                           |
observed       | planned in mode `observe`: nothing was to be deleted                         |
blocked        | above the volume limit; waits for a second person                            | yes
approved       | a second person approved it, nobody has executed it yet                      |
running        | somebody executes it at this moment: its lock is held                        |
done           | executed to its end, nothing failed                                          |
partly_failed  | executed to its end, some items failed                                       | yes
failed         | nothing could be deleted, or it failed before anything was planned           | yes
stopped        | the global stop, or another mode, ended it or keeps it from beginning        | yes
interrupted    | somebody began it, nobody is at it any more, and it never said how it ended  | yes
expired        | its time ran out before anybody executed it                                  | if something was due
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from retention.policy.model import Action


class RunState(StrEnum):
    """The state of a run; the words for people stand in `run_labels`."""

    PLANNING = "planning"
    PLANNED = "planned"
    OBSERVED = "observed"
    BLOCKED = "blocked"
    APPROVED = "approved"
    RUNNING = "running"
    DONE = "done"
    PARTLY_FAILED = "partly_failed"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    EXPIRED = "expired"


NOT_BEGUN = frozenset({RunState.PLANNED, RunState.OBSERVED, RunState.BLOCKED, RunState.APPROVED, RunState.EXPIRED})
"""Planned, and nothing of it executed: its counts say what is due, not what went."""

TROUBLE = frozenset(
    {
        RunState.BLOCKED,
        RunState.PARTLY_FAILED,
        RunState.FAILED,
        RunState.STOPPED,
        RunState.INTERRUPTED,
        RunState.EXPIRED,
    }
)
"""States that somebody should look at."""


@dataclass(frozen=True, slots=True)
class DisposalRun:
    """One plan and what became of it; without a `plan_id`, a run that failed before it had one. None: not known.

    `at` is when it began, `as_of` the instant that decided what was due. `gone` counts items, `parts_removed` the versions,
    markers and uploads that went with them or, where an item failed in between, without them. `already_gone` had been taken
    by another run meanwhile; `spared` counts by reason what a hold, a consent or newer data saved at the last moment.
    `waiting` is what waits for something else to go first; it counts neither as due nor as spared. `failures` divides
    `failed` by the codes of stores and databases. `breaches_at`, the first deadline of all that is due, is known as long as
    nothing of it was executed. `category` is its data category; `anonymises`: what went was anonymised.
    """

    plan_id: UUID | None
    coverage: str
    at: datetime
    as_of: datetime
    state: RunState
    mode: str | None = None
    digest: str | None = None
    considered: int | None = None
    due: int | None = None
    waiting: int = 0
    due_by_reason: dict[str, int] | None = None
    gone: int = 0
    gone_on_recovery: int = 0
    parts_removed: int = 0
    already_gone: int | None = None
    spared: dict[str, int] | None = None
    failed: int | None = None
    failures: dict[str, int] | None = None
    kept_by_reason: dict[str, int] | None = None
    undated: int | None = None
    fallback: int | None = None
    blocked_reason: str | None = None
    breaches_at: datetime | None = None
    next_due_at: datetime | None = None
    category: str | None = None
    anonymises: bool = False

    @property
    def action(self) -> Action:
        """What its rule does."""
        return Action.ANONYMISE if self.anonymises else Action.DELETE

    @property
    def spared_items(self) -> int | None:
        """How many were spared at the last moment, for whatever reason."""
        return sum(self.spared.values()) if self.spared is not None else None

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look at it; what expired with nothing due is none."""
        return self.state in TROUBLE and not (self.state is RunState.EXPIRED and self.due == 0)


def state_of(plan: Mapping[str, Any], *, now: datetime, in_hand: bool, approved: bool, halted: bool) -> RunState:
    """The state of a row of `retention.plans`.

    `in_hand`: its lock is held. `halted`: a stop, or a mode other than `enforce`, came between it and its end.
    """
    result, expired = plan["result"], now >= plan["expires_at"]
    if plan["state"] == "done":
        return RunState.DONE
    if in_hand:
        return RunState.RUNNING
    if result is not None:
        return RunState.PARTLY_FAILED if result["gone"] + result["recovered"] else RunState.FAILED
    if plan["state"] == "planning":
        return RunState.INTERRUPTED if expired else RunState.PLANNING
    if plan["state"] != "ready":
        return RunState.STOPPED if halted else RunState.INTERRUPTED
    return _not_begun(plan, expired=expired, approved=approved, halted=halted)


def _not_begun(plan: Mapping[str, Any], *, expired: bool, approved: bool, halted: bool) -> RunState:
    if plan["mode"] == "observe":
        return RunState.OBSERVED
    if expired:
        return RunState.EXPIRED
    if plan["blocked_reason"] is not None and not approved:
        return RunState.BLOCKED
    if halted:
        return RunState.STOPPED
    return RunState.APPROVED if plan["blocked_reason"] is not None else RunState.PLANNED
