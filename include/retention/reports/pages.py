"""The pages inside the Airflow UI, without Airflow: who may read and where reports lie is handed in by the plugin.

Every route depends on `logged_in`, unknown addresses too, so that nobody learns anything without a login.
Nothing here writes, and nothing is asked of another host.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retention.database import OwnConnection, database_time
from retention.errors import RetentionError
from retention.reports import archive
from retention.reports.archive import PAGE_REPORTS, StoredReport
from retention.reports.as_json import instant_of
from retention.reports.checks import Documents
from retention.reports.document import Text
from retention.reports.html import APPENDIX_SLOT, NAVIGATION_SLOT, environment, in_language, stylesheet
from retention.reports.kept import said_now, stop_since
from retention.reports.paper import paper_of_page
from retention.reports.run import DisposalRun
from retention.reports.run_words import notices as notices_of
from retention.reports.runs import last_runs, newest_by_coverage

OpenReports = Callable[[], AbstractContextManager[OwnConnection]]
"""Opens our own database for one request. Raises RetentionError where it does not answer."""

CurrentDocuments = Callable[[], Documents]
"""The promises and the data map that count now. Raises InputError where they can't be read."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",  # Airflow shows the pages in a frame of its own
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

EARLIER_REPORTS = 10
"""Listed under the newest one; the whole list has a page of its own."""

_log = logging.getLogger(__name__)


def create_app(
    *,
    logged_in: Callable[..., Any],
    open_reports: OpenReports,
    documents: CurrentDocuments,
    login_url: Callable[[str], str],
) -> FastAPI:
    """The app to mount. `logged_in` is a dependency that raises HTTPException 401 or 403; `login_url` leads back to a path."""
    app = FastAPI(title="Retention", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(_routes(open_reports, documents), dependencies=[Depends(logged_in)])
    app.add_middleware(_SecurityHeaders)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        wants_page = not request.url.path.endswith(".json")
        if error.status_code == 401 and wants_page:
            return RedirectResponse(login_url(_address(request)), status_code=303)
        if not wants_page:
            return Response(json.dumps({"detail": error.detail}), error.status_code, media_type="application/json")
        return _problem(request, error.status_code)

    @app.exception_handler(RetentionError)
    @app.exception_handler(psycopg.Error)
    def unreadable(request: Request, error: Exception) -> Response:
        # libpq's message names host and user: it goes to the server's log, not to the reader.
        _log.warning("reports could not be read: %s", _in_short(error))
        return _problem(request, 503)

    @app.exception_handler(Exception)
    def broken(request: Request, _: Exception) -> Response:
        # Answered outside the middleware that puts the headers on; the server's log has the traceback.
        answer = _problem(request, 500)
        answer.headers.update(SECURITY_HEADERS)
        return answer

    return app


def _routes(open_reports: OpenReports, documents: CurrentDocuments) -> APIRouter:
    pages = APIRouter()

    @pages.get("/")
    def newest(request: Request) -> Response:
        with open_reports() as own:
            now = database_time(own)
            report, lines = archive.latest(own), archive.listing(own, limit=EARLIER_REPORTS + 1)
            if report is None:
                return _shell(request, "none.html.j2", title="no_reports")
            since = _notices_since(own, report, now)
            today = said_now(own, report, documents, now)
        earlier = _list(request, lines[1:], title="earlier_reports")
        return _report_page(request, report, newest=True, appendix=earlier, notices=since, out_of_date=today)

    @pages.get("/reports")
    def every(request: Request, before: str | None = None) -> Response:
        with open_reports() as own:
            lines = archive.listing(own, limit=PAGE_REPORTS + 1, before=instant_of(before))
        older = lines[PAGE_REPORTS - 1].created_at.isoformat() if len(lines) > PAGE_REPORTS else None
        return _shell(request, "list.html.j2", title="reports", lines=lines[:PAGE_REPORTS], older=older)

    @pages.get("/reports/{report_id}.json")
    def as_json(report_id: str) -> Response:
        report = _find(open_reports, report_id)
        text = json.dumps(report.document, ensure_ascii=False, indent=2)
        return _download(report, text, "json", "application/json")

    @pages.get("/reports/{report_id}.html")
    def as_file(report_id: str) -> Response:
        report = _find(open_reports, report_id)
        return _download(report, report.html, "html", "text/html")

    @pages.get("/reports/{report_id}.pdf")
    def as_paper(request: Request, report_id: str) -> Response:
        report, language = _find(open_reports, report_id), _language(request)
        with open_reports() as own:
            kept = archive.paper(own, report.report_id, language)
        pdf = kept or paper_of_page(report.html, language, report.created_at, report.report_id)
        if pdf is None:
            raise HTTPException(404)
        return _download(report, pdf, f"{language}.pdf", "application/pdf")

    @pages.get("/reports/{report_id}")
    def one(request: Request, report_id: str) -> Response:
        return _report_page(request, _find(open_reports, report_id))

    @pages.get("/{anything:path}")
    def nothing(anything: str) -> Response:  # noqa: ARG001  # the name stands in the path
        raise HTTPException(404)

    return pages


def _find(open_reports: OpenReports, report_id: str) -> StoredReport:
    """The report with this id; 404 for any text that is none."""
    try:
        wanted = UUID(report_id)
    except ValueError:
        raise HTTPException(404) from None
    with open_reports() as own:
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
    language = _language(request)
    bar = _render(
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
    return _render(request, "lines.html.j2", **values) if lines else ""


def _shell(request: Request, template: str, *, title: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of our own, in the report's clothes."""
    here = {"list.html.j2": "every"}.get(template, "")
    bar = _render(request, "navigation.html.j2", here=here, report_id=None, out_of_date=None, notices=())
    return HTMLResponse(_render(request, template, title=title, css=stylesheet(), navigation=bar, **values), status)


def _render(request: Request, template: str, **values: Any) -> str:
    language = _language(request)
    base = request.scope.get("root_path", "")
    return environment().get_template(template).render(language=language, base=base, **values)


def _problem(request: Request, status: int) -> Response:
    known = status if status in (403, 404, 503) else 500
    return _shell(request, "problem.html.j2", title=f"problem.{known}", status=status)


def _download(report: StoredReport, text: str | bytes, suffix: str, media_type: str) -> Response:
    name = f"check-report-{report.created_at:%Y-%m-%d-%H%M}-{str(report.report_id)[:8]}.{suffix}"
    return Response(text, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _language(request: Request) -> str:
    """`?lang=de|en`, else the first of the two that the browser asks for, else German: the policy's language."""
    asked = [request.query_params.get("lang", ""), *request.headers.get("accept-language", "").split(",")]
    return next((short for text in asked if (short := text.strip()[:2].lower()) in ("de", "en")), "de")


def _address(request: Request) -> str:
    """Path and query of the page that was asked for, without the host: it leads nowhere else."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _in_short(error: Exception) -> str:
    if isinstance(error, psycopg.Error):
        return f"{type(error).__name__} (SQLSTATE {error.sqlstate})"
    return str(error)


class _SecurityHeaders:
    """Puts the headers on every answer of the app, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with(message["headers"], SECURITY_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _with(headers: list[tuple[bytes, bytes]], added: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [*headers, *((name.lower().encode(), value.encode()) for name, value in added.items())]
