"""Remove exact parts of objects, many at once, and tell which the store refused, with its code."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil

from retention.stores.protocol import IN_PART, PartKind, StoredPart
from retention.stores.s3_client import THREADS, S3Requests, in_parallel
from retention.stores.s3_pages import fits_xml

BATCH_PARTS = 1000
"""Parts in one DeleteObjects request: S3's own limit."""

_SMALLEST_BATCH = 250
"""Fewer parts than this are not worth a request of their own."""

_RETRYABLE = frozenset({"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted"})
_ALREADY_GONE = frozenset({"NoSuchUpload", "NoSuchVersion"})
_PAUSE_S = 0.5

Refusals = dict[tuple[str, str], str]
"""Key and part id of what was not removed → the store's code."""


@dataclass(frozen=True, slots=True)
class Removable:
    """A part that is to go. With `etag`, only if its content is still the one that was listed (ids `null` are reused)."""

    part: StoredPart
    etag: str | None = None


def remove_parts(requests: S3Requests, going: Sequence[Removable]) -> dict[str, dict[str, str]]:
    """Remove these parts; returns key → part id → code for those that were refused.

    What the store refused for a passing reason is tried a second time. A request that failed as a whole counts as a
    refusal of all its parts, even if some of them went: only reading again can tell.
    """
    refused = _attempt(requests, going)
    again = [item for item in going if refused.get(_id(item), "").removesuffix(IN_PART) in _RETRYABLE]
    if again:
        time.sleep(_PAUSE_S)
        for item in again:
            del refused[_id(item)]
        refused |= _attempt(requests, again)
    by_key: dict[str, dict[str, str]] = {}
    for (key, part_id), code in refused.items():
        by_key.setdefault(key, {})[part_id] = code
    return by_key


def _attempt(requests: S3Requests, going: Sequence[Removable]) -> Refusals:
    batched: list[Removable] = []
    single: list[Removable] = []
    for item in going:
        alone = item.part.kind is PartKind.UPLOAD or not fits_xml(item.part.key)
        (single if alone else batched).append(item)
    size = min(BATCH_PARTS, max(_SMALLEST_BATCH, ceil(len(batched) / THREADS)))
    jobs = [partial(_remove_batch, requests, batched[at : at + size]) for at in range(0, len(batched), size)]
    jobs += [partial(_remove_single, requests, [item]) for item in single]
    refused: Refusals = {}
    for refusals in in_parallel(lambda job: job(), jobs):
        refused |= refusals
    return refused


def _remove_batch(requests: S3Requests, batch: Sequence[Removable]) -> Refusals:
    """One DeleteObjects; it answers 200 even when it refuses every single part, and then says so per part."""
    objects = [_identifier(item) for item in batch]
    response, code = requests.attempt("delete_objects", Delete={"Objects": objects, "Quiet": True})
    if response is None:
        return {_id(item): str(code) for item in batch}
    told = {
        (str(error.get("Key")), str(error.get("VersionId") or "null")): str(error.get("Code") or "NoCode")
        for error in response.get("Errors", [])
    }
    known = {_id(item) for item in batch}
    if not told.keys() <= known:
        # A refusal of a part that was not asked for can't be assigned: then any of them may be the one, and the others went.
        return {part: told.get(part, next(iter(told.values()))) + IN_PART for part in known}
    return told


def _identifier(item: Removable) -> dict[str, str]:
    identifier = {"Key": item.part.key, "VersionId": item.part.part_id}
    return identifier if item.etag is None else identifier | {"ETag": item.etag}


def _remove_single(requests: S3Requests, going: Sequence[Removable]) -> Refusals:
    """An upload, which has no batch request, or a key that the XML of a batch can't hold."""
    refused: Refusals = {}
    for item in going:
        key, part_id = _id(item)
        if item.part.kind is PartKind.UPLOAD:
            _, code = requests.attempt("abort_multipart_upload", Key=key, UploadId=part_id)
        else:
            condition = {"IfMatch": item.etag} if item.etag else {}
            _, code = requests.attempt("delete_object", Key=key, VersionId=part_id, **condition)
        if code is not None and code not in _ALREADY_GONE:
            refused[key, part_id] = code
    return refused


def _id(item: Removable) -> tuple[str, str]:
    return item.part.key, item.part.part_id
