"""decide(): what a rule says about one item at one instant. Pure and total; the SQL of disposal says the same for sets.

Order of precedence (clauses.md): statutory minimum, legal hold, restriction (Art. 18), exemption, then the shortest maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from retention.policy.facts import Basis, Consent, Decision, Hold, ItemFacts, Start, Status
from retention.policy.holds import covers, holds_until, is_in_force, was_in_force
from retention.policy.model import Consents, Minimum, RetentionRule, Terms
from retention.policy.periods import end_of_year_plus

CONTRADICTION_TOLERANCE = timedelta(hours=24)
"""A start point later than other evidence of the item's existence by more than this is contradicted: the evidence counts."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""A date before this is no date: what programs write where they know none (1970, 1980, 1900). It would make new items overdue."""


class _Clock(NamedTuple):
    """The item's dates before protections: `trigger` names the event that makes it due."""

    due_at: datetime
    deadline_at: datetime
    trigger: str


def decide(
    item: ItemFacts, rule: RetentionRule, holds: Sequence[Hold], as_of: datetime, *, now: datetime | None = None
) -> Decision:
    """Say what the rule means for the item.

    `as_of` (aware) decides what is due; `now` (default `as_of`, never earlier) is when holds and consents are read, because
    these count as they are. due: `due_at <= as_of <= deadline_at`; overdue: `as_of > deadline_at`. Raises nothing for any item.
    """
    now = max(as_of, now) if now is not None else as_of
    latest = rule.latest(now)
    seen_at = item.evidence_at if _is_a_date(item.evidence_at, latest) else None
    arose_at, basis = _arose(item, rule, seen_at, latest)
    terms = _terms_for(rule, arose_at, as_of)
    if terms is None:
        return Decision(Status.RETAIN, basis, "rule_not_in_force", None, None)
    # A guessed start may lie in any hold's period, so it takes no item out of one.
    known_start = arose_at if basis is Basis.START_POINT else None
    covering = [hold for hold in holds if covers(hold, item, rule.category, known_start)]
    evidence = min((at for at in (seen_at, arose_at) if at is not None), default=None)
    clock, basis = _clock(item, rule, terms, arose_at, basis, evidence, latest)
    in_force = tuple(hold.hold_id for hold in covering if is_in_force(hold, now))
    if clock is None:
        return Decision(Status.RETAIN, Basis.UNDATED, "undated", None, None, in_force)
    exempt_until = _exempt_until(item.consents, terms.exemption, clock.due_at, latest)
    clock = _after_protections(clock, covering, exempt_until, rule.release_latency, now)
    status, reason = _status(item, terms, clock, covering, exempt_until, as_of, now)
    return Decision(status, basis, reason, clock.due_at, clock.deadline_at, in_force)


def _arose(
    item: ItemFacts, rule: RetentionRule, seen_at: datetime | None, latest: datetime
) -> tuple[datetime | None, Basis]:
    """When the clock that every item has started, and on what that rests; `seen_at` is the other evidence, None if in the future.

    A start that is missing, in the future (after `latest`), before `EARLIEST` or contradicted counts for nothing: an item stamped
    2099 would stay until then, and one stamped 1970 would go at once.
    """
    stated = item.starts.get(rule.clock_event, Start(None, False)).at
    if stated is None or not _is_a_date(stated, latest):
        return seen_at, Basis.FALLBACK
    if seen_at is not None and stated > seen_at + CONTRADICTION_TOLERANCE:
        return seen_at, Basis.FALLBACK
    return stated, Basis.START_POINT


def _is_a_date(at: datetime | None, latest: datetime) -> bool:
    return at is not None and EARLIEST <= at <= latest


def _terms_for(rule: RetentionRule, arose_at: datetime | None, as_of: datetime) -> Terms | None:
    """The terms for an item of this age; of unknown age: the strictest, which are the oldest."""
    applicable = None
    for terms in rule.terms(as_of):
        if terms.arose_from is None or (arose_at is not None and arose_at >= terms.arose_from):
            applicable = terms
    return applicable


def _clock(
    item: ItemFacts,
    rule: RetentionRule,
    terms: Terms,
    arose_at: datetime | None,
    basis: Basis,
    evidence: datetime | None,
    latest: datetime,
) -> tuple[_Clock | None, Basis]:
    """The earliest due time and the earliest deadline over all start points that happened."""
    instants: dict[str, datetime] = {}
    for event in terms.due_after:
        if event == rule.clock_event:
            at = arose_at
        else:
            at, rests_on = _event_at(item, event, evidence, latest)
            basis = Basis.FALLBACK if rests_on is Basis.FALLBACK else basis
        if at is not None:
            instants[event] = at
    if not instants:
        return None, Basis.UNDATED
    due = {event: at + terms.due_after[event] for event, at in instants.items()}
    trigger = min(due, key=lambda event: (due[event], event))
    deadline_at = min(at + terms.deadline_after[event] for event, at in instants.items())
    return _Clock(due[trigger], deadline_at, trigger), basis


