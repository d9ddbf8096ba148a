"""Nothing protected vanishes: item by item, from one check to the next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.verification.company import DAY, HOUR, PLACE, Company, Planted, found, reasons

from retention.verification import Verdict
from retention.verification.listing import Bucket
from retention.verification.walk import StoredEntry


def _gone(company: Company, planted: Planted) -> None:
    company.remove(planted.key)
    company.forget(planted)


def _held(company: Company) -> Planted:
    company.tenant("nord")
    return company.recording("nord", 4 * DAY, transcribed=3 * DAY)


def test_held_item_that_vanished_is_a_breach_until_the_hold_ends(company: Company) -> None:
    planted = _held(company)
    hold_id = company.hold_item(planted)
    assert found(company.check()) == {"exception_hold": 1}
    _gone(company, planted)
    for _ in range(2):
        result = company.check()
        assert found(result) == {"protected_missing": 1}
        assert reasons(result, "protected_missing") == {"was_there_before": 1}
        assert result.verdict is Verdict.BREACH
    company.end_hold(hold_id)
    assert company.check().findings == ()


def test_exempt_item_that_vanished_is_a_breach(company: Company) -> None:
    planted = _held(company)
    company.both_consent(planted, 4 * DAY)
    assert found(company.check()) == {"exception_consent": 1}
    _gone(company, planted)
    result = company.check()
    assert found(result) == {"protected_missing": 1}
    [check] = [one for one in result.checks if (one.kind, one.place) == ("protected_missing", PLACE)]
    assert (check.looked_at, check.success) == (1, False)


def test_item_held_before_it_falls_due_must_not_vanish_either(company: Company) -> None:
    company.tenant("nord")
    planted = company.recording("nord", DAY)
    company.hold(tenant_id="nord")
    company.check()
    _gone(company, planted)
    assert found(company.check()) == {"protected_missing": 1}


def test_item_that_went_after_its_protection_ended_is_no_finding(company: Company) -> None:
    planted = _held(company)
    company.both_consent(planted, 4 * DAY)
    company.check()
    company.sql("UPDATE consents SET withdrawn_at = now() - interval '1 minute'")
    _gone(company, planted)
    assert company.check().findings == ()


def test_gone_with_the_records_that_protected_it_is_a_finding(company: Company) -> None:
    planted = _held(company)
    company.both_consent(planted, 4 * DAY)
    company.check()
    _gone(company, planted)
    company.sql("DELETE FROM consents")
    for _ in range(2):
        result = company.check()
        assert found(result) == {"unexplained_gone": 1}
        assert result.verdict is Verdict.COMPLIANT
    assert company.check(company.now + 29 * DAY).findings != ()
    assert company.check(company.now + 31 * DAY).findings == ()


def test_gone_with_its_hold_is_a_finding(company: Company) -> None:
    planted = _held(company)
    company.hold_item(planted, recorded=False)
    company.check()
    _gone(company, planted)
    company.own_sql("DELETE FROM retention.holds")
    assert found(company.check()) == {"unexplained_gone": 1}


def test_protected_row_without_its_object_is_a_breach_at_the_first_check(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    company.hold_item(company.recording("nord", DAY, stored=False))
    result = company.check()
    assert found(result) == {"protected_missing": 1, "row_without_object": 1}
    assert reasons(result, "protected_missing") == {"row_stands_alone": 1}


def test_vanished_object_whose_row_is_still_there_counts_once(company: Company) -> None:
    planted = _held(company)
    company.hold_item(planted)
    company.check()
    company.remove(planted.key)
    assert found(company.check())["protected_missing"] == 1


def test_row_of_the_last_two_hours_may_wait_for_its_object(company: Company) -> None:
    company.tenant("nord")
    company.hold(tenant_id="nord")
    company.recording("nord", timedelta(minutes=5), stored=False)
    assert company.check().findings == ()


def test_marker_over_a_protected_version_is_no_loss(company: Company) -> None:
    planted = _held(company)
    company.hold_item(planted)
    company.check()
    company.s3.delete_object(Bucket=company.bucket, Key=planted.key)
    assert found(company.check()) == {"exception_hold": 1}


def test_check_that_failed_does_not_forget_what_was_protected(company: Company) -> None:
    planted = _held(company)
    company.hold_item(planted)
    company.check()
    company.sql("ALTER TABLE recordings RENAME TO hidden")
    assert company.check().verdict is Verdict.UNKNOWN
    company.sql("ALTER TABLE hidden RENAME TO recordings")
    _gone(company, planted)
    assert found(company.check()) == {"protected_missing": 1}


def test_consent_within_the_longest_lead_lets_it_stay_and_lets_it_go(company: Company) -> None:
    company.tenant("nord")
    planted = company.recording("nord", 31 * DAY)
    company.both_consent(planted, 3 * DAY)
    assert found(company.check()) == {"exception_consent": 1}
    _gone(company, planted)
    assert company.check().findings == ()


def test_list_of_protected_items_does_not_grow_with_the_checks(company: Company) -> None:
    company.hold_item(_held(company))
    company.check()
    company.rewrite(
        "UPDATE retention.check_runs SET (started_at, as_of) = (started_at - interval '3 days', as_of - interval '3 days')"
    )
    for _ in range(2):
        company.check()
    company.rewrite(
        "UPDATE retention.check_runs SET (started_at, as_of) = (started_at - interval '3 days', as_of - interval '3 days')"
    )
    company.check()
    rows = company.own_sql("SELECT count(DISTINCT check_run_id) AS runs FROM retention.protected_items")
    assert rows[0]["runs"] == 2


def test_protection_begins_and_ends_with_the_hold(company: Company) -> None:
    planted = _held(company)
    company.hold_item(planted, effective_at=company.now - 3 * DAY, ends_at=company.now + DAY)
    assert found(company.check()) == {"exception_hold": 1}
    assert found(company.check(company.now + DAY + 2 * HOUR)) == {}
    late = company.check(company.now + DAY + 2 * HOUR + timedelta(seconds=1))
    assert found(late) == {"transcribed_but_present": 1, "kept_without_reason": 1, "invalid_hold": 1}


def test_new_content_under_a_held_key_does_not_stand_for_the_old(company: Company) -> None:
    planted = _held(company)
    company.hold_item(planted)
    company.check()
    company.remove(planted.key)
    company.put(planted.key)
    result = company.check()
    assert found(result)["protected_missing"] == 1
    assert result.verdict is Verdict.BREACH


def test_overwritten_object_of_a_bucket_without_versions_is_a_loss(company: Company) -> None:
    company.s3.put_bucket_versioning(Bucket=company.bucket, VersioningConfiguration={"Status": "Suspended"})
    planted = _held(company)
    company.hold_item(planted)
    company.check()
    assert "protected_missing" not in found(company.check())
    company.s3.put_object(Bucket=company.bucket, Key=planted.key, Body=b"something else")
    assert found(company.check())["protected_missing"] == 1


def test_unfinished_upload_does_not_stand_for_a_held_object(company: Company) -> None:
    company.tenant("nord")
    planted = company.recording("nord", 4 * DAY, stored=False)
    company.hold_item(planted)
    company.s3.create_multipart_upload(Bucket=company.bucket, Key=planted.key)
    result = company.check()
    assert found(result)["protected_missing"] == 1


def test_held_row_dated_in_the_future_does_not_wait_for_its_object_for_ever(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    planted = company.recording("nord", -300 * DAY, stored=False, key="recordings/nord/2099/01/01/x.wav")
    company.hold_item(planted)
    assert found(company.check())["protected_missing"] == 1


def test_withdrawal_on_a_record_of_its_own_explains_why_it_went(company: Company) -> None:
    planted = _held(company)
    company.both_consent(planted, 4 * DAY)
    assert found(company.check()) == {"exception_consent": 1}
    company.consent(planted, "caller", 4 * DAY, withdrawn=HOUR)
    _gone(company, planted)
    for _ in range(2):
        assert company.check().findings == ()


def test_what_a_hold_only_may_have_meant_is_not_missed(company: Company) -> None:
    """Before its row came, any person's hold might have meant the object; the row said that none does."""
    company.tenant("nord")
    planted = company.recording("nord", timedelta(minutes=1), row=False)
    company.hold(person_id="somebody")
    assert found(company.check()) == {"orphan_object": 1}
    company.remove(planted.key)
    assert company.check().findings == ()


def test_hold_that_ended_during_the_check_explains_why_it_went(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = _held(company)
    hold_id = company.hold_item(planted)
    company.check()
    pages = Bucket.pages

    def pages_after_disposal(bucket: Bucket) -> Iterator[list[StoredEntry]]:
        company.end_hold(hold_id)
        _gone(company, planted)
        return pages(bucket)

    monkeypatch.setattr(Bucket, "pages", pages_after_disposal)
    assert company.check().findings == ()
