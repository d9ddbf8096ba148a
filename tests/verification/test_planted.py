"""Each violation, planted with plain SQL and boto3 and nothing of ours, is found by kind, place and count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.verification.company import DAY, HOUR, MINUTE, PLACE, Company, found, reasons

from retention.verification import Severity, Verdict

SOON = timedelta(minutes=10)


def _past_cap(company: Company) -> None:
    company.recording("nord", 31 * DAY)


def _one_hour_past_cap(company: Company) -> None:
    company.recording("nord", 30 * DAY + HOUR)


def _expired_noncurrent(company: Company) -> None:
    planted = company.recording("nord", 2 * HOUR, stored=False)
    company.put(planted.key, recorded_at=(company.now - 40 * DAY).isoformat())
    company.put(planted.key, recorded_at=(company.now - 2 * HOUR).isoformat())


def _behind_marker(company: Company) -> None:
    planted = company.recording("nord", 35 * DAY)
    company.s3.delete_object(Bucket=company.bucket, Key=planted.key)


def _behind_marker_without_row(company: Company) -> None:
    planted = company.recording("nord", 35 * DAY, row=False)
    company.s3.delete_object(Bucket=company.bucket, Key=planted.key)


def _old_upload(company: Company) -> None:
    planted = company.recording("nord", 33 * DAY, stored=False)
    company.s3.create_multipart_upload(Bucket=company.bucket, Key=planted.key)


def _old_orphan(company: Company) -> None:
    company.recording("nord", 32 * DAY, row=False)


def _orphan_dated_by_metadata(company: Company) -> None:
    company.put("recordings/nord/without-a-day.wav", recorded_at=(company.now - 31 * DAY).isoformat())


def _recopied(company: Company) -> None:
    planted = company.recording("nord", 36 * DAY)
    source = {"Bucket": company.bucket, "Key": planted.key}
    target = planted.key.replace(".wav", "-copy.wav")
    company.s3.copy_object(Bucket=company.bucket, Key=target, CopySource=source)
    company.sql("UPDATE recordings SET object_key = %s", target)
    company.remove(planted.key)


def _redated_row(company: Company) -> None:
    company.recording("nord", 3 * DAY, evidence_age=45 * DAY, key_age=45 * DAY)


def _redated_row_and_call(company: Company) -> None:
    company.recording("nord", 3 * DAY, key_age=45 * DAY)


def _undated_row(company: Company) -> None:
    company.recording("nord", 45 * DAY, recorded_at=None)


def _transcribed(company: Company) -> None:
    company.recording("nord", 3 * DAY, transcribed=2 * DAY)


def _transcribed_just_too_long_ago(company: Company) -> None:
    company.recording("nord", 3 * HOUR, transcribed=2 * HOUR + MINUTE)


def _transcribed_at_no_known_time(company: Company) -> None:
    planted = company.recording("nord", 3 * DAY)
    company.transcription(planted.call_id, None)


def _transcribed_marker(company: Company) -> None:
    planted = company.recording("nord", 3 * DAY, transcribed=2 * DAY, stored=False)
    company.s3.delete_object(Bucket=company.bucket, Key=planted.key)


PAST_CAP = [
    pytest.param(_past_cap, {"past_cap": 1}, id="past_cap"),
    pytest.param(_one_hour_past_cap, {"past_cap": 1}, id="one_hour_past_cap"),
    pytest.param(_expired_noncurrent, {"past_cap": 1}, id="expired_noncurrent_under_fresh_current"),
    pytest.param(_behind_marker, {"past_cap": 1}, id="behind_delete_marker"),
    pytest.param(_behind_marker_without_row, {"past_cap": 1}, id="behind_delete_marker_without_row"),
    pytest.param(_old_upload, {"past_cap": 1, "row_without_object": 1}, id="old_unfinished_upload"),
    pytest.param(_old_orphan, {"past_cap": 1}, id="orphan_by_its_key"),
    pytest.param(_orphan_dated_by_metadata, {"past_cap": 1}, id="orphan_by_its_metadata"),
    pytest.param(_recopied, {"past_cap": 1}, id="recopied_with_fresh_last_modified"),
    pytest.param(_redated_row, {"past_cap": 1, "fallback_dated": 1}, id="row_dated_younger_than_its_call"),
    pytest.param(
        _redated_row_and_call, {"past_cap": 1, "fallback_dated": 1}, id="row_and_call_dated_younger_than_the_key"
    ),
    pytest.param(_undated_row, {"past_cap": 1, "fallback_dated": 1}, id="row_without_date"),
    pytest.param(_transcribed, {"transcribed_but_present": 1}, id="transcribed_but_present"),
    pytest.param(
        _transcribed_just_too_long_ago, {"transcribed_but_present": 1}, id="transcribed_a_minute_beyond_the_latency"
    ),
    pytest.param(_transcribed_at_no_known_time, {"transcribed_but_present": 1}, id="transcribed_at_no_known_time"),
    pytest.param(
        _transcribed_marker,
        {"transcribed_but_present": 1, "row_without_object": 1},
        id="transcribed_and_only_a_marker_is_left",
    ),
]


@pytest.mark.parametrize(("plant", "expected"), PAST_CAP)
def test_overdue_data_is_a_breach(company: Company, plant: Callable[[Company], None], expected: dict[str, int]) -> None:
    company.tenant("nord")
    plant(company)
    result = company.check()
    assert found(result) == expected
    assert result.verdict is Verdict.BREACH
    assert {one.place for one in result.findings} == {PLACE}


def test_last_modified_alone_shows_that_a_version_is_past_the_cap(company: Company) -> None:
    company.tenant("nord")
    company.put("recordings/nord/without-a-day.wav")
    company.s3.create_multipart_upload(Bucket=company.bucket, Key="recordings/nord/unfinished.wav")
    assert found(company.check(company.now + 30 * DAY - HOUR)) == {
        "orphan_object": 2,
        "event_unknown": 1,
        "undated": 1,
    }
    late = company.check(company.now + 30 * DAY + HOUR)
    assert found(late) == {"past_cap": 2}
    assert late.verdict is Verdict.BREACH


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


def _row_without_state(company: Company) -> None:
    planted = company.recording("nord", DAY)
    company.sql("UPDATE recordings SET call_id = NULL WHERE recording_id = %s", planted.recording_id)


COVERAGE = [
    pytest.param(lambda c: c.put("exports/list.csv"), "unmapped_prefix", "company_s3/{bucket}", id="unmapped_prefix"),
    pytest.param(
        lambda c: c.s3.create_multipart_upload(Bucket=c.bucket, Key="tmp/x"),
        "unmapped_prefix",
        "company_s3/{bucket}",
        id="unmapped_upload",
    ),
    pytest.param(
        lambda c: c.recording("nord", DAY, bucket="elsewhere", stored=False),
        "unmapped_row",
        PLACE,
        id="row_of_other_bucket",
    ),
    pytest.param(
        lambda c: c.recording("nord", DAY, key="old/x.wav", stored=False),
        "unmapped_row",
        PLACE,
        id="row_of_other_prefix",
    ),
    pytest.param(lambda c: c.put("recordings/nord/undated.wav"), "undated", PLACE, id="undated"),
    pytest.param(
        lambda c: c.put("recordings/nord/2099/01/01/x.wav", recorded_at="2099-01-01T00:00:00Z"),
        "undated",
        PLACE,
        id="dated_in_the_future_only",
    ),
    pytest.param(lambda c: c.recording("nord", DAY, row=False), "event_unknown", PLACE, id="orphan_of_yesterday"),
    pytest.param(_row_without_state, "event_unknown", PLACE, id="row_without_state"),
    pytest.param(lambda c: c.recording("nord", DAY, stored=False), "objects_missing", PLACE, id="rows_and_no_object"),
]


@pytest.mark.parametrize(("plant", "kind", "place"), COVERAGE)
def test_what_nobody_mapped_or_dated_is_unknown(
    company: Company, plant: Callable[[Company], object], kind: str, place: str
) -> None:
    company.tenant("nord")
    plant(company)
    result = company.check()
    [finding] = [one for one in result.findings if one.kind == kind]
    assert (finding.count, finding.place) == (1, place.format(bucket=company.bucket))
    assert finding.severity is Severity.UNKNOWN
    assert result.verdict is Verdict.UNKNOWN


def test_unmapped_bucket_is_unknown(company: Company) -> None:
    company.s3.create_bucket(Bucket="forgotten-exports")
    try:
        result = company.check()
    finally:
        company.s3.delete_bucket(Bucket="forgotten-exports")
    assert found(result, "company_s3/forgotten-exports") == {"unmapped_bucket": 1}
    assert result.verdict is Verdict.UNKNOWN
    [check] = [one for one in result.checks if one.kind == "unmapped_bucket"]
    assert (check.place, check.looked_at, check.found, check.success) == ("company_s3", 2, 1, False)


def test_declared_buckets_and_prefixes_are_no_finding(company: Company) -> None:
    declared = company.datamap / "company.yaml"
    entry = "  - {{connection: company_s3, bucket: {}, {}reason: logos, owner: Web, declared_on: 2026-01-05}}\n"
    text = "not_personal:\n" + entry.format("logos-public", "") + entry.format(company.bucket, 'prefix: "static/", ')
    declared.write_text(declared.read_text(encoding="utf-8") + text, encoding="utf-8")
    company.put("static/logo.png")
    company.s3.create_bucket(Bucket="logos-public")
    try:
        result = company.check()
    finally:
        company.s3.delete_bucket(Bucket="logos-public")
    assert found(result) == {}
    assert result.verdict is Verdict.COMPLIANT


FINDINGS = [
    pytest.param(lambda c: c.recording("nord", timedelta(), row=False), {"orphan_object": 1}, id="orphan_just_stored"),
    pytest.param(
        lambda c: c.s3.delete_object(Bucket=c.bucket, Key=c.recording("nord", DAY, row=False, stored=False).key),
        {"orphan_object": 1},
        id="lone_marker",
    ),
    pytest.param(
        lambda c: c.s3.create_multipart_upload(
            Bucket=c.bucket, Key=c.recording("nord", DAY, row=False, stored=False).key
        ),
        {"orphan_object": 1},
        id="unfinished_upload_without_a_row",
    ),
    pytest.param(lambda c: c.recording("nord", DAY, stored=False), {"row_without_object": 1}, id="row_without_object"),
    pytest.param(lambda c: c.recording("nord", DAY, recorded_at=None), {"fallback_dated": 1}, id="undated_row"),
    pytest.param(
        lambda c: c.recording("nord", DAY, recorded_at=c.now + 300 * DAY),
        {"fallback_dated": 1, "future_dated": 1},
        id="row_dated_in_future",
    ),
    pytest.param(
        lambda c: c.recording("nord", DAY, evidence_age=3 * DAY), {"fallback_dated": 1}, id="contradicted_row"
    ),
]


@pytest.mark.parametrize(("plant", "expected"), FINDINGS)
def test_what_somebody_should_look_at_is_a_finding_and_no_breach(
    company: Company, plant: Callable[[Company], object], expected: dict[str, int]
) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    plant(company)
    result = company.check()
    assert found(result, PLACE) == expected
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


def test_two_rows_for_one_object_are_a_finding(company: Company) -> None:
    company.tenant("nord")
    company.sql("ALTER TABLE recordings DROP CONSTRAINT recordings_bucket_object_key_key")
    key = company.recording("nord", DAY).key
    company.recording("nord", DAY, key=key, stored=False)
    assert found(company.check()) == {"ambiguous_object": 1}


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


@pytest.mark.parametrize("date", ["infinity", "-infinity", "0044-03-15 BC", "20260-01-01"])
def test_date_that_no_calendar_can_use_counts_as_missing(company: Company, date: str) -> None:
    company.tenant("nord")
    company.recording("nord", 31 * DAY)
    company.sql("UPDATE recordings SET recorded_at = %s", date)
    result = company.check()
    assert found(result) == {"past_cap": 1, "fallback_dated": 1}
    assert reasons(result, "fallback_dated") == {"missing": 1}


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        pytest.param("1970-01-01 00:00:00+00", "implausible", id="unix_zero"),
        pytest.param("1989-12-31 23:59:59.999999+00", "implausible", id="just_before_1990"),
        pytest.param("1990-01-01 00:00:00+00", None, id="1990"),
    ],
)
def test_date_that_programs_write_for_none_makes_nothing_overdue(
    company: Company, date: str, reason: str | None
) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    company.sql("UPDATE recordings SET recorded_at = %s", date)
    result = company.check()
    assert found(result) == ({"fallback_dated": 1} if reason else {"past_cap": 1})
    assert reason is None or reasons(result, "fallback_dated") == {reason: 1}


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


def test_two_systems_of_one_account_know_each_others_buckets(company: Company) -> None:
    text = (company.datamap / "company.yaml").read_text(encoding="utf-8")
    other = text.replace("system: ", "system: second-", 1).replace("company_s3:", "second_s3:")
    other = other.replace("company_db:", "second_db:").replace("connection: company_", "connection: second_")
    other = other.replace(f"{PLACE}:", "second_place:").replace(company.bucket, f"{company.bucket}-second")
    (company.datamap / "second.yaml").write_text(other, encoding="utf-8")
    company.s3.create_bucket(Bucket=f"{company.bucket}-second")
    try:
        result = company.check()
    finally:
        company.s3.delete_bucket(Bucket=f"{company.bucket}-second")
    assert set(result.places_read) == {PLACE, "second_place"}
    assert found(result) == {}
    assert result.verdict is Verdict.COMPLIANT


def test_clocks_that_differ_by_a_minute_make_no_finding(company: Company) -> None:
    company.tenant("nord")
    planted = company.recording("nord", 3 * HOUR)
    company.transcription(planted.call_id, -MINUTE)
    company.recording("nord", -MINUTE)
    assert found(company.check()) == {}
