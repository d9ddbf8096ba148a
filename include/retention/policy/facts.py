"""What is known about one item when a decision is made: plain values, read by the stores' side, judged by `decide`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

WAITS = "waits"
"""The reason of what stays while something else has to go first. It is planned all the same: that may go before its batch."""


class Start(NamedTuple):
    """One start point of one item: when (None: not known), and whether it happened at all; None: only its time says so."""

    at: datetime | None
    happened: bool | None


class Consent(NamedTuple):
    """One consent record; instants are aware. `ends_at` already includes the end of the contract, where that ends it."""

    party: str
    scope: str
    given_at: datetime
    recorded_at: datetime
    ends_at: datetime | None = None
    withdrawn_at: datetime | None = None
    reviewed_at: datetime | None = None


class Duty(NamedTuple):
    """A statutory duty that one item is flagged with: its paragraph, and until when (None: nobody said, so it goes on)."""

    paragraph: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldScope:
    """What a hold covers: the conjunction of what is filled; with nothing filled it covers nothing at all.

    `tenant_id`, `person_id` and `item_id` are the sources' own internal ids, never names or numbers.
    """

    category: str | None = None
    tenant_id: str | None = None
    person_id: str | None = None
    place: str | None = None
    item_id: str | None = None
    started_from: datetime | None = None
    started_before: datetime | None = None

    def parts(self) -> dict[str, Any]:
        """Every part of the scope by its name, None where it is not set."""
        return {part.name: getattr(self, part.name) for part in fields(HoldScope)}

    def filled(self) -> dict[str, Any]:
        """The parts that are set."""
        return {name: value for name, value in self.parts().items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(HoldScope):
    """One legal hold: its scope, who asked for it and approved it, and how long it lasts."""

    hold_id: str
    requested_by: str
    approved_by: str | None
    effective_at: datetime
    ends_at: datetime | None = None
    review_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One item as its source describes it.

    `key_tenant` is the tenant that the object's key names; where it contradicts `tenant_id`, the item may be either's.
    `evidence_at` is the oldest evidence besides the start points (row created, call started, key date, LastModified).
    `person_known` is False where no row tells whose item it is (an orphan); None as `person_id` then means "could be anybody".
    `twins` counts the items that share its object, itself included: more than one, and none of them may be touched.
    `youngest_at` is the youngest record of a file or partition, which goes as a whole when that is due. `waits`: something else
    has to go first. `is_processor`: the data are a customer's, and its instruction goes before a hold of ours. `may_be_older`:
    something in the file may be of any age, so that an earlier period may be its, too.
    """

    place: str
    item_id: str
    tenant_id: str | None
    starts: Mapping[str, Start]
    evidence_at: datetime | None = None
    object_key: str | None = None
    person_id: str | None = None
    person_known: bool = True
    consents: tuple[Consent, ...] = ()
    restricted: bool = False
    twins: int = 1
    key_tenant: str | None = None
    youngest_at: datetime | None = None
    duty: Duty | None = None
    waits: bool = False
    is_processor: bool = False
    may_have_been_kept: bool = False
    may_be_older: bool = False


class Status(StrEnum):
    """What a rule says about an item at one instant."""

    RETAIN = "retain"  # not due yet
    DUE = "due"  # jobs delete it
    OVERDUE = "overdue"  # jobs delete it, and it should have been gone: nothing can have kept it
    HELD = "held"  # a legal hold keeps it
    EXEMPT = "exempt"  # consent of all parties keeps it
    KEPT_BY_MINIMUM = "kept_by_minimum"  # a statute keeps it
    RESTRICTED = "restricted"  # Art. 18: kept, not processed


class Basis(StrEnum):
    """What the dates rest on."""

    START_POINT = "start_point"
    FALLBACK = "fallback"  # the start point is missing, no date or contradicted; the oldest other evidence stands in
    UNDATED = "undated"  # there is no evidence of any age


@dataclass(frozen=True, slots=True)
class Decision:
    """One item's status with its reason; `due_at` and `deadline_at` are None only while undated."""

    status: Status
    basis: Basis
    reason: str
    due_at: datetime | None
    deadline_at: datetime | None
    holds: tuple[str, ...] = field(default=())

    @property
    def disposable(self) -> bool:
        """Whether jobs delete the item now."""
        return self.status in (Status.DUE, Status.OVERDUE)
