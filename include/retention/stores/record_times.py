"""How old the records in one log file are, plain or gz: read as a stream, so that memory does not grow with the file."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple, Protocol

from retention.stores.protocol import Store, StoredPart
from retention.stores.record_formats import LineTimes, Span, is_record

CHUNK_BYTES = 256 * 1024
LONGEST_LINE_BYTES = 1024 * 1024
"""Of a longer line only so much is looked at."""
EXPANSION = 300
"""So many times its size a gz file may hold, beyond `EXPANSION_FREE_BYTES`: logs shrink to a tenth, or a hundredth."""
EXPANSION_FREE_BYTES = 64 * 1024 * 1024
_WRITTEN_AT_ONCE = timedelta(hours=24)
"""So long after its last record a file may be written, or stored, without a record of then: what continues one is that one's."""
_BINARY_LINES = 1_000
"""After so many lines that are no text a file without any time is given up."""
_OBJECT = re.compile(rb"^[ \t]*\{", re.MULTILINE)
_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class RecordTimes(NamedTuple):
    """What a file's records say about its age: the oldest and the youngest (aware, UTC), None where no line has a time.

    `records` counts the lines with a time. A line without one belongs to the record before it where it plainly continues that.
    Any other may be a record of its own: then, as where a time lies in the future (`ahead` counts those) or part of the file
    could not be read (`unread`: damaged gz, no text, a JSON line without its end), `youngest` is at least the file's own date.
    So it is where the file ends with lines that continue its last record, and its own date is long after that.
    `begins_undated`: the first record has no time, so that the oldest may be older than any that has. `has_undated`: some
    line has no time and may be a record of its own, of any age.
    """

    oldest: datetime | None
    youngest: datetime | None
    records: int
    unread: bool = False
    ahead: int = 0
    begins_undated: bool = False
    has_undated: bool = False


class RecordStore(Store, Protocol):
    """A store whose parts are files of records."""

    def times_of(self, parts: Sequence[StoredPart], *, now: datetime) -> Mapping[StoredPart, RecordTimes]:
        """The times of the records in these parts, read as they are; absent for what has no content (a delete marker, an
        unfinished upload), and for what went or changed since it was listed. `now` as in `read_times`."""


class Unreadable(Exception):
    """Content that goes no further; nothing of it is in the message."""


def read_times(chunks: Iterable[bytes], *, stored_at: datetime, now: datetime) -> RecordTimes:
    """Read a file's records, in any order. Raises only what `chunks` raises, save Unreadable.

    `stored_at` is the file's own date (aware), by which times without a year get theirs; no record is later than `now`.
    """
    reader = _Reader(stored_at, now, LineTimes(stored_at, now))
    try:
        for lines, is_whole in _whole_lines(_plain(chunks)):
            reader.take(lines, is_whole)
    except Unreadable:
        reader.unread = True
    return reader.times()


