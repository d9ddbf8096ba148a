"""Reads log files on a mounted path: each by the records in it, whatever its name and its date say."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path

from retention.connections import path_of
from retention.datamap.loader import MappedFiles
from retention.errors import StoreUnreadable
from retention.file_patterns import compile_patterns, key_of
from retention.verification.file_entries import dates_of
from retention.verification.inventory import Entry
from retention.verification.known_files import FoundFile, KnownFiles
from retention.verification.place_check import PlaceCheck
from retention.verification.record_times import EARLIEST, Records, read_records
from retention.verification.rotated_files import FileHolds

UNREADABLE_FILES = "files that may not be read"
MOVING_FILES = "files that move while they are read"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_AT_ONCE = 500
_ROUNDS = 8
"""So often a folder is listed before it counts as one that can't be read: each rotation costs a round."""
_CLOCKS_APART = timedelta(minutes=10)


def read_files(check: PlaceCheck) -> None:
    """Enter every file that the place's patterns fit. Raises Unlistable where a folder can't be read to its end."""
    check.looked_at.update(parts=0)
    folder = _FolderReading(check)
    try:
        folder.read_new()
        for _ in range(_ROUNDS):
            if not folder.read_new():
                return
        check.trouble = MOVING_FILES
    finally:
        folder.finish()  # a folder that can't be read hides no breach in the others


class _FolderReading:
    """One place's folder. It is listed until nothing was overlooked: rotation gives files other names while others are read, and
    what got one that had been listed already would be left out. What is only written meanwhile is for the next check."""

    def __init__(self, check: PlaceCheck) -> None:
        place = check.place
        assert isinstance(place, MappedFiles)
        self._check = check
        self._folder = path_of(check.around.resolve(place.store.verification)) / place.spec.folder
        self._fits = compile_patterns(place.spec.patterns)
        self._began_at = check.around.clocks.now()
        self._holds, self._known = FileHolds(check), KnownFiles(check)
        self._found: list[Entry] = []
        self._read_names: set[tuple[str, int, int]] = set()
        self._read_contents: set[tuple[int, int, int]] = set()

    def read_new(self) -> bool:
        """Read what was not read yet; whether anything that had been there before has come to its name since."""
        has_moved = False
        for path, name, directory in _files(self._folder):
            key = key_of(path)
            file = _opened(self._check, name, directory) if self._fits(key) else None
            if file is not None:
                has_moved |= self._read(key, file)
        return has_moved

    def finish(self) -> None:
        """Enter what is left."""
        self._enter(list(self._known.rest()), at_once=True)

    def _read(self, key: str, file: int) -> bool:
        """Read the file, unless it was read before, under this name or another that it had then. Whether it is new under this
        name, and was written before the reading began."""
        with os.fdopen(file, "rb", buffering=0) as content:
            status = os.fstat(file)
            name = (key, status.st_dev, status.st_ino)
            same = (status.st_dev, status.st_ino, status.st_mtime_ns)
            if not stat.S_ISREG(status.st_mode) or name in self._read_names:
                return False
            was_read = same in self._read_contents and status.st_nlink == 1
            self._read_names.add(name)
            self._read_contents.add(same)
            if not was_read:
                self._check.read_more("parts", 1)
                self._take(key, content, status)
        return _instant(status.st_mtime) < self._began_at - _CLOCKS_APART

    def _take(self, key: str, content: FileIO, status: os.stat_result) -> None:
        """Enter the file; not one without a byte: no record is in it."""
        stored_at, extent = _dated(status), None
        try:
            records = read_records(content, stored_at=stored_at, now=self._check.around.clocks.now())
            extent = records.size
        except OSError:
            self._check.trouble = UNREADABLE_FILES
            records = Records(is_whole=False, is_empty=False)
        if records.is_empty:
            return
        found = FoundFile(
            key=key,
            item_hash=self._check.item_hash(key),
            begins=self._known.begins(records.beginning, key),
            extent=extent,
            oldest_at=records.oldest_said,
            was_whole=records.is_whole,
            dates=dates_of(records, stored_at),
            stored_at=_instant(status.st_ctime),
        )
        if self._known.settles(found, records.beginning):
            self._enter([found])

    def _enter(self, files: Sequence[FoundFile], *, at_once: bool = False) -> None:
        self._found += [self._entry(found) for found in files]
        if at_once or len(self._found) >= _AT_ONCE:
            self._check.inventory.add(self._found)
            self._found = []

    def _entry(self, found: FoundFile) -> Entry:
        """The store's date is the kernel's (ctime), which nobody can set; mtime counts where the records say nothing."""
        assert found.part_hash is not None
        dates = found.dates
        return self._check.entry(
            "file",
            holds=self._holds.covering(found.key, found.part_hash),
            extent=found.extent,
            begins_hash=found.begins.hash,
            begins_bytes=found.begins.size,
            oldest_at=found.oldest_at,
            was_whole=found.was_whole,
            item_hash=found.item_hash,
            part_hash=found.part_hash,
            row_count=1,
            stored_at=found.stored_at,
            clock_at=dates.clock_at,
            reaches_to=dates.reaches_to,
            may_be_older=dates.may_be_older,
            evidence_at=dates.evidence_at,
            metadata_at=dates.ahead,
            note=dates.note,
        )


class Unlistable(StoreUnreadable):
    """A folder that can't be read to its end; `code` is the system's own word for it."""

    def __init__(self, code: int) -> None:
        word = errno.errorcode.get(code, "EIO")
        super().__init__(
            f"log files: a folder answered {word}; expected a mounted folder that the verifying identity may read, with all that "
            "lies below it.",
            code=word,
        )


def _files(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Path below the folder, name, and open directory of everything that is no folder. Links to folders are not followed."""
    top = os.path.realpath(folder)
    lost: list[int] = []

    def note(error: OSError) -> None:
        if error.errno != errno.ENOENT:  # else it went meanwhile
            lost.append(error.errno or errno.EIO)

    try:
        for path, _, names, directory in os.fwalk(top, onerror=note):
            for name in names:
                yield os.path.relpath(os.path.join(path, name), top), name, directory  # noqa: PTH118 - any bytes
    except OSError as error:
        note(error)
    if not folder.is_dir():
        lost.append(errno.ENOENT)
    if lost:
        raise Unlistable(lost[0])


def _opened(check: PlaceCheck, name: str, directory: int) -> int | None:
    """The file, open; None of links, of what went meanwhile, and of what may not be read, which makes the place unknown."""
    try:
        return os.open(name, _READ, dir_fd=directory)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOENT, errno.ENXIO):
            check.trouble = UNREADABLE_FILES
    return None


def _dated(status: os.stat_result) -> datetime:
    """The older of the file's two dates; a program that knows no time writes 1970 or 1980."""
    stated, stored_at = _instant(status.st_mtime), _instant(status.st_ctime)
    return min(stated, stored_at) if stated >= EARLIEST else stored_at


def _instant(stamp: float) -> datetime:
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC) if stamp > 0 else datetime.min.replace(tzinfo=UTC)
