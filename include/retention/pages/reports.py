"""Kept reports: the newest, a list of all, each to open and to save."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from retention.database import OwnConnection, database_time
from retention.pages.rendering import as_json, language_of, render, show
from retention.pages.site import Site, reading
from retention.reports import archive
from retention.reports.archive import PAGE_REPORTS, StoredReport
from retention.reports.as_json import instant_of
from retention.reports.checks import documents_now
from retention.reports.document import Text
from retention.reports.html import APPENDIX_SLOT, NAVIGATION_SLOT, in_language
from retention.reports.kept import said_now, stop_since
from retention.reports.paper import paper_of_page
from retention.reports.run import DisposalRun
from retention.reports.run_words import notices as notices_of
from retention.reports.runs import last_runs, newest_by_coverage

EARLIER_REPORTS = 10
"""Listed under the newest one; the whole list has a page of its own."""


def routes(site: Site) -> APIRouter:
    """Everything under `/reports`."""
    pages = APIRouter(dependencies=[reading(site)], tags=["reports"])

    @pages.get("/reports/newest")
    def newest(request: Request) -> Response:
        with site.open_reports() as own:
            now = database_time(own)
            report, lines = archive.latest(own), archive.listing(own, limit=EARLIER_REPORTS + 1)
            if report is None:
                return show(request, "none.html.j2", title="no_reports", here="newest")
            since = _notices_since(own, report, now)
            today = said_now(own, report, lambda: documents_now(*site.documents()), now)
        earlier = _list(request, lines[1:], title="earlier_reports")
        return _report_page(request, report, newest=True, appendix=earlier, notices=since, out_of_date=today)

    @pages.get("/reports")
    def every(request: Request, before: str | None = None) -> Response:
        lines, older = _page_of(site, before)
        return show(request, "list.html.j2", title="reports", here="every", lines=lines, older=older)

    @pages.get("/reports.json")
    def every_as_json(before: str | None = None) -> Response:
        lines, older = _page_of(site, before)
        return as_json({"reports": lines, "older": older})

    @pages.get("/reports/{report_id}.json")
    def report_as_json(report_id: str) -> Response:
        report = _find(site, report_id)
        text = json.dumps(report.document, ensure_ascii=False, indent=2)
        return _download(report, text, "json", "application/json")

    @pages.get("/reports/{report_id}.html")
    def as_file(report_id: str) -> Response:
        report = _find(site, report_id)
        return _download(report, report.html, "html", "text/html")

    @pages.get("/reports/{report_id}.pdf")
    def as_paper(request: Request, report_id: str) -> Response:
        report, language = _find(site, report_id), language_of(request)
        with site.open_reports() as own:
            kept = archive.paper(own, report.report_id, language)
        pdf = kept or paper_of_page(report.html, language, report.created_at, report.report_id)
        if pdf is None:
            raise HTTPException(404)
        return _download(report, pdf, f"{language}.pdf", "application/pdf")

    @pages.get("/reports/{report_id}")
    def one(request: Request, report_id: str) -> Response:
        return _report_page(request, _find(site, report_id))

    return pages


def _page_of(site: Site, before: str | None) -> tuple[list[archive.ReportLine], str | None]:
    """One page of the list, and where the older ones begin."""
    with site.open_reports() as own:
        lines = archive.listing(own, limit=PAGE_REPORTS + 1, before=instant_of(before))
    older = lines[PAGE_REPORTS - 1].created_at.isoformat() if len(lines) > PAGE_REPORTS else None
    return lines[:PAGE_REPORTS], older


def _find(site: Site, report_id: str) -> StoredReport:
    """The report with this id; 404 for any text that is none."""
    try:
        wanted = UUID(report_id)
    except ValueError:
        raise HTTPException(404) from None
    with site.open_reports() as own:
        report = archive.by_id(own, wanted)
    if report is None:
        raise HTTPException(404)
    return report


def _notices_since(own: OwnConnection, report: StoredReport, now: datetime) -> tuple[Text, ...]:
    """The global stop and trouble in the last deletion runs, as they are now, where the kept report tells nothing of it."""
    told = {notice["en"] for notice in report.document.get("notices", ())}
    stop = stop_since(own, report, now)
    found = [stop] if stop is not None else []
    found += [
        notice
        for category in report.document["categories"]
        for notice in notices_of(newest_by_coverage(_runs_now(own, category, now)).values(), now)
    ]
    return tuple(notice for notice in found if notice.en not in told)


def _runs_now(own: OwnConnection, category: Mapping[str, Any], now: datetime) -> Sequence[DisposalRun]:
    """The last runs of a kept report's category, in that report's words."""
    return last_runs(own, category["category"], now, anonymises=category.get("action") == "anonymise")


def _report_page(
    request: Request,
    report: StoredReport,
    *,
    newest: bool = False,
    appendix: str = "",
    notices: Sequence[Text] = (),
    out_of_date: Text | None = None,
) -> HTMLResponse:
    """The page as it was kept, in the reader's language, with the navigation and what is known since put in."""
    language = language_of(request)
    bar = render(
        request,
        "navigation.html.j2",
        here="newest" if newest else "",
        report_id=report.report_id,
        out_of_date=out_of_date,
        notices=notices,
    )
    html = in_language(report.html, language).replace(NAVIGATION_SLOT, bar, 1).replace(APPENDIX_SLOT, appendix, 1)
    return HTMLResponse(html)


def _list(request: Request, lines: list[archive.ReportLine], title: str) -> str:
    values = {"title": title, "heading": "h2", "lines": lines, "older": None}
    return render(request, "lines.html.j2", **values) if lines else ""


def _download(report: StoredReport, text: str | bytes, suffix: str, media_type: str) -> Response:
    name = f"check-report-{report.created_at:%Y-%m-%d-%H%M}-{str(report.report_id)[:8]}.{suffix}"
    return Response(text, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
