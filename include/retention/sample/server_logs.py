"""Log files, in the bucket `server-logs` and in a folder on a mounted path: access logs, JSON lines, syslog, plain and gz.

Addresses are those reserved for documentation (RFC 5737). A file is as old as the oldest record in it, whatever its name says and
whenever it was stored: the store's own dates are all those of the load.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from retention.sample.log_parts import LogFile, Step
from retention.sample.rows import Record
from retention.sample.situation import RecordCase
from retention.sample.stage import Stage
from retention.sample.tenants import SELF, days

LOG_BUCKET = "server-logs"
OBJECTS, FILES = "server_log_objects", "server_log_files"
_DAYS_KEPT, _PLAIN_DAYS, _LINES = 20, 2, 25
_PATHS = ("/", "/preise", "/api/calls", "/login")
_EVENTS = ("call answered", "transcription requested", "webhook delivered", "worker started")

Kind = Literal["access", "app", "sys"]
_ENDINGS: dict[Kind, str] = {"access": "log", "app": "jsonl", "sys": "log"}


def _access(at: datetime, draw: random.Random) -> str:
    client, path = f"192.0.2.{draw.randrange(1, 255)}", draw.choice(_PATHS)
    return f'{client} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" 200 {draw.randrange(300, 9000)} "-" "Mozilla/5.0"'


def _app(at: datetime, draw: random.Random) -> str:
    return json.dumps({"timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "level": "info", "event": draw.choice(_EVENTS)})


def _sys(at: datetime, draw: random.Random) -> str:
    if draw.random() < 0.5:  # RFC 5424, then RFC 3164: no year, no zone
        return f"<134>1 {at:%Y-%m-%dT%H:%M:%SZ} web1 voice {draw.randrange(1000, 9000)} - - {draw.choice(_EVENTS)}"
    return f"{at:%b} {at.day:2d} {at:%H:%M:%S} web1 voice[{draw.randrange(1000, 9000)}]: {draw.choice(_EVENTS)}"


_WRITERS: dict[Kind, Callable[[datetime, random.Random], str]] = {"access": _access, "app": _app, "sys": _sys}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCase(RecordCase):
    """A log file whose records were written from `oldest` to `youngest` ago."""

    path: str
    kind: Kind
    oldest: timedelta
    youngest: timedelta
    lines_without_time: int = 0
    steps: tuple[Step, ...] = (Step.PUT,)
    count: int = 1


def _object(
    name: str, meaning: str, expected: Literal["retain", "due", "overdue"], path: str, **more: object
) -> LogCase:
    return LogCase(name=name, meaning=meaning, expected=expected, place=OBJECTS, path=path, **more)  # type: ignore[arg-type]


OBJECT_CASES = (
    _object(
        "log_object_young",
        "records of nine days ago",
        "retain",
        "access/special/young.log",
        kind="access",
        oldest=days(9.5),
        youngest=days(9),
    ),
    _object(
        "log_object_in_lead_window",
        "records of 13 days ago: in the last 49 h of the 14 d",
        "due",
        "access/special/lead-window.log",
        kind="access",
        oldest=days(13.5),
        youngest=days(12.75),
    ),
    _object(
        "log_object_past_limit",
        "records of 16 days ago",
        "overdue",
        "access/special/past-limit.log",
        kind="access",
        oldest=days(16.5),
        youngest=days(16),
    ),
    _object(
        "log_object_gz",
        "the same, packed",
        "overdue",
        "app/special/past-limit.jsonl.gz",
        kind="app",
        oldest=days(16.5),
        youngest=days(16),
    ),
    _object(
        "log_object_older_than_its_name",
        "the name says `current`, the oldest record is 18 days old",
        "overdue",
        "sys/special/current.log",
        kind="sys",
        oldest=days(18),
        youngest=days(17.5),
    ),
    _object(
        "log_object_younger_than_its_name",
        "the name says 2019, the records are two days old",
        "retain",
        "sys/special/2019-01-01.log",
        kind="sys",
        oldest=days(2.5),
        youngest=days(2),
    ),
    _object(
        "log_object_with_lines_without_time",
        "between dated records of 16 days ago, lines without a time",
        "overdue",
        "app/special/traceback.jsonl",
        kind="app",
        oldest=days(16.5),
        youngest=days(16),
        lines_without_time=4,
    ),
    _object(
        "log_object_several_versions",
        "two versions under one key, both past the limit",
        "overdue",
        "access/special/rewritten.log",
        kind="access",
        oldest=days(16.5),
        youngest=days(16),
        steps=(Step.PUT, Step.PUT),
    ),
    _object(
        "log_object_behind_delete_marker",
        "somebody deleted it without its version, so that its data is still there",
        "overdue",
        "access/special/hidden.log",
        kind="access",
        oldest=days(16.5),
        youngest=days(16),
        steps=(Step.PUT, Step.DELETE),
    ),
)

FILE_CASES = (
    LogCase(
        name="log_file_young",
        meaning="records of nine days ago",
        expected="retain",
        place=FILES,
        path="special/young.log",
        kind="sys",
        oldest=days(9.5),
        youngest=days(9),
    ),
    LogCase(
        name="log_file_past_limit",
        meaning="records of 16 days ago",
        expected="overdue",
        place=FILES,
        path="special/past-limit.log",
        kind="access",
        oldest=days(16.5),
        youngest=days(16),
    ),
    LogCase(
        name="log_file_gz",
        meaning="the same, packed",
        expected="overdue",
        place=FILES,
        path="special/past-limit.log.1.gz",
        kind="access",
        oldest=days(16.5),
        youngest=days(16),
    ),
    LogCase(
        name="log_file_older_than_its_name",
        meaning="the name says `current`, the oldest record is 18 days old",
        expected="overdue",
        place=FILES,
        path="special/current.jsonl",
        kind="app",
        oldest=days(18),
        youngest=days(17.5),
    ),
)


def play_server_logs(stage: Stage) -> None:
    """Put every day's files of the last 20 days, and every case, on the stage: in the bucket, and fewer in the folder."""
    for age_days in range(_DAYS_KEPT):
        for kind in _ENDINGS:
            stage.company.log_objects.append(_of_day(stage, kind, age_days))
        stage.company.log_files.append(_of_day(stage, "sys", age_days, folder="rotated"))
    for cases, files in ((OBJECT_CASES, stage.company.log_objects), (FILE_CASES, stage.company.log_files)):
        for case in cases:
            files.append(_of_case(stage, case))
            path = _seeded(stage.seed, case.path)
            stage.company.rows.append(Record(stage.seed, case.name, 0, case.place, SELF, path))


