"""List a bucket completely, or some of its items, without trusting the order in which a server lists.

S3 promises keys in the order of their UTF-8 bytes, and so `KeyMarker` means "everything up to here is done". SeaweedFS
sorts by directory: the object `a` is a file named `a.versions`, the prefix `acme/` a directory named `acme`, before
`acme-berlin`. It collects a page in that order, sorts the page by key, cuts it, and resumes behind the last key.
What lies on the other side of that cut is never listed: of 700 objects each under `acme/` and `acme-berlin/`, a plain
listing returns 1,001, and no error. Where a server is not known to sort by key, this module therefore

- lists one directory at a time (delimiter `/`): a page that is not cut is complete in any order;
- resumes a longer directory at a marker around which no name can be sorted in two ways (`resume_after`);
- calls an item absent only when its page shows a name that comes behind it in both orders (`_settles`).
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from os.path import commonprefix

from retention.errors import StoreUnreadable
from retention.stores.protocol import StoredPart
from retention.stores.s3_client import S3Requests
from retention.stores.s3_pages import REPLACEMENT, Page, as_listed, fits_xml

PAGE_ENTRIES = 1000
"""Entries that a page may hold: S3's own limit."""

_FIRST_PAGE_ENTRIES = 100
_VERSIONS_FOLDER = ".versions"


