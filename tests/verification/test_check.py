"""The check as a whole: quiet on clean stores, exact at its boundaries, and without any identifier in what it leaves behind."""

from __future__ import annotations

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from tests.verification.company import DAY, HASHER, HOUR, MINUTE, PLACE, Company, found

from retention import locks
from retention.settings import PROJECT
from retention.verification import CheckResult, Verdict, verify
from retention.verification.document import render
from retention.verification.expectations import Expected, Outcome, expect, raised
from retention.verification.kinds import KINDS
from retention.verification.verdicts import judge_checks

SECOND = timedelta(seconds=1)


def _everyday(company: Company) -> None:
    """What a sound company looks like: young, just transcribed, lawfully kept, arriving; and rows of things long gone."""
    company.tenant("nord")
    company.tenant("süd")
    company.recording("nord", DAY)
    company.recording("nord", HOUR, transcribed=30 * MINUTE, key="recordings/nord/a b+c%20ü\n&.wav")
    company.recording("süd", 29 * DAY)
    company.recording("süd", 20 * DAY, key="recordings/süd/2026/02/30/no-such-day.wav")
    held = company.recording("nord", 60 * DAY, transcribed=59 * DAY)
    company.hold_item(held)
    exempt = company.recording("süd", 50 * DAY)
    company.both_consent(exempt, 50 * DAY)
    company.hold(tenant_id="nord", ends_at=company.now - DAY, effective_at=company.now - 30 * DAY)
    expired = company.recording("nord", 2 * DAY)
    company.both_consent(expired, 2 * DAY, ends=DAY)
    upload = company.recording("süd", MINUTE, stored=False)
    company.s3.create_multipart_upload(Bucket=company.bucket, Key=upload.key)


def test_sound_company_gives_no_finding_but_its_exceptions(company: Company) -> None:
    _everyday(company)
    result = company.check()
    assert found(result) == {"exception_hold": 1, "exception_consent": 1}
    assert result.verdict is Verdict.COMPLIANT
    assert result.places_read == (PLACE,)
    looked_at = {check.kind: check.looked_at for check in result.checks if check.place == PLACE}
    assert (looked_at["past_cap"], looked_at["row_without_object"]) == (8, 8)
    assert all(check.success is not None for check in result.checks)


def test_empty_company_is_compliant_and_says_that_it_looked_at_nothing(company: Company) -> None:
    result = company.check()
    assert (result.verdict, result.findings) == (Verdict.COMPLIANT, ())
    assert result.counts["parts"] == result.counts["rows"] == 0
    assert result.headroom["audio"].headroom_s is None


@pytest.mark.parametrize(
    ("after", "kinds"),
    [
        pytest.param(720 * HOUR, {}, id="ends_exactly"),
        pytest.param(720 * HOUR + SECOND, {"past_cap": 1}, id="beyond_end"),
    ],
)
def test_cap_is_720_hours(company: Company, after: timedelta, kinds: dict[str, int]) -> None:
    company.tenant("nord")
    company.recording("nord", 5 * DAY)
    assert found(company.check(company.now - 5 * DAY + after)) == kinds


@pytest.mark.parametrize(
    ("after", "kinds"),
    [
        pytest.param(2 * HOUR, {}, id="ends_exactly"),
        pytest.param(2 * HOUR + SECOND, {"transcribed_but_present": 1}, id="beyond_end"),
    ],
)
def test_latency_after_transcription_is_two_hours(company: Company, after: timedelta, kinds: dict[str, int]) -> None:
    company.tenant("nord")
    company.recording("nord", 3 * DAY, transcribed=DAY)
    assert found(company.check(company.now - DAY + after)) == kinds


@pytest.mark.parametrize(
    ("reviewed", "kinds"),
    [
        pytest.param(364 * DAY, {"exception_consent": 1}, id="review_is_due_tomorrow"),
        pytest.param(366 * DAY, {"exception_consent": 1, "review_lapsed": 1}, id="in_the_grace"),
        pytest.param(394 * DAY, {"exception_consent": 1, "review_lapsed": 1}, id="last_day_of_the_grace"),
        pytest.param(396 * DAY, {"transcribed_but_present": 1, "kept_without_reason": 1}, id="beyond_the_grace"),
    ],
)
def test_yearly_review(company: Company, reviewed: timedelta, kinds: dict[str, int]) -> None:
    company.tenant("nord")
    planted = company.recording("nord", 3 * DAY, transcribed=2 * DAY)
    company.both_consent(planted, 500 * DAY, reviewed=reviewed)
    assert found(company.check()) == kinds


