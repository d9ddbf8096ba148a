"""decide(): what a rule says about one item at one instant. Pure and total; the SQL of disposal says the same for sets.

Order of precedence (docs/policy.md, "What a decision says"): statutory minimum or duty, legal hold (as processor: unless the
customer decided), restriction (Art. 18), the decision of customer or person, exemption, then the shortest maximum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from retention.policy.facts import WAITS, Basis, Consent, Decision, Hold, ItemFacts, Start, Status
from retention.policy.holds import covers, holds_until, is_in_force, was_in_force
from retention.policy.model import Consents, Minimum, RetentionRule, Terms
from retention.policy.periods import end_of_year_plus

CONTRADICTION_TOLERANCE = timedelta(hours=24)
"""A start point later than other evidence of the item's existence by more than this is contradicted: the evidence counts."""
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""What lies ahead by as much, or for ever, never comes: 9999-12-31 and `infinity` are usual ways to say "open"."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""A date before this is no date: what programs write where they know none (1970, 1980, 1900). It would make new items overdue."""


class _Clock(NamedTuple):
    """The item's dates: `trigger` names the event that makes it due. `requested`: the same by what customer or person decided
    alone, None where nobody did."""

    due_at: datetime
    deadline_at: datetime
    trigger: str
    requested: _Clock | None = None

    def was_requested(self, as_of: datetime) -> bool:
        """Whether customer or person decided that it goes, and the time for that has come."""
        return self.requested is not None and self.requested.due_at <= as_of

    def released(self, ended: Sequence[datetime], latency: timedelta) -> _Clock:
        """The dates of an item that protections kept until these instants."""
        if not ended:
            return self
        last = max(ended)
        return self._replace(due_at=max(self.due_at, last), deadline_at=max(self.deadline_at, last + latency))


def decide(
    item: ItemFacts, rule: RetentionRule, holds: Sequence[Hold], as_of: datetime, *, now: datetime | None = None
) -> Decision:
    """Say what the rule means for the item.

    `as_of` (aware) decides what is due; `now` (default `as_of`, never earlier) is when holds and consents are read, because
    these count as they are. due: `due_at <= as_of <= deadline_at`; overdue: `as_of > deadline_at`, unless something whose end
    nobody records may have kept it until lately: then it is due, and how late it is can't be said. Raises nothing for any item.
    """
    now = max(as_of, now) if now is not None else as_of
    latest = rule.latest(now)
    seen_at = item.evidence_at if _is_a_date(item.evidence_at, latest) else None
    arose_at, basis = _arose(item, rule, seen_at, latest)
    terms = _terms_for(item, rule, arose_at, as_of)
    if terms is None:
        return Decision(Status.RETAIN, basis, "rule_not_in_force", None, None)
    # A guessed start may lie in any hold's period, so it takes no item out of one.
    known_start = arose_at if basis is Basis.START_POINT else None
    covering = [hold for hold in holds if covers(hold, item, rule.category, known_start)]
    evidence = min((at for at in (seen_at, arose_at) if at is not None), default=None)
    clock, dates_rest_on = _clock(item, rule, terms, arose_at, basis, evidence, latest)
    in_force = tuple(hold.hold_id for hold in covering if is_in_force(hold, now))
    if clock is None:
        if not rule.goes_by_age and not any(
            _has_happened(item, rule, event, latest) is not False for event in terms.due_after
        ):
            return Decision(Status.RETAIN, basis, "no_event", None, None, in_force)
        return Decision(Status.RETAIN, Basis.UNDATED, "undated", None, None, in_force)
    exempt_until = _exempt_until(item.consents, terms.exemption, clock.due_at, latest)
    item = item if terms.duties else replace(item, duty=None)
    clock = _after_protections(item, clock, covering, exempt_until, rule.release_latency, as_of, now)
    in_doubt = any(_has_happened(item, rule, event, latest) is None for event in terms.due_after)
    if in_doubt and as_of < clock.due_at:
        return Decision(Status.RETAIN, Basis.UNDATED, "undated", clock.due_at, clock.deadline_at, in_force)
    status, reason = _status(item, terms, clock, covering, exempt_until, as_of, now)
    return Decision(status, dates_rest_on, reason, clock.due_at, clock.deadline_at, in_force)


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


def _terms_for(item: ItemFacts, rule: RetentionRule, arose_at: datetime | None, as_of: datetime) -> Terms | None:
    """The terms for an item of this age and customer; of unknown age: the strictest, which are the oldest."""
    applicable = None
    for terms in rule.terms(as_of, item.tenant_id):
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
            at, rests_on = _event_at(item, rule, event, evidence, latest)
            basis = Basis.FALLBACK if rests_on is Basis.FALLBACK else basis
        if at is not None:
            instants[event] = at
    if not instants:
        return None, Basis.UNDATED
    due = {event: _due_from(item, rule, event, at) + terms.due_after[event] for event, at in instants.items()}
    deadlines = {event: at + terms.deadline_after[event] for event, at in instants.items()}
    asked = rule.marked("on_request") & instants.keys()
    requested = _earliest(due, deadlines, asked) if asked else None
    return _earliest(due, deadlines, instants.keys())._replace(requested=requested), basis


