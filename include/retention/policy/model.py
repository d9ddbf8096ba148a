"""Rules as frozen values. They hold no system: where data lives stands in the data map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple, Self

from pydantic import Field, PrivateAttr, model_validator

from retention.policy.periods import Day, Elapsed
from retention.policy.promises import Consents, Maximum, Promise, Promises
from retention.policy.rule_version import Minimum, RuleVersion, StartPoint
from retention.strict import Count, Name, Share, StrictModel, refuse

__all__ = [
    "Action",
    "Consents",
    "Maximum",
    "Minimum",
    "Promise",
    "Promises",
    "RetentionRule",
    "RuleVersion",
    "Schedule",
    "StartPoint",
    "TenantLimit",
    "TenantTerms",
    "Terms",
    "VolumeLimit",
]


class Schedule(StrictModel):
    """How often jobs run and what may go wrong between them; the loader proves that the promise is kept all the same."""

    longest_interval: Elapsed
    """Longest time between two runs. A nightly run in local time has one of 25 hours each autumn."""
    missed_runs_tolerated: Count
    """How many runs in a row may fail or not start before a limit. What is due at once tolerates none."""
    run_time: Elapsed
    """Longest time that one run takes until an item is gone."""
    store_lag: Elapsed
    """Longest time until the store shows what happened."""
    clock_skew: Elapsed
    """Largest difference between the clocks involved. An instant at most this far ahead counts as stated, not as one in the
    future."""
    granularity: Elapsed = timedelta(0)
    """How much younger the youngest record of a file or partition may be than its oldest; nothing for single items."""

    @model_validator(mode="after")
    def _runs_take_time(self) -> Self:
        if not self.longest_interval:
            raise refuse("no time at all", "the longest time between two runs", "longest_interval")
        return self

    @property
    def slack(self) -> timedelta:
        """What one run needs beside the waiting: run + lag + skew + granularity."""
        return self.run_time + self.store_lag + self.clock_skew + self.granularity

    def needed(self, missed_runs: int) -> timedelta:
        """(missed + 1) · interval + run + lag + skew + granularity, which `deadline − due` must cover (docs/policy.md)."""
        return (missed_runs + 1) * self.longest_interval + self.slack


class VolumeLimit(StrictModel):
    """Above either bound a plan needs a second person's approval of its digest. A partition counts with about as many items as it
    has records, a log file as one."""

    items: Count
    """Most due items of one plan."""
    share: Share
    """Largest share of due items among all items considered, from 0 to 1."""
    share_above_items: Count
    """The share counts only above this many due items: in a quiet hour everything that is there may rightly be due."""
    unlinked_items: Count
    """Most due object parts that no row leads to, in a full listing: more of them look like a table that was emptied."""


class TenantLimit(StrictModel):
    """A limit that we agreed with one customer: shorter than the rule's, never longer."""

    event: Name
    """The event of the rule that starts the clock."""
    limit: Elapsed
    """Gone this long after the event. The rule's own lead stays."""


class TenantTerms(StrictModel):
    """One file of `tenants/`: what we agreed with one customer beyond the privacy policy. Verification checks against it, too."""

    tenant: str
    """The customer's id, as the data map's SQL returns it."""
    owner: str
    """The role that answers for the agreement."""
    agreed_on: Day
    """The day of the agreement."""
    reason: str
    """What it rests on, such as a paragraph of the contract. No person's name."""
    limits: dict[Name, tuple[TenantLimit, ...]] = Field(min_length=1)
    """The shorter limits, by category."""


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
    duties: bool

    def shortened(self, limits: Sequence[TenantLimit]) -> Terms:
        """The same with a customer's shorter limits; each keeps the rule's lead, as far as the limit leaves room for it."""
        due, deadline = dict(self.due_after), dict(self.deadline_after)
        for one in limits:
            if one.event in due and one.limit < deadline[one.event]:
                lead = deadline[one.event] - due[one.event]
                due[one.event] = max(one.limit - lead, timedelta(0))
                deadline[one.event] = one.limit
        return self._replace(due_after=due, deadline_after=deadline)


class Action(StrEnum):
    """What disposal does to an item."""

    DELETE = "delete"
    ANONYMISE = "anonymise"

    @property
    def passive(self) -> str:
        """What happens to an item: `deleted`, `anonymised`."""
        return "deleted" if self is Action.DELETE else "anonymised"

    def done(self, *, dry_run: bool = False) -> str:
        """What became of items (`5 gone`, `5 anonymised`); in a rehearsal what would."""
        if dry_run:
            return "would go" if self is Action.DELETE else "would be anonymised"
        return "gone" if self is Action.DELETE else "anonymised"


