"""When the record on one line of a server log was written: what the common formats say, and nothing that is guessed.

A time without an offset is read as UTC. The code that verifies reads the same files in its own way, on purpose.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""A time before this is none: programs write 1970 and 1980 where they know no time."""
_CLOCKS_APART = timedelta(hours=1)
"""So far ahead of now a server's clock may be; what is dated later has no date."""
_ZONES_AHEAD = timedelta(hours=14)
"""So far ahead of UTC local time may be."""
_WHILE_STORED = timedelta(hours=48)
"""A record may be so much younger than its file's own date: S3 dates an object by the beginning of its upload."""

_KEYS = frozenset(
    {"@timestamp", "timestamp", "time", "ts", "datetime", "eventtime", "event_time", "asctime", "t", "@t"}
)
"""In lower case. Only an object's own keys count: what is nested in it may be what the record is about."""
_NUMBER = re.compile(r"\d{9,19}(?:\.\d+)?")
_LONGEST_TIME = 64
_EPOCH_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)
_LAST_EPOCH_S = 4_102_444_800  # 2100: the units' ranges, each of 110 years, do not touch
_NAMES = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = rb"\d\d:\d\d:\d\d"
_ISO = (
    rb"\d{4}(?:-\d\d-\d\d|/\d\d/\d\d|\.\d\d\.\d\d)[Tt \t]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?"
    rb"(?: ?(?:[Zz]\b|UTC\b|GMT\b|[+-]\d\d:?\d\d))?"
)
_LEVEL = rb"(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRIT|CRITICAL|ALERT|EMERG|FATAL|SEVERE|https?|h2|wss?|grpcs?)"
_TIME = (
    # RFC 5424, ISO at the start, Airflow's [ISO], a level or a protocol before it
    rb"(?:[ \t]+|<\d{1,3}>\d{0,2} ?|\[?" + _LEVEL + rb"\]?:? +)?\[?(?P<iso>" + _ISO + rb")"
    # RFC 3164
    rb"|(?:<\d{1,3}>)?(?P<syslog>" + _MONTH + rb" [ \d]\d " + _CLOCK + rb")\b"
    # The error log beside a combined access log
    rb"|\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<error>" + _MONTH + rb" [ \d]\d " + _CLOCK + rb"(?:\.\d+)? \d{4})\]"
    # Tomcat; with dots the day comes first
    rb"|\[?(?P<tomcat>\d\d-" + _MONTH + rb"-\d{4} " + _CLOCK + rb"(?:[.,]\d+)?)"
    rb"|\[?(?P<dotted>\d\d\.\d\d\.\d{4},? " + _CLOCK + rb"(?:[.,]\d+)?)"
    # Squid: seconds since 1970, with a fraction; klog, of Kubernetes: month and day
    rb"|(?P<epoch>\d{9,10}\.\d{1,9})[ \t]"
    rb"|[IWEF](?P<klog>\d{4} " + _CLOCK + rb")\.\d"
    # logfmt: the first of its fields that is a time
    rb"|(?:[\w.@-]{1,64}=(?:\"(?:[^\"\\\n]|\\.)*\"|[^\"\s]*) +){0,16}?"
    rb"(?:time|ts|timestamp|@timestamp|datetime|t)=\"?(?P<logfmt>\d[^\"\s]{8,}(?: " + _CLOCK + rb"[^\"\s]*)?)"
    # Combined and common access log, also with other words before the client
    rb"|(?![ \t])[^\[{\n]{0,512}\[(?P<access>\d\d/" + _MONTH + rb"/\d{4}:" + _CLOCK + rb"(?: [+-]\d{4})?)\]"
)
_CONTINUED = (
    # Indented, a comment, the end of what a bracket began, a stack trace: it plainly belongs to the record before it
    rb"[\s#})\]]|Traceback \(|Caused by: |\.\.\. \d+ (?:more|common)|During handling of |The above exception "
    rb"|[\w.$]+(?:Error|Exception|Warning|Interrupt|Exit)(?::|$|\r?\n)"
)
_LINE = re.compile(_TIME)
_LINES = re.compile(rb"(?:" + _TIME + rb"|(?!" + _CONTINUED + rb")(?P<undated>[^\n]))?[^\n]*\n*")
_CONTINUES = re.compile(_CONTINUED)
_NO_RECORD = re.compile(rb"[\s\0]*(?:#|$)")
_KINDS = tuple(sorted(_LINES.groupindex, key=lambda kind: _LINES.groupindex[kind]))


class Span(NamedTuple):
    """The oldest and the youngest of the times that one record gives: one of them may be when it was collected."""

    oldest: datetime
    youngest: datetime


def is_record(line: bytes) -> bool:
    """Whether a file's records may begin with this line: not with a blank one or a comment."""
    return _NO_RECORD.match(line) is None


