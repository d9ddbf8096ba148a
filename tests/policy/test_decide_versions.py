"""Several versions of a rule: a later one only shortens for what is older (clause `version`)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from tests.policy.situations import (
    DAY,
    HOUR,
    TICK,
    both,
    consent,
    consents,
    decided,
    item,
    rule,
    said,
    version,
)

from retention.policy.facts import Start, Status
from retention.policy.model import RetentionRule, StartPoint

FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 3, 1), date(2026, 4, 1)
SECOND_AT = datetime(2026, 2, 28, 23, 0, tzinfo=UTC)  # midnight in Berlin
BEFORE, AFTER = SECOND_AT - DAY, SECOND_AT + DAY
MUCH_LATER = datetime(2027, 1, 1, tzinfo=UTC)


def two(first_h: int, second_h: int) -> RetentionRule:
    return rule(version(1, FIRST, limit=first_h * HOUR), version(2, SECOND, limit=second_h * HOUR))


@pytest.mark.parametrize(
    ("versions", "recorded", "limit_h"),
    [
        pytest.param((480, 720), BEFORE, 480, id="longer_does_not_apply_to_older"),
        pytest.param((480, 720), SECOND_AT - TICK, 480, id="one_microsecond_older"),
        pytest.param((480, 720), SECOND_AT, 720, id="longer_applies_from_its_first_instant"),
        pytest.param((480, 720), AFTER, 720, id="longer_applies_to_younger"),
        pytest.param((720, 480), BEFORE, 480, id="shorter_applies_to_older"),
        pytest.param((720, 480), AFTER, 480, id="shorter_applies_to_younger"),
        pytest.param((480, 720), datetime(2020, 1, 1, tzinfo=UTC), 480, id="older_than_the_first_version"),
    ],
)
def test_limit_by_the_age_of_the_item(versions: tuple[int, int], recorded: datetime, limit_h: int) -> None:
    assert decided(item(recorded=recorded), MUCH_LATER, by=two(*versions)).deadline_at == recorded + limit_h * HOUR


def test_version_counts_only_from_its_day_on() -> None:
    shortened = two(720, 100)
    facts = item(recorded=SECOND_AT - 5 * DAY)
    assert decided(facts, SECOND_AT - TICK, by=shortened).status is Status.RETAIN
    assert decided(facts, SECOND_AT, by=shortened).status is Status.OVERDUE


def test_longest_of_three_never_returns() -> None:
    relaxed = rule(
        version(1, FIRST, limit=720 * HOUR), version(2, SECOND, limit=100 * HOUR), version(3, THIRD, limit=720 * HOUR)
    )
    old, middle = item(recorded=BEFORE), item(recorded=AFTER)
    young = item(recorded=datetime(2026, 4, 2, tzinfo=UTC))
    limits = [decided(facts, MUCH_LATER, by=relaxed).deadline_at for facts in (old, middle, young)]
    assert limits == [BEFORE + 100 * HOUR, AFTER + 100 * HOUR, datetime(2026, 4, 2, tzinfo=UTC) + 720 * HOUR]


def test_due_and_deadline_shorten_apart() -> None:
    longer_lead = rule(
        version(1, FIRST, limit=480 * HOUR, lead=49 * HOUR), version(2, SECOND, limit=720 * HOUR, lead=400 * HOUR)
    )
    decision = decided(item(recorded=BEFORE), MUCH_LATER, by=longer_lead)
    assert (decision.due_at, decision.deadline_at) == (BEFORE + 320 * HOUR, BEFORE + 480 * HOUR)


def test_start_point_that_was_dropped_still_counts_for_older_items() -> None:
    cap = version().start_points[1]
    dropped = rule(version(1, FIRST), version(2, SECOND, start_points=(cap,)))
    assert decided(item(recorded=BEFORE, transcribed=BEFORE), BEFORE + DAY, by=dropped).disposable
    assert not decided(item(recorded=AFTER, transcribed=AFTER), AFTER + DAY, by=dropped).disposable


def test_new_start_point_counts_for_older_items() -> None:
    request = StartPoint(event="erasure_requested", allowed_latency=72 * HOUR)
    added = rule(version(1, FIRST), version(2, SECOND, start_points=(*version().start_points, request)))
    facts = item(recorded=BEFORE, starts={"erasure_requested": Start(SECOND_AT, True)})
    assert said(decided(facts, SECOND_AT, by=added)) == ("due", "start_point", "erasure_requested")


def test_item_of_unknown_age_gets_the_strictest_terms() -> None:
    decision = decided(item(recorded=None, transcribed=AFTER), MUCH_LATER, by=two(480, 720))
    assert decision.due_at == AFTER
    assert said(decided(item(recorded=None), MUCH_LATER, by=two(480, 720)))[2] == "undated"


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        pytest.param(
            datetime(2025, 12, 31, 23, 0, tzinfo=UTC) - TICK, "rule_not_in_force", id="one_microsecond_before"
        ),
        pytest.param(datetime(2025, 12, 31, 23, 0, tzinfo=UTC), "recording_started", id="midnight_in_berlin"),
    ],
)
def test_rule_that_is_not_in_force_deletes_nothing(as_of: datetime, expected: str) -> None:
    decision = decided(item(recorded=datetime(2025, 1, 1, tzinfo=UTC)), as_of, by=rule(version(1, FIRST)))
    assert decision.reason == expected


def test_exemption_needs_what_every_version_since_asks_for() -> None:
    relaxed = rule(version(1, FIRST), version(2, SECOND, exemption=consents(parties=("caller",))))
    alone = (consent("caller", BEFORE),)
    assert decided(item(recorded=BEFORE, transcribed=BEFORE + HOUR, consents=alone), MUCH_LATER, by=relaxed).disposable
    given = (consent("caller", AFTER),)
    younger = item(recorded=AFTER, transcribed=AFTER + HOUR, consents=given)
    assert decided(younger, MUCH_LATER, by=relaxed).status is Status.EXEMPT


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(None, id="exemption_dropped"),
        pytest.param(consents(scope="research"), id="exemption_for_another_scope"),
    ],
)
def test_exemption_that_a_later_version_takes_back_exempts_older_items_no_longer(later: object) -> None:
    stricter = rule(version(1, FIRST), version(2, SECOND, exemption=later))
    facts = item(recorded=BEFORE, transcribed=BEFORE + HOUR, consents=both(given=BEFORE))
    assert decided(facts, SECOND_AT - TICK, by=stricter).disposable is False
    assert decided(facts, SECOND_AT, by=stricter).disposable


def test_shortest_review_of_all_versions_counts() -> None:
    shorter = rule(version(1, FIRST), version(2, SECOND, exemption=consents(review_every=10 * DAY, review_grace=DAY)))
    facts = item(
        recorded=BEFORE, transcribed=BEFORE + HOUR, consents=tuple(consent(p, BEFORE) for p in ("caller", "customer"))
    )
    assert decided(facts, BEFORE + 11 * DAY - TICK, by=shorter).status is Status.EXEMPT
    assert decided(facts, BEFORE + 11 * DAY, by=shorter).disposable
