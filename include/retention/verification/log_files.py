"""Reads log files on a mounted path: each by the records in it, whatever its name and its date say."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from retention.connections import path_of
from retention.datamap.loader import MappedFiles
from retention.errors import StoreUnreadable
from retention.file_patterns import compile_patterns, key_of
from retention.verification.file_entries import dates_of
from retention.verification.inventory import Entry
from retention.verification.place_check import PlaceCheck
from retention.verification.record_times import EARLIEST, Records, read_records
from retention.verification.rotated_files import FileHolds

UNREADABLE_FILES = "files that may not be read"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_AT_ONCE = 500


def read_files(check: PlaceCheck) -> None:
    """Enter every file that the place's patterns fit. Raises Unlistable where a folder can't be read to its end."""
    place = check.place
    assert isinstance(place, MappedFiles)
    check.looked_at.update(parts=0)
    folder = path_of(check.around.resolve(place.store.verification)) / place.spec.folder
    fits, holds = compile_patterns(place.spec.patterns), FileHolds(check)
    found: list[Entry] = []
    try:
        for path, name, directory in _files(folder):
            key = key_of(path)
            file = _opened(check, name, directory) if fits(key) else None
            if file is not None:
                found += _read(check, holds, key, file)
            if len(found) >= _AT_ONCE:
                check.inventory.add(found)
                found = []
    finally:
        check.inventory.add(found)  # a folder that can't be read hides no breach in the others


def _read(check: PlaceCheck, holds: FileHolds, key: str, file: int) -> list[Entry]:
    """The file's entry; none of what is no file, and of one without a byte: no record is in it."""
    with os.fdopen(file, "rb", buffering=0) as content:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            return []
        check.read_more("parts", 1)
        try:
            records = read_records(content, stored_at=_dated(status), now=check.around.clocks.now())
        except OSError:
            check.trouble = UNREADABLE_FILES
            records = Records(is_whole=False, is_empty=False)
        return [] if records.is_empty else [_entry(check, holds, key, records, status)]


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


def _entry(check: PlaceCheck, holds: FileHolds, key: str, records: Records, status: os.stat_result) -> Entry:
    """The store's date is the kernel's (ctime), which nobody can set; mtime counts where the records say nothing."""
    dates = dates_of(records, _dated(status))
    # Rotation renames a file, packs it and goes on writing to it: it stays the one that begins with this record.
    identity = f"begins with\0{records.first.hex()}" if records.first else f"file\0{key}"
    part_hash = check.item_hash(identity)
    held = holds.covering(key, part_hash)
    return check.entry(
        "file",
        holds=held,
        extent=records.size if held.surely and records.is_whole else None,
        item_hash=check.item_hash(key),
        part_hash=part_hash,
        row_count=1,
        stored_at=_instant(status.st_ctime),
        clock_at=dates.clock_at,
        reaches_to=dates.reaches_to,
        evidence_at=dates.evidence_at,
        metadata_at=dates.ahead,
        note=dates.note,
    )


def _dated(status: os.stat_result) -> datetime:
    """The older of the file's two dates; a program that knows no time writes 1970 or 1980."""
    stated, stored_at = _instant(status.st_mtime), _instant(status.st_ctime)
    return min(stated, stored_at) if stated >= EARLIEST else stored_at


def _instant(stamp: float) -> datetime:
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC) if stamp > 0 else datetime.min.replace(tzinfo=UTC)
