"""What verification reads of the policy: the promise of each category, and nothing of the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

from retention.documents import Document
from retention.errors import PolicyError, Problem
from retention.policy.model import Maximum, Promise, Promises, TenantLimit
from retention.policy.rule_version import LONGEST_LEAD

# Verification knows no rule, so it can't tell whether a job was right to delete an item whose consents came within the longest
# lead before the cap: such an item may stay, and may go, without a breach.
__all__ = ["LONGEST_LEAD", "SUPPRESSED", "PromisedEvent", "PromisedTerms", "promised_terms"]

SUPPRESSED = "suppressed"
"""The event that no source tells: the item's person stands on our own suppression list."""

Limits = Mapping[str, tuple[TenantLimit, ...]]
"""What was agreed with customers beyond the promise, by the customer's id."""


class PromisedEvent(NamedTuple):
    """One event that ends the need: gone `ends_after` it. By the promise an item falls due `due_after` it: at once, where only a
    latency is allowed, else with the limit itself."""

    name: str
    ends_after: timedelta
    due_after: timedelta
    on_request: bool
    may_lie_ahead: bool

    def shortened(self, limits: Mapping[str, timedelta]) -> PromisedEvent:
        """The same with a customer's limit, where that is shorter."""
        agreed = min(limits.get(self.name, self.ends_after), self.ends_after)
        return self._replace(ends_after=agreed, due_after=min(self.due_after, agreed))


@dataclass(frozen=True, slots=True)
class PromisedTerms:
    """One category's promise in the shape that the checks need.

    `clock_event` is the event that every item has. `cap` is how long after it an item may stay; None where age ends nothing.
    `events` end the need besides. `release_time` is what disposal has after a hold, an exemption or a duty ended.
    """

    category: str
    clock_event: str
    cap: timedelta | None
    events: tuple[PromisedEvent, ...]
    release_time: timedelta
    duties: bool = False
    scope: str | None = None
    parties: tuple[str, ...] = ()
    review_every: timedelta = timedelta(0)
    review_grace: timedelta = timedelta(0)
    tenants: Limits = field(default_factory=dict)
    _agreed: dict[frozenset[str], int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def latency(self) -> timedelta | None:
        """The shortest time that an event leaves; None where no event ends the need."""
        return min((event.ends_after for event in self.events), default=None)

    def agreed_with(self, *tenants: str | None) -> int:
        """The number under which the inventory keeps the terms of an item of these customers; 0 is what everybody was promised.

        An item that may be one of several customers' has the shortest limit of them all.
        """
        if not self.tenants:
            return 0
        own = frozenset(tenant for tenant in tenants if tenant is not None and tenant in self.tenants)
        return self._agreed.setdefault(own, len(self._agreed) + 1) if own else 0

    @property
    def met(self) -> set[str]:
        """The customers with limits of their own of whom something was there."""
        return set[str]().union(*self._agreed)

    def variants(self) -> Iterator[tuple[int, PromisedTerms]]:
        """The promise to everybody, and what it is with the limits that `agreed_with` gave numbers to."""
        yield 0, self
        for customers, number in self._agreed.items():
            yield number, self.shortened([limit for tenant in customers for limit in self.tenants[tenant]])

    def shortened(self, limits: Sequence[TenantLimit]) -> PromisedTerms:
        """The same with shorter limits; one that is longer than the promise changes nothing."""
        by_event: dict[str, timedelta] = {}
        for one in limits:
            by_event[one.event] = min(one.limit, by_event.get(one.event, one.limit))
        cap = self.cap if self.cap is None else min(self.cap, by_event.get(self.clock_event, self.cap))
        return replace(self, cap=cap, events=tuple(event.shortened(by_event) for event in self.events))


def promised_terms(
    promises: Promises, document: Document, category: str, tenants: Limits | None = None
) -> PromisedTerms:
    """The promise that bears the category's name.

    What every item has is `dated_by`, where that is given: then age ends nothing. Else it is the one maximum with a limit, the
    cap. All other maxima are events. Raises PolicyError where there is no promise, or none that can be checked: a promise that
    nobody can check must not pass as kept.
    """
    promise = promises.promises.get(category)
    if promise is None:
        known = ", ".join(name for name, known in promises.promises.items() if known.maxima)
        raise PolicyError([_problem(document, category, f"no promise {category!r}", f"one of: {known}")])
    cap = _cap_of(document, category, promise)
    events = tuple(_event(maximum) for maximum in promise.maxima if maximum is not cap)
    terms = PromisedTerms(
        category=category,
        clock_event=cap.event if cap is not None else str(promise.dated_by),
        cap=cap.deadline_after if cap is not None else None,
        events=events,
        release_time=_release_time(promise),
        duties=promise.duties,
        tenants=tenants if tenants is not None else {},
    )
    consents = promises.promises[promise.exemption].consents if promise.exemption is not None else None
    if consents is None:
        return terms
    return replace(
        terms,
        scope=consents.scope,
        parties=consents.parties,
        review_every=consents.review_every,
        review_grace=consents.review_grace,
    )


def _cap_of(document: Document, category: str, promise: Promise) -> Maximum | None:
    if promise.dated_by is not None:
        if not promise.maxima:
            raise PolicyError(
                [_problem(document, category, "no maximum", "at least one, for an event that ends the need")]
            )
        return None
    caps = [maximum for maximum in promise.maxima if maximum.limit is not None]
    if len(caps) != 1:
        found = f"{len(caps)} maxima with a limit and no dated_by"
        expected = "exactly one with a limit, the cap of every item; or dated_by, the event that dates the items"
        raise PolicyError([_problem(document, category, found, expected)])
    return caps[0]


def _event(maximum: Maximum) -> PromisedEvent:
    return PromisedEvent(
        maximum.event,
        ends_after=maximum.deadline_after,
        due_after=maximum.limit if maximum.limit is not None else timedelta(0),
        on_request=maximum.on_request,
        may_lie_ahead=maximum.may_lie_ahead,
    )


def _release_time(promise: Promise) -> timedelta:
    if promise.after_protection is not None:
        return promise.after_protection
    return min((m.allowed_latency for m in promise.maxima if m.allowed_latency is not None), default=timedelta(0))


def _problem(document: Document, category: str, found: str, expected: str) -> Problem:
    return document.problem(("promises", category, "maxima"), "uncheckable_promise", found, expected)