class VersionListing:
    """`ListObjectVersions` of one bucket. `page_entries` is lowered by tests, so that few objects make many pages."""

    def __init__(self, requests: S3Requests, *, page_entries: int = PAGE_ENTRIES) -> None:
        self._requests = requests
        self._page_entries = page_entries

    def check(self, prefix: str) -> None:
        """Raise StoreUnreadable unless versions under `prefix` can be listed."""
        self._page(prefix, entries=1)

    def scan(self, prefix: str) -> Iterator[StoredPart]:
        """Every version and delete marker under `prefix`, each once."""
        return self._scan_in_order(prefix) if self._requests.sorts_by_key else self._scan_directory(prefix)

    def _scan_in_order(self, prefix: str) -> Iterator[StoredPart]:
        page = self._page(prefix)
        yield from page.parts
        while page.truncated:
            page = self._page(prefix, page.next_key, page.next_id)
            yield from page.parts

    def _scan_directory(self, prefix: str) -> Iterator[StoredPart]:
        """Depth first; memory holds a page per level, and what two neighbouring pages have in common."""
        seen: set[tuple[str, str]] = set()
        asked: set[str] = set()
        at = Resume(None, None, ())
        while True:
            page = self._page(prefix, at.key, at.part_id, delimiter="/")
            yield from (part for part in page.parts if (part.key, part.part_id) not in seen)
            for directory in page.prefixes:
                if (directory, "") not in seen and directory not in asked:
                    self._refuse_unwritable(directory, page)
                    yield from self._scan_directory(directory)
            if not page.truncated:
                return
            seen |= {(part.key, part.part_id) for part in page.parts} | {(name, "") for name in page.prefixes}
            at = resume_after(page, prefix, at)
            yield from self._ask(at.ask, seen, asked)
            marker, overlaps = str(at.key), at.part_id is None
            asked = {name for name in (*asked, marker) if marker.startswith(name.rstrip("/"))}
            seen = {entry for entry in seen if entry[0] > marker or (overlaps and entry[0] == marker)}

    def _ask(self, names: Sequence[str], seen: set[tuple[str, str]], asked: set[str]) -> Iterator[StoredPart]:
        """What has one of these names or lies in a directory of that name, as far as no page has shown it yet."""
        for name in names:
            if name not in asked:
                asked.add(name)
                yield from (part for part in self.versions_of(name) if (part.key, part.part_id) not in seen)
            directory = f"{name}/"
            if directory not in asked and (directory, "") not in seen:
                asked.add(directory)
                yield from self._scan_directory(directory)

    def find(self, wanted: Sequence[str]) -> Iterator[tuple[StoredPart, str | None]]:
        """The parts of the wanted keys, with the ETag of a current version that has the id `null`.

        Each page starts shortly before the first wanted key that is open and settles all that it can. Pages start small,
        for a confirmation that finds nothing, and grow while most of what they list is wanted. So neither a full range
        nor a huge one with few wanted keys costs more than it must.
        """
        pending = sorted({key for key in wanted if fits_xml(key)})
        for key in set(wanted).difference(pending):
            yield from ((part, None) for part in self.versions_of(key))
        shared = commonprefix(pending[:1] + pending[-1:])  # noqa: RUF071 - keys are strings, not paths
        prefix, entries = shared[: shared.rfind("/") + 1], min(_FIRST_PAGE_ENTRIES, self._page_entries)
        while pending:
            marker = _just_before(pending[0], prefix)
            page = self._page(prefix, marker, entries=entries)
            # A name in which a character was replaced does not say where it sorts.
            last = max((part.key for part in page.parts if page.encoded or REPLACEMENT not in part.key), default="")
            within = pending[: bisect(pending, last)] if page.truncated else pending
            settled = {key for key in within if _follows(key, marker) and (not page.truncated or _settles(last, key))}
            found = [part for part in page.parts if part.key in settled]
            yield from ((part, page.etags.get(part.key)) for part in found)
            if pending[0] not in settled:
                within = within or pending[:1]
                settled.add(pending[0])
                yield from ((part, None) for part in self.versions_of(pending[0]))
            pending = [key for key in within if key not in settled] + pending[len(within) :]
            if 2 * len(found) >= len(page.parts):
                entries = min(4 * entries, self._page_entries, len(pending) + _FIRST_PAGE_ENTRIES)

    def versions_of(self, key: str) -> Iterator[StoredPart]:
        """All versions and markers of one key, however many there are and whatever other names begin with it.

        SeaweedFS lists some such names before the key itself, so that it may lie beyond the page. There the prefix counts
        for the names of files, and `a.versions` finds just the object `a`; elsewhere that finds nothing of this key. Raises
        StoreUnreadable when there are more such names than a page holds, and more versions, too.
        """
        page = self._page(key, delimiter="/")
        found = _of_key(key, page)
        page = self._go_on(key, page, found)
        if page.truncated and not self._requests.sorts_by_key and not key.endswith("/"):
            page = self._page(f"{key}{_VERSIONS_FOLDER}")
            found |= _of_key(key, page)
            if _ends_with(key, page):
                page = self._go_on(key, page, found)
                if page.truncated:
                    raise self._requests.unreadable(
                        "more names that begin like one of the items than a page holds, and more versions",
                        "to see all of the item's own. List the bucket on a server that sorts by key",
                    )
        yield from found.values()

    def _go_on(self, key: str, page: Page, found: dict[str, StoredPart]) -> Page:
        """Read on while pages end with versions of the key, add them to `found`, and return the page that doesn't."""
        while _ends_with(key, page):
            page = self._page(key, key, page.next_id, delimiter="/")
            found |= _of_key(key, page)
        return page

    def _page(
        self,
        prefix: str,
        key: str | None = None,
        part_id: str | None = None,
        *,
        delimiter: str | None = None,
        entries: int | None = None,
    ) -> Page:
        optional = {"KeyMarker": key, "VersionIdMarker": part_id, "Delimiter": delimiter}
        page = self._requests.read_page(
            "list_object_versions",
            Prefix=prefix,
            MaxKeys=entries or self._page_entries,
            EncodingType="url",
            **{name: value for name, value in optional.items() if value is not None},
        )
        if page.truncated and (page.next_key is None or (page.next_key, page.next_id) == (key, part_id)):
            raise self._requests.unreadable(
                "a listing that stops before its end", "a marker to go on from. Look at the store's version and logs"
            )
        return page

    def _refuse_unwritable(self, directory: str, page: Page) -> None:
        if not page.encoded and REPLACEMENT in directory:
            raise self._requests.unreadable(
                "a prefix with characters that this server can't write in a listing (control characters)",
                "to read everything under it. Rename the objects under it",
            )


@dataclass(frozen=True, slots=True)
class Resume:
    """Where the next page of a directory starts, and the names that it could miss, to be asked for one by one."""

    key: str | None
    part_id: str | None
    ask: tuple[str, ...]


