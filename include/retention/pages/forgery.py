"""Whether a write comes from a form of our own pages: the login is a cookie, which a browser sends along from anywhere.

A form carries a token that is signed for its user, and the browser says which page the form stood on.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from retention.errors import RequestError

TOKEN_VALID_S = 12 * 3_600
"""A form that was left open over a working day still works; one of yesterday does not."""
SAID_VALID_S = 600
"""How long an address that tells what was done keeps telling it."""


class Seal:
    """Signs what goes to the browser and comes back: tokens of forms, and what a page says about a write."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise RequestError("found no secret to sign forms with; expected the API server's `[api] secret_key`")
        self._tokens = URLSafeTimedSerializer(secret, salt="retention-pages-form")
        self._said = URLSafeTimedSerializer(secret, salt="retention-pages-said")

    def token(self, person: str) -> str:
        """The token of this person's forms."""
        return str(self._tokens.dumps(person))

    def require_token(self, person: str, token: str) -> None:
        """Raise HTTPException 403 unless the token was made for this person, and not long ago."""
        try:
            whose = self._tokens.loads(token, max_age=TOKEN_VALID_S)
        except BadSignature:
            whose = None
        if whose != person:
            raise HTTPException(403, FORGED)

    def said(self, key: str, values: list[Any]) -> str:
        """What was done, as the next page's address carries it."""
        return str(self._said.dumps([key, values]))

    def read_said(self, text: str) -> tuple[str, list[Any]] | None:
        """What an address says was done; None where we did not say so, or long ago."""
        try:
            key, values = self._said.loads(text, max_age=SAID_VALID_S)
        except BadSignature:
            return None
        return key, values


FORGED = "forged"
"""The detail of a refusal for what may be a forged write."""


def require_own_page(request: Request, origins: frozenset[str]) -> None:
    """Raise HTTPException 403 unless the browser says that the form stood on a page of ours.

    Every browser sends `Origin` with a form; `Sec-Fetch-Site`, which no page can set, only over HTTPS and on the own machine.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "")
    own = site == "same-origin" if site is not None else _is_own(request, origin, origins)
    if not own:
        raise HTTPException(403, FORGED)


def _is_own(request: Request, origin: str, origins: frozenset[str]) -> bool:
    return origin in origins or (bool(origin) and urlsplit(origin).netloc == request.headers.get("host"))
