"""What must hold of decide() for any item, whatever its dates, consents and holds are."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.policy.situations import BOTH, DAY, HOUR, consents, decided, hold, item, rule, version

from retention.policy.facts import Basis, Consent, Decision, Hold, ItemFacts, Start, Status
from retention.policy.model import Consents, Minimum, RetentionRule
from retention.policy.periods import BERLIN

NOW = datetime(2026, 3, 29, 3, 30, tzinfo=UTC)  # half an hour after clocks went forward in Berlin
REASONS = {
    Status.RETAIN: {"not_due", "ambiguous", "undated", "rule_not_in_force"},
    Status.DUE: {"recording_started", "transcription_succeeded"},
    Status.OVERDUE: {"recording_started", "transcription_succeeded"},
    Status.HELD: {"legal_hold"},
    Status.EXEMPT: {"consent"},
    Status.KEPT_BY_MINIMUM: {"statutory_minimum"},
    Status.RESTRICTED: {"restriction"},
}
MINIMUM = Minimum(event="document_arose", years="P2Y", paragraph="§147 AO", release="year_released")

anywhere = st.datetimes(timezones=st.just(UTC))
# Around the boundaries of the rules below: whole hours and a few seconds beside them.
nearby = st.builds(
    lambda hours, seconds: NOW - hours * HOUR + timedelta(seconds=seconds),
    st.one_of(st.integers(-50, 1500), st.integers(8000, 12_000)),
    st.sampled_from([0, 0, 1, -1, 1800]),
)
past = nearby.map(lambda at: min(at, NOW))


@st.composite
def some_consents(draw: st.DrawFn, at: st.SearchStrategy[datetime]) -> Consent:
    given_at = draw(at)
    return Consent(
        party=draw(st.sampled_from(BOTH)),
        scope=draw(st.sampled_from(["archiving", "archiving", "archiving", "ai_training"])),
        given_at=given_at,
        recorded_at=draw(st.one_of(st.just(given_at), at)),
        ends_at=draw(st.none() | at),
        withdrawn_at=draw(st.none() | at),
        reviewed_at=draw(st.none() | at),
    )


@st.composite
def items(draw: st.DrawFn, at: st.SearchStrategy[datetime] = nearby) -> ItemFacts:
    happened, released = draw(st.booleans()), draw(st.booleans())
    return item(
        recorded=draw(st.none() | at),
        evidence_at=draw(st.none() | at),
        tenant_id=draw(st.sampled_from([None, "t1", "t2"])),
        person_id=draw(st.sampled_from([None, "p1", "p2"])),
        person_known=draw(st.booleans()),
        restricted=draw(st.sampled_from([False, False, False, True])),
        twins=draw(st.sampled_from([1, 1, 1, 1, 2])),
        consents=tuple(draw(st.lists(some_consents(at), max_size=4))),
        starts={
            "transcription_succeeded": Start(draw(st.none() | at), happened),
            "document_arose": Start(draw(st.none() | at), True),
            "year_released": Start(None, released),
        },
    )


@st.composite
def some_holds(draw: st.DrawFn, at: st.SearchStrategy[datetime] = nearby) -> Hold:
    return hold(
        hold_id=f"h{draw(st.integers(0, 10**6))}",
        approved_by=draw(st.sampled_from([None, "dpo", "dpo", "LEGAL "])),
        effective_at=draw(at),
        ends_at=draw(st.none() | at),
        review_at=draw(st.none() | at),
        ended_at=draw(st.none() | at),
        category=draw(st.sampled_from([None, "audio", "leads"])),
        tenant_id=draw(st.sampled_from([None, "t1"])),
        person_id=draw(st.sampled_from([None, "p1"])),
        item_id=draw(st.sampled_from([None, None, "r1"])),
        started_from=draw(st.none() | at),
        started_before=draw(st.none() | at),
    )


exemptions = st.sampled_from([None, consents(), consents(parties=("caller",)), consents(review_every=10 * DAY)])
minima = st.sampled_from([None, None, MINIMUM])


@st.composite
def rules(draw: st.DrawFn, exemption: st.SearchStrategy[Consents | None] = exemptions) -> RetentionRule:
    """One to three versions. The limit less the lead is never below a day, the tolerance for contradicting dates."""
    days = sorted(draw(st.sets(st.integers(0, 400), min_size=1, max_size=3)))
    versions = []
    for number, day in enumerate(days, start=1):
        lead = draw(st.integers(0, 60))
        versions.append(
            version(
                number,
                date(2025, 3, 1) + timedelta(days=day),
                limit=(lead + draw(st.integers(24, 800))) * HOUR,
                lead=lead * HOUR,
                latency=draw(st.integers(0, 48)) * HOUR,
                exemption=draw(exemption),
                minimum=draw(minima),
            )
        )
    return rule(*versions, clock_skew=draw(st.sampled_from([0, 0, 1, 1800])) * timedelta(seconds=1))


holds_lists = st.lists(some_holds(), max_size=4)


def is_subset(of: Decision, smaller: Decision) -> bool:
    """Whether `smaller` disposes of no item that `of` keeps."""
    return of.disposable or not smaller.disposable


@settings(max_examples=150, deadline=None)
@given(facts=items(anywhere), holds=st.lists(some_holds(anywhere), max_size=3), by=rules(), at=nearby)
def test_every_item_gets_a_status_a_basis_and_a_reason(
    facts: ItemFacts, holds: list[Hold], by: RetentionRule, at: datetime
) -> None:
    decision = decided(facts, at, *holds, by=by)
    assert decision.reason in REASONS[decision.status]
    undated = decision.due_at is None
    assert undated == (decision.deadline_at is None)
    assert undated == (decision.reason in ("undated", "rule_not_in_force"))
    if decision.due_at is not None and decision.deadline_at is not None:
        assert decision.due_at <= decision.deadline_at
        assert (decision.status is Status.RETAIN) == (at < decision.due_at or facts.twins > 1)
    if decision.reason != "rule_not_in_force":
        assert (decision.basis is Basis.UNDATED) == (decision.reason == "undated")
    if decision.status is Status.DUE:
        assert at <= decision.deadline_at
    if decision.status is Status.OVERDUE:
        assert at > decision.deadline_at


@settings(max_examples=150, deadline=None)
@given(facts=items(past), holds=st.lists(some_holds(past), max_size=3), by=rules(), later_h=st.integers(0, 20_000))
def test_later_as_of_never_makes_a_due_item_not_due(
    facts: ItemFacts, holds: list[Hold], by: RetentionRule, later_h: int
) -> None:
    """With the same protections: all that is known at the later instant was known at the earlier, and the rule stays."""
    assume(all(v.effective_at <= NOW for v in by.versions))
    if decided(facts, NOW, *holds, by=by).disposable:
        assert decided(facts, NOW + later_h * HOUR, *holds, by=by).disposable


@settings(max_examples=120, deadline=None)
@given(
    facts=items(),
    holds=holds_lists,
    exemption=exemptions,
    minimum=minima,
    limit_h=st.integers(24, 800),
    longer_by_h=st.integers(0, 800),
    at=nearby,
)
def test_longer_limit_disposes_of_a_subset(
    facts: ItemFacts,
    holds: list[Hold],
    exemption: Consents | None,
    minimum: Minimum | None,
    limit_h: int,
    longer_by_h: int,
    at: datetime,
) -> None:
    def decide_by(hours: int) -> Decision:
        one = rule(version(limit=hours * HOUR, lead=0 * HOUR, exemption=exemption, minimum=minimum))
        return decided(facts, at, *holds, by=one)

    assert is_subset(decide_by(limit_h), decide_by(limit_h + longer_by_h))


@settings(max_examples=150, deadline=None)
@given(facts=items(), holds=holds_lists, extra=some_holds(), by=rules(), at=nearby)
def test_another_hold_never_makes_more_items_disposable(
    facts: ItemFacts, holds: list[Hold], extra: Hold, by: RetentionRule, at: datetime
) -> None:
    assert is_subset(decided(facts, at, *holds, by=by), decided(facts, at, *holds, extra, by=by))


@settings(max_examples=150, deadline=None)
@given(facts=items(), extra=some_consents(nearby), holds=holds_lists, by=rules(), at=nearby)
def test_another_consent_never_makes_more_items_disposable(
    facts: ItemFacts, extra: Consent, holds: list[Hold], by: RetentionRule, at: datetime
) -> None:
    more = item_with(facts, consents=(*facts.consents, extra))
    assert is_subset(decided(facts, at, *holds, by=by), decided(more, at, *holds, by=by))


@settings(max_examples=150, deadline=None)
@given(facts=items(), shuffle=st.randoms(use_true_random=False), holds=holds_lists, by=rules(), at=nearby)
def test_order_of_consents_and_holds_does_not_matter(
    facts: ItemFacts, shuffle: random.Random, holds: list[Hold], by: RetentionRule, at: datetime
) -> None:
    other_consents, other_holds = list(facts.consents), list(holds)
    shuffle.shuffle(other_consents)
    shuffle.shuffle(other_holds)
    one = decided(facts, at, *holds, by=by)
    other = decided(item_with(facts, consents=tuple(other_consents)), at, *other_holds, by=by)
    assert sorted(one.holds) == sorted(other.holds)
    assert _without_holds(one) == _without_holds(other)


@settings(max_examples=150, deadline=None)
@given(facts=items(anywhere), holds=holds_lists, years=st.integers(1, 10), at=nearby)
def test_minimum_never_ends_early(facts: ItemFacts, holds: list[Hold], years: int, at: datetime) -> None:
    minimum = Minimum(event="document_arose", years=f"P{years}Y", paragraph="§147 AO", release="year_released")
    decision = decided(facts, at, *holds, by=rule(version(minimum=minimum)))
    if decision.disposable:
        arose_at = facts.starts["document_arose"].at
        assert arose_at is not None
        assert facts.starts["year_released"].happened
        assert at.astimezone(BERLIN).year > arose_at.astimezone(BERLIN).year + years


@settings(max_examples=120, deadline=None)
@given(facts=items(), holds=holds_lists, by=rules(), at=nearby)
def test_released_item_has_the_time_to_be_deleted(
    facts: ItemFacts, holds: list[Hold], by: RetentionRule, at: datetime
) -> None:
    """Whatever protected an item: between its end and the deadline lies the release latency."""
    without = decided(item_with(facts, consents=()), at, by=by)
    decision = decided(facts, at, *holds, by=by)
    if decision.due_at != without.due_at and decision.due_at is not None and decision.deadline_at is not None:
        assert decision.deadline_at >= decision.due_at + by.release_latency


def item_with(facts: ItemFacts, **changed: Any) -> ItemFacts:
    return replace(facts, **changed)


def _without_holds(decision: Decision) -> tuple[object, ...]:
    return decision.status, decision.basis, decision.reason, decision.due_at, decision.deadline_at
