"""What is due when: every boundary of the audio rule, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.policy.situations import (
    CAP_DEADLINE,
    CAP_DUE,
    DAY,
    HOUR,
    LATENCY,
    MINUTE,
    RECORDED,
    TICK,
    TRANSCRIBED,
    both,
    decided,
    hold,
    item,
    said,
)

from retention.policy.facts import ItemFacts, Start, Status

LONG_AFTER = CAP_DEADLINE + 100 * DAY
LATEST = LONG_AFTER + 10 * MINUTE  # what the shipped rule's clock_skew lets a source's clock be ahead
CAP, DONE = "recording_started", "transcription_succeeded"


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        pytest.param(RECORDED, ("retain", "start_point", "not_due"), id="just_recorded"),
        pytest.param(CAP_DUE - TICK, ("retain", "start_point", "not_due"), id="one_microsecond_before_due"),
        pytest.param(CAP_DUE, ("due", "start_point", CAP), id="at_due"),
        pytest.param(CAP_DEADLINE - TICK, ("due", "start_point", CAP), id="one_microsecond_before_end"),
        pytest.param(CAP_DEADLINE, ("due", "start_point", CAP), id="ends_exactly"),
        pytest.param(CAP_DEADLINE + TICK, ("overdue", "start_point", CAP), id="beyond_end"),
    ],
)
def test_cap_without_transcription(as_of: datetime, expected: tuple[str, str, str]) -> None:
    decision = decided(item(), as_of)
    assert said(decision) == expected
    assert (decision.due_at, decision.deadline_at) == (CAP_DUE, CAP_DEADLINE)


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        pytest.param(
            TRANSCRIBED - TICK, ("retain", "start_point", "not_due"), id="one_microsecond_before_transcription"
        ),
        pytest.param(TRANSCRIBED, ("due", "start_point", DONE), id="at_once"),
        pytest.param(TRANSCRIBED + LATENCY, ("due", "start_point", DONE), id="latency_ends_exactly"),
        pytest.param(TRANSCRIBED + LATENCY + TICK, ("overdue", "start_point", DONE), id="beyond_latency"),
    ],
)
def test_transcription_makes_due_at_once(as_of: datetime, expected: tuple[str, str, str]) -> None:
    # Whoever looks back at TRANSCRIBED - TICK reads today's rows: the transcription is known, but `as_of` lies before it.
    decision = decided(item(transcribed=TRANSCRIBED), as_of, now=LONG_AFTER)
    assert said(decision) == expected
    assert (decision.due_at, decision.deadline_at) == (TRANSCRIBED, TRANSCRIBED + LATENCY)


@pytest.mark.parametrize(
    ("transcribed", "due_at", "deadline_at", "trigger"),
    [
        pytest.param(CAP_DUE - TICK, CAP_DUE - TICK, CAP_DUE - TICK + LATENCY, DONE, id="just_before_the_cap_is_due"),
        pytest.param(CAP_DUE, CAP_DUE, CAP_DUE + LATENCY, CAP, id="together_with_the_cap"),
        pytest.param(CAP_DUE + DAY, CAP_DUE, CAP_DUE + DAY + LATENCY, CAP, id="between_due_and_deadline_of_the_cap"),
        pytest.param(CAP_DEADLINE - HOUR, CAP_DUE, CAP_DEADLINE, CAP, id="too_late_to_move_the_deadline"),
        pytest.param(LONG_AFTER, CAP_DUE, CAP_DEADLINE, CAP, id="long_after_the_cap"),
    ],
)
def test_shortest_maximum_applies(transcribed: datetime, due_at: datetime, deadline_at: datetime, trigger: str) -> None:
    decision = decided(item(transcribed=transcribed), LONG_AFTER)
    assert (decision.status, decision.reason) == (Status.OVERDUE, trigger)
    assert (decision.due_at, decision.deadline_at) == (due_at, deadline_at)


@pytest.mark.parametrize(
    ("recorded", "deadline"),
    [
        pytest.param(
            datetime(2026, 3, 15, 12, 0, tzinfo=UTC),
            datetime(2026, 4, 14, 12, 0, tzinfo=UTC),
            id="berlin_loses_an_hour",
        ),
        pytest.param(
            datetime(2026, 10, 10, 12, 0, tzinfo=UTC),
            datetime(2026, 11, 9, 12, 0, tzinfo=UTC),
            id="berlin_gains_an_hour",
        ),
        pytest.param(datetime(2028, 2, 10, 0, 0, tzinfo=UTC), datetime(2028, 3, 11, 0, 0, tzinfo=UTC), id="leap_day"),
        pytest.param(
            datetime(2027, 2, 10, 0, 0, tzinfo=UTC), datetime(2027, 3, 12, 0, 0, tzinfo=UTC), id="no_leap_day"
        ),
        pytest.param(
            datetime(2028, 2, 29, 23, 59, tzinfo=UTC), datetime(2028, 3, 30, 23, 59, tzinfo=UTC), id="on_leap_day"
        ),
        pytest.param(
            datetime(2026, 12, 15, 8, 0, tzinfo=UTC), datetime(2027, 1, 14, 8, 0, tzinfo=UTC), id="over_new_year"
        ),
    ],
)
def test_thirty_days_are_720_elapsed_hours(recorded: datetime, deadline: datetime) -> None:
    decision = decided(item(recorded=recorded), deadline)
    assert decision.deadline_at == deadline == recorded + timedelta(hours=720)
    assert decision.due_at == deadline - timedelta(hours=49)
    assert decision.status is Status.DUE
    assert decided(item(recorded=recorded), deadline + TICK).status is Status.OVERDUE


@pytest.mark.parametrize(
    ("facts", "basis", "arose"),
    [
        pytest.param(item(evidence_at=RECORDED - HOUR), "start_point", RECORDED, id="evidence_a_little_older"),
        pytest.param(item(evidence_at=RECORDED - DAY), "start_point", RECORDED, id="evidence_older_by_a_day_exactly"),
        pytest.param(item(evidence_at=RECORDED - DAY - TICK), "fallback", RECORDED - DAY - TICK, id="contradicted"),
        pytest.param(item(evidence_at=RECORDED + 90 * DAY), "start_point", RECORDED, id="row_written_much_later"),
        pytest.param(item(recorded=None, evidence_at=RECORDED), "fallback", RECORDED, id="start_missing"),
        pytest.param(
            item(recorded=LATEST + TICK, evidence_at=RECORDED), "fallback", RECORDED, id="start_in_the_future"
        ),
        pytest.param(
            item(recorded=LONG_AFTER, evidence_at=LONG_AFTER - HOUR), "start_point", LONG_AFTER, id="start_is_now"
        ),
        pytest.param(
            item(recorded=LATEST, evidence_at=LONG_AFTER - HOUR),
            "start_point",
            LATEST,
            id="start_ahead_by_the_clock_skew",
        ),
        pytest.param(
            item(recorded=None, evidence_at=LATEST), "fallback", LATEST, id="evidence_ahead_by_the_clock_skew"
        ),
        pytest.param(
            item(recorded=LATEST + TICK, evidence_at=LONG_AFTER - HOUR),
            "fallback",
            LONG_AFTER - HOUR,
            id="start_in_the_future_by_less_than_the_tolerance",
        ),
        pytest.param(
            item(evidence_at=LONG_AFTER + DAY), "start_point", RECORDED, id="evidence_in_the_future_counts_not"
        ),
    ],
)
def test_start_that_cannot_be_trusted_falls_back_to_the_oldest_evidence(
    facts: ItemFacts, basis: str, arose: datetime
) -> None:
    decision = decided(facts, LONG_AFTER)
    assert decision.basis == basis
    assert decision.deadline_at == arose + timedelta(hours=720)


FAR = datetime(2099, 12, 31, tzinfo=UTC)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(item(recorded=None), id="no_date_at_all"),
        pytest.param(item(recorded=FAR), id="only_a_future_date"),
        pytest.param(item(recorded=FAR, evidence_at=FAR), id="all_dates_in_the_future"),
        pytest.param(item(recorded=None, evidence_at=FAR), id="evidence_in_the_future"),
        pytest.param(item(recorded=END_OF_TIME, evidence_at=END_OF_TIME), id="sentinel_9999_12_31"),
        pytest.param(
            item(recorded=None, starts={DONE: Start(None, True)}), id="transcribed_at_no_known_time_and_undated"
        ),
    ],
)
def test_item_without_a_credible_date_is_undated_and_stays(facts: ItemFacts) -> None:
    decision = decided(facts, LONG_AFTER)
    assert said(decision) == ("retain", "undated", "undated")
    assert (decision.due_at, decision.deadline_at) == (None, None)


@pytest.mark.parametrize(
    ("start", "deadline"),
    [
        pytest.param(Start(None, True), RECORDED + LATENCY, id="happened_at_no_known_time"),
        pytest.param(Start(LATEST + TICK, True), RECORDED + LATENCY, id="happened_in_the_future"),
    ],
)
def test_event_without_a_credible_time_is_dated_by_the_oldest_evidence(start: Start, deadline: datetime) -> None:
    decision = decided(item(starts={DONE: start}), LONG_AFTER)
    assert said(decision) == ("overdue", "fallback", DONE)
    assert decision.deadline_at == deadline


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        pytest.param(TRANSCRIBED, ("retain", "undated", "undated"), id="nothing_else_makes_it_due"),
        pytest.param(CAP_DUE, ("due", "start_point", CAP), id="age_makes_it_due"),
    ],
)
def test_event_that_only_a_time_in_the_future_tells_has_not_happened(
    as_of: datetime, expected: tuple[str, ...]
) -> None:
    assert said(decided(item(starts={DONE: Start(as_of + 10 * MINUTE + TICK, None)}), as_of)) == expected
    assert said(decided(item(starts={DONE: Start(as_of + 10 * MINUTE, None)}), as_of))[1] == "start_point"


@pytest.mark.parametrize("ahead", [TICK, 10 * MINUTE])
def test_event_that_a_clock_ahead_has_stamped_is_not_due_yet(ahead: timedelta) -> None:
    stamped = TRANSCRIBED + ahead
    decision = decided(item(transcribed=stamped), TRANSCRIBED)
    assert (said(decision), decision.due_at) == (("retain", "start_point", "not_due"), stamped)
    assert decided(item(transcribed=stamped), stamped).status is Status.DUE
    assert decided(item(transcribed=stamped, consents=both(given=TRANSCRIBED)), stamped).status is Status.EXEMPT


def test_event_with_a_time_that_did_not_happen_starts_no_clock() -> None:
    decision = decided(item(starts={DONE: Start(TRANSCRIBED, False)}), TRANSCRIBED + DAY)
    assert said(decision) == ("retain", "start_point", "not_due")


def test_item_of_unknown_age_is_due_by_an_event_that_is_dated() -> None:
    decision = decided(item(recorded=None, transcribed=TRANSCRIBED), TRANSCRIBED)
    assert said(decision) == ("due", "fallback", DONE)


@pytest.mark.parametrize(
    ("as_of", "reason"),
    [pytest.param(CAP_DUE - TICK, "not_due", id="before_due"), pytest.param(LONG_AFTER, "ambiguous", id="overdue")],
)
def test_items_that_share_an_object_are_never_touched(as_of: datetime, reason: str) -> None:
    decision = decided(item(twins=2), as_of)
    assert (decision.status, decision.reason) == (Status.RETAIN, reason)


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        pytest.param(CAP_DUE - TICK, Status.RETAIN, id="before_due"),
        pytest.param(CAP_DUE, Status.RESTRICTED, id="due"),
        pytest.param(LONG_AFTER, Status.RESTRICTED, id="long_overdue"),
    ],
)
def test_restricted_item_is_kept_and_says_so(as_of: datetime, status: Status) -> None:
    assert decided(item(restricted=True), as_of).status is status


def test_restriction_is_named_before_a_consent() -> None:
    assert said(decided(item(restricted=True, consents=both()), LONG_AFTER))[2] == "restriction"


def test_as_of_decides_what_is_due_and_now_what_protects() -> None:
    withdrawn = item(consents=both(withdrawn_at=CAP_DEADLINE + DAY))
    # Planned while the consent was in force, executed after its withdrawal: spared now, due from the withdrawal on.
    assert said(decided(withdrawn, CAP_DEADLINE, now=CAP_DEADLINE + 2 * DAY))[2] == "not_due"
    assert decided(withdrawn, CAP_DEADLINE + DAY, now=CAP_DEADLINE + 2 * DAY).status is Status.DUE


def test_now_is_never_earlier_than_as_of() -> None:
    set_today = hold(effective_at=CAP_DEADLINE)
    assert decided(item(), CAP_DEADLINE, set_today, now=RECORDED).status is Status.HELD
