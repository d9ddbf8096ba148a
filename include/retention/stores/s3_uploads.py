"""List unfinished multipart uploads: bytes that no object listing shows."""

from __future__ import annotations

from collections.abc import Iterator

from retention.stores.protocol import StoredPart
from retention.stores.s3_client import S3Requests
from retention.stores.s3_pages import Page


class UploadListing:
    """`ListMultipartUploads` of one bucket."""

    def __init__(self, requests: S3Requests, *, page_entries: int = 1000) -> None:
        self._requests = requests
        self._page_entries = page_entries

    def check(self, prefix: str) -> None:
        """Raise StoreUnreadable unless uploads under `prefix` can be listed."""
        self._page(prefix, {}, entries=1)

    def scan(self, prefix: str) -> Iterator[StoredPart]:
        """Every unfinished upload under `prefix`, page by page.

        The markers given back are exactly those received: AWS wants both, SeaweedFS gives an upload id only and would
        take a key marker for a filter.
        """
        markers: dict[str, str] = {}
        while True:
            page = self._page(prefix, markers)
            yield from page.parts
            if not page.truncated:
                return
            received = {"KeyMarker": page.next_key, "UploadIdMarker": page.next_id}
            following = {name: value for name, value in received.items() if value is not None}
            if not following or following == markers:
                raise self._requests.unreadable(
                    "a list of uploads that stops before its end",
                    "a marker to go on from. Look at the store's version and logs",
                )
            markers = following

    def _page(self, prefix: str, markers: dict[str, str], *, entries: int | None = None) -> Page:
        """Keys are asked for encoded only from servers known to encode: SeaweedFS says that it does, but does not."""
        encoding = {"EncodingType": "url"} if self._requests.sorts_by_key else {}
        return self._requests.read_page(
            "list_multipart_uploads", Prefix=prefix, MaxUploads=entries or self._page_entries, **encoding, **markers
        )
