"""Promises as frozen values: what the privacy policy says, clause by clause, and nothing about systems."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from retention.policy.periods import Elapsed
from retention.strict import Flag, Name, StrictModel, VersionName, refuse

ClauseName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Consents(StrictModel):
    """Whose consent exempts an item (clause `audio-consent`): every party's, given and recorded before it fell due."""

    scope: Name
    """The one purpose that the consent must name. A consent to anything else exempts nothing."""
    parties: tuple[Name, ...] = Field(min_length=1)
    """Everybody whose consent is needed. One of several is none."""
    review_every: Elapsed
    """Elapsed time from the giving or the last review until the consent must be reviewed."""
    review_grace: Elapsed
    """Elapsed time that a consent still exempts after its review fell due (reported as a finding); then no longer."""

    @model_validator(mode="after")
    def _parties_differ(self) -> Self:
        if len(set(self.parties)) != len(self.parties):
            raise refuse("a party that stands twice", "each party once", "parties")
        return self

    @property
    def valid_for(self) -> timedelta:
        """How long one giving or review carries, grace included."""
        return self.review_every + self.review_grace


class Maximum(StrictModel):
    """One promised maximum. Either `limit` or `allowed_latency`; breach = still there after it."""

    event: Name
    """The event that starts the clock."""
    limit: Elapsed | None = None
    """Gone at most this long after the event."""
    allowed_latency: Elapsed | None = None
    """Gone "at once" with the event: the time that work may take. The distance to the policy's word is reported."""

    on_request: Flag = False
    """True where the customer or the person decides (instruction, request, withdrawal): no consent keeps an item from it, and
    where we are the processor no hold of ours does."""
    may_lie_ahead: Flag = False
    """True where the time is known in advance, such as a contract's end: one in the future has not come yet."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.limit is None) == (self.allowed_latency is None):
            raise refuse("both or neither of limit and allowed_latency", "exactly one of them")
        return self

    @property
    def deadline_after(self) -> timedelta:
        """Elapsed time from the event to the deadline."""
        period = self.limit if self.limit is not None else self.allowed_latency
        assert period is not None  # the validator saw to it
        return period


class Promise(StrictModel):
    """What the privacy policy promises for one clause, in the strictest reading that its text allows."""

    section: str
    """Where the policy says so, such as `§7`."""
    owner: str
    """The role that answers for this promise. A role, not a person's name."""
    reading: str
    """The reading that is enforced, in words."""
    reading_de: str | None = None
    """The same in German, for the German deletion concept. Without it, that one shows the English text."""
    maxima: tuple[Maximum, ...] = ()
    """What must be gone by when. A clause without any carries no rule."""
    dated_by: Name | None = None
    """The event that every item has, where none of the maxima is one: it dates the items and ends nothing."""
    after_protection: Elapsed | None = None
    """Gone at most this long after a hold, a consent or a duty ended. Without it: the smallest allowed latency, or at once."""
    duties: Flag = False
    """True where a single item may be flagged with a statutory duty that keeps it, with its paragraph and its end."""
    exemption: str | None = None
    """The clause of this file whose consents exempt from the maxima. Without it, no rule may exempt anything."""
    consents: Consents | None = None
    """The consents that the policy asks for, where the clause is itself about consent."""
    leniency: str | None = None
    """Where this reading is more lenient than the strictest one; it stands in every report as a finding."""
    leniency_de: str | None = None
    """The same in German, for the German report. Without it, that one shows the English text."""

    @model_validator(mode="after")
    def _one_maximum_for_an_event(self) -> Self:
        events = [maximum.event for maximum in self.maxima]
        for position, event in enumerate(events):
            if event in events[:position]:
                raise refuse(f"a second maximum for {event!r}", "one maximum for each event", "maxima", position)
        if self.dated_by in events:
            raise refuse(
                f"dated_by {self.dated_by!r}, which is a maximum, too", "an event without a maximum", "dated_by"
            )
        return self


class Promises(StrictModel):
    """The file `promises.yaml`: the whole policy, clause by clause. Verification checks the stores against it alone."""

    policy_version: VersionName
    """The day that the policy's text bears ("Stand"). Every rule must have been reviewed for exactly this version."""
    policy_title: str
    """The policy's title, as reports cite it."""
    promises: dict[ClauseName, Promise] = Field(min_length=1)
    """One promise for each clause, by the clause's name. A clause with `maxima` is a data category of the same name."""
