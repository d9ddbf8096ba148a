"""Our own listing of a whole bucket, straight on boto3: every version, delete marker and unfinished upload, page by page."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import Any

from retention.errors import StoreUnreadable
from retention.verification.bucket_client import HEAD_THREADS
from retention.verification.content import VersionContent
from retention.verification.walk import Page, StoredEntry, UndecidedOrder, VersionWalk

PAGE = 1000
PAGES_AHEAD = 4
"""So many pages at most are fetched before they are worked on: a server gives them in jerks."""
_REPLACEMENT = "\ufffd"
_SORTED_SERVERS = frozenset({"AmazonS3"})  # by key, as S3 promises; of others it is not assumed
_HIDDEN = re.compile(r"[^/]*\.versions/|(?:^|/)\.uploads")
_IMPOSSIBLE = frozenset({"400", "KeyTooLongError", "405"})
"""No object can have the key; or a delete marker is all there is."""
_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NoSuchUpload"})

VERSION_MARKERS = {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}
_UPLOAD_MARKERS = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
"""What a request for the next page calls each marker, and what the answer before calls it."""


class Metadata(Enum):
    """What a look at an object can give instead of a date."""

    NONE = "no recorded-at"
    GONE = "gone since it was listed"
    REFUSED = "refused"


class Bucket:
    """One bucket, read as a whole. Every method raises StoreUnreadable with the store's error code, never with a key."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._walk = VersionWalk(self._version_page)
        self.name = name

    def pages(self) -> Iterator[list[StoredEntry]]:
        """All versions and delete markers, then all unfinished uploads. The next ones are fetched while one is worked on."""
        with ThreadPoolExecutor(1, thread_name_prefix="listing") as ahead:
            yield from _prefetched(ahead, self._version_pages())
            yield from _prefetched(ahead, self._upload_pages(""))

    def entries_of(self, key: str) -> list[StoredEntry]:
        """What is stored under exactly this key now."""
        uploads = [entry for page in self._upload_pages(key) for entry in page if entry.key == key]
        try:
            return self._walk.of_key(key) + uploads
        except UndecidedOrder:
            raise Unlisted(f"bucket {self.name!r}", "UndecidedOrder") from None

    def is_listed(self, gone: StoredEntry) -> bool:
        """Whether a version that could not be found is listed all the same. A name that the server could not write in its
        listing can't be asked for."""
        return _REPLACEMENT in gone.key or any(
            (now.part_id, now.content) == (gone.part_id, gone.content) for now in self.entries_of(gone.key)
        )

    def recorded_at(self, wanted: Sequence[StoredEntry]) -> list[datetime | Metadata]:
        """Each version's own `recorded-at`, in the order asked for."""
        if not wanted:
            return []
        with ThreadPoolExecutor(min(HEAD_THREADS, len(wanted)), thread_name_prefix="head") as threads:
            return list(threads.map(self._recorded_at, wanted))

    def content(self, version: StoredEntry) -> VersionContent:
        """The version's bytes. Raises Absent, OutOfReach or ContentRefused."""
        get = partial(self._client.get_object, Bucket=self.name, Key=version.key, VersionId=version.part_id)
        return VersionContent(get, f"bucket {self.name!r}")

    def stated_at(self, metadata: Mapping[str, str]) -> datetime | None:
        """The `recorded-at` of an object's own metadata."""
        said = _parse_instant({name.lower(): value for name, value in metadata.items()}.get("recorded-at"))
        return said if isinstance(said, datetime) else None

    def hides(self, key: str) -> bool:
        """Whether this server may hold something under a key that it never lists: SeaweedFS keeps versions and uploads in
        folders of its own with such names."""
        return not self._walk.sorted_by_key and _HIDDEN.search(key) is not None

    def present(self, keys: Sequence[str]) -> list[str]:
        """Which of these keys the server answers for, whether it lists them or not. Raises StoreUnreadable at a refusal."""
        if not keys:
            return []
        with ThreadPoolExecutor(min(HEAD_THREADS, len(keys)), thread_name_prefix="head") as threads:
            answers = list(threads.map(self._is_present, keys))
        return [key for key, is_present in zip(keys, answers, strict=True) if is_present]

    def _is_present(self, key: str) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

        try:
            self._client.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if error_code(error) in _ABSENT | _IMPOSSIBLE:
                return False
            raise Unlisted(f"bucket {self.name!r}", f"HeadObject {error_code(error)}") from None
        except ParamValidationError:  # an empty key: no object has it
            return False
        except BotoCoreError as error:
            raise Unlisted(f"bucket {self.name!r}", type(error).__name__) from None
        return True

    def _recorded_at(self, version: StoredEntry) -> datetime | Metadata:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client.head_object(Bucket=self.name, Key=version.key, VersionId=version.part_id)
        except ClientError as error:
            return Metadata.GONE if error_code(error) in _ABSENT else Metadata.REFUSED
        except BotoCoreError:
            return Metadata.REFUSED
        return _parse_instant({name.lower(): value for name, value in answer["Metadata"].items()}.get("recorded-at"))

    def _version_pages(self) -> Iterator[list[StoredEntry]]:
        try:
            yield from self._walk.under("")
        except UndecidedOrder:
            raise Unlisted(f"bucket {self.name!r}", "UndecidedOrder") from None

    def _version_page(self, prefix: str, delimiter: str | None, markers: dict[str, str]) -> Page:
        more = {"Delimiter": delimiter} if delimiter is not None else {}
        answer = self._ask(self._client.list_object_versions, prefix, markers, MaxKeys=PAGE, **more)
        entries = [_version(found) for found in answer.get("Versions", ())]
        entries += [_marker(found) for found in answer.get("DeleteMarkers", ())]
        return Page(
            entries,
            directories=[str(found["Prefix"]) for found in answer.get("CommonPrefixes", ())],
            truncated=bool(answer.get("IsTruncated")),
            markers=markers_after(f"bucket {self.name!r}", answer, markers, VERSION_MARKERS),
            sorted_by_key=_server(answer) in _SORTED_SERVERS,
        )

    def _upload_pages(self, prefix: str) -> Iterator[list[StoredEntry]]:
        # No EncodingType: SeaweedFS says that it encodes these keys, and doesn't.
        markers: dict[str, str] = {}
        while True:
            answer = self._ask(self._client.list_multipart_uploads, prefix, markers, MaxUploads=PAGE)
            yield [_upload(found) for found in answer.get("Uploads", ())]
            markers = markers_after(f"bucket {self.name!r}", answer, markers, _UPLOAD_MARKERS)
            if not markers:
                return

    def _ask(self, call: Callable[..., Any], prefix: str, markers: Mapping[str, str], **more: Any) -> Mapping[str, Any]:
        with_prefix = {"Prefix": prefix} if prefix else {}
        return ask(call, f"bucket {self.name!r}", Bucket=self.name, **with_prefix, **markers, **more)


