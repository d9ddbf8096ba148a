"""From what a route found to a page, in the reader's language; and what became of a write, told on the page after it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from markupsafe import Markup

from retention.access import Right
from retention.pages.site import Site, visitor_of
from retention.pages.wording import say
from retention.reports import formats
from retention.reports import html as reports

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Notice:
    """What a page says at its head about a write: what was done, or (`refused`) why nothing was. `why` is in English."""

    key: str
    values: tuple[Any, ...] = ()
    why: str | None = None
    refused: bool = False


def show(
    request: Request, template: str, *, title: str, here: str = "", status: int = 200, **values: Any
) -> HTMLResponse:
    """A page of our own, in the report's clothes."""
    values = {"notice": None, **values}
    bar = render(request, "navigation.html.j2", here=here, report_id=None, out_of_date=None, notices=())
    css = stylesheet()
    return HTMLResponse(render(request, template, title=title, css=css, navigation=bar, **values), status)


def render(request: Request, template: str, **values: Any) -> str:
    """A template with what all of them know: the language, the address of the app, and who reads."""
    language = language_of(request)
    visitor = visitor_of(request)
    return (
        environment()
        .get_template(template)
        .render(
            language=language,
            base=base_of(request),
            may=visitor.may if visitor is not None else lambda _right: False,
            token=visitor.token if visitor is not None else "",
            t=partial(say, language=language),
            n=partial(formats.number, language=language),
            rights=Right,
            **values,
        )
    )


def done(request: Request, site: Site, path: str, key: str, *values: Any) -> RedirectResponse:
    """Lead on to the page that tells what was done; loading it anew does not do it again."""
    query = urlencode({"lang": language_of(request), "said": site.seal.said(key, list(values))})
    return RedirectResponse(f"{base_of(request)}{path}?{query}", status_code=303)


def notice_of(request: Request, site: Site) -> Notice | None:
    """What the address says was done just now, if we said so."""
    said = site.seal.read_said(request.query_params.get("said", ""))
    return Notice(said[0], tuple(said[1])) if said is not None else None


def as_json(value: Any) -> Response:
    """A dataclass, or plain values, as JSON; instants in ISO 8601."""
    plain = asdict(value) if hasattr(value, "__dataclass_fields__") else value
    return Response(json.dumps(plain, default=_plain, ensure_ascii=False), media_type="application/json")


def _plain(value: object) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)  # type: ignore[call-overload]  # an instance: classes never come here
    raise TypeError(f"a page holds no {type(value).__name__}")


def language_of(request: Request) -> str:
    """`?lang=de|en`, else the first of the two that the browser asks for, else German: the policy's language."""
    asked = [request.query_params.get("lang", ""), *request.headers.get("accept-language", "").split(",")]
    return next((short for text in asked if (short := text.strip()[:2].lower()) in ("de", "en")), "de")


def base_of(request: Request) -> str:
    """The address that the app is mounted under."""
    base: str = request.scope.get("root_path", "")
    return base


@cache
def stylesheet() -> Markup:
    """The report's style sheet, and what only these pages have."""
    own = (TEMPLATES / "pages.css").read_text(encoding="utf-8")
    return reports.stylesheet() + Markup(own)  # noqa: S704  # our own file


@cache
def environment() -> Environment:
    """Our templates, those of the report behind them, and what both call."""
    loaded = reports.environment().overlay(
        loader=ChoiceLoader([FileSystemLoader(TEMPLATES), FileSystemLoader(reports.TEMPLATES)])
    )
    loaded.globals = {
        **loaded.globals,
        "say": say,
        "digest": formats.digest,
        "words": lambda language: partial(say, language=language),
    }
    return loaded
