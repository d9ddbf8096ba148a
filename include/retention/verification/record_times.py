"""How old the records in a log file are, as verification reads them: line by line, one expression for the time at a beginning.

Written apart from what disposal reads the same files with, so that a wrong date has to be made twice before it can hurt.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Protocol

LONGEST_LINE = 1 << 20
"""Bytes of a line that are looked at."""
BEGINNING_BYTES = 4096
"""So many of a file's first bytes tell it from others."""
_UNFOLDS_TO = 300
"""So many times its packed size a file may hold, beyond `_ANY_SIZE`."""
_ANY_SIZE = 64 << 20
_STRANGE_LINES = 1000
"""After so many lines that are no text nothing more is expected of a file."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD, _AHEAD_BY_ZONE = timedelta(hours=1), timedelta(hours=14)
_AFTER_STORED = timedelta(hours=48)
_KEYS = frozenset(
    {"@timestamp", "timestamp", "time", "ts", "t", "@t", "datetime", "asctime", "eventtime", "event_time"}
)
_NESTED = 4
"""So deep in an object a time is looked for where its own keys give none."""
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MONTH = f"(?:{'|'.join(_MONTHS)})"
_STAMP = re.compile(
    rf"""
    (?:
        (?:[ \t]+|(?:<\d+>\d*[ ]?)?(?:\[?[A-Za-z][A-Za-z0-9]{{1,9}}\]?:?[ ]+)?)  # blanks; or priority, version, level, protocol
        \[?(?P<y>\d{{4}})(?P<sep>[-/.])(?P<m>\d\d)(?P=sep)(?P<d>\d\d)[Tt \t](?P<t>\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)
        [ ]?(?P<z>[Zz](?![A-Za-z])|UTC|GMT|[+-]\d\d:?\d\d)?
      | (?:<\d+>\d*[ ]?)?(?P<sm>{_MONTH})[ ](?P<sd>[ \d]\d)[ ](?P<st>\d\d:\d\d:\d\d)(?!\S)
      | \[[A-Z][a-z][a-z][ ](?P<em>{_MONTH})[ ](?P<ed>[ \d]\d)[ ](?P<et>\d\d:\d\d:\d\d(?:\.\d+)?)[ ](?P<ey>\d{{4}})\]
      | \[?(?P<cd>\d\d)-(?P<cm>{_MONTH})-(?P<cy>\d{{4}})[ ](?P<ct>\d\d:\d\d:\d\d(?:[.,]\d+)?)         # Tomcat
      | \[?(?P<gd>\d\d)\.(?P<gm>\d\d)\.(?P<gy>\d{{4}}),?[ ](?P<gt>\d\d:\d\d:\d\d(?:[.,]\d+)?)        # German
      | (?P<since>\d{{9,10}}\.\d{{1,9}})[ \t]                                                        # Squid
      | [IWEF](?P<km>\d\d)(?P<kd>\d\d)[ ](?P<kt>\d\d:\d\d:\d\d)\.\d+                                 # klog
      | (?:[^\[{{\s][^\[{{]{{0,511}})?\[(?P<ad>\d\d)/(?P<am>{_MONTH})/(?P<ay>\d{{4}}):(?P<at>\d\d:\d\d:\d\d)
        (?:[ ](?P<az>[+-]\d{{4}}))?\]
    )
    """,
    re.VERBOSE | re.ASCII,
)
_PAIRS = re.compile(r"[\w.@-]+=\S")
_PAIR = re.compile(r"""(?:^|[ ])(?P<name>[\w.@-]+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s"]*))""", re.ASCII)
_GOES_ON = re.compile(
    r"[\s#)}\]]|Traceback \(most recent|Caused by:|\.{3} [0-9]+ (?:more|common)|During handling of|The above exception"
    r"|[A-Za-z_$][\w.$]*(?:Error|Exception|Warning|Interrupt|Exit)(?::|\s*$)",
    re.ASCII,
)
"""What a line begins with that belongs to the record before it: a comment, an indented line, a closing bracket, a stack trace."""
_NOTHING = re.compile(r"\s*(?:#|$)", re.ASCII)


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes | None:
        """At most so many; none at the end."""


@dataclass(slots=True)
class Records:
    """What a file's lines say. `oldest` and `youngest` are aware; `ahead` is the latest time that lies in the future, and counts
    for nothing. `is_whole`: everything could be read. `is_empty`: there is not a single byte. `beginning`: its first bytes,
    unpacked where any could be; what the file is known by, however it is called, packed or continued. `has_undated`: lines
    without a time that may be records of their own, of any age; `begins_undated`: the first record has none, and may be older
    than `oldest`; `ends_undated`: so has the last line. `size`: bytes, unpacked. `oldest_said`: `oldest`
    as it stands there, also where that is ahead of now by a clock or a zone.
    """

    oldest: datetime | None = None
    oldest_said: datetime | None = None
    youngest: datetime | None = None
    ahead: datetime | None = None
    is_whole: bool = True
    is_empty: bool = True
    beginning: bytes = b""
    has_undated: bool = False
    begins_undated: bool = False
    ends_undated: bool = False
    has_begun: bool = False
    size: int = 0

    def note(self, at: datetime, now: datetime, grace: timedelta) -> bool:
        """Take a line's time into account; False where it is none, as it lies in the future."""
        if at > now + grace:
            self.ahead = max(at, self.ahead or at)
            return False
        self.oldest_said = min(at, self.oldest_said or at)
        at = min(at, now)
        self.oldest = min(at, self.oldest or at)
        self.youngest = max(at, self.youngest or at)
        return True

    def note_line(self, text: str, *, is_dated: bool) -> None:
        """Whether the line gave a time."""
        if not self.has_begun and (is_dated or not _NOTHING.match(text)):
            self.has_begun, self.begins_undated = True, not is_dated
        self.has_undated |= not is_dated and bool(text) and not _GOES_ON.match(text)
        self.ends_undated = not is_dated if text.strip() else self.ends_undated


def read_records(stream: Readable, *, stored_at: datetime, now: datetime) -> Records:
    """Read a file to its end, plain or gz. `stored_at`: by it, times without a year get theirs. Raises what the stream raises,
    if that is no fault of the content."""
    found = Records()
    strange = 0
    last: tuple[object, ...] = ()
    for line in _lines(stream, found):
        text = line.strip(b"\0").decode("latin-1")
        stamp = _STAMP.match(text)
        if "\0" in text:
            found.is_whole = False
            found.note_line(text, is_dated=False)
            strange += 1
            if strange == _STRANGE_LINES and found.oldest is None:
                break
        elif text.lstrip(" \t").startswith("{"):
            found.note_line("{", is_dated=_note_object(found, text, now))
        elif stamp is None:
            found.note_line(text, is_dated=_PAIRS.match(text) is not None and _note_pairs(found, text, now))
        elif (said := stamp.groups()) != last:  # many lines of a busy server say the same second
            at = _instant(stamp, stored_at, now)
            grace = _AHEAD if _has_zone(stamp) else _AHEAD_BY_ZONE
            is_dated = at is not None and at >= EARLIEST and found.note(at, now, grace)
            found.note_line(text, is_dated=is_dated)
            last = said if is_dated else ()
        else:
            found.ends_undated = False
    return found


def _lines(stream: Readable, found: Records) -> Iterator[bytes]:
    """The lines, of long ones the beginning. Damage ends them, and is noted."""
    packed = _Counted(stream)
    buffered = io.BufferedReader(packed)
    head = buffered.peek(BEGINNING_BYTES)[:BEGINNING_BYTES]
    found.is_empty = not head
    is_packed = head.startswith(b"\x1f\x8b")
    plain = gzip.GzipFile(fileobj=buffered) if is_packed else buffered
    taken, begins = 0, True
    try:
        while piece := plain.readline(LONGEST_LINE):
            taken += len(piece)
            found.size = taken
            if len(found.beginning) < BEGINNING_BYTES:
                found.beginning = (found.beginning + piece)[:BEGINNING_BYTES]
            if is_packed and taken > _ANY_SIZE + _UNFOLDS_TO * packed.count:
                found.is_whole = False
                return
            if begins and len(piece) == LONGEST_LINE and piece.startswith(b"{"):
                found.is_whole = False
            lines = piece.rstrip(b"\r\n").split(b"\r") if b"\r" in piece else [piece]  # some programs end lines so
            if begins:
                yield lines[0].removeprefix(b"\xef\xbb\xbf")
            yield from lines[1:]
            begins = piece.endswith((b"\n", b"\r"))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        found.is_whole = False
        found.beginning = found.beginning or head


class _Counted(io.RawIOBase):
    """A stream that counts what is taken from it."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._inner.read(len(buffer)) or b""
        buffer[: len(piece)] = piece
        self.count += len(piece)
        return len(piece)


def _note_object(found: Records, text: str, now: datetime) -> bool:
    """The times that the object itself gives under one of the usual names, or else what is nested in it."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return _note_times(found, list(_stated(fields, _NESTED)), now)


def _stated(fields: object, depth: int) -> Iterator[tuple[datetime, timedelta]]:
    if isinstance(fields, dict):
        own = [_of_value(value) for name, value in fields.items() if name.lower() in _KEYS]
        times = [one for one in own if one is not None and one[0] >= EARLIEST]
        if times:
            yield from times
            return
    if depth and isinstance(fields, dict | list):
        for inner in fields.values() if isinstance(fields, dict) else fields:
            yield from _stated(inner, depth - 1)


def _note_pairs(found: Records, text: str, now: datetime) -> bool:
    """The times among a line's fields, as logfmt has them."""
    pairs = (pair for pair in _PAIR.finditer(text) if pair["name"].lower() in _KEYS)
    said = (_of_value(pair["plain"] if pair["quoted"] is None else pair["quoted"]) for pair in pairs)
    return _note_times(found, [one for one in said if one is not None and one[0] >= EARLIEST], now)


def _note_times(found: Records, times: Sequence[tuple[datetime, timedelta]], now: datetime) -> bool:
    """Of several times in one record the oldest and the youngest count. One in the future beside another counts for nothing,
    and is said."""
    noted = [found.note(at, now, grace) for at, grace in times]
    return any(noted)


def _of_value(value: object) -> tuple[datetime, timedelta] | None:
    if isinstance(value, str):
        text = value.strip()[:64]
        stamp = _STAMP.match(text) or _STAMP.match(f"[{text}]")
        if stamp is not None and not (stamp["sm"] or stamp["km"] or stamp["since"]):
            at = _instant(stamp, EARLIEST, EARLIEST)
            return (at, _AHEAD if _has_zone(stamp) else _AHEAD_BY_ZONE) if at is not None else None
        value = float(text) if re.fullmatch(r"[0-9]{9,19}(\.[0-9]+)?", text) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    for digits in (0, 3, 6, 9):
        seconds = value / 10**digits
        if EARLIEST.timestamp() <= seconds <= 4_102_444_800:  # 2100
            return datetime.fromtimestamp(seconds, UTC), _AHEAD
    return None


def _has_zone(stamp: re.Match[str]) -> bool:
    return any(stamp[name] for name in ("z", "az"))


def _instant(stamp: re.Match[str], stored_at: datetime, now: datetime) -> datetime | None:
    """The matched time; what has no offset is UTC, what has no year is of the last that had come when the file was stored."""
    if stamp["sm"]:
        return _without_year(_MONTHS.index(stamp["sm"]) + 1, int(stamp["sd"]), stamp["st"], stored_at, now)
    if stamp["km"]:
        return _without_year(int(stamp["km"]), int(stamp["kd"]), stamp["kt"], stored_at, now)
    if stamp["since"]:
        return datetime.fromtimestamp(float(stamp["since"]), UTC)
    if stamp["y"]:
        return _made(int(stamp["y"]), int(stamp["m"]), int(stamp["d"]), stamp["t"], stamp["z"])
    kind = next(one for one in "eacg" if stamp[f"{one}m"])
    said = stamp[f"{kind}m"]
    month = int(said) if kind == "g" else _MONTHS.index(said) + 1
    return _made(int(stamp[f"{kind}y"]), month, int(stamp[f"{kind}d"]), stamp[f"{kind}t"], stamp["az"])


def _without_year(month: int, day: int, clock: str, stored_at: datetime, now: datetime) -> datetime | None:
    until = min(stored_at + _AFTER_STORED, now + _AHEAD_BY_ZONE)
    tried = (_made(year, month, day, clock, None) for year in range(until.year, until.year - 9, -1))
    return next((at for at in tried if at is not None and at <= until), None)


@lru_cache(maxsize=4096)
def _made(year: int, month: int, day: int, clock: str, zone: str | None) -> datetime | None:
    hours, minutes, seconds = [*clock.replace(",", ".").split(":"), "0"][:3]
    offset = timedelta(0)
    if zone is not None and zone[0] in "+-":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
    try:
        whole, _, fraction = seconds.partition(".")
        local = datetime(year, month, day, int(hours), int(minutes), min(int(whole), 59), tzinfo=timezone(offset))
        return (local + timedelta(microseconds=int(f"{fraction:0<6}"[:6]))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
