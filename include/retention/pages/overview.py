"""The overview at `/`, and on it the global stop: anybody who may stops everything with one reason."""

from __future__ import annotations

from typing import Annotated

import psycopg
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from retention.access import Right
from retention.database import OwnConnection, database_time
from retention.errors import InputError, RetentionError
from retention.evidence.controls import set_stop, stop_of, wait_for_batches
from retention.pages.rendering import Notice, as_json, done, language_of, notice_of, show
from retention.pages.site import Site, Visitor, reading, writing
from retention.pages.tiles import Overview, look, shown_reason
from retention.policy.loader import Policy
from retention.reports import Verdict, archive
from retention.reports.run_words import describe

Reason = Annotated[str, Form(max_length=2_000)]


def routes(site: Site) -> APIRouter:
    """`/`, `/overview.json`, `/stop` and `/resume`."""
    pages = APIRouter(tags=["overview"])

    @pages.get("/", dependencies=[reading(site)])
    def overview(request: Request) -> Response:
        return _overview(request, site, notice_of(request, site))

    @pages.get("/overview.json", dependencies=[reading(site)])
    def overview_as_json() -> Response:
        with site.open_reports() as own:
            return as_json(look(own, *site.documents()).to_json())

    @pages.post("/stop")
    def stop(request: Request, reason: Reason = "", visitor: Visitor = writing(site, Right.STOP)) -> Response:
        return _set(request, site, visitor, reason, stopped=True)

    @pages.post("/resume")
    def resume(request: Request, reason: Reason = "", visitor: Visitor = writing(site, Right.RESUME)) -> Response:
        return _set(request, site, visitor, reason, stopped=False)

    return pages


def _set(request: Request, site: Site, visitor: Visitor, reason: str, *, stopped: bool) -> Response:
    try:
        with site.open_writes() as own:
            before = stop_of(own).value
            set_stop(own, stopped, changed_by=visitor.name, reason=reason)
            if not stopped:
                return done(request, site, "/", "done.resumed" if before == "stopped" else "done.was_running")
            return done(request, site, "/", "done.stopped" if _is_quiet(own) else "done.stopping")
    except RetentionError as error:
        key = "refused.stop" if stopped else "refused.resume"
        return _overview(request, site, Notice(key, why=str(error), refused=True), status=409)


def _is_quiet(own: OwnConnection) -> bool:
    """Whether no batch runs any more; one that runs longer than the connection waits may still be ending."""
    try:
        wait_for_batches(own)
    except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
        return False
    return True


def _overview(request: Request, site: Site, notice: Notice | None, *, status: int = 200) -> Response:
    with site.open_reports() as own:
        try:
            policy, datamap = site.documents()
        except InputError:
            # Nothing is known of any category then; whoever came to stop everything must still be able to.
            now = database_time(own)
            seen = Overview(now, Verdict.UNKNOWN, stop_of(own, now), (), ())
            return _show(request, seen, notice, status=503, policy=None, newest=None)
        seen, newest = look(own, policy, datamap), archive.latest_id(own)
    return _show(request, seen, notice, status=status, policy=policy, newest=newest)


def _show(
    request: Request, seen: Overview, notice: Notice | None, *, status: int, policy: Policy | None, newest: object
) -> Response:
    language = language_of(request)
    return show(
        request,
        "tiles.html.j2",
        title="overview_page",
        here="overview",
        status=status,
        notice=notice,
        seen=seen,
        newest=newest,
        is_readable=policy is not None,
        stop_reason=shown_reason(seen.stop),
        describe=lambda run: describe(run, seen.now, language),
    )
