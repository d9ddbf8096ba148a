"""Which consents exempt a recording, from when, and until when (clause `audio-consent`)."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.policy.situations import (
    CAP_DUE,
    DAY,
    GRACE,
    HOUR,
    LATENCY,
    RECORDED,
    TICK,
    TRANSCRIBED,
    YEAR,
    both,
    consent,
    consents,
    decided,
    item,
    rule,
    said,
    version,
)

from retention.policy.facts import Consent, Status

LATER = CAP_DUE + 10 * DAY
LAPSES = RECORDED + YEAR + GRACE
CUSTOMER = consent("customer", RECORDED - 100 * DAY)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(both(), id="both_in_the_call"),
        pytest.param((consent("caller"), CUSTOMER), id="customer_long_before"),
        pytest.param(both(given=TRANSCRIBED - TICK), id="one_microsecond_before_due"),
        pytest.param(both(given=RECORDED, recorded_at=TRANSCRIBED - TICK), id="recorded_one_microsecond_before_due"),
        pytest.param(both(ends_at=LATER + TICK), id="ends_a_microsecond_later"),
        pytest.param(both(withdrawn_at=LATER + TICK), id="withdrawn_a_microsecond_later"),
        pytest.param((*both(), consent("caller", scope="ai_training")), id="another_scope_beside_it"),
        pytest.param((*both(), consent("witness", withdrawn_at=RECORDED)), id="another_party_beside_it"),
        pytest.param(
            (*both(), consent("caller", scope="ai_training", withdrawn_at=RECORDED)), id="withdrew_another_scope"
        ),
        pytest.param(
            (*both(withdrawn_at=RECORDED + TICK), consent("caller", given=RECORDED + 2 * TICK)),
            id="given_again_after_withdrawal",
        ),
        pytest.param((*both(given=TRANSCRIBED + DAY), consent("caller")), id="late_one_beside_a_good_one"),
    ],
)
def test_consents_of_both_parties_in_time_and_in_force_exempt(given: tuple[Consent, ...]) -> None:
    assert said(decided(item(transcribed=TRANSCRIBED, consents=given), LATER)) == ("exempt", "start_point", "consent")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param((), id="none"),
        pytest.param((consent("caller"),), id="only_the_caller"),
        pytest.param((CUSTOMER,), id="only_the_customer"),
        pytest.param((consent("caller"), consent("caller")), id="the_caller_twice"),
        pytest.param((consent("Caller"), CUSTOMER), id="party_in_another_case"),
        pytest.param((consent("caller", scope="ai_training"), CUSTOMER), id="wrong_scope"),
        pytest.param(
            (consent("caller", scope="marketing"), consent("customer", scope="marketing")), id="wrong_scope_twice"
        ),
        pytest.param(both(given=TRANSCRIBED), id="given_as_it_falls_due"),
        pytest.param(both(given=TRANSCRIBED + TICK), id="given_late"),
        pytest.param(both(recorded_at=TRANSCRIBED), id="recorded_as_it_falls_due"),
        pytest.param(both(recorded_at=TRANSCRIBED + DAY), id="recorded_late"),
        pytest.param(
            (consent("caller", recorded_at=LATER), consent("caller", given=LATER, recorded_at=RECORDED), CUSTOMER),
            id="two_halves_make_no_consent",
        ),
    ],
)
def test_anything_less_exempts_not_at_all(given: tuple[Consent, ...]) -> None:
    decision = decided(item(transcribed=TRANSCRIBED, consents=given), LATER)
    assert decision.status is Status.OVERDUE
    assert decision.due_at == TRANSCRIBED


@pytest.mark.parametrize(
    ("given", "ended_at"),
    [
        pytest.param(both(ends_at=LATER), LATER, id="ended"),
        pytest.param(both(withdrawn_at=LATER), LATER, id="withdrawn"),
        pytest.param(both(ends_at=LATER + DAY, withdrawn_at=LATER), LATER, id="withdrawn_before_its_end"),
        pytest.param(both(ends_at=LATER, withdrawn_at=LATER + DAY), LATER, id="withdrawn_after_its_end"),
        pytest.param(
            (consent("caller"), CUSTOMER._replace(withdrawn_at=LATER)), LATER, id="withdrawn_by_the_other_party"
        ),
        pytest.param(both(), LAPSES, id="review_lapsed"),
        pytest.param(both(reviewed_at=RECORDED + DAY), LAPSES, id="only_one_of_both_reviewed"),
        pytest.param(
            (*both(ends_at=LATER - DAY), consent("caller", ends_at=LATER)), LATER, id="the_later_of_two_of_one_party"
        ),
    ],
)
def test_end_of_the_exemption_makes_due_and_leaves_the_latency(given: tuple[Consent, ...], ended_at: datetime) -> None:
    facts = item(transcribed=TRANSCRIBED, consents=given)
    assert decided(facts, ended_at - TICK).status is Status.EXEMPT
    at_end = decided(facts, ended_at)
    assert (at_end.status, at_end.due_at, at_end.deadline_at) == (Status.DUE, ended_at, ended_at + LATENCY)
    assert decided(facts, ended_at + LATENCY).status is Status.DUE
    assert decided(facts, ended_at + LATENCY + TICK).status is Status.OVERDUE


@pytest.mark.parametrize(
    ("records", "ended_at"),
    [
        pytest.param([(RECORDED, None), (RECORDED, LATER)], LATER, id="given_twice"),
        pytest.param([(RECORDED, None), (RECORDED - DAY, LATER)], LATER, id="on_the_older_record"),
        pytest.param([(RECORDED, None), (TRANSCRIBED + DAY, LATER)], LATER, id="on_a_record_that_came_late"),
        pytest.param([(RECORDED + TICK, None), (RECORDED, RECORDED + TICK)], None, id="given_as_it_was_withdrawn"),
        pytest.param([(RECORDED, None), (RECORDED, LATER + DAY), (RECORDED, LATER)], LATER, id="the_first_of_two"),
        pytest.param([(RECORDED, LATER), (LATER + DAY, None)], LATER, id="given_again_too_late"),
    ],
)
def test_withdrawal_ends_all_that_the_party_had_given_before(
    records: list[tuple[datetime, datetime | None]], ended_at: datetime | None
) -> None:
    """Duplicates happen: a form sent twice, an import beside the call. Whoever withdraws means all of it."""
    of_caller = [consent("caller", given, withdrawn_at=withdrawn) for given, withdrawn in records]
    for order in (of_caller, of_caller[::-1]):
        facts = item(transcribed=TRANSCRIBED, consents=(*order, CUSTOMER))
        if ended_at is not None:
            assert decided(facts, ended_at - TICK).status is Status.EXEMPT
            assert decided(facts, ended_at).due_at == ended_at
        assert decided(facts, LATER + DAY).status is Status.OVERDUE


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        pytest.param(RECORDED + YEAR, Status.EXEMPT, id="review_falls_due"),
        pytest.param(LAPSES - TICK, Status.EXEMPT, id="last_microsecond_of_grace"),
        pytest.param(LAPSES, Status.DUE, id="grace_ends_exactly"),
        pytest.param(LAPSES + LATENCY + TICK, Status.OVERDUE, id="beyond_grace"),
    ],
)
def test_lapsed_review_exempts_for_the_grace_and_no_longer(as_of: datetime, status: Status) -> None:
    assert decided(item(transcribed=TRANSCRIBED, consents=both()), as_of).status is status


def test_review_carries_both_for_another_year() -> None:
    reviewed = tuple(one._replace(reviewed_at=RECORDED + YEAR) for one in both())
    facts = item(transcribed=TRANSCRIBED, consents=reviewed)
    assert decided(facts, RECORDED + 2 * YEAR + GRACE - TICK).status is Status.EXEMPT
    assert decided(facts, RECORDED + 2 * YEAR + GRACE).status is Status.DUE


def test_review_in_the_future_carries_nothing_yet() -> None:
    planned = tuple(one._replace(reviewed_at=LAPSES + DAY) for one in both())
    facts = item(transcribed=TRANSCRIBED, consents=planned)
    assert decided(facts, LAPSES).status is Status.DUE


def test_review_before_the_giving_shortens_nothing() -> None:
    odd = tuple(one._replace(reviewed_at=RECORDED - 300 * DAY) for one in both())
    assert decided(item(transcribed=TRANSCRIBED, consents=odd), LAPSES - TICK).status is Status.EXEMPT


def test_consent_that_ended_before_the_item_fell_due_moves_nothing() -> None:
    decision = decided(item(transcribed=TRANSCRIBED, consents=both(withdrawn_at=TRANSCRIBED - TICK)), LATER)
    assert (decision.due_at, decision.deadline_at) == (TRANSCRIBED, TRANSCRIBED + LATENCY)


def test_consent_counts_before_the_cap_where_nothing_was_transcribed() -> None:
    late = both(given=CAP_DUE - TICK)
    assert decided(item(consents=late), LATER).status is Status.EXEMPT
    assert decided(item(consents=both(given=CAP_DUE)), LATER).status is Status.OVERDUE


def test_item_that_is_not_due_needs_no_exemption() -> None:
    assert said(decided(item(consents=both()), CAP_DUE - TICK))[2] == "not_due"


def test_rule_without_exemption_exempts_nobody() -> None:
    strict = rule(version(exemption=None))
    assert decided(item(transcribed=TRANSCRIBED, consents=both()), LATER, by=strict).status is Status.OVERDUE


def test_rule_may_ask_for_more_parties() -> None:
    strict = rule(version(exemption=consents(parties=("caller", "customer", "agent"))))
    three = (*both(), consent("agent"))
    assert decided(item(transcribed=TRANSCRIBED, consents=both()), LATER, by=strict).status is Status.OVERDUE
    assert decided(item(transcribed=TRANSCRIBED, consents=three), LATER, by=strict).status is Status.EXEMPT


def test_consent_known_only_after_as_of_counts_when_it_was_in_time() -> None:
    # `now` reads what was recorded since; "in time" is measured against the due time, not against the plan.
    facts = item(consents=both(given=CAP_DUE - HOUR))
    assert decided(facts, CAP_DUE, now=CAP_DUE + DAY).status is Status.EXEMPT
