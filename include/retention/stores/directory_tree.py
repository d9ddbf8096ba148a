"""Files below one folder, reached name by name from an open folder, so that no link and no renamed folder leads out of it."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from retention.errors import StoreUnreadable
from retention.file_patterns import key_of, name_of

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})
_NO_PROBE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_KERNEL_CLOCK = 5
"""CLOCK_REALTIME_COARSE: what the kernel stamps files with."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file's folder, open, and its name there."""

    folder: int
    name: bytes

    def stat(self) -> os.stat_result | None:
        """The regular file of that name; None where there is none."""
        try:
            found = os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except OSError as error:
            code = error.errno or errno.EIO
        else:
            return found if stat.S_ISREG(found.st_mode) else None
        if code in _ABSENT:
            return None
        raise unreadable("a file", code)


class Tree:
    """All regular files below `root`. Links are never followed. What can't be read is StoreUnreadable, never empty."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def root(self) -> Iterator[int]:
        """The root, open."""
        folder, code = _attempt(os.fspath(self._root), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        if folder is None:
            raise unreadable(f"folder {str(self._root)!r}", code)
        try:
            yield folder
        finally:
            os.close(folder)

    def walk(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every regular file with its key, in no order. One that goes meanwhile may be left out."""
        with self.root() as root:
            yield from self._below(root, "")

    @contextmanager
    def open(self, key: str) -> Iterator[Opened | None]:
        """The folder in which the file with this key would be; None where there is none, or no file can have the key."""
        names = key.split("/")
        if any(name in ("", ".", "..") or "\0" in name for name in names):
            yield None
            return
        try:
            *folders, last = [name_of(name) for name in names]
        except UnicodeEncodeError:
            yield None
            return
        with ExitStack() as opened:
            folder = opened.enter_context(self.root())
            for name in folders:
                inner = _enter(folder, name)
                if inner is None:
                    yield None
                    return
                opened.callback(os.close, inner)
                folder = inner
            yield Opened(folder, last)

    def stamp_ns(self) -> int:
        """The time as this file system stamps files, by a nameless file that is gone at once; where none can be written, by this
        machine's kernel."""
        with self.root() as root:
            for flags in (os.O_TMPFILE | os.O_RDWR, os.O_CREAT | os.O_EXCL | os.O_RDWR):
                name = "." if flags & os.O_DIRECTORY else f".retention-clock-{os.urandom(8).hex()}"
                file, code = _attempt(name, flags | os.O_CLOEXEC, root)
                if file is None:
                    if code in _NO_PROBE:
                        break
                    continue
                try:
                    return os.fstat(file).st_ctime_ns
                finally:
                    os.close(file)
                    if name != ".":
                        with suppress(FileNotFoundError):
                            os.unlink(name, dir_fd=root)
        return time.clock_gettime_ns(_KERNEL_CLOCK)

    def _below(self, folder: int, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
        for name, found in _entries(folder):
            if stat.S_ISREG(found.st_mode):
                yield prefix + key_of(name), found
            elif stat.S_ISDIR(found.st_mode):
                inner = _enter(folder, os.fsencode(name))
                if inner is None:
                    continue
                try:
                    yield from self._below(inner, f"{prefix}{key_of(name)}/")
                finally:
                    os.close(inner)


def unreadable(what: str, code: int) -> StoreUnreadable:
    """The error for what did not answer; it names no file."""
    word = errno.errorcode.get(code, str(code))
    expected = "a mounted folder" if code in _ABSENT else "the right to read it and all that is in it"
    return StoreUnreadable(
        f"{what}: found {word}; expected {expected}. Nothing may be said about its files.", code=word
    )


def _entries(folder: int) -> Iterator[tuple[str, os.stat_result]]:
    code = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    yield entry.name, entry.stat(follow_symlinks=False)
    except OSError as error:
        code = error.errno or errno.EIO
    if code:
        raise unreadable("a folder", code)


def _enter(folder: int, name: bytes) -> int | None:
    """A folder in an open one; None where there is none, or a link."""
    inner, code = _attempt(name, _FOLDER, folder)
    if inner is None and code not in _ABSENT:
        raise unreadable("a folder", code)
    return inner


def _attempt(name: str | bytes, flags: int, folder: int | None = None) -> tuple[int | None, int]:
    """A file descriptor, or why there is none. Nothing is raised inside an `except`: the system's own message has the name."""
    try:
        return os.open(name, flags, 0o600, dir_fd=folder), 0
    except OSError as error:
        return None, error.errno or errno.EIO
