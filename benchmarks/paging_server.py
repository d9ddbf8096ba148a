"""An HTTP server that lists as many made-up versions as it is told to, page by page: `python paging_server.py COUNT SERVER`.

It runs in a process of its own, so that only the client is measured. Its port is the first line it prints.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

COUNT, SERVER = int(sys.argv[1]), sys.argv[2]
VERSION = (
    "<Version><Key>{key}</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest>"
    "<LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Version>"
)


def key(number: int) -> str:
    return f"p/{number:09}.wav"


def first_behind(marker: str) -> int:
    low, high = 0, COUNT
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if key(middle) > marker else (middle + 1, high)
    return low


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def version_string(self) -> str:
        return SERVER

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "uploads" in query:
            return self.answer(
                "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"
            )
        if "p/" not in query.get("prefix", [""]):
            prefixes = "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"
            return self.answer(f"<ListVersionsResult><IsTruncated>false</IsTruncated>{prefixes}</ListVersionsResult>")
        start = first_behind(query.get("key-marker", [""])[0])
        end = min(start + int(query["max-keys"][0]), COUNT)
        marker = f"<NextKeyMarker>{key(end - 1)}</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>"
        entries = "".join(VERSION.format(key=key(number)) for number in range(start, end))
        frame = f"<IsTruncated>{'true' if end < COUNT else 'false'}</IsTruncated>{marker if end < COUNT else ''}"
        return self.answer(f"<ListVersionsResult>{frame}{entries}</ListVersionsResult>")

    def answer(self, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/xml")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