def _earliest(due: Mapping[str, datetime], deadlines: Mapping[str, datetime], events: Set[str]) -> _Clock:
    trigger = min(events, key=lambda event: (due[event], event))
    return _Clock(due[trigger], min(deadlines[event] for event in events), trigger)


def _due_from(item: ItemFacts, rule: RetentionRule, event: str, at: datetime) -> datetime:
    """A file or partition is as old as its oldest record, and goes when its youngest is due."""
    return max(at, item.youngest_at) if event == rule.clock_event and item.youngest_at is not None else at


def _event_at(
    item: ItemFacts, rule: RetentionRule, event: str, evidence: datetime | None, latest: datetime
) -> tuple[datetime | None, Basis]:
    """When an event happened; None while it has not, or nobody knows. One that happened at no or a future time is dated by other
    evidence.

    By a clock that is a little ahead, an event lies between now and `latest`: it is not due yet. Dating it back would make
    consents late that came in time. What may lie ahead comes when it is dated.
    """
    start = item.starts.get(event, Start(None, False))
    if not _has_happened(item, rule, event, latest):
        return None, Basis.START_POINT
    ahead = event in rule.marked("may_lie_ahead") and start.at is not None and start.at > latest
    if ahead or _is_a_date(start.at, latest):
        return start.at, Basis.START_POINT
    return evidence, Basis.START_POINT if evidence is None else Basis.FALLBACK


def _has_happened(item: ItemFacts, rule: RetentionRule, event: str, latest: datetime) -> bool | None:
    """Whether the event happened; None where only a time in the future says so: a request that is dated ahead may be a wish for
    then, or a mistyped year, and what it would delete can't be brought back. The event that every item has is `_arose`'s matter.
    """
    start = item.starts.get(event, Start(None, False))
    if event == rule.clock_event:
        return start.at is not None if start.happened is None else start.happened
    may_lie_ahead = event in rule.marked("may_lie_ahead")
    if may_lie_ahead and start.at is not None and start.at >= NEVER:
        return False
    if start.happened is not None:
        return start.happened
    if start.at is None:
        return False
    return True if may_lie_ahead or start.at <= latest else None


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
    item: ItemFacts,
    clock: _Clock,
    covering: Sequence[Hold],
    exempt_until: datetime | None,
    latency: timedelta,
    as_of: datetime,
    now: datetime,
) -> _Clock:
    """An item is due when the last protection that had kept it ended, and overdue `latency` after that.

    What customer or person decided waits for no consent's end, and where we are the processor for no hold's. An item that one of
    these kept until somebody decided has the dates of that decision: whatever else made it due, it was kept from that.
    """
    duty_ended = (
        [item.duty.until] if item.duty is not None and item.duty.until is not None and item.duty.until <= now else []
    )
    holds_ended = [until for hold in covering if was_in_force(hold, now) and (until := holds_until(hold)) is not None]
    exemption_ended = [exempt_until] if exempt_until is not None and exempt_until <= now else []
    whole = clock.released(duty_ended + holds_ended + exemption_ended, latency)
    if clock.requested is None:
        return whole
    requested = clock.requested.released(duty_ended + ([] if item.is_processor else holds_ended), latency)
    is_held = item.is_processor and any(is_in_force(hold, now) for hold in covering)
    if clock.was_requested(as_of) and (is_held or (exempt_until is not None and now < exempt_until)):
        return requested._replace(requested=requested)
    first = whole._replace(
        due_at=min(whole.due_at, requested.due_at), deadline_at=min(whole.deadline_at, requested.deadline_at)
    )
    return first._replace(requested=requested)


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
        return Status.RETAIN, "too_wide" if as_of > clock.deadline_at else "not_due"
    if item.twins > 1:
        return Status.RETAIN, "ambiguous"
    if terms.minimum is not None and _kept_by_minimum(item, terms.minimum, now):
        return Status.KEPT_BY_MINIMUM, "statutory_minimum"
    if item.duty is not None and (item.duty.until is None or now < item.duty.until):
        return Status.KEPT_BY_MINIMUM, "statutory_duty"
    requested = clock.was_requested(as_of)
    if any(is_in_force(hold, now) for hold in covering) and not (requested and item.is_processor):
        return Status.HELD, "legal_hold"
    if item.restricted:
        return Status.RESTRICTED, "restriction"
    if exempt_until is not None and now < exempt_until and not requested:
        return Status.EXEMPT, "consent"
    if item.waits:
        return Status.RETAIN, WAITS
    is_overdue = as_of > clock.deadline_at and not item.may_have_been_kept
    return (Status.OVERDUE if is_overdue else Status.DUE), clock.trigger


def _kept_by_minimum(item: ItemFacts, minimum: Minimum, now: datetime) -> bool:
    """Kept while the minimum runs, while it is not released, and while its start is unknown: a guess never leads to deletion."""
    start = item.starts.get(minimum.event, Start(None, False)).at
    released = item.starts.get(minimum.release, Start(None, False)).happened is True
    return start is None or start > now or not released or now < end_of_year_plus(start, minimum.years)
