"""Promises and rules as frozen values. They hold no system: where data lives stands in the data map."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from retention.policy.periods import Day, Elapsed, Years, start_of_day


class _Document(BaseModel):
    """Unknown keys are refused everywhere: a misspelt limit must never mean "no limit"."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_min_length=1)


class Consents(_Document):
    """Whose consent exempts an item (clause `audio-consent`): every party's, given and recorded before it fell due.

    `review_every` and `review_grace` are elapsed time from the giving or the last review; then the consent exempts no more.
    """

    scope: str
    parties: tuple[str, ...] = Field(min_length=1)
    review_every: Elapsed
    review_grace: Elapsed

    @property
    def valid_for(self) -> timedelta:
        """How long one giving or review carries, grace included."""
        return self.review_every + self.review_grace


class Maximum(_Document):
    """One promised maximum: gone at most `limit` after `event` (breach = still there after it).

    `allowed_latency` makes "at once" checkable while work is hourly; the distance to the policy's word is reported.
    """

    event: str
    limit: Elapsed | None = None
    allowed_latency: Elapsed | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.limit is None) == (self.allowed_latency is None):
            raise ValueError("both or neither of limit and allowed_latency|exactly one of them")
        return self

    @property
    def deadline_after(self) -> timedelta:
        """Elapsed time from the event to the deadline."""
        period = self.limit if self.limit is not None else self.allowed_latency
        assert period is not None  # the validator saw to it
        return period


class Promise(_Document):
    """What the privacy policy promises for one clause, in the strictest reading (clauses.md)."""

    section: str
    owner: str
    reading: str
    maxima: tuple[Maximum, ...] = ()
    exemption: str | None = None
    consents: Consents | None = None
    leniency: str | None = None


class Promises(_Document):
    """The whole policy, clause by clause; `policy_version` is the day that the policy's text bears ("Stand")."""

    policy_version: str
    policy_title: str
    promises: dict[str, Promise] = Field(min_length=1)


class StartPoint(_Document):
    """One event that starts a rule's clock.

    Either `limit` with `lead` (jobs act from `limit − lead`, checks fail after `limit`) or `allowed_latency` ("at once":
    due with the event). Exactly one start point of a rule has `every_item: true`: every item has it, so a missing or
    contradicted value falls back to the oldest other evidence.
    """

    event: str
    limit: Elapsed | None = None
    lead: Elapsed | None = None
    allowed_latency: Elapsed | None = None
    every_item: bool = False

    @model_validator(mode="after")
    def _limit_or_at_once(self) -> Self:
        if self.allowed_latency is not None:
            if self.limit is not None or self.lead is not None:
                raise ValueError("allowed_latency beside limit or lead|either limit and lead, or allowed_latency")
        elif self.limit is None or self.lead is None:
            raise ValueError("a start point without a complete limit|limit and lead, or allowed_latency")
        elif not timedelta(0) < self.limit or not self.lead < self.limit:
            raise ValueError("a lead that is not shorter than its limit|0 <= lead < limit")
        return self

    @property
    def due_after(self) -> timedelta:
        """Elapsed time from the event until jobs act."""
        return timedelta(0) if self.limit is None or self.lead is None else self.limit - self.lead

    @property
    def deadline_after(self) -> timedelta:
        """Elapsed time from the event until checks fail."""
        return self.limit if self.limit is not None else (self.allowed_latency or timedelta(0))


class Minimum(_Document):
    """A statutory minimum: kept for `years` calendar years from the end of the year of `event`, and until `release` happened."""

    event: str
    years: Years
    paragraph: str
    release: str


class RuleVersion(_Document):
    """A rule as it stands from midnight (Berlin) of `effective_from` on."""

    version: int = Field(ge=1)
    policy_version: str
    effective_from: Day
    approved_by: str
    start_points: tuple[StartPoint, ...] = Field(min_length=1)
    exemption: Consents | None = None
    minimum: Minimum | None = None

    @model_validator(mode="after")
    def _events_are_clear(self) -> Self:
        events = [start.event for start in self.start_points]
        if len(set(events)) != len(events):
            raise ValueError("two start points for one event|each event once")
        if sum(start.every_item for start in self.start_points) != 1:
            raise ValueError(
                "no start point, or several, with every_item: true|exactly one, for items without other evidence"
            )
        return self

    @property
    def effective_at(self) -> datetime:
        """First instant at which this version is in force (UTC)."""
        return start_of_day(self.effective_from)


