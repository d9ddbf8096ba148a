"""The overview: each data category as it stands now, by the words of `status`, and the global stop on it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from tests.pages.site import ALL, Reader
from tests.reports import several
from tests.reports.scenarios import Check, insert_mode, insert_plan
from tests.reports.shapes import six_categories

from retention.access import Right
from retention.database import OwnConnection, database_time
from retention.errors import PolicyError
from retention.evidence.controls import set_stop, stop_of
from retention.reports.checks import documents_now
from retention.reports.status import read_status

LANGUAGES = ("en", "de")


def ledger_kinds(own: OwnConnection) -> list[str]:
    return [row["kind"] for row in own.execute("SELECT kind FROM retention.ledger ORDER BY seq")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_tile_for_each_category_with_the_verdict_of_status(own: OwnConnection, language: str) -> None:
    several.several(own)
    text = Reader(own).text("/", language)
    policy, datamap = six_categories()
    status = read_status(own, sorted(policy.rules), documents_now(policy, datamap), database_time(own))
    verdicts = [part.split('"')[0] for part in text.split('<section class="tile ')[1:]]
    assert verdicts == [one.verdict for one in status.categories]
    assert f'<html lang="{language}">' in text
    assert text.count("<h1>") == 1


def test_overview_as_json_says_what_the_page_says(own: OwnConnection) -> None:
    several.several(own)
    found = Reader(own).get("/overview.json").json()
    assert [tile["category"]["category"] for tile in found["tiles"]] == sorted(six_categories()[0].rules)
    assert found["verdict"] == "breach"
    assert found["stop"]["value"] == "running"


def test_a_category_that_nobody_checked_is_unknown_and_says_so(own: OwnConnection) -> None:
    text = Reader(own).text("/")
    assert text.count("never: nothing is proven") == len(six_categories()[0].rules)
    assert '<section class="verdict unknown">' in text


def proven(own: OwnConnection, *, at: datetime) -> None:
    """A check of recordings at this instant that found all well, with two hours of headroom."""
    headroom = {"headroom_s": 7_260, "oldest_age_s": 86_400, "oldest_unprotected_age_s": 86_400}
    Check(headroom=headroom, shape=six_categories()).insert(own, at=at)


@pytest.mark.parametrize(
    ("language", "breaches", "blocked"),
    [
        ("en", "Breaches in 2 h", "blocked, waits for approval"),
        ("de", "Überschreitung in 2 Std.", "angehalten, wartet auf Freigabe"),
    ],
)
def test_a_blocked_run_says_when_it_breaches(own: OwnConnection, language: str, breaches: str, blocked: str) -> None:
    now = database_time(own)
    proven(own, at=now)
    insert_mode(own, "enforce", "audio")
    insert_plan(
        own, state="ready", result=None, blocked_reason="above the volume limit", as_of=now, planned_at=now,
        expires_at=now + timedelta(hours=5), breaches_at=now + timedelta(hours=2),
    )  # fmt: skip
    text = Reader(own).text("/", language)
    assert breaches in text
    assert blocked in text


def test_a_category_whose_run_did_not_come_is_late_and_says_when_it_breaches(own: OwnConnection) -> None:
    now = database_time(own)
    proven(own, at=now)
    insert_plan(own, as_of=now - timedelta(hours=27), planned_at=now - timedelta(hours=27))
    late = Reader(own).text("/").partition('id="tile-audio"')[2].partition("</section>")[0]
    assert "Late: no regular run" in late
    assert "Breaches in 2 h" in late


def test_a_category_whose_run_came_is_not_late(own: OwnConnection) -> None:
    now = database_time(own)
    proven(own, at=now)
    insert_plan(own, as_of=now - timedelta(hours=25), planned_at=now - timedelta(hours=25))
    tile = Reader(own).text("/").partition('id="tile-audio"')[2].partition("</section>")[0]
    assert "Late" not in tile
    assert "Breaches in" not in tile


def test_documents_that_cannot_be_read_leave_the_stop_within_reach(own: OwnConnection) -> None:
    def unreadable() -> object:
        raise PolicyError([])

    reader = Reader(own, documents=unreadable)
    answer = reader.get("/")
    assert answer.status_code == 503
    assert "policy check" in answer.text
    assert 'action="/stop?lang=en"' in answer.text


def test_stop_stops_with_the_users_name_and_says_so(own: OwnConnection) -> None:
    text = Reader(own, person="olga").send("/", "/stop", reason="case 7", by="somebody else", changed_by="x")
    stop = stop_of(own)
    assert (stop.value, stop.changed_by, stop.reason) == ("stopped", "olga", "case 7")
    assert ledger_kinds(own) == ["stop"]
    assert "no batch begins from now on" in text
    assert "All deletion is stopped" in text


def test_resume_ends_a_stop_and_says_so(own: OwnConnection) -> None:
    reader = Reader(own, person="olga")
    reader.send("/", "/stop", reason="case 7")
    text = reader.send("/", "/resume", reason="looked at")
    assert stop_of(own).value == "running"
    assert ledger_kinds(own) == ["stop", "resume"]
    assert "batches may begin again" in text


@pytest.mark.parametrize(("path", "word"), [("/stop", "Nothing was stopped"), ("/resume", "Nothing was resumed")])
def test_without_a_reason_nothing_is_done_and_that_is_said(own: OwnConnection, path: str, word: str) -> None:
    reader = Reader(own)
    if path == "/resume":
        set_stop(own, True, changed_by="o", reason="r")
    before = ledger_kinds(own)
    answer = reader.post(path, reader.token("/"), reason=" ")
    assert answer.status_code == 409
    assert word in answer.text
    assert ledger_kinds(own) == before


def test_reason_of_a_stop_that_may_name_somebody_is_on_no_page(own: OwnConnection) -> None:
    set_stop(own, True, changed_by="olga", reason="call anna.k@example.com at once")
    reader = Reader(own)
    assert "anna.k" not in reader.text("/") + reader.get("/overview.json").text
    assert "may name somebody" in reader.text("/")


def test_stop_form_is_shown_to_those_alone_who_may(own: OwnConnection) -> None:
    assert "<form" in Reader(own, {Right.SEE, Right.STOP}).text("/")
    assert "<form" not in Reader(own, {Right.SEE}).text("/")
    set_stop(own, True, changed_by="o", reason="r")
    assert "<form" not in Reader(own, ALL - {Right.RESUME}).text("/")


def test_words_in_an_address_are_told_only_where_we_wrote_them(own: OwnConnection) -> None:
    reader = Reader(own)
    said = json.dumps(["done.stopped", []])
    assert "no batch begins" not in reader.get("/").text
    assert "no batch begins" not in reader.ask("GET", "/", params={"lang": "en", "said": said}).text