@dataclass(slots=True)
class _Reader:
    stored_at: datetime
    now: datetime
    line_times: LineTimes
    oldest: datetime | None = None
    youngest: datetime | None = None
    records: int = 0
    unread: bool = False
    has_begun: bool = False
    begins_undated: bool = False
    binary_lines: int = 0
    ends_undated: bool = False

    def take(self, lines: bytes, is_whole: bool) -> None:
        lines = lines.removeprefix(_BYTE_ORDER_MARK)
        if not self.has_begun:
            self._begin(lines)
        _, _, last = lines.rstrip().rpartition(b"\n")
        if last:
            self.ends_undated = LineTimes(self.stored_at, self.now).of_line(last) is None
        if is_whole and b"\0" not in lines and _OBJECT.search(lines) is None:
            for span, count in self.line_times.of_text(lines):
                self._note(span, count)
            return
        for line in lines.split(b"\n"):
            self._take_line(line, is_whole)

    def _begin(self, lines: bytes) -> None:
        first = next(filter(is_record, lines.split(b"\n")), None)
        if first is not None:
            self.has_begun = True
            self.begins_undated = LineTimes(self.stored_at, self.now).of_line(first.lstrip(b"\0")) is None

    def _take_line(self, line: bytes, is_whole: bool) -> None:
        # A file that was cut while it was written to begins with zeros.
        line = line.lstrip(b"\0")
        if b"\0" in line:
            self.unread = True
            self.binary_lines += 1
            if self.binary_lines >= _BINARY_LINES and not self.records:
                raise Unreadable
            return
        span = self.line_times.of_line(line)
        if span is None:
            self.unread |= not is_whole and line.startswith(b"{")
        else:
            self._note(span, 1)

    def _note(self, span: Span, count: int) -> None:
        self.records += count
        if self.oldest is None or span.oldest < self.oldest:
            self.oldest = span.oldest
        if self.youngest is None or span.youngest > self.youngest:
            self.youngest = span.youngest

    def times(self) -> RecordTimes:
        ahead, undated, youngest = self.line_times.ahead, self.line_times.undated, self.youngest
        written_at = min(self.stored_at, self.now)
        if youngest is not None:
            goes_on = self.ends_undated and written_at - youngest > _WRITTEN_AT_ONCE
            youngest = max(youngest, written_at) if self.unread or ahead or undated or goes_on else youngest
        has_undated = bool(ahead or undated)
        return RecordTimes(self.oldest, youngest, self.records, self.unread, ahead, self.begins_undated, has_undated)


def _whole_lines(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The content in pieces that end with a line, and whether it is whole: of a line that is too long the rest is left out.

    A carriage return ends a line, too: some programs write no line feeds.
    """
    rest, is_skipping = b"", False
    for chunk in chunks:
        data = chunk.replace(b"\r", b"\n")
        if is_skipping:
            _, line_feed, data = data.partition(b"\n")
            is_skipping = not line_feed
        head, line_feed, tail = data.rpartition(b"\n")
        if line_feed:
            yield rest + head, True
            rest = tail
        else:
            rest += tail
        if len(rest) > LONGEST_LINE_BYTES:
            yield rest[:LONGEST_LINE_BYTES], False
            rest, is_skipping = b"", True
    if rest:
        yield rest, True


def _plain(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The content, unpacked where it is gz, whatever the file is called."""
    iterator = iter(chunks)
    head = b""
    for chunk in iterator:
        head += chunk
        if len(head) >= len(_GZIP):
            break
    whole = chain([head], iterator)
    return _expanded(whole) if head.startswith(_GZIP) else whole


def _expanded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """All members of a gz file, in pieces of at most CHUNK_BYTES; raises Unreadable for a damaged or endless one."""
    member = zlib.decompressobj(wbits=31)
    taken = given = 0
    has_begun = False
    for chunk in chunks:
        taken += len(chunk)
        data = chunk
        while data:
            if member.eof:
                data = data.lstrip(b"\0")  # padding between members
                if not data:
                    break
                member = zlib.decompressobj(wbits=31)
            before, has_begun = member.copy(), True
            piece = _expand(member, data)
            if piece is None:
                yield from _until_damage(before, data)
                raise Unreadable
            given += len(piece)
            if given > EXPANSION_FREE_BYTES + EXPANSION * taken:
                raise Unreadable
            yield piece
            data = member.unused_data if member.eof else member.unconsumed_tail
    if has_begun and not member.eof:
        raise Unreadable  # its end is missing


def _until_damage(member: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What comes before the damaged byte: the library gives nothing of a piece with one."""
    for at in range(len(data)):
        piece = _expand(member, data[at : at + 1])
        if piece is None:
            return
        yield piece


def _expand(member: zlib._Decompress, data: bytes) -> bytes | None:
    try:
        return member.decompress(data, CHUNK_BYTES)
    except zlib.error:
        return None
