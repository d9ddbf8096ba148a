"""The app to mount: all routes, each with the right that it needs."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from retention.pages import evidence, holds, overview, reports, rules, runs
from retention.pages.headers import LimitedBody, SecurityHeaders
from retention.pages.problems import tell_problems
from retention.pages.rendering import as_json
from retention.pages.site import Site, reading


def create_app(site: Site) -> FastAPI:
    """The app of a site."""
    app = FastAPI(title="Retention", docs_url=None, redoc_url=None, openapi_url=None)
    for part in (overview, reports, holds, rules, evidence, runs):
        app.include_router(part.routes(site))
    _add_rest(app, site)
    app.add_middleware(LimitedBody)
    app.add_middleware(SecurityHeaders)
    tell_problems(app, site)
    return app


def _add_rest(app: FastAPI, site: Site) -> None:
    @app.get("/openapi.json", dependencies=[reading(site)], include_in_schema=False)
    def schema() -> Response:
        return as_json(app.openapi())

    @app.get("/{anything:path}", dependencies=[reading(site)], include_in_schema=False)
    def nothing(request: Request, anything: str) -> Response:  # noqa: ARG001  # the name stands in the path
        raise HTTPException(404)
