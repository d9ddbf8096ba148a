"""One item of the simulation, with all that ever happens to it, and what its source shows of that at any instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from retention.policy.facts import Consent, Duty, Hold, ItemFacts, Start

ITEM, PERSON = "i1", "p1"


class Change(NamedTuple):
    """From `known_at` on, the source says that the event happened, or will happen, at `at` (None: not at all)."""

    known_at: datetime
    at: datetime | None


class PlacedHold(NamedTuple):
    """A hold with its own history. `is_meant`: whether whoever placed it meant this item, the truth that the checker goes by."""

    hold: Hold
    placed_at: datetime
    approved_at: datetime | None
    is_meant: bool


class Keeping(NamedTuple):
    """Restricted (Art. 18), or waiting for what has to go first, from one instant until before another. Its source shows that it
    is so, and not since when it no longer is."""

    begins_at: datetime
    ends_at: datetime
    waits: bool

    def is_on(self, at: datetime) -> bool:
        return self.begins_at <= at < self.ends_at


@dataclass(frozen=True, kw_only=True)
class Life:
    """One item and all that ever happens to it. `shown_after`: the store shows new events late, and `gone_after` that it went."""

    name: str
    tenant_id: str
    clock_event: str
    born_at: datetime
    stated: datetime | None
    """What its row says about its birth: the truth, nothing, or nonsense. `evidence_at` then tells the truth."""
    events: dict[str, tuple[Change, ...]] = field(default_factory=dict)
    youngest_at: datetime | None = None
    evidence_at: datetime | None = None
    holds: tuple[PlacedHold, ...] = ()
    consents: tuple[Consent, ...] = ()
    duty: Duty | None = None
    keeping: Keeping | None = None
    is_processor: bool = True
    shown_after: timedelta = timedelta(0)
    gone_after: timedelta = timedelta(0)

    def facts(self, at: datetime) -> ItemFacts:
        """What the source shows of it at this instant."""
        starts = {event: self._shown(changes, at) for event, changes in self.events.items()}
        starts[self.clock_event] = Start(self.stated, self.stated is not None)
        is_kept = self.keeping is not None and self.keeping.is_on(at)
        return ItemFacts(
            place="simulated",
            item_id=ITEM,
            tenant_id=self.tenant_id,
            person_id=PERSON,
            starts=starts,
            evidence_at=self.evidence_at,
            youngest_at=self.youngest_at,
            consents=tuple(_as_known(consent, at) for consent in self.consents if consent.recorded_at <= at),
            duty=self.duty,
            restricted=is_kept and self.keeping is not None and not self.keeping.waits,
            waits=is_kept and self.keeping is not None and self.keeping.waits,
            may_have_been_kept=self.keeping is not None,
            is_processor=self.is_processor,
        )

    def _shown(self, changes: Sequence[Change], at: datetime) -> Start:
        # Only what is new is shown late: what moves an event or takes it back is read from the row itself, right before it goes.
        lags = [self.shown_after, *[timedelta(0)] * len(changes)]
        said = [change.at for change, lag in zip(changes, lags, strict=False) if change.known_at + lag <= at]
        return Start(said[-1] if said else None, None)

    def holds_known(self, at: datetime) -> list[Hold]:
        """The holds as they stand in our database at this instant."""
        return [
            replace(
                placed.hold,
                approved_by=placed.hold.approved_by if _known(placed.approved_at, at) else None,
                ended_at=placed.hold.ended_at if _known(placed.hold.ended_at, at) else None,
            )
            for placed in self.holds
            if placed.placed_at <= at
        ]


class Fate(NamedTuple):
    """What became of an item: when it went, and until when the store showed it; None: it is still there."""

    life: Life
    gone_at: datetime | None
    shown_until: datetime | None


def _known(happened_at: datetime | None, at: datetime) -> bool:
    return happened_at is not None and happened_at <= at


def _as_known(consent: Consent, at: datetime) -> Consent:
    unknown: dict[str, Any] = {
        name: None for name in ("withdrawn_at", "reviewed_at") if not _known(getattr(consent, name), at)
    }
    return consent._replace(**unknown)
