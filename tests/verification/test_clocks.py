"""A check that rests on one wrong clock claims nothing, and judges by the clock that holds and ledger are dated by."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from tests.skewed_clock import skew
from tests.verification.company import DAY, HOUR, MINUTE, Company, found, reasons
from tests.verification.interference import refusing
from tests.verification.records import Records

from retention.local.s3_server import S3Server
from retention.verification import Verdict, clocks


def _machine_ahead_by(monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    """What the operating system says is all that can't be set in a test."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def]
            return datetime.now(tz) + ahead

    monkeypatch.setattr(clocks, "datetime", Wrong)


@pytest.mark.parametrize(
    ("age", "ahead", "breaches"),
    [
        pytest.param(31 * DAY, -3 * DAY, {"past_cap": 1}, id="slow_machine_hides_no_breach"),
        pytest.param(28 * DAY, 3 * DAY, {}, id="fast_machine_makes_no_breach"),
    ],
)
def test_machine_with_a_wrong_clock_is_named(
    company: Company, monkeypatch: pytest.MonkeyPatch, age: timedelta, ahead: timedelta, breaches: dict[str, int]
) -> None:
    company.tenant("nord")
    company.recording("nord", age)
    _machine_ahead_by(monkeypatch, ahead)
    result = company.check()
    assert found(result) == {"clocks_differ": 1, **breaches}
    assert reasons(result, "clocks_differ") == {"this_machine": 1}


@pytest.mark.parametrize(
    ("ahead", "named"),
    [
        pytest.param(9 * MINUTE, {}, id="nine_minutes"),
        pytest.param(11 * MINUTE, {"company_s3": 1}, id="eleven_minutes"),
        pytest.param(-11 * MINUTE, {"company_s3": 1}, id="eleven_minutes_behind"),
    ],
)
def test_store_with_a_wrong_clock_is_named(
    company: Company, s3_server: S3Server, ahead: timedelta, named: dict[str, int]
) -> None:
    date = format_datetime(company.now + ahead, usegmt=True)
    with refusing(s3_server.endpoint_url, lambda _method, _path: None, date=date) as address:
        extra = {"endpoint_url": address, "region_name": "us-east-1"}
        company.connections["company_s3_verify"] = replace(company.connections["company_s3_verify"], extra=extra)
        result = company.check()
    assert {code: count for one in result.findings for code, count in one.detail["reasons"].items()} == named
    assert result.verdict is (Verdict.UNKNOWN if named else Verdict.COMPLIANT)


@pytest.mark.parametrize(
    ("ahead", "named"),
    [
        pytest.param(9 * MINUTE, {}, id="nine_minutes"),
        pytest.param(11 * MINUTE, {"company_db": 1}, id="eleven_minutes"),
        pytest.param(-11 * MINUTE, {"company_db": 1}, id="eleven_minutes_behind"),
    ],
)
def test_source_with_a_wrong_clock_is_named(company: Company, ahead: timedelta, named: dict[str, int]) -> None:
    skew(company.source, ahead)
    result = company.check()
    assert {code: count for one in result.findings for code, count in one.detail["reasons"].items()} == named
    assert result.verdict is (Verdict.UNKNOWN if named else Verdict.COMPLIANT)


def test_tables_source_with_a_wrong_clock_is_named(records: Records) -> None:
    skew(records.source, HOUR)
    assert reasons(records.check("leads"), "clocks_differ") == {"crm": 1}


def _dated_ahead(company: Company) -> None:
    ahead = "started_at = started_at + interval '3 hours', as_of = as_of + interval '3 hours'"
    company.rewrite(f"UPDATE retention.check_runs SET {ahead}")


def _of_the_year_2100(company: Company) -> None:
    company.own_sql(
        "INSERT INTO retention.check_runs (check_run_id, started_at, finished_at, as_of, categories, verdict, "
        "policy_version, promises_digest, map_digest, places_read) VALUES (%s, '2100-01-01Z', '2100-01-01Z', "
        "'2100-01-01Z', '{audio}', 'compliant', 'x', 'x', 'x', '[\"call_recordings\"]')",
        uuid.uuid4(),
    )


@pytest.mark.parametrize(
    "from_the_future", [pytest.param(_dated_ahead, id="dated_ahead"), pytest.param(_of_the_year_2100, id="written")]
)
def test_check_of_the_future_hides_no_loss_and_is_told(
    company: Company, from_the_future: Callable[[Company], None]
) -> None:
    company.tenant("nord")
    company.check()
    from_the_future(company)
    planted = company.recording("nord", 40 * DAY)
    company.hold_item(planted, effective_at=company.now - 11 * DAY)
    result = company.check()
    assert reasons(result, "clocks_differ") == {"check_of_the_future": 1}
    company.remove(planted.key)
    company.forget(planted)
    assert found(company.check()) == {"protected_missing": 1, "clocks_differ": 1}


def test_check_is_dated_by_our_own_database(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    _machine_ahead_by(monkeypatch, HOUR)
    result = company.check()
    assert result.as_of - company.now < 10 * MINUTE
    [run] = company.own_sql("SELECT is_proof FROM retention.check_runs")
    assert run["is_proof"]
