"""The pages around a kept report of several categories."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from uuid import UUID

import httpx
from tests.pages.site import site_of
from tests.reports import several
from tests.reports.scenarios import NOW, insert_mode, insert_plan
from tests.reports.shapes import six_categories

from retention.database import OwnConnection
from retention.pages import create_app
from retention.reports import build, render_html, render_pdf, store


def page(own: OwnConnection, route: str) -> str:
    """The page as everybody reads it."""
    return answer(own, route).raise_for_status().text


def answer(own: OwnConnection, route: str) -> httpx.Response:
    """What the app answers."""
    app = create_app(site_of(own))

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://airflow") as client:
            return await client.get(route)

    return asyncio.run(get())


def keep(own: OwnConnection) -> None:
    report = build(own, None, *six_categories(), now=NOW)
    store(own, report, render_html(report))


def test_list_counts_categories_where_their_names_would_fill_it(own: OwnConnection) -> None:
    several.several(own)
    keep(own)
    text = page(own, "/reports?lang=en")
    assert "6 data categories" in text
    assert "Server logs" not in text


def test_trouble_that_the_report_tells_is_not_told_twice(own: OwnConnection) -> None:
    """Also of a run that anonymises, which is told in other words than one that deletes."""
    several.several(own)
    insert_mode(own, "enforce", "usage")
    result = json.dumps({"planned": 2, "gone": 1, "recovered": 0, "spared": {}, "failed": 1, "failures": {"42501": 1}})
    at = NOW - timedelta(minutes=5)
    insert_plan(own, UUID(int=50), category="usage", state="executing", due=2, planned_at=at, as_of=at, result=result)
    keep(own)
    text = page(own, "/reports/newest?lang=en")
    (english,) = [part for part in text.split("<article ") if part.startswith('lang="en"')]
    assert english.count("of 2 due items anonymised; 1 failed (1 × 42501: a right is missing)") == 1
    assert "of 2 due items" not in text.partition("<main>")[0]


def test_paper_is_offered_whether_or_not_it_was_kept(own: OwnConnection) -> None:
    several.several(own)
    report = build(own, None, *six_categories(), now=NOW)
    store(own, report, render_html(report))
    route = f"/reports/{report.report_id}.pdf?lang=en"
    assert route in page(own, "/reports/newest?lang=en")
    got = answer(own, route)
    assert got.content == render_pdf(report, "en")
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].endswith('.en.pdf"')


def test_paper_that_was_kept_stays_as_it_was(own: OwnConnection) -> None:
    several.several(own)
    report = build(own, None, *six_categories(), now=NOW)
    store(own, report, render_html(report), {"de": b"%PDF as it was"})
    assert answer(own, f"/reports/{report.report_id}.pdf?lang=de").content == b"%PDF as it was"