def _of_day(stage: Stage, kind: Kind, age_days: int, *, folder: str | None = None) -> LogFile:
    day = stage.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=age_days)
    until = min(day + timedelta(days=1) - timedelta(seconds=1), stage.now)
    packed = ".gz" if age_days > _PLAIN_DAYS else ""
    path = f"{folder or kind}/{day:%Y-%m-%d}.{_ENDINGS[kind]}{packed}"
    draw = random.Random(f"{stage.seed}/{folder or ''}/{kind}/{age_days}")
    return _file(_seeded(stage.seed, path), _records(kind, day, until, draw))


def _of_case(stage: Stage, case: LogCase) -> LogFile:
    draw = random.Random(f"{stage.seed}/{case.name}")
    lines = _records(case.kind, stage.now - case.oldest, stage.now - case.youngest, draw)
    for _ in range(case.lines_without_time):
        lines.insert(draw.randrange(1, len(lines)), '  File "worker.py", line 7, in answer')
    return _file(_seeded(stage.seed, case.path), lines, case.steps)


def _seeded(seed: int, path: str) -> str:
    """Another seed's files lie beside these."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{seed}/{name}"


def _records(kind: Kind, oldest: datetime, youngest: datetime, draw: random.Random) -> list[str]:
    """Lines in the order of their times, the first at `oldest`, the last at `youngest`."""
    between = sorted(oldest + draw.random() * (youngest - oldest) for _ in range(_LINES - 2))
    return [_WRITERS[kind](at, draw) for at in (oldest, *between, youngest)]


def _file(path: str, lines: list[str], steps: tuple[Step, ...] = (Step.PUT,)) -> LogFile:
    body = "".join(f"{line}\n" for line in lines).encode()
    return LogFile(path, gzip.compress(body, mtime=0) if path.endswith(".gz") else body, steps)