class RetentionRule(StrictModel):
    """One file beside `promises.yaml`: how one data category keeps its promise. Exactly one rule per category."""

    category: Name
    """The data category (Datenart), as the data map's places name it."""
    clause: str
    """The clause of `promises.yaml` that this rule keeps; one with maxima."""
    owner: str
    """The role that answers for the rule."""
    action: Action = Action.DELETE
    """What is done with items that are due. Which columns `anonymise` makes to what stands in the data map."""
    schedule: Schedule
    """How often jobs run, and what may go wrong."""
    volume_limit: VolumeLimit
    """When a plan is unusually large."""
    plan_valid_for: Elapsed
    """Elapsed time after which a plan may no longer be executed."""
    after_protection: Elapsed | None = None
    """Elapsed time that disposal has once a hold, a consent or a duty ended. Without it: the smallest allowed latency of a start
    point, or what the schedule needs."""
    versions: tuple[RuleVersion, ...] = Field(min_length=1)
    """All versions of the rule, oldest first. A version is never edited: a change is a new one."""
    _tenants: Mapping[str, tuple[TenantLimit, ...]] = PrivateAttr(default_factory=dict)

    def with_tenants(self, tenants: Mapping[str, tuple[TenantLimit, ...]]) -> RetentionRule:
        """The same rule with the shorter limits that were agreed with customers, by the customer's id."""
        rule = self.model_copy()
        rule._tenants = dict(tenants)  # noqa: SLF001 - its own class
        return rule

    @property
    def tenants(self) -> Mapping[str, tuple[TenantLimit, ...]]:
        """Shorter limits by the customer's id."""
        return self._tenants

    @model_validator(mode="after")
    def _versions_in_order(self) -> Self:
        for position, (one, next_one) in enumerate(zip(self.versions, self.versions[1:], strict=False), start=1):
            if one.version >= next_one.version or one.effective_from >= next_one.effective_from:
                expected = "rising version numbers and effective_from days, oldest first"
                raise refuse(f"version {next_one.version} out of order", expected, "versions", position)
            if _clock(one) != _clock(next_one):
                found = f"every_item at {_clock(next_one)!r}, in the version before at {_clock(one)!r}"
                raise refuse(found, "the same event in all versions", "versions", position, "start_points")
            self._same_marks(position, one, next_one)
        if not self.plan_valid_for:
            raise refuse("no time at all", "how long a plan may be executed", "plan_valid_for")
        return self

    def _same_marks(self, position: int, one: RuleVersion, next_one: RuleVersion) -> None:
        """Whose decision an event is, and whether it may lie ahead, is a fact about the event, and no matter of a version."""
        before = {start.event: start for start in one.start_points}
        for number, start in enumerate(next_one.start_points):
            former = before.get(start.event, start)
            for mark in ("on_request", "may_lie_ahead", "never"):
                if getattr(former, mark) != getattr(start, mark):
                    found = f"{mark} of {start.event!r} changed"
                    path = ("versions", position, "start_points", number)
                    raise refuse(found, "the same in all versions", *path)

    @property
    def clock_event(self) -> str:
        """The start point that every item has."""
        return _clock(self.versions[0])

    @property
    def events(self) -> tuple[str, ...]:
        """All start points of all versions, in the order in which they are first named."""
        return tuple(dict.fromkeys(start.event for version in self.versions for start in version.start_points))

    @property
    def release_latency(self) -> timedelta:
        """Time that disposal has after a hold or an exemption ended."""
        if self.after_protection is not None:
            return self.after_protection
        latencies = [s.allowed_latency for v in self.versions for s in v.start_points if s.allowed_latency is not None]
        return min(latencies, default=self.schedule.needed(0))

    @property
    def goes_by_age(self) -> bool:
        """Whether every item falls due at some time, just by getting old."""
        return not any(start.never for version in self.versions for start in version.start_points)

    def marked(self, mark: Literal["on_request", "may_lie_ahead"]) -> frozenset[str]:
        """The events that bear this mark."""
        return frozenset(
            start.event for version in self.versions for start in version.start_points if getattr(start, mark)
        )

    def in_force(self, as_of: datetime) -> tuple[RuleVersion, ...]:
        """The versions that have taken effect by `as_of`, oldest first; empty before the first one."""
        return tuple(version for version in self.versions if version.effective_at <= as_of)

    def latest(self, now: datetime) -> datetime:
        """The last instant that counts as stated, as the source's clock may be ahead; a later one is in the future."""
        return now + self.schedule.clock_skew

    def terms(self, as_of: datetime, tenant_id: str | None = None) -> tuple[Terms, ...]:
        """The rule's terms by the time an item arose, oldest first; the first also covers items of unknown age.

        `tenant_id` is the customer whose item it is: what was agreed with it may be shorter.
        """
        versions = self.in_force(as_of)
        limits = self._tenants.get(tenant_id, ()) if tenant_id is not None else ()
        return tuple(
            _strictest(None if position == 0 else version.effective_at, versions[position:]).shortened(limits)
            for position, version in enumerate(versions)
        )


def _clock(version: RuleVersion) -> str:
    return next(start.event for start in version.start_points if start.every_item)


def _strictest(arose_from: datetime | None, versions: tuple[RuleVersion, ...]) -> Terms:
    starts = [start for version in versions for start in version.start_points if not start.never]
    events = dict.fromkeys(start.event for start in starts)
    return Terms(
        arose_from,
        due_after={event: min(s.due_after for s in starts if s.event == event) for event in events},
        deadline_after={event: min(s.deadline_after for s in starts if s.event == event) for event in events},
        exemption=_joint_exemption([version.exemption for version in versions]),
        minimum=versions[-1].minimum,
        duties=all(version.duties for version in versions),
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
