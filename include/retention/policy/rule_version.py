"""One version of a rule: when its clocks start, how long they run, and what keeps an item for longer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from pydantic import Field, model_validator

from retention.policy.periods import Day, Elapsed, Years, format_elapsed, start_of_day
from retention.policy.promises import Consents
from retention.strict import Flag, Name, Number, StrictModel, VersionName, refuse

LONGEST_LEAD = timedelta(hours=72)
"""The longest lead that a rule may have. Verification counts on it without knowing any rule."""


class StartPoint(StrictModel):
    """One event that starts a rule's clock: either `limit` with `lead`, or `allowed_latency`, where it is due at once; or
    `never`, where it dates the item and no more."""

    event: Name
    """The event that starts the clock. The data map's SQL returns its time as `start_<event>`."""
    limit: Elapsed | None = None
    """Checks fail this long after the event (deadline). The time that deleting takes is part of it."""
    lead: Elapsed | None = None
    """Jobs act this much before the deadline: due = event + limit − lead."""
    allowed_latency: Elapsed | None = None
    """Due with the event itself; checks fail this long after it."""
    never: Flag = False
    """True where age alone makes nothing due. For the start point of `every_item`, in place of its limit."""
    every_item: Flag = False
    """True for exactly one start point, one with a limit or `never`: the event that every item has. Where its time is missing, in
    the future, before 1990 or contradicted, the oldest other evidence of the item's age stands in (basis `fallback`)."""
    on_request: Flag = False
    """True where the customer or the person decides (instruction, request, withdrawal): no consent keeps the item from it, and
    where we are the processor no hold of ours does."""
    may_lie_ahead: Flag = False
    """True where the time is known in advance, such as a contract's end: one in the future has not come yet. Without it, a future
    time is a wrong one, and other evidence stands in."""

    @model_validator(mode="after")
    def _limit_or_at_once(self) -> Self:
        if self.never:
            if (self.limit, self.lead, self.allowed_latency) != (None, None, None):
                raise refuse("never beside limit, lead or allowed_latency", "never alone", "never")
            if not self.every_item:
                raise refuse("never without every_item", "every_item: true beside it: it dates the item", "never")
            if self.on_request:
                raise refuse("on_request beside never", "a start point that makes something due", "on_request")
        elif self.allowed_latency is not None:
            if self.limit is not None or self.lead is not None:
                raise refuse("allowed_latency beside limit or lead", "either limit and lead, or allowed_latency")
            if self.every_item:
                # Every item would be due as soon as it is there.
                raise refuse(
                    "true, beside allowed_latency", "every_item at a start point with limit and lead", "every_item"
                )
        elif self.limit is None or self.lead is None:
            raise refuse("a start point without a complete limit", "limit and lead, or allowed_latency")
        elif self.lead >= self.limit:
            found = f"{format_elapsed(self.lead)}, with a limit of {format_elapsed(self.limit)}"
            raise refuse(found, "a lead that is shorter than the limit", "lead")
        return self

    @property
    def due_after(self) -> timedelta:
        """Elapsed time from the event until jobs act."""
        return timedelta(0) if self.limit is None or self.lead is None else self.limit - self.lead

    @property
    def deadline_after(self) -> timedelta:
        """Elapsed time from the event until checks fail."""
        return self.limit if self.limit is not None else (self.allowed_latency or timedelta(0))


class Minimum(StrictModel):
    """A statutory minimum: until its calendar years have passed *and* its release was recorded, nothing is deleted."""

    event: Name
    """The event whose calendar year (Berlin) counts; the years begin at its end. An unknown time keeps the item."""
    years: Years
    """Whole calendar years, such as `P8Y`: a voucher of 2025-08-15 is kept until 2033-12-31."""
    paragraph: str
    """The paragraph that says so, such as `§147 Abs. 3 AO`."""
    release: Name
    """The event that releases it (the fiscal year's assessment is closed), read from `happened_<release>`."""


class RuleVersion(StrictModel):
    """A rule as it stands from midnight (Berlin) of `effective_from` on. Later versions can only shorten for older items."""

    version: Number
    """Rising number of this version."""
    policy_version: VersionName
    """The version of the privacy policy that it was reviewed for."""
    effective_from: Day
    """First calendar day on which it is in force. A longer limit does not apply to items that arose before that day."""
    approved_by: str
    """The role that approved it."""
    start_points: tuple[StartPoint, ...] = Field(min_length=1)
    """All events that start the clock; the earliest due time counts. A rule without any is refused."""
    exemption: Consents | None = None
    """The consents that exempt an item. Without it, nothing does."""
    minimum: Minimum | None = None
    """A statutory minimum that goes before everything else."""
    duties: Flag = False
    """True where a single item may be flagged with a statutory duty, its paragraph and its end (columns `duty_paragraph`,
    `duty_until`). It goes before everything else; without a paragraph it is none, without an end it keeps the item."""

    @model_validator(mode="after")
    def _events_are_clear(self) -> Self:
        events = [start.event for start in self.start_points]
        for position, event in enumerate(events):
            if event in events[:position]:
                raise refuse(f"a second start point for {event!r}", "each event once", "start_points", position)
        clocks = [position for position, start in enumerate(self.start_points) if start.every_item]
        if not clocks:
            raise refuse(
                "no start point with every_item: true", "exactly one, for items without other evidence", "start_points"
            )
        if all(start.never for start in self.start_points):
            raise refuse(
                "no start point that makes anything due", "at least one with a limit or a latency", "start_points"
            )
        if len(clocks) > 1:
            raise refuse(
                "a second start point with every_item: true", "exactly one", "start_points", clocks[1], "every_item"
            )
        return self

    @property
    def effective_at(self) -> datetime:
        """First instant at which this version is in force (UTC)."""
        return start_of_day(self.effective_from)
