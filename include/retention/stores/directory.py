"""Log files below a folder that is mounted: each file is one part, its key is its path below the folder.

`stored_at` is the file's ctime: only the kernel sets it, at every write, so that it can't be faked by a copy that carries its
date along, nor by `touch`. A rename or a change of rights sets it, too, and such a file is left to the next plan. mtime is what
the file itself states about its age (`stated_at`).
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from retention.stores.directory_tree import Opened, Tree, unreadable
from retention.stores.protocol import PartKind, Removal, RemovalResult, StoredPart, Target
from retention.stores.record_formats import EARLIEST
from retention.stores.record_times import CHUNK_BYTES, RecordTimes, read_times

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
OTHER_NAMES = "OtherNames"
"""The file has other names (hard links), under which its content would stay."""
STILL_OPEN = "StillOpen"
"""A program has the file open for writing: it would go on writing into what nobody sees any more."""


class DirectoryStore:
    """A place of files. `is_mapped` says which paths below `root` belong to it; nothing else is listed or removed."""

    def __init__(self, root: Path, is_mapped: Callable[[str], bool]) -> None:
        self._tree = Tree(root)
        self._is_mapped = is_mapped

    def check(self) -> None:
        """Raise StoreUnreadable unless the folder is there and can be listed."""
        next(self._tree.walk(), None)

    def clock(self) -> datetime:
        """The time as the file system stamps its files."""
        return _instant(self._tree.stamp_ns())

    def scan(self) -> Iterator[StoredPart]:
        """Every file that fits the patterns, as the folders are read."""
        return (_part(key, found) for key, found in self._tree.walk() if self._is_mapped(key))

    def stated_at(self, parts: Sequence[StoredPart]) -> Mapping[StoredPart, datetime]:
        """The files' mtime."""
        return {part: _instant(mtime_of(part.part_id)) for part in parts}

    def parts_of(self, keys: Sequence[str]) -> Iterator[StoredPart]:
        """These files, as far as they are there."""
        for key in dict.fromkeys(keys):
            with self._tree.open(key) as opened:
                found = opened.stat() if opened is not None and self._is_mapped(key) else None
            if found is not None:
                yield _part(key, found)

    def times_of(self, parts: Sequence[StoredPart], *, now: datetime) -> Mapping[StoredPart, RecordTimes]:
        """See `RecordStore.times_of`. A file that may not be read counts as unread; its folder's owner may remove it."""
        found = ((part, self._times(part, now)) for part in parts)
        return {part: times for part, times in found if times is not None}

    def remove(self, targets: Sequence[Target], *, stored_before: datetime) -> Mapping[Target, RemovalResult]:
        """See `Store.remove`. A file that changed since it was listed is NEWER, also where only its part was asked for.

        Codes: `OutsidePlace`, `StillOpen`, `OtherNames`, and the system's own (`EACCES`, `EPERM`, `EROFS`). Folders stay, also
        empty ones.
        """
        by_key: dict[str, list[Target]] = defaultdict(list)
        for target in set(targets):
            by_key[target.key].append(target)
        results: dict[Target, RemovalResult] = {}
        for key, asked in by_key.items():
            if not self._is_mapped(key):
                results |= dict.fromkeys(asked, RemovalResult(Removal.FAILED, 0, "OutsidePlace"))
                continue
            with self._tree.open(key) as opened:
                results |= _remove(opened, key, asked, stored_before)
        return results

    def _dated(self, part: StoredPart, now: datetime) -> datetime:
        """The older of the file's two dates, as far as they are dates."""
        stamps = (part.stored_at, *self.stated_at([part]).values())
        return min((at for at in stamps if at is not None and at >= EARLIEST), default=now)

    def _times(self, part: StoredPart, now: datetime) -> RecordTimes | None:
        with self._tree.open(part.key) as opened:
            file, code = _open(opened) if opened is not None else (None, errno.ENOENT)
        if file is None:
            if code in (errno.EACCES, errno.EPERM):
                return RecordTimes(None, None, 0, unread=True)
            if code in (errno.ENOENT, errno.ELOOP):
                return None
            raise unreadable("a file", code)
        try:
            times = read_times(_content(file), stored_at=self._dated(part, now), now=now)
            return times if _part(part.key, os.fstat(file)).part_id == part.part_id else None
        finally:
            os.close(file)


