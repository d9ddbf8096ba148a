"""What a page says where there is nothing to show: refused, not found, too large, unreadable, broken."""

from __future__ import annotations

import json
import logging

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from retention.errors import RetentionError
from retention.pages.forgery import FORGED
from retention.pages.headers import SECURITY_HEADERS
from retention.pages.rendering import base_of, show
from retention.pages.site import Site

_TOLD = (403, 404, 405, 413, 422, 503)
_log = logging.getLogger(__name__)


def tell_problems(app: FastAPI, site: Site) -> None:
    """Answer every error with a page in the reader's language; a JSON address, with JSON."""

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 401 and not _wants_json(request):
            return RedirectResponse(site.login_url(_address(request)), status_code=303)
        if _wants_json(request):
            return Response(json.dumps({"detail": error.detail}), error.status_code, media_type="application/json")
        answer = problem(request, error.status_code, forged=error.detail == FORGED)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    def misread(request: Request, _: RequestValidationError) -> Response:
        return problem(request, 422)

    @app.exception_handler(RetentionError)
    @app.exception_handler(psycopg.Error)
    def unreadable(request: Request, error: Exception) -> Response:
        # libpq's message names host and user: it goes to the server's log, not to the reader.
        _log.warning("a page could not be read: %s", _in_short(error))
        return problem(request, 503)

    @app.exception_handler(Exception)
    def broken(request: Request, _: Exception) -> Response:
        # Answered outside the middleware that puts the headers on; the server's log has the traceback.
        answer = problem(request, 500)
        answer.headers.update(SECURITY_HEADERS)
        return answer


def problem(request: Request, status: int, *, forged: bool = False) -> Response:
    """The page about a problem, in words."""
    known = status if status in _TOLD else 500
    return show(request, "problem.html.j2", title="problem.forged" if forged else f"problem.{known}", status=status)


def _wants_json(request: Request) -> bool:
    return request.url.path.endswith(".json")


def _address(request: Request) -> str:
    """Path and query of the page that was asked for, without the host: it leads nowhere else. After a write, the overview."""
    if request.method not in ("GET", "HEAD"):
        return f"{base_of(request)}/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _in_short(error: Exception) -> str:
    if isinstance(error, psycopg.Error):
        return f"{type(error).__name__} (SQLSTATE {error.sqlstate})"
    return str(error)
