"""Read one version's content as a stream. A connection that breaks is taken up where it broke; nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retention.stores.protocol import StoredPart
from retention.stores.record_times import CHUNK_BYTES, Unreadable
from retention.stores.s3_client import S3Requests

_GONE = frozenset({"404", "NoSuchKey", "NoSuchVersion", "PreconditionFailed"})
_OUT_OF_REACH = frozenset({"InvalidObjectState"})  # archived: it would have to be restored first
_EMPTY = "InvalidRange"
_TRIES = 4


class Gone(Exception):
    """The version was removed, or written again, since it was listed."""


def read_content(requests: S3Requests, part: StoredPart) -> Iterator[bytes]:
    """The version's bytes, in pieces. Raises Gone, Unreadable for one that is archived, StoreUnreadable for all else."""
    offset, etag, tries = 0, None, 0
    while True:
        more = {"Range": f"bytes={offset}-", "IfMatch": etag} if offset else {}
        response, code = requests.attempt("get_object", Key=part.key, VersionId=part.part_id, **more)
        if response is None:
            _refused(requests, str(code), is_resumed=offset > 0)
            return
        etag = response["ETag"]
        before = offset
        for piece in _pieces(response["Body"]):
            offset += len(piece)
            yield piece
        if offset >= part.size_bytes:
            return
        tries = 0 if offset > before else tries + 1
        if tries >= _TRIES:
            requests.fail("get_object", "IncompleteRead")


def _refused(requests: S3Requests, code: str, *, is_resumed: bool) -> None:
    if code in _GONE:
        raise Gone
    if code in _OUT_OF_REACH:
        raise Unreadable
    if code == _EMPTY and is_resumed:
        return
    requests.fail("get_object", code)


def _pieces(body: Any) -> Iterator[bytes]:
    """What comes until the end, or until the connection breaks: the caller sees how much it was."""
    from botocore.exceptions import BotoCoreError, HTTPClientError
    from urllib3.exceptions import HTTPError

    try:
        while piece := body.read(CHUNK_BYTES):
            yield piece
    except (BotoCoreError, HTTPClientError, HTTPError, OSError):
        return
    finally:
        body.close()