class LineTimes:
    """Reads one file's lines. `stored_at` is the file's own date (aware), `now` the latest that a record can be of.

    `ahead` counts the times that lie in the future, `undated` the lines that give none and don't plainly continue a record: they
    may be records of any age. A time without a year is of the last year in which it had come when the file was stored; so it is
    never in the future, and never depends on the lines around it.
    """

    def __init__(self, stored_at: datetime, now: datetime) -> None:
        self.ahead = 0
        self.undated = 0
        self._now = now
        self._yearless_until = min(stored_at + _WHILE_STORED, now + _ZONES_AHEAD)

    def of_text(self, lines: bytes) -> Iterator[tuple[Span, int]]:
        """The times of these whole lines, none of which is an object; each with the number of lines that say it."""
        for tokens, count in Counter(_LINES.findall(lines)).items():
            kind = next((kind for kind, token in zip(_KINDS, tokens, strict=True) if token), None)
            if kind is None:
                continue
            at = self._of_token(kind, tokens[_KINDS.index(kind)]) if kind != "undated" else None
            if at is not None:
                yield Span(at, at), count
            else:
                self.undated += count

    def of_line(self, line: bytes) -> Span | None:
        """The times of this line's record, at most now; None where it says none that can be one."""
        is_object = line.lstrip(b" \t").startswith(b"{")
        span = self._of_json(line) if is_object else self._of_one(line)
        if span is None and line and (is_object or not _CONTINUES.match(line)):
            self.undated += 1
        return span

    def _of_one(self, line: bytes) -> Span | None:
        found = _LINE.match(line)
        at = self._of_token(str(found.lastgroup), found[str(found.lastgroup)]) if found is not None else None
        return Span(at, at) if at is not None else None

    def _of_token(self, kind: str, token: bytes) -> datetime | None:
        if kind == "syslog":
            return self._yearless(token)
        if kind == "klog":
            month = int(token[:2])
            return self._yearless(b"%s %s" % (_NAMES[month - 1], token[2:])) if 1 <= month <= 12 else None
        try:
            at = _READERS[kind](token)
        except ValueError:  # the 30th of February, 25:00
            return None
        return self._past(at) if at is not None else None

    def _of_json(self, line: bytes) -> Span | None:
        try:
            fields = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
        if not isinstance(fields, dict):
            return None
        stated = (_of_value(value) for key, value in fields.items() if key.lower() in _KEYS)
        past = [at for one in stated if one is not None and (at := self._past(one)) is not None]
        return Span(min(past), max(past)) if past else None

    def _yearless(self, token: bytes) -> datetime | None:
        for year in range(self._yearless_until.year, self._yearless_until.year - 9, -1):  # 29 February may be far
            try:
                at = _with_year(token + b" %d" % year).replace(tzinfo=UTC)
            except ValueError:
                continue
            if at <= self._yearless_until:
                return min(at, self._now) if at >= EARLIEST else None
        return None

    def _past(self, at: datetime) -> datetime | None:
        """The time as an instant, at most now; None where it is no date."""
        # Local time that is read as UTC may lie ahead of now although the record is there.
        ahead = _ZONES_AHEAD if at.tzinfo is None else _CLOCKS_APART
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        if at < EARLIEST:
            return None
        if at > self._now + ahead:
            self.ahead += 1
            return None
        return min(at.astimezone(UTC), self._now)


def _of_value(value: Any) -> datetime | None:
    """A JSON value as a time: ISO, as in an access log, or seconds, milliseconds … since 1970."""
    if isinstance(value, str):
        text = value.strip()[:_LONGEST_TIME]
        try:
            return _epoch(float(text)) if _NUMBER.fullmatch(text) else _of_text(text.encode())
        except ValueError:
            return None
    return _epoch(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _of_text(text: bytes) -> datetime | None:
    if re.fullmatch(_ISO, text):
        return _iso(text)
    found = _LINE.match(b"[" + text + b"]")
    return _access(found["access"]) if found is not None and found["access"] else None


def _epoch(number: float) -> datetime | None:
    for unit in _EPOCH_UNITS:
        if EARLIEST.timestamp() * unit <= number <= _LAST_EPOCH_S * unit:
            return datetime.fromtimestamp(number / unit, tz=UTC)
    return None


def _iso(token: bytes) -> datetime:
    """Raises ValueError for a day or an hour that there is none of."""
    said = token.decode("ascii")
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        pass
    day = said[:10].replace("/", "-").replace(".", "-")
    text = day + said[10:].upper().replace("\t", " ").replace(",", ".")
    text = text.replace("UTC", "Z").replace("GMT", "Z")
    stamp, zone = text[:19].replace(":60", ":59"), text[19:].replace(" ", "")  # a leap second is no datetime
    return datetime.fromisoformat(stamp + zone)


def _access(token: bytes) -> datetime:
    day, month, rest = token.split(b"/", 2)
    year, clock = rest.split(b":", 1)
    return _iso(b"%s-%02d-%sT%s" % (year, _MONTHS[month], day, clock.replace(b" ", b"")))


def _with_year(token: bytes) -> datetime:
    month, day, clock, year = token.split()
    return _iso(b"%s-%02d-%02dT%s" % (year, _MONTHS[month], int(day), clock))


def _tomcat(token: bytes) -> datetime:
    day, month, rest = token.split(b"-", 2)
    year, clock = rest.split(b" ", 1)
    return _iso(b"%s-%02d-%s %s" % (year, _MONTHS[month], day, clock))


def _dotted(token: bytes) -> datetime:
    date, clock = token.replace(b", ", b" ").split(b" ", 1)
    day, month, year = date.split(b".")
    return _iso(b"%s-%s-%s %s" % (year, month, day, clock))


_READERS: dict[str, Callable[[bytes], datetime | None]] = {
    "iso": _iso,
    "error": _with_year,
    "access": _access,
    "tomcat": _tomcat,
    "dotted": _dotted,
    "epoch": lambda token: _epoch(float(token)),
    "logfmt": lambda token: _of_value(token.decode("ascii", "replace")),
}
"""What reads each kind of token; each raises ValueError for a day or an hour that there is none of."""
