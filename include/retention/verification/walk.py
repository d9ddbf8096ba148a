"""List all versions under a prefix without trusting the order in which a server lists.

S3 sorts keys by their bytes, and a marker means "everything up to here is done". SeaweedFS sorts by directory and by the
names of its own files, cuts a page by key, and resumes behind the last key: of names that begin with one another (`a` and
`a-b`, `acme/1` and `acme-berlin/1`) it may never list some, without any error. For a proof that would be the worst answer.

What holds on every server: a page that is not cut is complete; and names of one directory that part at some character are
in the order of that character, unless one of them ends there. So a page that is cut is taken only up to its last group of
names with a common beginning. That group is listed by itself, by a longer prefix, until no page is cut; the listing goes on
behind the whole group; and names that end where a group's names go on are asked for one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

BEHIND = "\U0010ffff"
"""The last character there is: a marker that ends with it lies behind every name that begins like it."""
LISTED_AGAIN = 10
"""At most one of so many names of a cut page is listed a second time, unless names differ by nothing that would part them."""


class StoredEntry(NamedTuple):
    """One version, delete marker or upload. `stored_at` is LastModified or, for uploads, Initiated.

    `content` is the ETag of a version whose id may be written again (`null`: no versioning when it was written), else empty.
    """

    key: str
    part_id: str
    entry: str
    stored_at: datetime
    is_latest: bool
    content: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of versions. `directories` are the prefixes that the delimiter rolled up; `markers` lead to the next page."""

    entries: list[StoredEntry]
    directories: list[str]
    truncated: bool
    markers: dict[str, str]
    sorted_by_key: bool

    def names(self) -> list[str]:
        """Keys and rolled-up prefixes, in the order of their bytes."""
        return sorted({entry.key for entry in self.entries} | set(self.directories), key=str.encode)


class UndecidedOrder(Exception):
    """The server lists in an order in which it can't be told that nothing was left out."""


class VersionWalk:
    """`ask(prefix, delimiter, markers)` gives one page. Raises UndecidedOrder where completeness can't be shown."""

    def __init__(self, ask: Callable[[str, str | None, dict[str, str]], Page]) -> None:
        self._ask = ask
        self.sorted_by_key = False  # as the last page said
        self._overfull = ""  # a page was cut with nothing in it but what lies in this directory

    def under(self, prefix: str) -> Iterator[list[StoredEntry]]:
        """Every version and delete marker under `prefix`, each once, in lists of at most a page."""
        if prefix and self._overfull.startswith(prefix):
            yield from self._group(prefix, prefix)
            return
        page = self._ask(prefix, None, {})
        self.sorted_by_key = page.sorted_by_key
        if not page.truncated:
            yield [entry for entry in page.entries if entry.key.startswith(prefix)]
        elif page.sorted_by_key:
            yield from self._in_order(prefix, page)
        else:
            names = page.names()
            self._overfull = _common_beginning(names[0], names[-1]).rpartition("/")[0] + "/" if names else ""
            yield from self._group(prefix, prefix)

    def of_key(self, key: str) -> list[StoredEntry]:
        """The versions of exactly this key, however many longer names begin like it."""
        page = self._ask(key, "/", {})
        complete = _settles(page, key)
        found = [entry for entry in page.entries if entry.key == key]
        while page.truncated and page.markers.get("KeyMarker") == key:
            page = self._ask(key, "/", page.markers)
            found += [entry for entry in page.entries if entry.key == key]
        if complete:
            return found
        # Longer names fill the page, and may come first. A server that sorts by key has shown the key; SeaweedFS, whose
        # file for the versions of `a` is called `a.versions`, shows all of them for the prefix `a.`.
        page = self._ask(f"{key}.", None, {})
        if page.truncated:
            raise UndecidedOrder
        found += [entry for entry in page.entries if entry.key == key]
        return list({entry.part_id: entry for entry in found}.values())

    def _in_order(self, prefix: str, page: Page) -> Iterator[list[StoredEntry]]:
        yield page.entries
        while page.truncated:
            page = self._ask(prefix, None, page.markers)
            yield page.entries

    def _group(self, directory: str, start: str) -> Iterator[list[StoredEntry]]:
        """All names of one directory that begin with `start`, and all that lies in directories among them."""
        apart: set[str] = set()  # names that were asked for by themselves
        group = ""
        markers: dict[str, str] = {}
        while True:
            page = self._ask(start, "/", markers)
            if page.truncated and start != directory and start not in apart:
                yield from self._by_itself(start, apart)
            names = [name for name in page.names() if name.startswith(start) and name not in apart]
            names = [name for name in names if not (group and name.startswith(group))]
            if not page.truncated:
                listed = set(names)
                yield [entry for entry in page.entries if entry.key in listed]
                yield from self._directories(name for name in page.directories if name in listed)
                return
            group, doubtful = _last_group(names, start)
            while new := [name for name in doubtful if name not in apart]:
                for name in new:
                    yield from self._by_itself(name, apart)
                group, doubtful = _last_group([name for name in names if name not in apart], start, len(group))
            listed = {name for name in names if name not in apart and not name.startswith(group)}
            yield [entry for entry in page.entries if entry.key in listed]
            yield from self._directories(name for name in page.directories if name in listed)
            yield from self._group(directory, group)
            markers = {"KeyMarker": group + BEHIND}

    def _directories(self, names: Iterator[str]) -> Iterator[list[StoredEntry]]:
        for name in names:
            yield from self.under(name)

    def _by_itself(self, name: str, apart: set[str]) -> Iterator[list[StoredEntry]]:
        """The object `name` and the directory `name/`: where other names go on, servers differ in where these two come."""
        apart |= {name, f"{name}/"}
        yield self.of_key(name)
        yield from self.under(f"{name}/")


def _last_group(names: list[str], start: str, at_least: int = 0) -> tuple[str, list[str]]:
    """What the page's last names begin with: more than all of its names share, and so much that few of them do, as they are
    listed again; no less than `at_least` characters, or names that were asked for would be in it. All names before are complete.

    Also the shorter names on the way there, which a server may have put behind the cut.
    """
    if not names:
        raise UndecidedOrder  # a page full of one key's versions
    shared = len(_common_beginning(names[0], names[-1]))
    length = max(shared + 1, len(start) + 1, at_least)
    # Never up to a whole name: of one with more versions than a page holds nothing else could be told apart.
    while length < len(names[-1]) - 1 and _begin_with(names, names[-1][:length]) > max(1, len(names) // LISTED_AGAIN):
        length += 1
    group = names[-1][:length]
    return group, [group[:at] for at in range(len(start) + 1, len(group)) if group[at] <= "/"]


def _begin_with(names: list[str], beginning: str) -> int:
    return sum(1 for name in names if name.startswith(beginning))


def _common_beginning(one: str, other: str) -> str:
    """Of sorted names, what the first and the last share, all share."""
    length = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:length]


def _settles(page: Page, key: str) -> bool:
    """Whether `key`'s own versions are complete in this page, or in it and those that follow with the same key.

    They are when nothing was cut, or when the cut comes behind them in every order: behind a name that goes on with a
    character beyond `/`, or among themselves where no longer name is there to come first.
    """
    if not page.truncated or page.sorted_by_key:
        return True
    names = page.names()
    return any(name[len(key) : len(key) + 1] > "/" for name in names) or names == [key]