def _event_at(
    item: ItemFacts, event: str, evidence: datetime | None, latest: datetime
) -> tuple[datetime | None, Basis]:
    """When an event happened; None while it has not. One that happened at no or a future time is dated by other evidence.

    By a clock that is a little ahead, an event lies between now and `latest`: it is not due yet. Dating it back would make
    consents late that came in time.
    """
    start = item.starts.get(event, Start(None, False))
    if not start.happened:
        return None, Basis.START_POINT
    if _is_a_date(start.at, latest):
        return start.at, Basis.START_POINT
    return evidence, Basis.START_POINT if evidence is None else Basis.FALLBACK


def _exempt_until(
    consents: Sequence[Consent], asked: Consents | None, due_at: datetime, latest: datetime
) -> datetime | None:
    """Until when the consents of all parties exempt the item; None where they never did.

    Only a consent given *and* recorded before the item fell due counts (clause `audio-consent`).
    """
    if asked is None:
        return None
    ends: list[datetime] = []
    for party in asked.parties:
        said = [consent for consent in consents if consent.party == party and consent.scope == asked.scope]
        withdrawals = [consent.withdrawn_at for consent in said if consent.withdrawn_at is not None]
        valid = [
            _consent_ends(consent, withdrawals, asked, latest)
            for consent in said
            if (told_at := max(consent.given_at, consent.recorded_at)) < due_at and told_at <= latest
        ]
        if not valid:
            return None
        ends.append(max(valid))
    return min(ends)


def _consent_ends(consent: Consent, withdrawals: Sequence[datetime], asked: Consents, latest: datetime) -> datetime:
    """A withdrawal ends all that the party had consented to until then, whichever record it is written on."""
    withdrawn = [at for at in withdrawals if at >= consent.given_at]
    reviewed_at = consent.reviewed_at if consent.reviewed_at is not None and consent.reviewed_at <= latest else None
    lapses_at = max(consent.given_at, reviewed_at or consent.given_at) + asked.valid_for
    return min(end for end in (consent.ends_at, consent.withdrawn_at, lapses_at, *withdrawn) if end is not None)


def _after_protections(
    clock: _Clock, covering: Sequence[Hold], exempt_until: datetime | None, latency: timedelta, now: datetime
) -> _Clock:
    """An item is due when the last protection that had kept it ended, and overdue `latency` after that."""
    ended = [until for hold in covering if was_in_force(hold, now) and (until := holds_until(hold)) is not None]
    if exempt_until is not None and exempt_until <= now:
        ended.append(exempt_until)
    if not ended:
        return clock
    released_at = max(ended)
    return _Clock(max(clock.due_at, released_at), max(clock.deadline_at, released_at + latency), clock.trigger)


def _status(
    item: ItemFacts,
    terms: Terms,
    clock: _Clock,
    covering: Sequence[Hold],
    exempt_until: datetime | None,
    as_of: datetime,
    now: datetime,
) -> tuple[Status, str]:
    if as_of < clock.due_at:
        return Status.RETAIN, "not_due"
    if item.twins > 1:
        return Status.RETAIN, "ambiguous"
    if terms.minimum is not None and _kept_by_minimum(item, terms.minimum, now):
        return Status.KEPT_BY_MINIMUM, "statutory_minimum"
    if any(is_in_force(hold, now) for hold in covering):
        return Status.HELD, "legal_hold"
    if item.restricted:
        return Status.RESTRICTED, "restriction"
    if exempt_until is not None and now < exempt_until:
        return Status.EXEMPT, "consent"
    return (Status.OVERDUE if as_of > clock.deadline_at else Status.DUE), clock.trigger


def _kept_by_minimum(item: ItemFacts, minimum: Minimum, now: datetime) -> bool:
    """Kept while the minimum runs, while it is not released, and while its start is unknown: a guess never leads to deletion."""
    start = item.starts.get(minimum.event, Start(None, False)).at
    released = item.starts.get(minimum.release, Start(None, False)).happened
    return start is None or start > now or not released or now < end_of_year_plus(start, minimum.years)
