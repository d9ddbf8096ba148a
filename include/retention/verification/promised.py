"""What verification reads of the policy: the promise of each category, and nothing of the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from retention.documents import Document
from retention.errors import PolicyError, Problem
from retention.policy.model import LONGEST_LEAD, Promises

# Verification knows no rule, so it can't tell whether a job was right to delete an item whose consents came within the longest
# lead before the cap: such an item may stay, and may go, without a breach.
__all__ = ["LONGEST_LEAD", "PromisedTerms", "promised_terms"]


@dataclass(frozen=True, slots=True)
class PromisedTerms:
    """One category's promise in the shape that the checks need: a cap for every item, and perhaps an event that ends the need.

    `release_time` is what disposal has after a hold or an exemption ended.
    """

    category: str
    clock_event: str
    cap: timedelta
    ending_event: str | None
    latency: timedelta | None
    release_time: timedelta
    scope: str | None
    parties: tuple[str, ...]
    review_every: timedelta
    review_grace: timedelta


def promised_terms(promises: Promises, document: Document, category: str) -> PromisedTerms:
    """The promise that bears the category's name.

    Raises PolicyError where there is none, or one that these checks can't check: no cap, several caps, or several events
    that end the need. A promise that nobody can check must not pass as kept.
    """
    promise = promises.promises.get(category)
    if promise is None:
        known = ", ".join(name for name, known in promises.promises.items() if known.maxima)
        raise PolicyError([_problem(document, category, f"no promise {category!r}", f"one of: {known}")])
    caps = [maximum for maximum in promise.maxima if maximum.limit is not None]
    events = [maximum for maximum in promise.maxima if maximum.allowed_latency is not None]
    if len(caps) != 1 or len(events) > 1:
        found = f"{len(caps)} maxima with a limit and {len(events)} with an allowed latency"
        raise PolicyError([_problem(document, category, found, "exactly one with a limit, at most one with a latency")])
    consents = promises.promises[promise.exemption].consents if promise.exemption is not None else None
    latency = events[0].allowed_latency if events else None
    return PromisedTerms(
        category=category,
        clock_event=caps[0].event,
        cap=caps[0].deadline_after,
        ending_event=events[0].event if events else None,
        latency=latency,
        release_time=latency if latency is not None else timedelta(0),
        scope=consents.scope if consents is not None else None,
        parties=consents.parties if consents is not None else (),
        review_every=consents.review_every if consents is not None else timedelta(0),
        review_grace=consents.review_grace if consents is not None else timedelta(0),
    )


def _problem(document: Document, category: str, found: str, expected: str) -> Problem:
    return document.problem(("promises", category, "maxima"), "uncheckable_promise", found, expected)
