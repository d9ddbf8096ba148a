"""What every answer carries, and how much a request may."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",  # Airflow shows the pages in a frame of its own
    "Referrer-Policy": "same-origin",  # with `no-referrer` browsers hide from ourselves, too, where a form comes from
    "Cache-Control": "no-store",
}

BODY_BYTES = 64 * 1_024
"""The largest form that is read: a reason, a few ids and dates."""


class SecurityHeaders:
    """Puts the headers on every answer of the app, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with(message["headers"], SECURITY_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class LimitedBody:
    """Refuses (413) a body that is too large, as soon as that is known: before it was read, where its length is announced."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        announced = dict(scope.get("headers", ())).get(b"content-length", b"0")
        read = 0

        async def receive_within() -> Message:
            nonlocal read
            if not announced.isdigit() or int(announced) > BODY_BYTES:
                raise HTTPException(413)
            message = await receive()
            read += len(message.get("body", b""))
            if read > BODY_BYTES:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_within, send)


def _with(headers: list[tuple[bytes, bytes]], added: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [*headers, *((name.lower().encode(), value.encode()) for name, value in added.items())]
