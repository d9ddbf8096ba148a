"""The pages without Airflow, for somebody with some rights, over our own database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import httpx
from fastapi import HTTPException
from tests.reports.shapes import six_categories

from retention.access import Right
from retention.anchoring import LedgerProof, prove_ledger
from retention.database import OwnConnection
from retention.evidence.hashing import ItemHasher
from retention.pages import Site, create_app

HASHER = ItemHasher(b"k" * 32)
ALL = frozenset(Right)
ORIGIN = "http://airflow"


def site_of(own: OwnConnection, rights: Collection[Right] = ALL, *, person: str | None = "carla") -> Site:
    """The site as this person sees it; None: as somebody who is not logged in."""

    def logged_in() -> Any:
        if person is None:
            raise HTTPException(401)
        return person

    def prove(connection: OwnConnection) -> LedgerProof:
        return prove_ledger(connection, None)

    return Site(
        logged_in=logged_in,
        may=lambda _user, right: right in rights,
        person=str,
        login_url=lambda path: f"/login?next={path}",
        open_reports=lambda: nullcontext(own),
        open_writes=lambda: nullcontext(own),
        documents=six_categories,
        hasher=lambda: HASHER,
        prove=prove,
        require_item=lambda _own, _scope, _given: None,
        secret="only-for-tests",
    )


class Reader:
    """Somebody's browser on the pages: it sends forms as they stand on the page."""

    def __init__(
        self, own: OwnConnection, rights: Collection[Right] = ALL, *, person: str | None = "carla", **more: Any
    ):
        self.app = create_app(replace(site_of(own, rights, person=person), **more))

    def ask(self, method: str, path: str, *, raises: bool = True, **more: Any) -> httpx.Response:
        """One request, as it is."""

        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=raises)
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
                return await client.request(method, path, **more)

        return asyncio.run(answer())

    def get(self, path: str, language: str = "en") -> httpx.Response:
        """A page."""
        return self.ask("GET", path, params={"lang": language} if "?" not in path else None)

    def text(self, path: str, language: str = "en") -> str:
        """A page that there is."""
        return self.get(path, language).raise_for_status().text

    def token(self, page: str) -> str:
        """What the first form of a page carries."""
        found = re.search(r'name="token" value="([^"]+)"', self.text(page))
        assert found is not None, f"no form on {page}"
        return found[1]

    def post(self, path: str, token: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        """A form, from a page of ours unless the headers say otherwise."""
        sent = {"Origin": ORIGIN} if headers is None else headers
        return self.ask("POST", path, data={"token": token, **fields}, params={"lang": "en"}, headers=sent)

    def send(self, page: str, path: str, **fields: str) -> str:
        """Send a form of the page and read the page that comes then, whatever it says."""
        answer = self.post(path, self.token(page), **fields)
        return self.get(answer.headers["location"]).text if answer.status_code == 303 else answer.text
