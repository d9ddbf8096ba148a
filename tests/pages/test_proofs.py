"""Rules, coverage, evidence and a run's tab: what they show, in both languages, and what they refuse in words."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.pages.site import ALL, Reader
from tests.reports import several
from tests.reports.scenarios import PLAN_ID
from tests.reports.shapes import six_categories

from retention.access import Right
from retention.anchoring import LedgerProof
from retention.database import OwnConnection, database_time
from retention.errors import StoreUnreadable
from retention.evidence import ledger
from retention.pages import evidence
from retention.reports.found import findings_now

LANGUAGES = pytest.mark.parametrize("language", ["en", "de"])


def finding_of(own: OwnConnection, severity: str) -> str:
    found = findings_now(own, *six_categories())
    return next(one.finding_id for one in found if one.severity == severity)


def entries(own: OwnConnection) -> list[tuple[str, Any]]:
    rows = own.execute("SELECT kind, body FROM retention.ledger ORDER BY seq")
    return [(row["kind"], json.loads(row["body"])) for row in rows]


def in_days(own: OwnConnection, days: int) -> str:
    return (database_time(own) + timedelta(days=days)).date().isoformat()


@LANGUAGES
def test_rules_lead_from_each_promise_to_its_places_checks_and_results(own: OwnConnection, language: str) -> None:
    several.several(own)
    text = Reader(own).text("/rules", language)
    policy, datamap = six_categories()
    assert all(f'id="rule-{category}"' in text for category in policy.rules)
    assert all(f'<th scope="row">{place}</th>' in text for place in datamap.places)
    assert {"en": "found something", "de": "mit Befund"}[language] in text


def test_rules_without_any_check_say_that_nothing_is_known(own: OwnConnection) -> None:
    assert "That says nothing about the data" in Reader(own).text("/rules")


def test_a_finding_is_acknowledged_under_the_users_name(own: OwnConnection) -> None:
    several.several(own)
    wanted = finding_of(own, "finding")
    fields = {"finding": wanted, "until": in_days(own, 30), "reason": "known, ticket 7", "by": "somebody else"}
    text = Reader(own, person="olga").send("/rules", "/findings/acknowledge", **fields)
    assert "is acknowledged" in text
    assert "by olga until" in text
    assert entries(own)[-1][0] == "acknowledgement"
    assert entries(own)[-1][1]["by"] == "olga"


@pytest.mark.parametrize(
    ("severity", "words"),
    [("breach", "acknowledged away: it has to be mended"), ("unknown", "acknowledged away: somebody has to look")],
)
def test_breach_and_unknown_are_refused_in_words(own: OwnConnection, severity: str, words: str) -> None:
    several.several(own)
    before = entries(own)
    reader = Reader(own)
    fields = {"finding": finding_of(own, severity), "until": in_days(own, 30), "reason": "never mind"}
    answer = reader.post("/findings/acknowledge", reader.token("/rules"), **fields)
    assert answer.status_code == 409
    assert "Nothing was noted:" in answer.text
    assert words in answer.text
    assert entries(own) == before


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"until": "soon"}, "expected a day", id="no_day"),
        pytest.param({"until": "2020-01-01"}, "expected an instant after now", id="past"),
        pytest.param({"until": "9999-12-31"}, "days ahead at the most", id="for_ever"),
        pytest.param({"reason": ""}, "no person or no reason", id="no_reason"),
        pytest.param({"finding": "nothing@nowhere"}, "found no finding", id="unknown_finding"),
    ],
)
def test_a_word_that_says_too_little_is_refused(own: OwnConnection, changed: dict[str, str], words: str) -> None:
    several.several(own)
    before, reader = entries(own), Reader(own)
    fields = {"finding": finding_of(own, "finding"), "until": in_days(own, 30), "reason": "known"} | changed
    answer = reader.post("/findings/acknowledge", reader.token("/rules"), **fields)
    assert (answer.status_code, words in answer.text) == (409, True)
    assert entries(own) == before


@LANGUAGES
def test_coverage_shows_what_nobody_mapped(own: OwnConnection, language: str) -> None:
    several.several(own)
    assert "newsletter_import" in Reader(own).text("/coverage", language)
    found = Reader(own).get("/coverage.json").json()["found"]
    assert any("newsletter_import" in one["place"] for one in found)


@LANGUAGES
def test_evidence_shows_the_head_and_verifies_it_on_the_spot(own: OwnConnection, language: str) -> None:
    head = ledger.append(own, "stop", {"by": "olga", "reason": "r"})
    reader = Reader(own)
    assert head.hash[:8] in reader.text("/evidence", language)
    answer = reader.ask(
        "POST",
        "/evidence/verify",
        params={"lang": language},
        data={"token": reader.token("/evidence")},
        headers={"Origin": "http://airflow"},
    )
    assert answer.status_code == 200
    assert {"en": "It fits: 1 entries", "de": "Es passt: 1 Einträge"}[language] in answer.text
    assert len(entries(own)) == 1  # it changes nothing


def test_a_ledger_that_was_changed_is_told_with_its_entry(own: OwnConnection) -> None:
    def bad(_own: OwnConnection) -> LedgerProof:
        return LedgerProof(1, "ab", "cd", 0, None, 2, "the entry does not fit its hash")

    text = Reader(own, prove=bad).send("/evidence", "/evidence/verify")
    assert "It does not fit, from entry 2 on" in text
    assert "the entry does not fit its hash" in text


def test_a_bucket_that_cannot_be_read_is_unknown(own: OwnConnection) -> None:
    def unreadable(_own: OwnConnection) -> LedgerProof:
        raise StoreUnreadable("the locked bucket did not answer")

    text = Reader(own, prove=unreadable).send("/evidence", "/evidence/verify")
    assert "Whether it fits is not known" in text
    assert "It fits" not in text


def test_a_proof_that_takes_too_long_is_cancelled_and_unknown(migrated: str, own: OwnConnection) -> None:
    def slow(_own: OwnConnection) -> LedgerProof:
        with psycopg.connect(migrated) as waiting, evidence._within(waiting, 0.05):  # type: ignore[arg-type]
            waiting.execute("SELECT pg_sleep(60)")
        raise AssertionError("it was to be cancelled")

    assert "took longer than a page may" in Reader(own, prove=slow).send("/evidence", "/evidence/verify")


def test_button_is_shown_to_those_alone_who_may_verify(own: OwnConnection) -> None:
    assert "<form" not in Reader(own, ALL - {Right.CHECK_LEDGER}).text("/evidence")


@LANGUAGES
def test_a_runs_tab_shows_its_plan_counts_and_entries(own: OwnConnection, language: str) -> None:
    several.several(own)
    run = "scheduled__2026-03-15T09:40:00+00:00"
    own.execute("UPDATE retention.plans SET run_id = %s WHERE plan_id = %s", (f"dispose_audio/{run}#part-1", PLAN_ID))
    ledger.append(own, "plan_result", {"plan": PLAN_ID})
    text = Reader(own).text(f"/runs/dispose_audio/{run}", language)
    assert str(PLAN_ID) in text
    assert {"en": "plan ended", "de": "Plan beendet"}[language] in text
    (plan,) = Reader(own).get(f"/runs/dispose_audio/{run}.json").json()["plans"]
    assert (plan["due"], plan["gone"], len(plan["entries"])) == (41, 38, 1)


@pytest.mark.parametrize("run", ["unknown", "' OR 1=1 --", "%", "<script>alert(1)</script>", "%00", "a/b/c"])
def test_a_run_that_planned_nothing_is_told_so(own: OwnConnection, run: str) -> None:
    several.several(own)
    text = Reader(own).text(f"/runs/verify_retention/{run}")
    assert "has planned nothing" in text
    assert "<script" not in text


@pytest.mark.parametrize("path", ["/", "/rules", "/holds", "/coverage", "/evidence", "/reports", "/runs/a/b"])
@LANGUAGES
def test_pages_are_whole_and_ask_nothing_of_other_hosts(own: OwnConnection, path: str, language: str) -> None:
    several.several(own)
    text = Reader(own).text(path, language)
    assert text.count("<h1>") == 1
    assert text.count("<main") == 1
    for foreign in ("https://", "http://", "<script", "<link", "<img", "url(", "@import", " style="):
        assert foreign not in text
