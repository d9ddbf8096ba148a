"""Objects of one bucket under given prefixes: every version, delete marker and unfinished upload.

One call of `remove` lists its items once, removes versions and uploads, and then the delete markers of items that have no
version left. It confirms nothing: the caller reads `parts_of` afterwards.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain, islice
from os.path import commonprefix
from typing import Any

from retention.errors import RequestError, StoreUnreadable
from retention.stores.protocol import PartKind, Removal, RemovalResult, StoredPart, Target
from retention.stores.record_times import RecordTimes, read_times
from retention.stores.s3_client import ClientFactory, S3Requests, headers_of, in_parallel
from retention.stores.s3_content import Gone, read_content
from retention.stores.s3_listing import PAGE_ENTRIES, VersionListing
from retention.stores.s3_pages import as_listed
from retention.stores.s3_removal import Removable, remove_parts
from retention.stores.s3_uploads import UploadListing
from retention.stores.selection import select

_RENAMED = r"^/|//|\\|(?:^|/)\.{1,2}(?:/|$)"
_UNLISTED = r"\.versions(?:/|$)|(?:^|/)\.uploads"
_HIDDEN_BY_SOME_SERVERS = re.compile(f"{_RENAMED}|{_UNLISTED}")
"""Keys that a server built on a file system stores under another name (`a//b` and `a\\b` as `a/b`), or in folders that it
takes for its own and never lists (`x.versions/a`, `.uploads/a`): that no listing shows them proves nothing."""

_MAX_KEY_BYTES = 1024
_UPLOADS_READ_AT_ONCE = 2000
_RANGE_KEYS = 1000


class S3Store:
    """A place of kind S3. Safe to use from several threads at once.

    `prefixes` are those of the data map, and nothing outside them is ever removed; the whole bucket is `("",)`, while no
    prefix at all is refused with RequestError.
    """

    def __init__(
        self, factory: ClientFactory, bucket: str, prefixes: Sequence[str], *, page_entries: int = PAGE_ENTRIES
    ) -> None:
        if isinstance(prefixes, str) or not prefixes:
            raise RequestError(
                f"bucket {bucket!r}: found no list of prefixes; expected at least one ('' is the whole bucket)."
            )
        self._prefixes = _outermost(prefixes)
        self._requests = S3Requests(factory, bucket)
        self._versions = VersionListing(self._requests, page_entries=page_entries)
        self._uploads = UploadListing(self._requests, page_entries=page_entries)

    def check(self) -> None:
        """Raise StoreUnreadable unless the bucket exists and each prefix's versions and uploads can be listed."""
        self.versioning()
        for prefix in self._prefixes:
            self._versions.check(prefix)
            self._uploads.check(prefix)

    def versioning(self) -> str:
        """`Enabled`, `Suspended` or `Unversioned`."""
        return str(self._requests.read("get_bucket_versioning").get("Status") or "Unversioned")

    def clock(self) -> datetime:
        """The server's time, to the second that has begun, as it stamps objects."""
        stamp = headers_of(self._requests.read("head_bucket")).get("date", "")
        try:
            return parsedate_to_datetime(stamp).astimezone(UTC)
        except (TypeError, ValueError):
            pass
        raise StoreUnreadable(
            f"bucket {self._requests.bucket!r}: found no readable Date in the server's answer; expected its time."
        )

    def scan(self) -> Iterator[StoredPart]:
        """Every part under the prefixes, page by page."""
        for prefix in self._prefixes:
            for part in chain(self._versions.scan(prefix), self._uploads.scan(prefix)):
                # SeaweedFS compares a prefix with its files' names: `p/a.v` finds the object `p/a`, too.
                if part.key.startswith((prefix, as_listed(prefix))):
                    yield part

    def parts_of(self, keys: Sequence[str]) -> Iterator[StoredPart]:
        """The parts of these items. A key that no object can have (empty, too long) has none."""
        found = self._find(key for key in keys if _is_possible(key))
        return chain(chain.from_iterable(found.parts.values()), found.hidden.values())

    def stated_at(self, parts: Sequence[StoredPart]) -> Mapping[StoredPart, datetime]:
        """The metadata `recorded-at` of these versions (aware, ISO 8601); a time without its offset states nothing."""
        versions = [part for part in parts if part.kind is PartKind.VERSION]
        stated = zip(versions, in_parallel(self._recorded_at, versions), strict=True)
        return {part: instant for part, instant in stated if instant is not None}

    def times_of(self, parts: Sequence[StoredPart], *, now: datetime) -> Mapping[StoredPart, RecordTimes]:
        """See `RecordStore.times_of`: each version is read once, from its beginning to its end, as a stream."""
        versions = [part for part in parts if part.kind is PartKind.VERSION]
        found = zip(versions, in_parallel(lambda part: self._times(part, now), versions), strict=True)
        return {part: times for part, times in found if times is not None}

    def remove(self, targets: Sequence[Target], *, stored_before: datetime) -> Mapping[Target, RemovalResult]:
        """See `Store.remove`. Codes of our own, beside the store's: `OutsidePlace`, `InvalidKey`, `ListedElsewhere`.

        Raises StoreUnreadable when the items can't be listed; nothing has been removed then.
        """
        by_key: dict[str, list[Target]] = defaultdict(list)
        for target in set(targets):
            by_key[target.key].append(target)
        refusals = {key: code for key in by_key if (code := self._refusal(key))}
        found = self._find(by_key.keys() - refusals.keys())
        refusals |= dict.fromkeys(found.hidden, "ListedElsewhere")
        chosen = {
            key: select(parts, by_key[key], stored_before) for key, parts in found.parts.items() if key not in refusals
        }
        data = [Removable(part, found.etags.get(part.key)) for one in chosen.values() for part in one.data]
        refused = remove_parts(self._requests, data)
        markers = [part for key, one in chosen.items() for part in one.markers_to_remove(refused.get(key, {}))]
        for key, codes in remove_parts(self._requests, [Removable(part) for part in markers]).items():
            refused.setdefault(key, {}).update(codes)
        return {
            target: RemovalResult(Removal.FAILED, 0, refusals[key])
            if key in refusals
            else chosen[key].result(target, refused.get(key, {}))
            for key, asked in by_key.items()
            for target in asked
        }

    def _refusal(self, key: str) -> str | None:
        if not key.startswith(self._prefixes):
            return "OutsidePlace"
        return None if _is_possible(key) else "InvalidKey"

    def _find(self, keys: Iterable[str]) -> _Found:
        """List these items and their unfinished uploads."""
        found = _Found({key: [] for key in keys})
        wanted = sorted(found.parts)
        ranges = [wanted[at : at + _RANGE_KEYS] for at in range(0, len(wanted), _RANGE_KEYS)]
        for listed in in_parallel(lambda keys: list(self._versions.find(keys)), ranges):
            for part, etag in listed:
                found.parts[part.key].append(part)
                if etag is not None and not part.key.endswith("/"):  # SeaweedFS lists a folder with a made-up ETag
                    found.etags[part.key] = etag
        for part in self._uploads_of(list(found.parts)):
            found.parts[part.key].append(part)
        doubtful = [key for key, parts in found.parts.items() if _shows_no_version(parts) and _may_be_hidden(key)]
        found.hidden.update((part.key, part) for part in in_parallel(self._current, doubtful) if part is not None)
        return found

    def _uploads_of(self, keys: Sequence[str]) -> list[StoredPart]:
        """Unfinished uploads of these keys. As a rule a bucket has few, and one listing shows them all."""
        if not keys:
            return []
        limit = max(_UPLOADS_READ_AT_ONCE, 20 * len(keys))
        shared = commonprefix(list(keys))  # noqa: RUF071 - keys are strings, not paths
        together = list(islice(self._uploads.scan(shared), limit + 1))
        if len(together) > limit:
            together = [
                upload for listed in in_parallel(lambda key: list(self._uploads.scan(key)), keys) for upload in listed
            ]
        # Keys that this server can't write come back with replacements, unless it encoded the page.
        wanted = {as_listed(key): key for key in keys} | {key: key for key in keys}
        return [replace(upload, key=wanted[upload.key]) for upload in together if upload.key in wanted]

    def _recorded_at(self, part: StoredPart) -> datetime | None:
        response = self._head(part.key, VersionId=part.part_id)
        try:
            instant = datetime.fromisoformat(response["Metadata"]["recorded-at"]) if response else None
            return instant.astimezone(UTC) if instant is not None and instant.tzinfo is not None else None
        except (KeyError, ValueError, OverflowError):  # the last: beyond the years that there are, in UTC
            return None

    def _times(self, part: StoredPart, now: datetime) -> RecordTimes | None:
        assert part.stored_at is not None  # versions have a LastModified
        try:
            return read_times(read_content(self._requests, part), stored_at=part.stored_at, now=now)
        except Gone:
            return None

    def _current(self, key: str) -> StoredPart | None:
        """What the server holds under `key` although no listing shows it by that name; None when there is nothing.

        Older versions may lie under a delete marker, and SeaweedFS tells of that one in its attributes only.
        """
        response = self._head(key)
        if response is None:
            hides = not self._requests.sorts_by_key and self._requests.is_delete_marker(key)
            return StoredPart(key, "unlisted", PartKind.DELETE_MARKER, None, True, 0) if hides else None
        stored_at, part_id = response["LastModified"].astimezone(UTC), str(response.get("VersionId", "null"))
        return StoredPart(key, part_id, PartKind.VERSION, stored_at, True, int(response["ContentLength"]))

    def _head(self, key: str, **arguments: str) -> dict[str, Any] | None:
        """An object's headers, None when there is no such object.

        Raises StoreUnreadable when the server does not tell; AWS tells only those who may s3:GetObject.
        """
        response, code = self._requests.attempt("head_object", Key=key, **arguments)
        if response is None and code != "404":
            self._requests.fail("head_object", str(code))
        return response


@dataclass(frozen=True, slots=True)
class _Found:
    """Each key with all its parts; ETags of current versions with the id `null`; what is there, but not listed by its key."""

    parts: dict[str, list[StoredPart]]
    etags: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, StoredPart] = field(default_factory=dict)


def _shows_no_version(parts: Sequence[StoredPart]) -> bool:
    """Whether a listing shows no data of this key: SeaweedFS lists unfinished uploads also where it hides the versions."""
    return all(part.kind is PartKind.UPLOAD for part in parts)


def _may_be_hidden(key: str) -> bool:
    return _HIDDEN_BY_SOME_SERVERS.search(key) is not None


def _is_possible(key: str) -> bool:
    """Whether an object can have this key: 1 to 1,024 bytes of UTF-8."""
    try:
        return 0 < len(key.encode()) <= _MAX_KEY_BYTES
    except UnicodeEncodeError:
        return False


def _outermost(prefixes: Iterable[str]) -> tuple[str, ...]:
    """The prefixes without those that lie within another, so that nothing is listed twice."""
    kept: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not prefix.startswith(tuple(kept)):
            kept.append(prefix)
    return tuple(kept)
