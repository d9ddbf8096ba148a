"""What the report says about a situation, as a document."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from tests.history import rewrite
from tests.reports import scenarios, several
from tests.reports.scenarios import CHECK_ID, HOLD_ID, NOW, PLAN_ID
from tests.reports.shapes import six_categories

from retention.database import OwnConnection
from retention.errors import RequestError
from retention.policy.model import TenantLimit
from retention.reports import build, overview, render_html, to_json
from retention.reports.document import CategoryReport, Report
from retention.verification.result import Verdict


def report_on(own: OwnConnection, check_run_id: UUID | None = None, now: datetime = NOW) -> Report:
    return build(own, check_run_id, scenarios.policy(), scenarios.datamap(), now=now)


def audio(report: Report) -> CategoryReport:
    (category,) = report.categories
    return category


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        pytest.param("compliant", "compliant", id="compliant"),
        pytest.param("breach", "breach", id="breach"),
        pytest.param("unknown", "unknown", id="unreadable_place"),
        pytest.param("observe", "breach", id="backlog_seen_in_observe"),
        pytest.param("nothing", "unknown", id="nothing_ever_ran"),
    ],
)
def test_verdict_of_each_situation(own: OwnConnection, situation: str, expected: str) -> None:
    scenarios.SITUATIONS[situation](own)
    assert report_on(own).verdict.value == expected


def test_unknown_stays_none_all_through(own: OwnConnection) -> None:
    scenarios.unknown(own)
    category = audio(report_on(own))
    assert (category.oldest_age_s, category.oldest_plain_age_s, category.headroom_s) == (None, None, None)
    assert not category.seen_completely
    assert not category.nothing_stored


def test_empty_store_is_told_from_an_unread_one(own: OwnConnection) -> None:
    scenarios.Check(headroom={"headroom_s": None, "oldest_age_s": None}).insert(own)
    assert audio(report_on(own)).nothing_stored


def test_oldest_plain_item_is_not_guessed_from_excepted_ones(own: OwnConnection) -> None:
    exception: scenarios.FindingRow = ("exception_hold", "exception", 1, 90 * scenarios.DAY_S, {})
    scenarios.Check(headroom={"headroom_s": 60, "oldest_age_s": 90 * scenarios.DAY_S}, findings=(exception,)).insert(
        own
    )
    category = audio(report_on(own))
    assert (category.oldest_age_s, category.oldest_plain_age_s) == (90 * scenarios.DAY_S, None)


def test_findings_come_heaviest_first_and_exceptions_apart(own: OwnConnection) -> None:
    scenarios.breach(own)
    weights = [finding.severity for finding in report_on(own).findings]
    assert weights == ["breach"] * 4 + ["unknown"] * 3 + ["finding"] * 5
    own.rollback()
    scenarios.compliant(own)
    report = report_on(own)
    assert [finding.kind for finding in report.findings] == ["fallback_dated"]
    assert {finding.kind for finding in audio(report).exceptions} == {"exception_consent", "exception_hold"}


def test_check_that_did_not_finish_is_not_the_newest_one(own: OwnConnection) -> None:
    scenarios.Check().insert(own, at=NOW - timedelta(hours=1))
    scenarios.Check(verdict=None, finished=False).insert(own, check_run_id=UUID(int=9))
    report = report_on(own)
    assert report.check is not None
    assert report.check.check_run_id == CHECK_ID
    assert report_on(own, UUID(int=9)).verdict.value == "unknown"


def test_unknown_check_run_is_refused(own: OwnConnection) -> None:
    with pytest.raises(RequestError, match="no check run"):
        report_on(own, UUID(int=404))


def test_answer_holds_two_hours_from_the_start_of_the_check(own: OwnConnection) -> None:
    scenarios.Check().insert(own)
    report = report_on(own)
    assert report.check is not None
    assert report.valid_until == report.check.started_at + timedelta(hours=2)


def test_changed_promises_and_map_are_named(own: OwnConnection) -> None:
    scenarios.Check().insert(own)
    assert report_on(own).evidence.changed_since_check == ()
    rewrite(own, "UPDATE retention.check_runs SET promises_digest = 'old', map_digest = 'old'")
    report = report_on(own)
    assert report.evidence.changed_since_check == ("promises", "map")
    assert {report.verdict, *(category.verdict for category in report.categories)} == {Verdict.UNKNOWN}
    assert "because the promises have changed since and the data map has changed since" in report.answer.en


def test_ledger_head_and_entries_are_the_ledgers(own: OwnConnection) -> None:
    assert report_on(own).evidence.ledger_entries == 0
    own.execute("SELECT * FROM retention.ledger_append('test', '{}')")
    row = own.execute("SELECT encode(hash, 'hex') AS hash FROM retention.ledger").fetchone()
    evidence = report_on(own).evidence
    assert row is not None
    assert (evidence.ledger_entries, evidence.ledger_head) == (1, row["hash"])


def test_runs_are_the_newest_plan_and_the_newest_executed_one(own: OwnConnection) -> None:
    for number, (state, minutes) in enumerate([("done", 90), ("done", 60), ("ready", 30), ("planning", 5)]):
        at = NOW - timedelta(minutes=minutes)
        result = {"result": None} if state != "done" else {}
        scenarios.insert_plan(own, UUID(int=number + 1), state=state, as_of=at, planned_at=at, **result)
    assert [run.plan_id.int for run in audio(report_on(own)).runs] == [3, 2]


def test_idle_hour_does_not_hide_the_last_run_that_deleted(own: OwnConnection) -> None:
    for number, due in enumerate([5, 7, 0, 0]):
        at = NOW - timedelta(hours=4 - number)
        scenarios.insert_plan(own, UUID(int=number + 1), due=due, as_of=at, planned_at=at)
    assert [run.plan_id.int for run in audio(report_on(own)).runs] == [4, 2]


def test_gone_is_counted_from_what_was_recorded_as_gone(own: OwnConnection) -> None:
    scenarios.insert_plan(own, state="executing", result=None)
    scenarios.insert_gone(own, 0, 5)
    (run,) = audio(report_on(own)).runs
    assert (run.gone, run.spared, run.failed) == (5, None, None)


def test_latency_is_measured_from_event_to_gone(own: OwnConnection) -> None:
    scenarios.insert_gone(own, 0, 101, latency_s=99)  # 100 s, 101 s, … 200 s
    scenarios.insert_gone(own, 29, 1, latency_s=9_999)
    scenarios.insert_gone(own, 30, 1, latency_s=99_999)  # beyond the window
    day, month = audio(report_on(own)).latencies
    assert (day.items, day.p50_s, day.p99_s) == (101, 150.0, 199.0)
    assert month.items == 102


def test_latency_of_nothing_is_unknown(own: OwnConnection) -> None:
    (day, _) = audio(report_on(own)).latencies
    assert (day.items, day.p50_s, day.p99_s) == (0, None, None)


def test_deletions_are_counted_by_day_in_berlin(own: OwnConnection) -> None:
    scenarios.insert_plan(own, planned_at=NOW - timedelta(days=3))
    scenarios.insert_gone(own, 0, 2)
    # Twenty past midnight in Berlin is still the day before in UTC.
    own.execute("UPDATE retention.disposed_items SET gone_at = '2026-03-13 23:20:00+00'")
    days = {entry.day.isoformat(): entry.gone for entry in audio(report_on(own)).deletions_per_day}
    assert len(days) == 30
    assert (days["2026-03-13"], days["2026-03-14"], days["2026-03-15"]) == (0, 2, 0)


def test_days_before_the_first_plan_are_unknown_and_not_zero(own: OwnConnection) -> None:
    scenarios.insert_plan(own, planned_at=NOW - timedelta(days=3))
    counts = [entry.gone for entry in audio(report_on(own)).deletions_per_day]
    assert counts == [None] * 26 + [0] * 4


def test_holds_tell_scope_end_and_items_but_neither_reason_nor_people(own: OwnConnection) -> None:
    scenarios.compliant(own)
    report = report_on(own)
    (hold,) = audio(report).holds  # the one that its requester approved holds nothing
    assert (hold.hold_id, hold.scope, hold.items) == (str(HOLD_ID), ("category", "tenant_id"), 34)
    assert hold.until == NOW + timedelta(days=70)


def test_items_under_a_hold_are_unknown_once_a_newer_check_ran(own: OwnConnection) -> None:
    scenarios.compliant(own)
    scenarios.Check().insert(own, at=NOW + timedelta(hours=1), check_run_id=UUID(int=7))
    (old,), (new,) = (audio(report_on(own, check)).holds for check in (CHECK_ID, UUID(int=7)))
    assert (old.items, new.items) == (None, 0)


def test_no_name_number_or_customer_is_in_the_document(own: OwnConnection) -> None:
    scenarios.compliant(own)
    scenarios.insert_plan(own, UUID(int=5), state="ready", result=None, requested_by="frieda.example")
    text = to_json(report_on(own))
    for planted in ("Mustermann", "1234567", "example", "tenant-0007", "Claim"):
        assert planted not in text


def test_json_is_one_document_with_its_schema_and_offsets_everywhere(own: OwnConnection) -> None:
    scenarios.compliant(own)
    document = json.loads(to_json(report_on(own)))
    assert document["schema"] == "retention/check-report/1"
    assert document["created_at"] == "2026-03-15T10:00:00+00:00"
    assert document["categories"][0]["runs"][0]["plan_id"] == str(PLAN_ID)
    assert {"en", "de"} == document["answer"].keys()


def six(own: OwnConnection) -> dict[str, CategoryReport]:
    return {one.category: one for one in build(own, None, *six_categories(), now=NOW).categories}


def test_what_goes_by_events_has_no_limit_of_age(own: OwnConnection) -> None:
    several.several(own)
    found = six(own)
    assert {name for name, one in found.items() if one.cap_s is None} == {"transcript", "leads", "marketing"}
    assert [limit.limit_s for limit in found["transcript"].limits] == [30 * scenarios.DAY_S, 3 * scenarios.DAY_S]
    assert (found["usage"].action, found["logs"].action) == ("anonymise", "delete")


def test_what_others_keep_is_not_nothing(own: OwnConnection) -> None:
    seen = {"headroom_s": None, "oldest_age_s": None, "oldest_unprotected_age_s": None}
    scenarios.Check(
        categories=("leads",), places_read=("crm_leads",), rooms={"leads": seen}, shape=six_categories()
    ).insert(own)
    leads = six(own)["leads"]
    assert (leads.kept_by_others, leads.seen_completely, leads.nothing_stored) == (True, True, False)
    assert overview.headroom(leads, "en")[1] == "not measurable"


def test_places_say_what_they_are_our_role_and_whether_they_were_read(own: OwnConnection) -> None:
    several.several(own)
    places = {one.place: one for one in build(own, None, *six_categories(), now=NOW).places}
    assert len(places) == 10
    assert (places["server_log_objects"].kind, places["server_log_objects"].role) == ("log_objects", "controller")
    assert (places["call_recordings"].kind, places["call_recordings"].role) == ("s3", "processor")
    assert [places[name].read for name in ("transcripts", "server_log_files", "usage_events")] == [True, False, None]
    assert places["telephony_recordings"].attested_on == date(2025, 12, 1)


def test_what_nobody_mapped_is_told_of_the_last_check_that_looked(own: OwnConnection) -> None:
    several.several(own)
    report = build(own, None, *six_categories(), now=NOW)
    assert report.coverage_at == NOW - timedelta(hours=8, seconds=40)
    assert [one.kind for one in report.coverage] == [
        "unmapped_bucket", "personal_column", "unmapped_table", "declaration_old",
    ]  # fmt: skip
    assert not any(one.kind == "unmapped_table" for one in report.findings)


def test_a_check_that_looked_itself_replaces_what_was_not_mapped_before(own: OwnConnection) -> None:
    several.several(own)
    looked = scenarios.Check(counts={"parts": 1, "tables": 32}, shape=six_categories())
    looked.insert(own, at=NOW + timedelta(minutes=5), check_run_id=UUID(int=10))
    report = build(own, None, *six_categories(), now=NOW + timedelta(minutes=6))
    assert (report.coverage, report.coverage_looked_at["tables"]) == ((), 32)


def test_nobody_knows_what_is_unmapped_where_nobody_looked(own: OwnConnection) -> None:
    assert report_on(own).coverage_at is None


def test_what_may_concern_any_category_is_told_from_what_was_found_in_one(own: OwnConnection) -> None:
    several.several(own)
    assert {name for name, one in six(own).items() if one.only_beside} == {"audio", "transcript"}


def test_items_under_a_hold_are_counted_in_the_categorys_own_places(own: OwnConnection) -> None:
    several.several(own)
    rewrite(own, "UPDATE retention.holds SET category = NULL")
    own.execute(
        "INSERT INTO retention.protected_items (check_run_id, place, item_hash, part_hash, hold_ids) "
        "SELECT %s, place, sha256(convert_to(place, 'UTF8')), sha256('p'), ARRAY[%s]::uuid[] "
        "FROM unnest(ARRAY['transcripts', 'call_recordings']) AS place",
        (CHECK_ID, HOLD_ID),
    )
    assert [six(own)[name].holds[0].items for name in ("transcript", "audio", "marketing")] == [1, 1, 0]


def test_customers_with_shorter_limits_are_counted_and_not_named(own: OwnConnection) -> None:
    policy, datamap = six_categories()
    limit = TenantLimit(event="contract_ended", limit="P7D")
    agreed = replace(
        policy, rules=policy.rules | {"leads": policy.rule("leads").with_tenants({"tenant-0007": (limit,)})}
    )
    report = build(own, None, agreed, datamap, now=NOW)
    assert {one.category: one.shorter_agreed for one in report.categories}["leads"] == 1
    html = render_html(report, "en")
    assert "with 1 customer a shorter limit is agreed" in html
    assert "tenant-0007" not in html
