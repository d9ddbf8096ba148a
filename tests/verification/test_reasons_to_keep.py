"""What keeps a recording, a consent or a hold, and what somebody might take for one: the check tells them apart."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.verification.company import DAY, HOUR, MINUTE, PLACE, Company, found, reasons

from retention.verification import Verdict

KEPT = {
    "only the caller": (lambda c, r: c.consent(r, "caller", 5 * DAY), "consent_one_sided"),
    "only the customer": (lambda c, r: c.consent(r, "customer", 9 * DAY, standing=True), "consent_one_sided"),
    "wrong scope": (lambda c, r: c.both_consent(r, 5 * DAY, scope="ai_training"), "consent_wrong_scope"),
    "given too late": (lambda c, r: c.both_consent(r, 2 * DAY), "consent_given_late"),
    "given when it fell due": (lambda c, r: c.both_consent(r, 3 * DAY), "consent_given_late"),
    "recorded too late": (lambda c, r: c.both_consent(r, 5 * DAY, recorded=DAY), "consent_recorded_late"),
    "withdrawn": (lambda c, r: c.both_consent(r, 5 * DAY, withdrawn=DAY), "consent_withdrawn"),
    "ended": (lambda c, r: c.both_consent(r, 5 * DAY, ends=DAY), "consent_ended"),
    "review lapsed beyond the grace": (lambda c, r: c.both_consent(r, 396 * DAY), "consent_review_lapsed"),
    "self-approved hold": (lambda c, r: c.hold_item(r, approved_by="legal"), "hold_self_approved"),
    "self-approved in capitals": (lambda c, r: c.hold_item(r, approved_by=" Legal"), "hold_self_approved"),
    "self-approved with another space": (
        lambda c, r: c.hold_item(r, requested_by="Anna Groß", approved_by="ANNA\u2003groß"),
        "hold_self_approved",
    ),
    "unapproved hold": (lambda c, r: c.hold_item(r, approved_by=None), "hold_unapproved"),
    "expired hold": (lambda c, r: c.hold_item(r, ends_at=c.now - DAY), "hold_expired"),
    "hold whose review was missed": (
        lambda c, r: c.hold_item(r, ends_at=None, review_at=c.now - DAY),
        "hold_review_missed",
    ),
    "hold ended early": (lambda c, r: c.hold_item(r, ended_at=c.now - DAY), "hold_ended"),
    "hold of tomorrow": (lambda c, r: c.hold_item(r, effective_at=c.now + DAY), "hold_not_yet_effective"),
}
"""What somebody might take for a reason to keep a recording, and how the check names what is wrong with it."""


def test_reasons_that_do_not_suffice_are_told_apart(company: Company) -> None:
    for number, (keep, _reason) in enumerate(KEPT.values()):
        company.tenant(f"tenant-{number}")
        keep(company, company.recording(f"tenant-{number}", 4 * DAY, transcribed=3 * DAY))
    result = company.check()
    expected = Counter(reason for _keep, reason in KEPT.values())
    holds = Counter({name: count for name, count in expected.items() if name.startswith("hold_")})
    del holds["hold_ended"], holds["hold_not_yet_effective"]  # nobody can take these for holds in force
    assert reasons(result, "kept_without_reason") == dict(expected)
    assert reasons(result, "invalid_hold") == dict(holds)
    assert found(result) == {
        "transcribed_but_present": len(KEPT),
        "kept_without_reason": len(KEPT),
        "invalid_hold": holds.total(),
    }
    assert result.verdict is Verdict.BREACH


def test_consent_ends_with_the_last_contract(company: Company) -> None:
    company.tenant("nord", contract_ended=5 * HOUR)
    company.both_consent(company.recording("nord", 4 * DAY, transcribed=3 * DAY), 4 * DAY)
    assert reasons(company.check(), "kept_without_reason") == {"contract_ended": 1}


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        pytest.param({"approved_by": "legal"}, "hold_self_approved", id="self_approved"),
        pytest.param({"approved_by": None}, "hold_unapproved", id="unapproved"),
    ],
)
def test_invalid_hold_is_reported_before_anything_is_overdue(
    company: Company, terms: dict[str, object], reason: str
) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    company.recording("nord", 2 * DAY)
    company.hold(tenant_id="nord", **terms)
    result = company.check()
    assert found(result) == {"invalid_hold": 1}
    assert reasons(result, "invalid_hold") == {reason: 1}
    assert result.verdict is Verdict.COMPLIANT


@pytest.mark.parametrize(
    "approved_by", [pytest.param(None, id="unapproved"), pytest.param("legal", id="self_approved")]
)
def test_hold_that_never_held_is_no_news_of_an_object_that_it_only_may_mean(
    company: Company, approved_by: str | None
) -> None:
    company.tenant("nord")
    gone = company.recording("nord", DAY)
    company.hold_item(gone, approved_by=approved_by)
    company.hold(person_id="somebody", approved_by=approved_by)
    company.remove(gone.key)
    company.forget(gone)
    company.recording("nord", MINUTE, row=False)
    assert found(company.check()) == {"orphan_object": 1}


def test_consents_of_two_rows_that_share_an_object_prove_nothing(company: Company) -> None:
    company.tenant("nord")
    company.sql("ALTER TABLE recordings DROP CONSTRAINT recordings_bucket_object_key_key")
    one = company.recording("nord", 40 * DAY)
    other = company.recording("nord", 40 * DAY, key=one.key, stored=False)
    company.consent(one, "caller", 40 * DAY)
    company.consent(other, "customer", 40 * DAY)
    result = company.check()
    assert found(result) == {"ambiguous_object": 1, "kept_in_doubt": 1}
    assert result.verdict is Verdict.UNKNOWN


def test_item_with_consents_and_a_hold_that_may_mean_it_is_kept_by_its_consents(company: Company) -> None:
    company.tenant("nord")
    kept = company.recording("nord", 40 * DAY, recorded_at=None)
    company.both_consent(kept, 41 * DAY)
    company.hold(tenant_id="nord", started_from=company.now - 3 * DAY)
    result = company.check()
    assert found(result) == {"exception_consent": 1, "fallback_dated": 1}
    assert result.verdict is Verdict.COMPLIANT


def test_hold_on_a_period_covers_what_has_no_certain_date(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", 40 * DAY, recorded_at=None)
    company.recording("nord", 40 * DAY, row=False)
    company.recording("nord", 40 * DAY)
    company.hold(tenant_id="nord", started_from=company.now - 3 * DAY, started_before=company.now - 2 * DAY)
    result = company.check()
    assert found(result) == {"kept_in_doubt": 2, "past_cap": 1, "fallback_dated": 1, "orphan_object": 1}
    assert Verdict.UNKNOWN.value in {one.severity.value for one in result.findings}


@pytest.mark.parametrize(
    ("ends_at", "kinds"),
    [
        pytest.param("infinity", {"exception_consent": 1}, id="never"),
        pytest.param("-infinity", {"past_cap": 1, "kept_without_reason": 1}, id="always_ended"),
    ],
)
def test_consent_may_end_at_infinity(company: Company, ends_at: str, kinds: dict[str, int]) -> None:
    company.tenant("nord")
    company.both_consent(company.recording("nord", 31 * DAY), 31 * DAY)
    company.sql("UPDATE consents SET ends_at = %s", ends_at)
    assert found(company.check()) == kinds


def test_withdrawal_ends_a_second_record_of_the_same_consent(company: Company) -> None:
    company.tenant("nord")
    planted = company.recording("nord", 9 * DAY, transcribed=8 * DAY)
    company.both_consent(planted, 9 * DAY)
    company.consent(planted, "caller", 9 * DAY + HOUR, withdrawn=DAY)
    assert found(company.check()) == {"transcribed_but_present": 1, "kept_without_reason": 1}


def test_consent_after_a_withdrawal_counts_again(company: Company) -> None:
    company.tenant("nord")
    planted = company.recording("nord", 9 * DAY, transcribed=2 * DAY)
    company.consent(planted, "caller", 9 * DAY, withdrawn=5 * DAY)
    company.both_consent(planted, 4 * DAY)
    assert found(company.check()) == {"exception_consent": 1}


@pytest.mark.parametrize("by_key", [True, False])
def test_hold_on_one_item_covers_no_other_object_without_a_row(company: Company, by_key: bool) -> None:
    company.tenant("nord")
    held = company.recording("nord", 40 * DAY)
    company.recording("nord", 40 * DAY, row=False)
    company.hold(place=PLACE, item_id=held.key if by_key else str(held.recording_id))
    assert found(company.check()) == {"past_cap": 1, "exception_hold": 1}


def test_hold_on_an_item_that_lost_its_row_may_mean_any_object_without_a_row(company: Company) -> None:
    company.tenant("nord")
    held = company.recording("nord", 40 * DAY)
    company.hold_item(held)
    company.forget(held)
    result = company.check()
    assert found(result) == {"kept_in_doubt": 1, "orphan_object": 1}
    assert result.verdict is Verdict.UNKNOWN
