"""A server that lists as SeaweedFS does (s3api_object_versioning.go, 4.4x), small enough for a property test.

It walks a tree of files in the order of their names, in which the object `a` is a directory `a.versions`, collects one entry
more than asked for, sorts by key, cuts, and resumes at the last key: behind it in both orders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from retention.errors import StoreUnreadable
from retention.stores.protocol import PartKind, StoredPart
from retention.stores.s3_pages import Page, as_listed

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class FilerOrderServer:
    """Stands in for S3Requests: `versions` are the version ids of each key, newest first."""

    bucket = "simulated"

    def __init__(
        self, versions: Mapping[str, Sequence[str]], *, sorts_by_key: bool = False, encodes: bool = True
    ) -> None:
        self.versions = versions
        self.sorts_by_key = sorts_by_key
        self.encodes = encodes
        self.pages = 0

    def unreadable(self, found: str, expected: str) -> StoreUnreadable:
        """As the real one."""
        return StoreUnreadable(f"found {found}; expected {expected}")

    def read_page(self, operation: str, **arguments: Any) -> Page:
        """One page of `list_object_versions`."""
        assert operation == "list_object_versions"
        self.pages += 1
        assert self.pages < 20_000, "the listing does not end"
        prefix, entries = arguments["Prefix"], arguments["MaxKeys"]
        marker, version_marker = arguments.get("KeyMarker", ""), arguments.get("VersionIdMarker", "")
        if not self.sorts_by_key and marker and not marker.startswith(prefix):
            return Page(encoded=self.encodes)
        collected: dict[tuple[str, str], StoredPart | None] = {}
        for key, version in self._walk(prefix, marker, arguments.get("Delimiter", "")):
            if (key, version) in collected or (not version and key <= marker):
                continue
            if version and key == marker and not self._behind(key, version, version_marker):
                continue
            if version and key < marker:
                continue
            collected[key, version] = (
                StoredPart(key, version, PartKind.VERSION, NOW, self.versions[key][0] == version, 1)
                if version
                else None
            )
            if len(collected) > entries and not self.sorts_by_key:
                break
        listed = sorted(collected.items(), key=lambda entry: (entry[0][0], self._age(*entry[0])))
        page = Page(encoded=self.encodes, truncated=len(listed) > entries)
        listed = listed[:entries]
        page.parts = [part for _, part in listed if part is not None]
        page.prefixes = [key for (key, _), part in listed if part is None]
        if page.truncated:
            page.next_key, page.next_id = listed[-1][0][0], listed[-1][0][1] or None
        return page if self.encodes else _unencoded(page)

    def _walk(self, prefix: str, marker: str, delimiter: str) -> Iterator[tuple[str, str]]:
        """(key, version), or (rolled-up prefix, ""), in the order of the files, as far as the marker lets them through."""
        for path, key in sorted((self._path(key), key) for key in self.versions):
            if not (key if self.sorts_by_key else "/".join(path)).startswith(prefix):
                continue
            if not self.sorts_by_key and marker and _is_skipped(path, key, marker):
                continue
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                yield key[: cut + 1], ""
            else:
                yield from ((key, version) for version in self.versions[key])

    def _path(self, key: str) -> tuple[str, ...]:
        *directories, name = key.split("/")
        return (*directories, f"{name}.versions")

    def _behind(self, key: str, version: str, version_marker: str) -> bool:
        return bool(version_marker) and self._age(key, version) > self._age(key, version_marker)

    def _age(self, key: str, version: str) -> int:
        return self.versions[key].index(version) if version else -1


def _unencoded(page: Page) -> Page:
    """As it is written by a server that does not encode names: what XML can't hold is replaced."""
    page.parts = [replace(part, key=as_listed(part.key)) for part in page.parts]
    page.prefixes = [as_listed(prefix) for prefix in page.prefixes]
    page.next_key = as_listed(page.next_key) if page.next_key else None
    return page


def _is_skipped(path: tuple[str, ...], key: str, marker: str) -> bool:
    """Whether the walk starts behind this file: in a directory on the marker's way, or as a whole directory."""
    way = marker.split("/")
    for depth, (name, step) in enumerate(zip(path, way, strict=False)):
        if step and name < step:
            return True
        if name != step:
            directory = "/".join(path[: depth + 1]) + "/"
            return depth + 1 < len(path) and directory < marker
    return False
