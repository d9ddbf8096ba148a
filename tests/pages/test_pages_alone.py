"""The app behind the pages, by itself: what it does where Airflow or our own database misbehave."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import HTTPException
from tests.pages.site import site_of

from retention.database import OwnConnection
from retention.errors import RequestError
from retention.pages import create_app
from retention.pages.headers import SECURITY_HEADERS

NOBODY: Any = None
"""Nothing that these tests ask for reaches the database."""


def answer_to(route: str, *, error: Exception | None = None, refusal: int | None = None) -> httpx.Response:
    """The app's answer where the reader is refused with `refusal`, or reading reports raises `error`."""

    def open_reports() -> AbstractContextManager[OwnConnection]:
        raise error or AssertionError("no report may be opened")

    def logged_in() -> None:
        if refusal is not None:
            raise HTTPException(refusal)

    app = create_app(replace(site_of(NOBODY), logged_in=logged_in, open_reports=open_reports))

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
            return await client.get(route)

    return asyncio.run(get())


@pytest.mark.parametrize("route", ["/", "/reports", f"/reports/{'0' * 32}", "/anything/else"])
@pytest.mark.parametrize("refusal", [401, 403])
def test_nothing_is_opened_for_those_who_may_not_read(route: str, refusal: int) -> None:
    assert answer_to(route, refusal=refusal).status_code == {401: 303, 403: 403}[refusal]


@pytest.mark.parametrize("route", ["/docs", "/redoc", "/openapi.json"])
def test_app_describes_itself_to_nobody_who_is_not_logged_in(route: str) -> None:
    assert answer_to(route, refusal=401).status_code in (303, 401)


@pytest.mark.parametrize("route", ["/docs", "/redoc"])
def test_no_page_loads_a_viewer_of_the_schema_from_elsewhere(route: str) -> None:
    assert answer_to(route).status_code == 404


def test_missing_connection_is_told_as_what_to_do() -> None:
    answer = answer_to("/", error=RequestError("connection 'retention_db': Airflow knows none of that id"))
    assert answer.status_code == 503
    assert "retention_db" in answer.text


def test_error_of_our_own_shows_nothing_of_itself_and_keeps_the_headers() -> None:
    answer = answer_to("/", error=ValueError("secret-in-a-message"))
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert all(answer.headers[name] == value for name, value in SECURITY_HEADERS.items())
