"""Findings have an owner; somebody may acknowledge one until a date, and it stays. A breach can't be acknowledged away."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from tests.reports import scenarios
from tests.reports.scenarios import DAY_S, Check
from tests.reports.test_report_page import Page

from retention.database import OwnConnection, database_time
from retention.errors import RequestError
from retention.evidence.acknowledgements import LONGEST, acknowledge, acknowledged
from retention.reports import Report, build, render_html
from retention.verification.result import Verdict

FOUND = ("fallback_dated", "audio", "call_recordings")


@pytest.fixture
def now(own: OwnConnection) -> datetime:
    """A check of now with one finding, one breach and one unknown."""
    at = database_time(own)
    Check(
        verdict="breach",
        findings=(
            ("fallback_dated", "finding", 12, 19 * DAY_S, {}),
            ("past_cap", "breach", 3, 41 * DAY_S, {}),
            ("unmapped_bucket", "unknown", 1, None, {}),
        ),
    ).insert(own, at=at)
    return at


def see(own: OwnConnection, until: datetime, **changed: object) -> None:
    said: dict[str, object] = {
        "severity": "finding",
        "count": 12,
        "by": "carla.example",
        "reason": "dates are being mended",
    }
    acknowledge(own, FOUND, until=until, **(said | changed))  # type: ignore[arg-type]


def written(own: OwnConnection, at: datetime | None = None) -> Report:
    return build(own, scenarios.CHECK_ID, scenarios.policy(), scenarios.datamap(), now=at)


def text_of(report: Report, language: str = "en") -> str:
    return Page(render_html(report, language), language).text()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        pytest.param("en", "Acknowledged by carla.example until", id="en"),
        pytest.param("de", "Zur Kenntnis genommen durch carla.example bis", id="de"),
    ],
)
def test_it_stays_visible_with_who_why_and_until_when(
    own: OwnConnection, now: datetime, language: str, words: str
) -> None:
    see(own, now + timedelta(days=30))
    text = text_of(written(own), language)
    assert words in text
    assert "dates are being mended" in text


def test_it_changes_no_verdict_and_no_number(own: OwnConnection, now: datetime) -> None:
    before = written(own)
    see(own, now + timedelta(days=30))
    after = written(own)
    assert (after.verdict, after.figures) == (before.verdict, before.figures)
    assert after.verdict is Verdict.BREACH


def test_after_its_date_it_is_as_before(own: OwnConnection, now: datetime) -> None:
    see(own, now + timedelta(days=30))
    last = now + timedelta(days=30)
    assert [one.acknowledged is not None for one in written(own, last - timedelta(seconds=1)).findings] == [
        False,
        False,
        True,
    ]
    assert not any(one.acknowledged for one in written(own, last).findings)


def test_it_is_no_word_on_what_was_found_before_it(own: OwnConnection, now: datetime) -> None:
    see(own, now + timedelta(days=30))
    assert not any(one.acknowledged for one in written(own, now - timedelta(days=1)).findings)


@pytest.mark.parametrize("severity", ["breach", "unknown", "exception"])
def test_only_a_finding_can_be_acknowledged(own: OwnConnection, now: datetime, severity: str) -> None:
    with pytest.raises(RequestError, match="Only findings can be acknowledged"):
        see(own, now + timedelta(days=30), severity=severity)
    assert acknowledged(own, database_time(own)) == {}


def test_nobodys_word_holds_once_it_weighs_more(own: OwnConnection, now: datetime) -> None:
    see(own, now + timedelta(days=30))
    later = UUID(int=7)
    Check(findings=(("fallback_dated", "breach", 12, 19 * DAY_S, {}),)).insert(own, at=now, check_run_id=later)
    [finding] = build(own, later, scenarios.policy(), scenarios.datamap()).findings
    assert (finding.severity, finding.acknowledged) == ("breach", None)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"by": " "}, id="nobody"),
        pytest.param({"reason": ""}, id="no_reason"),
        pytest.param({"reason": "ask erika@example.org"}, id="an_address"),
    ],
)
def test_it_needs_a_person_and_a_reason_that_names_nobody(
    own: OwnConnection, now: datetime, wrong: dict[str, str]
) -> None:
    with pytest.raises(RequestError):
        see(own, now + timedelta(days=30), **wrong)


@pytest.mark.parametrize(
    "ahead",
    [
        pytest.param(timedelta(0), id="now"),
        pytest.param(timedelta(days=-1), id="past"),
        pytest.param(LONGEST + timedelta(hours=1), id="beyond_a_year"),
    ],
)
def test_its_date_is_ahead_and_no_more_than_a_year(own: OwnConnection, now: datetime, ahead: timedelta) -> None:
    with pytest.raises(RequestError, match="--until"):
        see(own, now + ahead)


def test_more_of_them_than_then_is_said(own: OwnConnection, now: datetime) -> None:
    see(own, now + timedelta(days=30), count=5)
    assert "(There were 5 then.)" in text_of(written(own))


def test_it_is_an_entry_of_the_ledger(own: OwnConnection, now: datetime) -> None:
    see(own, now + timedelta(days=30))
    row = own.execute("SELECT body FROM retention.ledger WHERE kind = 'acknowledgement'").fetchone()
    assert row is not None
    assert {"finding": "fallback_dated", "by": "carla.example", "count": 12}.items() <= json.loads(row["body"]).items()


def test_each_finding_has_the_owner_of_its_place_or_else_of_its_promise(own: OwnConnection) -> None:
    Check(
        findings=(("fallback_dated", "finding", 12, None, {}),),
        elsewhere={
            ("audio", "company_s3/exports"): (("unmapped_bucket", "unknown", 1, None, {}),),
            ("nothing", "x"): (("past_cap", "breach", 1, None, {}),),
        },
    ).insert(own, at=database_time(own))
    owners = {one.kind: one.owner for one in written(own).findings}
    assert owners == {
        "fallback_dated": "Platform Engineering",
        "unmapped_bucket": "Data Protection Officer",
        "past_cap": None,
    }
