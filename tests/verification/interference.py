"""A proxy before the S3 server that refuses what a test says: real requests, real answers, except the refused ones."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Refusal = Callable[[str, str], int | None]
"""From method and path to the status to answer with, or None to let the request through."""


@contextmanager
def refusing(endpoint_url: str, refuse: Refusal, *, date: str | None = None) -> Iterator[str]:
    """The proxy's address, as long as the block lasts. `date` replaces the server's own word for the time."""

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status = refuse(self.command, self.path)
            if status is not None:
                body = b"<Error><Code>Refused</Code></Error>" if self.command == "GET" else b""
                self._answer(status, [("Content-Type", "application/xml")], body)
                return
            upstream = http.client.HTTPConnection(urlsplit(endpoint_url).netloc, timeout=20)
            upstream.request(self.command, self.path, headers=dict(self.headers))
            answer = upstream.getresponse()
            kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in ("transfer-encoding", "content-length")]
            if date is not None:
                kept = [(name, date if name.lower() == "date" else value) for name, value in kept]
            self._answer(answer.status, kept, answer.read())
            upstream.close()

        do_HEAD = do_GET  # noqa: N815  # the name that http.server looks for

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
