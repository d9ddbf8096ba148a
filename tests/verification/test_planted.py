"""Each violation, planted with plain SQL and boto3 and nothing of ours, is found by kind, place and count."""

from __future__ import annotations

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
    pytest.param(lambda c: c.recording("nord", 2 * DAY, row=False), "event_unknown", PLACE, id="orphan_of_two_days"),
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


def test_two_rows_for_one_object_are_a_finding(company: Company) -> None:
    company.tenant("nord")
    company.sql("ALTER TABLE recordings DROP CONSTRAINT recordings_bucket_object_key_key")
    key = company.recording("nord", DAY).key
    company.recording("nord", DAY, key=key, stored=False)
    assert found(company.check()) == {"ambiguous_object": 1}


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
