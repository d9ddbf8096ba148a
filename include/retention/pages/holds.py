"""Legal holds: the list, a form for a new one, its approval by a second person, its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import psycopg
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from retention.access import Right
from retention.database import OwnConnection, database_time
from retention.errors import RetentionError
from retention.evidence.hold_list import list_holds
from retention.evidence.holds import HoldSet, add_hold, approve_hold, canonical_scope, end_hold
from retention.evidence.people import seems_to_name
from retention.pages.hold_form import HoldForm, require_known
from retention.pages.overview import Reason
from retention.pages.rendering import Notice, as_json, done, notice_of, show
from retention.pages.site import Site, Visitor, reading, visitor_of, writing

ENDED_SHOWN = 50
"""Holds that hold nothing any more, the newest first; the JSON has all."""
_DEALS_WITH_HOLDS = (Right.ADD_HOLD, Right.APPROVE_HOLD, Right.END_HOLD)
_OVER = ("ended", "expired")


def routes(site: Site) -> APIRouter:
    """Everything under `/holds`."""
    pages = APIRouter(tags=["holds"])

    @pages.get("/holds", dependencies=[reading(site)])
    def holds(request: Request) -> Response:
        return _page(request, site, notice_of(request, site))

    @pages.get("/holds.json", dependencies=[reading(site)])
    def holds_as_json(request: Request) -> Response:
        return as_json({"holds": _holds(request, site)})

    @pages.post("/holds")
    def add(
        request: Request, form: Annotated[HoldForm, Form()], visitor: Visitor = writing(site, Right.ADD_HOLD)
    ) -> Response:
        def write(own: OwnConnection) -> Response:
            result = _add(own, site, form, visitor)
            return done(request, site, "/holds", "done.hold_set", *_result(result))

        return _try(request, site, write, form)

    @pages.post("/holds/{hold_id}/approve")
    def approve(
        request: Request, hold_id: UUID, reason: Reason = "", visitor: Visitor = writing(site, Right.APPROVE_HOLD)
    ) -> Response:
        def write(own: OwnConnection) -> Response:
            result = approve_hold(own, site.hasher(), hold_id, approved_by=visitor.name, reason=reason)
            return done(request, site, "/holds", "done.hold_approved", *_result(result))

        return _try(request, site, write)

    @pages.post("/holds/{hold_id}/end")
    def end(
        request: Request, hold_id: UUID, reason: Reason = "", visitor: Visitor = writing(site, Right.END_HOLD)
    ) -> Response:
        def write(own: OwnConnection) -> Response:
            end_hold(own, hold_id, ended_by=visitor.name, reason=reason)
            return done(request, site, "/holds", "done.hold_ended", str(hold_id))

        return _try(request, site, write)

    return pages


def _add(own: OwnConnection, site: Site, form: HoldForm, visitor: Visitor) -> HoldSet:
    require_known(form, *site.documents())
    given = form.scope()
    scope = canonical_scope(given)
    site.require_item(own, scope, given)
    return add_hold(
        own,
        site.hasher(),
        scope,
        reason=form.reason,
        requested_by=visitor.name,
        approved_by=None,  # a second person approves on a page of their own
        ends_at=form.ends_at(),
        review_at=form.review_at(),
    )


def _result(result: HoldSet) -> tuple[Any, ...]:
    return str(result.hold_id), result.gone.already_gone, result.gone.maybe_gone


def _try(
    request: Request, site: Site, write: Callable[[OwnConnection], Response], form: HoldForm | None = None
) -> Response:
    """Do it, or say on the page with what was filled in why not."""
    try:
        with site.open_writes() as own:
            return write(own)
    except RetentionError as error:
        notice, status = Notice("refused.hold", why=str(error), refused=True), 409
    except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
        notice, status = Notice("refused.hold_busy", refused=True), 503
    return _page(request, site, notice, form or HoldForm(), status)


def _holds(request: Request, site: Site) -> list[dict[str, Any]]:
    """All holds. Why one was set may name somebody: only those who deal with holds read it, and nobody what seems to name."""
    visitor = visitor_of(request)
    reads_why = visitor is not None and any(visitor.may(right) for right in _DEALS_WITH_HOLDS)
    with site.open_reports() as own:
        holds = list_holds(own, site.hasher, database_time(own))
    return [
        hold | {"reason": hold["reason"] if reads_why and not seems_to_name(hold["reason"]) else None} for hold in holds
    ]


def _page(
    request: Request, site: Site, notice: Notice | None, form: HoldForm | None = None, status: int = 200
) -> Response:
    policy, datamap = site.documents()
    holds = _holds(request, site)
    holds.sort(key=lambda hold: hold["effective_at"], reverse=True)
    return show(
        request,
        "holds.html.j2",
        title="pages.holds",
        here="holds",
        status=status,
        notice=notice,
        form=form or HoldForm(),
        open_holds=[hold for hold in holds if hold["state"] not in _OVER],
        past_holds=[hold for hold in holds if hold["state"] in _OVER][:ENDED_SHOWN],
        categories=sorted(policy.rules.keys() & {place.spec.category for place in datamap.places.values()}),
        places=sorted(datamap.places),
    )
