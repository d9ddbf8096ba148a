"""When a legal hold holds, what it covers, and what is due after it ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from tests.policy.situations import (
    CAP_DEADLINE,
    CAP_DUE,
    DAY,
    HOUR,
    LATENCY,
    RECORDED,
    TICK,
    TRANSCRIBED,
    both,
    decided,
    hold,
    item,
    rule,
    said,
    version,
)

from retention.policy.facts import Hold, ItemFacts, Start, Status
from retention.policy.model import StartPoint

NOW = CAP_DEADLINE + 30 * DAY
OVERDUE = item(transcribed=TRANSCRIBED)
ORPHAN = item(recorded=None, evidence_at=RECORDED, person_id=None, person_known=False)


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(hold(), id="in_proper_form"),
        pytest.param(hold(effective_at=NOW), id="effective_now"),
        pytest.param(hold(ends_at=NOW + TICK), id="ends_a_microsecond_later"),
        pytest.param(hold(ends_at=None, review_at=NOW + TICK), id="review_a_microsecond_later"),
        pytest.param(hold(review_at=NOW - DAY), id="review_date_passed_but_an_end_ahead"),
        pytest.param(hold(ended_at=NOW + TICK), id="ended_a_microsecond_later"),
        pytest.param(hold(requested_by="Legal", approved_by="Legal Counsel"), id="approver_with_a_similar_name"),
    ],
)
def test_hold_in_force_holds(one: Hold) -> None:
    decision = decided(OVERDUE, NOW, one)
    assert said(decision) == ("held", "start_point", "legal_hold")
    assert decision.holds == ("h1",)


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(hold(approved_by=None), id="unapproved"),
        pytest.param(hold(approved_by=""), id="approved_by_nobody"),
        pytest.param(hold(approved_by="  "), id="approved_by_a_space"),
        pytest.param(hold(approved_by="legal"), id="self_approved"),
        pytest.param(hold(approved_by="LEGAL"), id="self_approved_in_capitals"),
        pytest.param(hold(approved_by=" legal "), id="self_approved_with_spaces"),
        pytest.param(
            hold(requested_by="Ann  Example", approved_by="ann example"), id="self_approved_with_an_inner_space"
        ),
        pytest.param(hold(requested_by="J\u00f6rg", approved_by="Jo\u0308rg"), id="self_approved_in_other_bytes"),
        pytest.param(hold(requested_by="Stra\u00dfe", approved_by="STRASSE"), id="self_approved_with_sharp_s"),
        pytest.param(hold(ends_at=None), id="no_end_and_no_review"),
        pytest.param(hold(effective_at=NOW + TICK), id="not_yet_effective"),
        pytest.param(hold(ends_at=RECORDED), id="ended_as_it_began"),
        pytest.param(hold(effective_at=NOW - DAY, ends_at=NOW - DAY), id="ended_as_it_began_when_due"),
        pytest.param(hold(effective_at=NOW - DAY, ended_at=NOW - 2 * DAY), id="ended_before_it_began"),
        pytest.param(hold(tenant_id=None), id="empty_scope"),
        pytest.param(hold(tenant_id=None, place="call_recordings"), id="place_alone_is_no_scope"),
        pytest.param(hold(approved_by="legal", ends_at=NOW - TICK), id="self_approved_and_over"),
    ],
)
def test_hold_that_never_held_changes_nothing(one: Hold) -> None:
    assert decided(OVERDUE, NOW, one) == decided(OVERDUE, NOW)


@pytest.mark.parametrize(
    ("one", "ended_at"),
    [
        pytest.param(hold(ends_at=NOW), NOW, id="expired"),
        pytest.param(hold(ends_at=None, review_at=NOW), NOW, id="review_date_passed"),
        pytest.param(hold(ended_at=NOW), NOW, id="ended_early"),
        pytest.param(hold(ends_at=NOW, ended_at=NOW + DAY), NOW, id="ended_by_hand_after_its_end"),
    ],
)
def test_after_a_hold_the_item_is_due_at_its_end_and_overdue_two_hours_later(one: Hold, ended_at: datetime) -> None:
    assert decided(OVERDUE, ended_at - TICK, one).status is Status.HELD
    at_end = decided(OVERDUE, ended_at, one)
    assert (at_end.status, at_end.due_at, at_end.deadline_at) == (Status.DUE, ended_at, ended_at + LATENCY)
    assert at_end.holds == ()
    assert decided(OVERDUE, ended_at + LATENCY, one).status is Status.DUE
    assert decided(OVERDUE, ended_at + LATENCY + TICK, one).status is Status.OVERDUE


def test_hold_that_ended_before_the_item_fell_due_moves_nothing() -> None:
    decision = decided(item(), NOW, hold(ends_at=CAP_DUE - DAY))
    assert (decision.due_at, decision.deadline_at) == (CAP_DUE, CAP_DEADLINE)


def test_hold_that_ended_between_due_and_deadline_keeps_the_later_deadline() -> None:
    decision = decided(item(), NOW, hold(ends_at=CAP_DUE + HOUR))
    assert (decision.due_at, decision.deadline_at) == (CAP_DUE + HOUR, CAP_DEADLINE)


def test_last_of_several_protections_counts() -> None:
    facts = item(transcribed=TRANSCRIBED, consents=both(withdrawn_at=NOW - 2 * DAY))
    holds = (hold(hold_id="a", ends_at=NOW - 3 * DAY), hold(hold_id="b", ends_at=NOW - DAY))
    assert decided(facts, NOW, *holds).due_at == NOW - DAY
    assert decided(facts, NOW, *holds[:1]).due_at == NOW - 2 * DAY


def test_without_an_at_once_event_the_time_after_a_hold_is_what_one_run_needs() -> None:
    cap_only = rule(version(start_points=version().start_points[1:]))
    decision = decided(item(), NOW, hold(ends_at=NOW - DAY), by=cap_only)
    assert decision.deadline_at == NOW - DAY + 2 * HOUR  # (0 + 1) · 1 h + 1 h


def test_with_several_at_once_events_the_shortest_latency_follows_a_hold() -> None:
    request = StartPoint(event="erasure_requested", allowed_latency=72 * HOUR)
    two = rule(version(start_points=(request, *version().start_points)))
    assert decided(item(), NOW, hold(ends_at=NOW - DAY), by=two).deadline_at == NOW - DAY + LATENCY


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        pytest.param({"category": "audio"}, True, id="category"),
        pytest.param({"category": "leads"}, False, id="other_category"),
        pytest.param({"tenant_id": "t1"}, True, id="tenant"),
        pytest.param({"tenant_id": "t2"}, False, id="other_tenant"),
        pytest.param({"person_id": "p1"}, True, id="person"),
        pytest.param({"person_id": "p2"}, False, id="other_person"),
        pytest.param({"place": "call_recordings", "item_id": "r1"}, True, id="item_by_its_id"),
        pytest.param({"place": "call_recordings", "item_id": OVERDUE.object_key}, True, id="item_by_its_object"),
        pytest.param({"place": "call_recordings", "item_id": "r2"}, False, id="other_item"),
        pytest.param({"place": "elsewhere", "item_id": "r1"}, False, id="same_id_in_another_place"),
        pytest.param({"started_from": RECORDED}, True, id="from_its_start_on"),
        pytest.param({"started_from": RECORDED + TICK}, False, id="from_a_microsecond_later_on"),
        pytest.param({"started_before": RECORDED + TICK}, True, id="before_a_microsecond_later"),
        pytest.param({"started_before": RECORDED}, False, id="before_its_start"),
        pytest.param({"started_from": RECORDED, "started_before": RECORDED + TICK}, True, id="a_period"),
        pytest.param({"tenant_id": "t1", "person_id": "p1", "category": "audio"}, True, id="all_of_several"),
        pytest.param({"tenant_id": "t1", "person_id": "p2"}, False, id="only_one_of_several"),
        pytest.param({"category": "leads", "tenant_id": "t1"}, False, id="tenant_in_another_category"),
    ],
)
def test_scope_is_all_of_its_parts(scope: dict[str, object], covered: bool) -> None:
    one = hold(**({"tenant_id": None} | scope))
    assert (decided(OVERDUE, NOW, one).status is Status.HELD) is covered


@pytest.mark.parametrize(
    ("facts", "scope", "covered"),
    [
        pytest.param(item(tenant_id=None), {"tenant_id": "t1"}, True, id="unknown_tenant_may_be_it"),
        pytest.param(ORPHAN, {"tenant_id": None, "person_id": "p1"}, True, id="orphan_may_be_anybodys"),
        pytest.param(ORPHAN, {"tenant_id": "t2", "person_id": "p1"}, False, id="orphan_of_another_tenant"),
        pytest.param(item(person_id=None), {"tenant_id": None, "person_id": "p1"}, False, id="row_that_names_nobody"),
        pytest.param(
            item(recorded=None, evidence_at=RECORDED),
            {"started_before": RECORDED - DAY},
            True,
            id="guessed_start_before",
        ),
        pytest.param(
            item(recorded=None, evidence_at=RECORDED), {"started_from": RECORDED + HOUR}, True, id="guessed_start_after"
        ),
        pytest.param(
            item(recorded=RECORDED + 3 * DAY, evidence_at=RECORDED),
            {"started_from": RECORDED + 2 * DAY},
            True,
            id="contradicted_start_may_be_right",
        ),
        pytest.param(
            item(recorded=None, evidence_at=RECORDED),
            {"tenant_id": "t2", "started_from": RECORDED + HOUR},
            False,
            id="guessed_start_of_another_tenant",
        ),
    ],
)
def test_what_an_item_does_not_tell_may_be_in_the_scope(
    facts: ItemFacts, scope: dict[str, object], covered: bool
) -> None:
    assert (decided(facts, NOW, hold(**scope)).status is Status.HELD) is covered


def test_hold_goes_before_restriction_and_consent() -> None:
    facts = item(transcribed=TRANSCRIBED, consents=both(), restricted=True)
    assert decided(facts, NOW, hold()).status is Status.HELD


def test_item_that_is_not_due_names_its_holds_all_the_same() -> None:
    decision = decided(item(), RECORDED, hold())
    assert (decision.status, decision.holds) == (Status.RETAIN, ("h1",))


def test_undated_item_names_its_holds() -> None:
    decision = decided(item(recorded=None), NOW, hold())
    assert (decision.reason, decision.holds) == ("undated", ("h1",))


def test_hold_set_after_as_of_saves_the_item_now() -> None:
    assert decided(OVERDUE, NOW, hold(effective_at=NOW + HOUR), now=NOW + HOUR).status is Status.HELD


@pytest.mark.parametrize(
    ("tenant_id", "key_tenant", "covered"),
    [
        pytest.param("t1", "t2", True, id="the_rows"),
        pytest.param("t2", "t1", True, id="the_keys"),
        pytest.param("t2", "t3", False, id="neither"),
        pytest.param("t2", None, False, id="key_without_one"),
        pytest.param(None, "t2", True, id="row_without_one"),
    ],
)
def test_of_two_tenants_a_hold_on_either_covers(tenant_id: str | None, key_tenant: str | None, covered: bool) -> None:
    facts = item(transcribed=TRANSCRIBED, tenant_id=tenant_id, key_tenant=key_tenant)
    assert (decided(facts, NOW, hold()).status is Status.HELD) is covered


ENDED, ASKED = RECORDED + DAY, NOW
BY_EVENTS = rule(
    version(
        start_points=(
            StartPoint(event="recording_started", every_item=True, never=True),
            StartPoint(event="contract_ended", limit=30 * DAY, lead=49 * HOUR),
            StartPoint(event="instructed", allowed_latency=72 * HOUR, on_request=True),
        )
    )
)


def _instructed(**facts: object) -> ItemFacts:
    starts = {"contract_ended": Start(ENDED, True), "instructed": Start(ASKED, True)}
    return item(starts=starts, is_processor=True, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "status"),
    [
        pytest.param(ASKED - TICK, Status.HELD, id="before_it"),
        pytest.param(ASKED, Status.DUE, id="at_it"),
        pytest.param(ASKED + 72 * HOUR, Status.DUE, id="within_its_time"),
        pytest.param(ASKED + 72 * HOUR + TICK, Status.OVERDUE, id="beyond_its_time"),
    ],
)
def test_what_a_hold_kept_until_the_customer_instructed_us_has_the_time_of_the_instruction(
    at: datetime, status: Status
) -> None:
    starts = {"contract_ended": Start(ENDED, True), "instructed": Start(ASKED if at >= ASKED else None, at >= ASKED)}
    facts = replace(_instructed(), starts={**_instructed().starts, **starts})
    decision = decided(facts, at, hold(), by=BY_EVENTS)
    assert decision.status is status
    if at >= ASKED:
        assert (decision.reason, decision.due_at) == ("instructed", ASKED)
        assert decision.deadline_at == ASKED + 72 * HOUR


def test_what_consents_kept_until_the_customer_instructed_us_has_the_time_of_the_instruction() -> None:
    decision = decided(_instructed(consents=both()), ASKED + HOUR, by=BY_EVENTS)
    assert (decision.status, decision.reason) == (Status.DUE, "instructed")
    assert decision.deadline_at == ASKED + 72 * HOUR


def test_an_instruction_gives_no_time_to_what_nothing_kept() -> None:
    decision = decided(_instructed(), ASKED + HOUR, hold(ends_at=ASKED - 30 * DAY), by=BY_EVENTS)
    assert (decision.status, decision.reason) == (Status.OVERDUE, "contract_ended")


def test_what_may_have_been_kept_without_a_recorded_end_is_due_and_never_called_overdue() -> None:
    decision = decided(item(transcribed=TRANSCRIBED, may_have_been_kept=True), NOW)
    assert (decision.status, decision.reason) == (Status.DUE, "transcription_succeeded")