def test_several_tenants_and_violations_are_told_apart(company: Company) -> None:
    for tenant in ("nord", "süd", "west"):
        company.tenant(tenant)
    _ = [company.recording("nord", 31 * DAY) for _ in range(3)]
    company.recording("süd", 5 * DAY, transcribed=DAY)
    company.hold(tenant_id="west")
    _ = [company.recording("west", 40 * DAY) for _ in range(2)]
    one_sided = company.recording("süd", 31 * DAY)
    company.consent(one_sided, "caller", 31 * DAY)
    both = company.recording("süd", 31 * DAY)
    company.both_consent(both, 31 * DAY)
    company.recording("nord", 2 * DAY, row=False)
    result = company.check()
    assert found(result) == {
        "past_cap": 4,
        "transcribed_but_present": 1,
        "kept_without_reason": 1,
        "exception_hold": 2,
        "exception_consent": 1,
        "orphan_object": 1,
        "event_unknown": 1,
    }
    assert result.counts["overdue_items"] == 5
    oldest = next(one.oldest_age_s for one in result.findings if one.kind == "past_cap")
    assert oldest == pytest.approx(31 * 86_400, abs=120)


def test_headroom_is_the_time_to_the_first_breach(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", 10 * DAY)
    held = company.recording("nord", 40 * DAY)
    company.hold_item(held, ends_at=company.now + 3 * DAY)
    room = company.check(company.now).headroom["audio"]
    # The hold's end and then two hours come before the other's 20 days.
    assert room.headroom_s == 3 * 86_400 + 2 * 3_600
    assert room.oldest_age_s == 40 * 86_400
    assert room.oldest_unprotected_age_s == 10 * 86_400
    assert room.next_deadline_at == company.now + 3 * DAY + 2 * HOUR
    assert company.check(company.now + 4 * DAY).headroom["audio"].headroom_s == -86_400 + 2 * 3_600


def test_item_that_outlived_its_hold_is_the_oldest_that_nothing_keeps(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    company.hold_item(company.recording("nord", 60 * DAY), ends_at=company.now - 5 * DAY)
    room = company.check(company.now).headroom["audio"]
    assert room.oldest_unprotected_age_s == 60 * 86_400


def test_same_stores_give_the_same_digest(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    first, second = company.check(), company.check(company.now + 40 * DAY)
    assert first.inventory_digest == second.inventory_digest
    company.recording("nord", DAY)
    assert company.check().inventory_digest != first.inventory_digest


def test_result_is_recorded_as_it_was_returned(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", 31 * DAY)
    result = company.check()
    [run] = company.own_sql("SELECT * FROM retention.check_runs")
    findings = company.own_sql("SELECT * FROM retention.findings")
    assert (run["check_run_id"], run["verdict"]) == (result.check_run_id, "breach")
    assert run["places_read"] == [PLACE]
    assert run["summary"]["headroom"]["audio"] == result.headroom["audio"].to_json()
    assert [(row["finding_id"], row["kind"], row["count"]) for row in findings] == [
        ("audio/call_recordings/past_cap", "past_cap", 1)
    ]
    assert json.loads(json.dumps(result.to_json()))["findings"][0]["id"] == findings[0]["finding_id"]


def test_no_identifier_leaves_the_sources(
    company: Company, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    company.tenant("zwirbelbach")
    planted = [company.recording("zwirbelbach", 31 * DAY), company.recording("zwirbelbach", DAY, row=False)]
    company.put("zwirbelbach/private.wav")
    company.recording("zwirbelbach", DAY, stored=False)
    company.both_consent(company.recording("zwirbelbach", 40 * DAY), 40 * DAY)
    during: list[str] = []

    def look(_done: int, _total: int) -> None:
        tables = company.own_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'inventory'")
        during.extend(
            str(company.own_sql(f'SELECT t::text FROM inventory."{one["tablename"]}" AS t')) for one in tables
        )

    result = verify(
        ["audio"],
        resolve=company.connections.__getitem__,
        policies=company.policies,
        datamap=company.datamap,
        own_conninfo=company.own_as_verify,
        hasher=HASHER,
        progress=look,
    )
    kept = [
        str(company.own_sql(f"SELECT t::text FROM retention.{table} AS t"))
        for table in ("check_runs", "findings", "protected_items")
    ]
    printed = capfd.readouterr()
    everything = "\n".join([json.dumps(result.to_json()), *kept, *during, caplog.text, printed.out, printed.err])
    assert "transcribed" in everything
    assert any("version" in text for text in during)
    ids = [str(value) for one in planted for value in (one.call_id, one.recording_id)]
    for secret in ("zwirbelbach", "private", "Beispiel", "23125000", *ids):
        assert secret not in everything.lower()


def test_nothing_is_left_in_the_inventory(company: Company) -> None:
    company.check()
    assert company.own_sql("SELECT * FROM pg_tables WHERE schemaname = 'inventory'") == []


def test_leftovers_of_a_killed_check_go_and_those_of_a_running_one_stay(company: Company) -> None:
    with psycopg.connect(company.own_as_verify, autocommit=True) as other:
        for name in ("run_00000000aaaa", "run_7fffffffbbbb"):
            other.execute(f"CREATE UNLOGGED TABLE inventory.{name}_entries (n int)")
        other.execute("SELECT pg_advisory_lock(%s, %s)", (locks.CHECKS, 0x7FFFFFFF - 2**31))
        company.check()
        left = company.own_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'inventory'")
    assert left == [{"tablename": "run_7fffffffbbbb_entries"}]


def test_two_checks_at_once_do_not_disturb_each_other(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", 31 * DAY)
    company.check()  # the import of Great Expectations is not safe in two threads
    with ThreadPoolExecutor(2) as threads:
        results: list[CheckResult] = list(threads.map(lambda _: company.check(), range(2)))
    assert [found(result) for result in results] == [{"past_cap": 1}] * 2


def test_role_that_checks_can_change_nothing_but_its_results(company: Company) -> None:
    company.check()
    for statement in (
        "UPDATE retention.check_runs SET as_of = now()",
        "DELETE FROM retention.check_runs",
        "DELETE FROM retention.findings",
        "UPDATE retention.holds SET ended_at = now()",
        "DELETE FROM retention.ledger",
    ):
        with (
            psycopg.connect(company.own_as_verify, autocommit=True) as role,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            role.execute(statement)


def test_expectation_that_fails_itself_is_unknown_and_takes_no_other_along(company: Company) -> None:
    company.own_sql("CREATE TABLE inventory.judged AS SELECT true AS bad, 'x' AS place")
    company.own_sql("GRANT SELECT ON inventory.judged TO retention_verify")
    queries = {
        "past_cap": "SELECT 1 FROM {batch} WHERE no_such_column",
        "orphan_object": "SELECT 1 FROM {batch} WHERE bad",
    }
    expected = expect(company.own_as_verify, "judged", queries, rows=2)
    assert expected.kinds == {"past_cap": Outcome(None, "expectation raised"), "orphan_object": Outcome(False)}
    assert expected.inventory["every_row_arrived"] == Outcome(False)
    assert expected.inventory["every_part_is_dated"].success is None
    _checks, troubles = judge_checks(expected, {"past_cap": [], "orphan_object": []}, {}, 1)
    assert {one.kind: one.count for one in troubles} == {"inventory_incomplete": 1, "check_failed": 5}
    assert all(one.severity == "unknown" for one in troubles)


def test_expectation_that_disagrees_with_our_count_is_unknown() -> None:
    expected = Expected({"past_cap": Outcome(False)}, {}, "1.24.1")
    _checks, [trouble] = judge_checks(expected, {"past_cap": []}, {}, 0)
    assert (trouble.kind, trouble.detail["reasons"]) == ("check_failed", {"past_cap": 1})


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        pytest.param({"raised_exception": False, "exception_message": None}, False, id="flat_and_sound"),
        pytest.param({"raised_exception": True, "exception_message": "x"}, True, id="flat_and_raised"),
        pytest.param({"metric": {"raised_exception": True}}, True, id="by_metric"),
        pytest.param({"a": {"raised_exception": False}, "b": {"raised_exception": True}}, True, id="second_metric"),
        pytest.param({"metric": "could not be computed"}, True, id="of_no_known_shape"),
        pytest.param({}, False, id="empty"),
    ],
)
def test_both_shapes_of_exception_information_are_read(info: dict[str, object], expected: bool) -> None:
    assert raised(info) is expected


def test_every_kind_has_a_definition_words_and_a_severity() -> None:
    for kind in KINDS.values():
        assert all(kind.wording), kind.name
        if kind.in_sql:
            assert re.search(r"FROM \{batch\}", kind.definition), kind.name


def test_page_of_findings_is_what_the_code_says() -> None:
    assert (PROJECT / "docs" / "findings.md").read_text(encoding="utf-8") == render(), (
        "docs/findings.md differs from the kinds; write it anew: python -m retention.verification.document > docs/findings.md"
    )