class Schedule(_Document):
    """How often jobs run and what may go wrong between them; the loader proves that the promise holds all the same."""

    longest_interval: Elapsed
    missed_runs_tolerated: int = Field(ge=0)
    run_time: Elapsed
    store_lag: Elapsed
    clock_skew: Elapsed
    granularity: Elapsed = timedelta(0)

    def needed(self, missed_runs: int) -> timedelta:
        """(missed + 1) · interval + run + lag + skew + granularity, which `deadline − due` must cover (clauses.md, "Time")."""
        slack = self.run_time + self.store_lag + self.clock_skew + self.granularity
        return (missed_runs + 1) * self.longest_interval + slack


class VolumeLimit(_Document):
    """Above either bound a plan needs a second person's approval of its digest.

    `share` (0 to 1) is of all items considered; it counts only above `share_above_items` due items, because in a quiet hour
    everything that is there may rightly be due.
    """

    items: int = Field(ge=0)
    share: float = Field(ge=0, le=1)
    share_above_items: int = Field(ge=0)


class Terms(NamedTuple):
    """What a rule says to items that arose at or after `arose_from` (None: any earlier or unknown time).

    Later versions can only shorten: each offset is the smallest over the version in force when the item arose and all later
    ones, and the exemption needs what every one of them asks for (clause `version`).
    """

    arose_from: datetime | None
    due_after: dict[str, timedelta]
    deadline_after: dict[str, timedelta]
    exemption: Consents | None
    minimum: Minimum | None


class Action(StrEnum):
    """What disposal does to an item."""

    DELETE = "delete"


class RetentionRule(_Document):
    """How one data category keeps its promise: exactly one rule per category."""

    category: str
    clause: str
    owner: str
    action: Literal[Action.DELETE] = Action.DELETE
    schedule: Schedule
    volume_limit: VolumeLimit
    plan_valid_for: Elapsed
    versions: tuple[RuleVersion, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _versions_in_order(self) -> Self:
        order = [(version.version, version.effective_from) for version in self.versions]
        if any(a[0] >= b[0] or a[1] >= b[1] for a, b in zip(order, order[1:], strict=False)):
            raise ValueError("versions out of order|rising version numbers and effective_from days, oldest first")
        clocks = {start.event for version in self.versions for start in version.start_points if start.every_item}
        if len(clocks) != 1:
            raise ValueError("versions with different every_item events|the same event in all versions")
        return self

    @property
    def clock_event(self) -> str:
        """The start point that every item has."""
        return next(start.event for start in self.versions[0].start_points if start.every_item)

    @property
    def events(self) -> tuple[str, ...]:
        """All start points of all versions, in the order in which they are first named."""
        return tuple(dict.fromkeys(start.event for version in self.versions for start in version.start_points))

    @property
    def release_latency(self) -> timedelta:
        """Time that disposal has after a hold or an exemption ended: the smallest allowed latency of an "at once" event."""
        latencies = [s.allowed_latency for v in self.versions for s in v.start_points if s.allowed_latency is not None]
        return min(latencies, default=self.schedule.needed(0))

    def in_force(self, as_of: datetime) -> tuple[RuleVersion, ...]:
        """The versions that have taken effect by `as_of`, oldest first; empty before the first one."""
        return tuple(version for version in self.versions if version.effective_at <= as_of)

    def terms(self, as_of: datetime) -> tuple[Terms, ...]:
        """The rule's terms by the time an item arose, oldest first; the first also covers items of unknown age."""
        versions = self.in_force(as_of)
        return tuple(
            _strictest(None if position == 0 else version.effective_at, versions[position:])
            for position, version in enumerate(versions)
        )


def _strictest(arose_from: datetime | None, versions: tuple[RuleVersion, ...]) -> Terms:
    starts = [start for version in versions for start in version.start_points]
    events = dict.fromkeys(start.event for start in starts)
    return Terms(
        arose_from,
        due_after={event: min(s.due_after for s in starts if s.event == event) for event in events},
        deadline_after={event: min(s.deadline_after for s in starts if s.event == event) for event in events},
        exemption=_joint_exemption([version.exemption for version in versions]),
        minimum=versions[-1].minimum,
    )


def _joint_exemption(exemptions: list[Consents | None]) -> Consents | None:
    """What satisfies every version: all of their parties, the shortest validity. None as soon as one version exempts nothing.

    Versions that ask for different scopes can't be satisfied by one consent, so they exempt nothing either.
    """
    asked = [exemption for exemption in exemptions if exemption is not None]
    if len(asked) != len(exemptions) or len({exemption.scope for exemption in asked}) != 1:
        return None
    return Consents(
        scope=asked[-1].scope,
        parties=tuple(dict.fromkeys(party for exemption in asked for party in exemption.parties)),
        review_every=min(exemption.review_every for exemption in asked),
        review_grace=min(exemption.review_grace for exemption in asked),
    )