def resume_after(page: Page, prefix: str, previous: Resume) -> Resume:
    """A marker behind which nothing unlisted can hide.

    Two names are sorted in two ways only when one begins with the whole other and goes on with a character up to `/`
    (`a` and `a-b`). A marker cut off before the first such character of a listed name leaves no name in doubt, at the
    price of listing what shares it twice: at most half a page. When all names have such a character in common
    (`call-000123.wav`), the marker keeps it, and the name that ends there (`call`) is asked for.
    """
    names = sorted([prefix, *(part.key for part in page.parts), *page.prefixes])
    half, last = names[len(names) // 2], str(page.next_key)
    only_cut = last.endswith("/") or REPLACEMENT in last
    for name in reversed(names[len(names) // 2 :]):
        doubtful = _doubtful(name, prefix)
        if not doubtful and name == last:
            return Resume(last, page.next_id, ())
        if found := _cut(name, (doubtful or [len(name)])[:1], beyond=half):
            return found
    if found := _cut(last, _doubtful(last, prefix), beyond=half):
        return found
    if not only_cut:
        return Resume(last, page.next_id, tuple(last[:cut] for cut in _doubtful(last, prefix)))
    for name in reversed(names):
        if found := _cut(name, _doubtful(name, prefix), beyond=max(prefix, previous.key or "")):
            return found
    for part in reversed(page.parts):
        moves_on = (part.key, part.part_id) != (previous.key, previous.part_id) and part.key >= (previous.key or "")
        if moves_on and REPLACEMENT not in part.key:
            return Resume(part.key, part.part_id, tuple(part.key[:cut] for cut in _doubtful(part.key, prefix)))
    raise StoreUnreadable(
        "found more names than a page holds that differ only behind a character which this server sorts in its own way; "
        "expected a place to go on from. List the bucket on a server that sorts by key."
    )


def _doubtful(name: str, prefix: str) -> list[int]:
    """Where `name` has a character that servers sort differently, or can't write; positions in the whole name.

    Right behind the `/` of its directory such a character is harmless: nothing comes before it but the directory.
    """
    first = len(prefix) if prefix.endswith("/") else -1
    return [at for at in range(len(prefix), len(name)) if name[at] == REPLACEMENT or (name[at] <= "/" and at != first)]


def _cut(name: str, doubtful: Sequence[int], *, beyond: str) -> Resume | None:
    """The first cut that lies beyond a name. One character more is cut off: a name equal to the marker counts as listed."""
    for at in doubtful:
        if at > 0 and name[: at - 1] > beyond and REPLACEMENT not in name[: at - 1]:
            return Resume(name[: at - 1], None, tuple(name[:cut] for cut in doubtful if cut < at))
    return None


def _settles(last: str, key: str) -> bool:
    """Whether a page that ends with `last` shows all of `key`'s versions, in either order of names."""
    return _follows(last, key) and not last.startswith(key)


def _follows(name: str, marker: str | None) -> bool:
    """Whether `name` comes behind `marker` in either order: where they part, `name` does not end a directory's name.

    (`acme/1` is behind `acme-berlin/1` as a key, but the directory `acme` is before the directory `acme-berlin`.)
    """
    if marker is None or name.startswith(marker):
        return True
    if name < marker:
        return False
    same, differ = 0, min(len(name), len(marker))
    while same < differ:  # halving: this is asked for every wanted key
        middle = (same + differ + 1) // 2
        same, differ = (middle, differ) if name[:middle] == marker[:middle] else (same, middle - 1)
    return name[same] != "/"


def _just_before(key: str, prefix: str) -> str | None:
    """A marker shortly before `key` in either order of names; None for the start of what has the prefix."""
    before = chr(ord(key[-1]) - 1) if key[-1] > " " else ""
    marker = key[:-1] + (f"{before}~" if before.isascii() and before.isalnum() else "")
    return marker if marker > prefix else None


def _of_key(key: str, page: Page) -> dict[str, StoredPart]:
    written = key if page.encoded else as_listed(key)
    return {part.part_id: replace(part, key=key) for part in page.parts if part.key == written}


def _ends_with(key: str, page: Page) -> bool:
    """Whether the next page goes on with versions of this key."""
    return page.truncated and page.next_key == (key if page.encoded else as_listed(key))