def _part(key: str, found: os.stat_result) -> StoredPart:
    """The inode, the size and both stamps: every change of the content makes it another part."""
    part_id = f"{found.st_ino:x}.{found.st_size:x}.{found.st_mtime_ns:x}.{found.st_ctime_ns:x}"
    return StoredPart(key, part_id, PartKind.FILE, _instant(found.st_ctime_ns), True, found.st_size)


def _instant(stamp_ns: int) -> datetime:
    """Cut to microseconds; a stamp beyond the years that a datetime has is the first or the last of them."""
    try:
        return _EPOCH + timedelta(microseconds=stamp_ns // 1000)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if stamp_ns > 0 else datetime.min.replace(tzinfo=UTC)


def _remove(
    opened: Opened | None, key: str, asked: Sequence[Target], stored_before: datetime
) -> dict[Target, RemovalResult]:
    """One file: exactly what was listed, or nothing."""
    found = opened.stat() if opened is not None else None
    results = dict.fromkeys(asked, RemovalResult(Removal.ABSENT, 0))
    if opened is None or found is None:
        return results
    part = _part(key, found)
    for target in asked:
        if target.part_id is not None and _is_same_file(target.part_id, part.part_id):
            results[target] = RemovalResult(Removal.NEWER, 0)  # unless it is just this part
    wanted = [target for target in asked if target.part_id in (None, part.part_id)]
    if wanted:
        is_newer = part.stored_at is not None and part.stored_at >= stored_before
        result = RemovalResult(Removal.NEWER, 0) if is_newer else _unlink(opened, part)
        results |= dict.fromkeys(wanted, result)
    return results


def may_be_same_file(listed: str, part: StoredPart) -> bool:
    """Whether this may be the file that was listed as the part with the id `listed`, under another name. It may have grown, or
    been cut; and its inode may be another file's by now."""
    return part.kind is PartKind.FILE and part.part_id is not None and _is_same_file(listed, part.part_id)


def mtime_of(part_id: str) -> int:
    """When the file was last written (nanoseconds), as its part's id says it; 0 of an id that is no file's."""
    stamps = part_id.split(".")[2:]
    return int(stamps[0], 16) if stamps else 0


def _is_same_file(one: str, other: str) -> bool:
    return one.split(".")[0] == other.split(".")[0]


def _unlink(opened: Opened, part: StoredPart) -> RemovalResult:
    """Remove the name, unless it means another content by now, or somebody writes to it."""
    file, _ = _open(opened)
    try:
        if file is not None and not _nobody_writes(file):
            return RemovalResult(Removal.FAILED, 0, STILL_OPEN)
        found = opened.stat()  # again, now that no writer can come: the lease keeps them waiting
        if found is None or _part(part.key, found).part_id != part.part_id:
            return RemovalResult(Removal.NEWER, 0)
        if found.st_nlink > 1:
            return RemovalResult(Removal.FAILED, 0, OTHER_NAMES)
        os.unlink(opened.name, dir_fd=opened.folder)
    except OSError as error:
        return RemovalResult(Removal.FAILED, 0, errno.errorcode.get(error.errno or 0, "EIO"))
    finally:
        if file is not None:
            os.close(file)  # and with it the lease
    return RemovalResult(Removal.REMOVED, 1)


def _nobody_writes(file: int) -> bool:
    """Take a read lease, which the kernel gives only while nobody has the file open for writing.

    Where there are no leases (network file systems, a file of another user), it can't be told; then the stamps alone count.
    """
    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # by default a waiting writer would end this process
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EBUSY)
    return True


def _open(opened: Opened) -> tuple[int | None, int]:
    """The file, open for reading, or why not."""
    try:
        return os.open(opened.name, _READ, dir_fd=opened.folder), 0
    except OSError as error:
        return None, error.errno or errno.EIO


def _content(file: int) -> Iterator[bytes]:
    code = 0
    try:
        while piece := os.read(file, CHUNK_BYTES):
            yield piece
    except OSError as error:
        code = error.errno or errno.EIO
    if code:
        raise unreadable("a file", code)
