"""The pages inside Airflow: who may read them, what they show, and what they don't let happen."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import httpx
import psycopg
import pytest
from tests.plugins.conftest import Airflow
from tests.reports import scenarios

from retention import database, reports
from retention.reports import archive
from retention.settings import INCLUDE, PROJECT

pytestmark = pytest.mark.xdist_group("airflow_api_server")

UNKNOWN_ID = UUID(int=404)
ROUTES = [
    pytest.param("/retention/", id="overview"),
    pytest.param("/retention/reports/newest", id="newest"),
    pytest.param("/retention/reports", id="list"),
    pytest.param("/retention/reports/{id}", id="report"),
    pytest.param("/retention/reports/{id}.json", id="json"),
    pytest.param("/retention/reports/{id}.html", id="file"),
    pytest.param("/retention/reports/{id}.pdf", id="paper"),
    pytest.param("/retention/nowhere", id="unknown_address"),
]
JSON = "/retention/reports/{id}.json"


@pytest.fixture(scope="session")
def kept(airflow: Airflow) -> list[UUID]:
    """Ids of two kept reports, an earlier and a later one."""
    policy, datamap = scenarios.policy(), scenarios.datamap()
    ids = []
    with database.connect(airflow.own) as own:
        scenarios.breach(own)
        for hours in range(2):
            now = scenarios.NOW + timedelta(hours=hours)
            report = reports.build(own, None, policy, datamap, now=now)
            ids.append(reports.store(own, report, reports.render_html(report), reports.render_papers(report)))
    return ids


@pytest.fixture
def carla(airflow: Airflow, kept: list[UUID]) -> Iterator[httpx.Client]:
    """Compliance, logged in."""
    with airflow.client("carla") as client:
        yield client


@pytest.mark.parametrize("route", ROUTES)
def test_anonymous_gets_the_login_or_401(airflow: Airflow, kept: list[UUID], route: str) -> None:
    with airflow.client() as client:
        answer = client.get(route.format(id=kept[0]))
    if route == JSON:
        assert answer.status_code == 401
    else:
        assert answer.status_code == 303
        assert "/auth/login" in answer.headers["location"]
        assert f"next={quote(route.format(id=kept[0]), safe='')}" in answer.headers["location"]
    assert "Prüfbericht" not in answer.text


@pytest.mark.parametrize("route", ROUTES)
def test_forged_token_gets_nothing(airflow: Airflow, kept: list[UUID], route: str) -> None:
    with airflow.client() as client:
        answer = client.get(route.format(id=kept[0]), headers={"Authorization": "Bearer forged.forged.forged"})
    assert answer.status_code in (401, 403)
    assert "<article" not in answer.text


@pytest.mark.parametrize("route", ROUTES)
def test_a_login_without_the_right_to_see_gets_nothing(airflow: Airflow, kept: list[UUID], route: str) -> None:
    with airflow.client("nobody") as client:
        answer = client.get(route.format(id=kept[0]))
    assert answer.status_code == 403
    assert "<article" not in answer.text


@pytest.mark.parametrize("user", ["carla", "emil", "otto", "vera", "ada"])
@pytest.mark.parametrize("route", ROUTES[:-1])
def test_each_of_our_roles_reads(airflow: Airflow, kept: list[UUID], route: str, user: str) -> None:
    with airflow.client(user) as client:
        assert client.get(route.format(id=kept[0])).status_code == 200


def test_cookie_of_the_browser_is_enough(airflow: Airflow, kept: list[UUID]) -> None:
    with airflow.client("carla", cookie=True) as client:
        assert client.get("/retention/").status_code == 200


@pytest.mark.parametrize("user", [None, "vera", "carla"])
@pytest.mark.parametrize("route", ROUTES)
def test_every_answer_has_the_security_headers(
    airflow: Airflow, kept: list[UUID], route: str, user: str | None
) -> None:
    with airflow.client(user) as client:
        headers = client.get(route.format(id=kept[0])).headers
    assert headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    )
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_pages_take_no_writes(carla: httpx.Client, kept: list[UUID], method: str) -> None:
    assert carla.request(method, f"/retention/reports/{kept[0]}").status_code == 405


@pytest.mark.parametrize(
    "report_id",
    [
        pytest.param(str(UNKNOWN_ID), id="unknown"),
        pytest.param("1' OR '1'='1", id="sql"),
        pytest.param("'; DROP TABLE retention.reports; --", id="sql_statement"),
        pytest.param("<script>alert(1)</script>", id="html"),
        pytest.param("..%2f..%2fetc%2fpasswd", id="path"),
        pytest.param("%00", id="null_byte"),
        pytest.param("9" * 5_000, id="long"),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".json", ".html", ".pdf"])
def test_ids_that_are_none_find_nothing(carla: httpx.Client, report_id: str, suffix: str) -> None:
    answer = carla.get(f"/retention/reports/{report_id}{suffix}")
    assert answer.status_code == 404
    assert "<script" not in answer.text
    assert carla.get("/retention/").status_code == 200


@pytest.mark.parametrize("before", ["yesterday", "2026-01-01", "'; SELECT 1", "9999-99-99T00:00:00Z"])
def test_list_ignores_a_place_to_start_that_is_no_instant(carla: httpx.Client, before: str) -> None:
    answer = carla.get("/retention/reports", params={"before": before})
    assert answer.status_code == 200
    assert answer.text.count('class="verdict-word breach"') == 2


def test_first_page_shows_the_newest_report_and_lists_the_earlier_ones(carla: httpx.Client, kept: list[UUID]) -> None:
    text = carla.get("/retention/reports/newest").text
    assert str(kept[1]) in text
    assert f"/retention/reports/{kept[0]}?" in text
    assert text.count("<article") == 2
    assert "Earlier reports" in text


def test_first_page_says_when_its_report_is_out_of_date(carla: httpx.Client, kept: list[UUID]) -> None:
    assert "out of date" in carla.get("/retention/reports/newest").text
    assert "out of date" not in carla.get(f"/retention/reports/{kept[1]}").text


def test_report_downloads_as_it_was_kept(airflow: Airflow, carla: httpx.Client, kept: list[UUID]) -> None:
    with database.connect(airflow.own) as own:
        report = reports.by_id(own, kept[0])
    assert report is not None
    as_json = carla.get(f"/retention/reports/{kept[0]}.json")
    assert as_json.json() == report.document
    assert re.fullmatch(
        r'attachment; filename="check-report-[0-9-]+-[0-9a-f]{8}\.json"', as_json.headers["content-disposition"]
    )
    assert carla.get(f"/retention/reports/{kept[0]}.html").text == report.html
    for language in ("de", "en"):
        with database.connect(airflow.own) as own:
            pdf = archive.paper(own, kept[0], language)
        as_paper = carla.get(f"/retention/reports/{kept[0]}.pdf", params={"lang": language})
        assert (as_paper.content, as_paper.headers["content-type"]) == (pdf, "application/pdf")


@pytest.mark.parametrize(
    ("asked", "opens"),
    [
        pytest.param({"headers": {"Accept-Language": "fr, en-GB;q=0.8, de;q=0.5"}}, "en", id="browser_english"),
        pytest.param({"headers": {"Accept-Language": "de-DE"}}, "de", id="browser_german"),
        pytest.param({"headers": {"Accept-Language": "fr"}}, "de", id="neither"),
        pytest.param({"params": {"lang": "en"}, "headers": {"Accept-Language": "de"}}, "en", id="chosen"),
        pytest.param({"params": {"lang": "<script>"}, "headers": {"Accept-Language": "en"}}, "en", id="nonsense"),
    ],
)
@pytest.mark.parametrize("route", ["/retention/", "/retention/reports"])
def test_pages_open_in_the_readers_language(
    carla: httpx.Client, route: str, asked: dict[str, dict[str, str]], opens: str
) -> None:
    text = carla.get(route, **asked).text  # type: ignore[arg-type]
    assert f'<html lang="{opens}">' in text
    assert "<script>" not in text


def test_pages_ask_nothing_of_other_hosts(carla: httpx.Client) -> None:
    for route in ("/retention/", "/retention/reports"):
        text = carla.get(route).text
        assert not re.search(r"https?://|<script|<link|<img|url\(|@import", text)


def test_unreachable_database_is_said_and_not_shown_as_empty(airflow: Airflow, carla: httpx.Client) -> None:
    name = psycopg.conninfo.conninfo_to_dict(airflow.own)["dbname"]
    with psycopg.connect(airflow.server.conninfo(), autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" RENAME TO "{name}_away"')
        try:
            answer = carla.get("/retention/reports/newest")
        finally:
            admin.execute(f'ALTER DATABASE "{name}_away" RENAME TO "{name}"')
    assert answer.status_code == 503
    assert "retention_db" in answer.text
    assert str(name) not in answer.text
    assert answer.headers["content-security-policy"]
    assert carla.get("/retention/reports/newest").status_code == 200


def test_first_page_tells_of_a_run_that_failed_since_its_report(airflow: Airflow, carla: httpx.Client) -> None:
    with database.connect(airflow.own) as own:
        scenarios.insert_plan(own, UUID(int=77), state="executing", result=None, planned_at=datetime.now(UTC))
        text = carla.get("/retention/reports/newest").text
        own.execute("DELETE FROM retention.plans WHERE plan_id = %s", (UUID(int=77),))
    assert text.count("interrupted; 0 of 41 due items gone") == 1
    assert "interrupted" not in carla.get("/retention/reports/newest").text


@pytest.mark.parametrize("user", ["carla", "vera"], ids=["compliance", "viewer"])
def test_airflow_offers_the_menu_entry(airflow: Airflow, user: str) -> None:
    with airflow.client(user) as client:
        plugins = client.get("/api/v2/plugins").raise_for_status().json()["plugins"]
    (plugin,) = [plugin for plugin in plugins if plugin["name"] == "retention_pages"]
    (view, *_) = plugin["external_views"]
    assert (view["name"], view["href"], view["destination"]) == ("Retention", "retention/", "nav")


def test_plugin_file_imports_nothing_heavy() -> None:
    """Every Airflow process imports it, each task's too."""
    script = (
        "import sys, json, airflow.plugins_manager\n"
        "before = set(sys.modules)\n"
        f"sys.path.insert(0, {str(PROJECT / 'plugins')!r})\n"
        "import retention_pages\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(INCLUDE)}
    )
    imported = json.loads(done.stdout.splitlines()[-1])
    heavy = {"fastapi", "starlette", "jinja2", "psycopg", "pydantic", "retention.reports", "retention.database"}
    assert not heavy & set(imported)