def bucket_lists(client: Any) -> Iterator[Mapping[str, Any]]:
    """All buckets that this identity sees, in answers as they come; raises StoreUnreadable where it may not ask."""
    token: dict[str, str] = {}
    while True:
        answer = ask(client.list_buckets, "the list of buckets", **token)
        yield answer
        if not answer.get("ContinuationToken"):
            return
        token = {"ContinuationToken": str(answer["ContinuationToken"])}


def markers_after(
    what: str, answer: Mapping[str, Any], current: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, str]:
    """The markers of the next page of `what`; empty after the last. A listing that does not move on is broken off."""
    if not answer.get("IsTruncated"):
        return {}
    markers = {ours: str(answer[theirs]) for ours, theirs in names.items() if answer.get(theirs)}
    if not markers or markers == current:
        raise Unlisted(what, "TruncatedWithoutMarker")
    return markers


def ask(call: Callable[..., Any], what: str, **arguments: Any) -> Mapping[str, Any]:
    """One request; a refusal or a failure becomes StoreUnreadable with its code and nothing of the request."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: Mapping[str, Any] = call(**arguments)
    except ClientError as error:
        raise Unlisted(what, error_code(error)) from None
    except BotoCoreError as error:
        raise Unlisted(what, type(error).__name__) from None
    return answer


class Unlisted(StoreUnreadable):
    """A bucket, or the list of buckets, did not answer; `code` is the store's own word for it."""

    def __init__(self, what: str, code: str) -> None:
        super().__init__(
            f"{what}: the store answered {code}; expected a complete listing. Check that it exists and that the "
            "verifying identity may list versions, uploads and buckets (include/iam).",
            code=code,
        )


def error_code(error: Any) -> str:
    """The store's error code, or its HTTP status."""
    details = error.response
    return str(
        details.get("Error", {}).get("Code") or details.get("ResponseMetadata", {}).get("HTTPStatusCode", "unknown")
    )


def _prefetched(ahead: ThreadPoolExecutor, pages: Iterator[list[StoredEntry]]) -> Iterator[list[StoredEntry]]:
    waiting = deque(ahead.submit(next, pages, None) for _ in range(PAGES_AHEAD))
    try:
        while (page := waiting.popleft().result()) is not None:
            waiting.append(ahead.submit(next, pages, None))
            yield page
    finally:
        for one in waiting:
            one.cancel()


def _version(found: Mapping[str, Any]) -> StoredEntry:
    content = str(found.get("ETag", "")) if found["VersionId"] == "null" else ""
    return StoredEntry(
        found["Key"], found["VersionId"], "version", found["LastModified"], bool(found["IsLatest"]), content
    )


def _marker(found: Mapping[str, Any]) -> StoredEntry:
    return StoredEntry(
        found["Key"], found["VersionId"], "delete_marker", found["LastModified"], bool(found["IsLatest"])
    )


def _upload(found: Mapping[str, Any]) -> StoredEntry:
    return StoredEntry(found["Key"], found["UploadId"], "upload", found["Initiated"], True)


def _server(answer: Mapping[str, Any]) -> str:
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("server", ""))


def _parse_instant(text: str | None) -> datetime | Metadata:
    """An ISO 8601 instant, in UTC; a time without its offset, or beyond the years that there are, states nothing, here as in
    disposal."""
    try:
        at = datetime.fromisoformat(text.strip()) if text else None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else Metadata.NONE
    except (ValueError, OverflowError):
        return Metadata.NONE
