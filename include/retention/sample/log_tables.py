"""Logs in tables: the application's audit log, and the request log with its partitions.

The request log is partitioned by the day since nine days ago and by the week before. So one partition is past the limit as a
whole, and one is too wide: its oldest records are, its youngest are not, so that they go one by one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from retention.sample.ids import sample_number
from retention.sample.log_parts import Partition
from retention.sample.rows import Record
from retention.sample.rows_categories import AuditRecord, RequestRecord
from retention.sample.situation import HoldTerms, RecordCase, RowDate
from retention.sample.stage import Stage
from retention.sample.tenants import SELF, days
from retention.sample.usage import stated

CATEGORY, AUDIT_LOG, REQUEST_LOG = "logs", "audit_log", "request_log"
EVERYDAY_AUDIT_RECORDS, REQUESTS = 500, 2500
_MESSAGES = ("settings changed", "report opened", "login", "logout", "export started", "assistant's greeting changed")
_PATHS = ("/", "/api/calls", "/api/transcripts", "/login", "/preise", "/static/app.js")
_LOGGED_UNTIL = days(23)
_DAILY_SINCE, _WEEKS, _AHEAD = days(9), 2, days(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCase(RecordCase):
    """A record of the audit log, `age` ago."""

    age: timedelta
    dated: RowDate = RowDate.TRUE
    place: str = AUDIT_LOG


AUDIT_CASES = (
    AuditCase(name="log_record_young", meaning="ten days old", expected="retain", age=days(10)),
    AuditCase(
        name="log_record_in_lead_window",
        meaning="13 days old: in the last 49 h of the 14 d",
        expected="due",
        age=days(13) - timedelta(hours=6),
    ),
    AuditCase(name="log_record_past_limit", meaning="16 days old", expected="overdue", age=days(16)),
    AuditCase(
        name="log_record_undated",
        meaning="the record does not say when; it was stored 16 days ago",
        expected="overdue",
        age=days(16),
        dated=RowDate.MISSING,
        fallback=True,
    ),
    AuditCase(
        name="log_record_in_future",
        meaning="logged in the future, by a clock a year ahead; it was stored 16 days ago",
        expected="overdue",
        age=days(16),
        dated=RowDate.FUTURE,
        fallback=True,
    ),
    AuditCase(
        name="log_record_in_future_young",
        meaning="logged in the future; it was stored five days ago",
        expected="retain",
        age=days(5),
        dated=RowDate.FUTURE,
        fallback=True,
    ),
    AuditCase(
        name="log_record_hold_on_item",
        meaning="16 days old; a hold on this very record: an exception, listed apart",
        expected="held",
        age=days(16),
        hold=HoldTerms("item", ends_ago=days(-60)),
    ),
)

PARTITION_CASES = (
    RecordCase(
        name="partition_past_limit",
        meaning="a week's partition that ended 16 days ago: dropped as a whole",
        expected="overdue",
        place=REQUEST_LOG,
        count=1,
    ),
    RecordCase(
        name="partition_too_wide",
        meaning="a week's partition whose oldest records are past 14 d and whose youngest are nine days old: goes row by row",
        expected="overdue",
        place=REQUEST_LOG,
        count=1,
    ),
    RecordCase(
        name="partition_young",
        meaning="a day's partition of the last nine days",
        expected="retain",
        place=REQUEST_LOG,
        count=9,
    ),
)


def play_log_tables(stage: Stage) -> None:
    """Put both logs and every item of every case on the stage."""
    for number in range(EVERYDAY_AUDIT_RECORDS):
        age = random.Random(f"{stage.seed}/audit/{number}").random() * days(11.5)
        _add_audit(stage, AuditCase(name="everyday", meaning="", expected="retain", age=age), number)
    for case in AUDIT_CASES:
        for number in range(case.count):
            _play_audit(stage, case, number)
    for number in range(REQUESTS):
        stage.company.rows.append(_request(stage.seed, stage.now, number))
    stage.company.partitions.extend(partitions(stage.now))
    for partition_case in PARTITION_CASES:
        for number, one in enumerate(_of_case(partition_case, stage.now)):
            record = Record(stage.seed, partition_case.name, number, REQUEST_LOG, SELF, one.name)
            stage.company.rows.append(record)


def partitions(now: datetime) -> list[Partition]:
    """Two weeks, then days, then three days ahead, so that records find their place until the next one is made."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first_day = today - _DAILY_SINCE
    weeks = [first_day - days(7) * number for number in range(_WEEKS, 0, -1)]
    daily = [first_day + days(number) for number in range((_DAILY_SINCE + _AHEAD).days)]
    return [_partition("week_", lower, 7) for lower in weeks] + [_partition("", lower, 1) for lower in daily]


def _partition(kind: str, lower: datetime, length: int) -> Partition:
    return Partition(f"logs.request_log_{kind}{lower:%Y%m%d}", lower, lower + days(length))


def _of_case(case: RecordCase, now: datetime) -> list[Partition]:
    first_week, second_week, *daily = partitions(now)
    return {"partition_past_limit": [first_week], "partition_too_wide": [second_week]}.get(
        case.name, daily[: case.count]
    )


def _request(seed: int, now: datetime, number: int) -> RequestRecord:
    draw = random.Random(f"{seed}/request/{number}")
    first_day = now.replace(hour=0, minute=0, second=0, microsecond=0) - _LOGGED_UNTIL
    at = first_day + draw.random() * (now - first_day)
    request_id = sample_number(seed, "request", number)
    status = draw.choice((200, 200, 200, 304, 404))
    address = f"198.51.100.{draw.randrange(1, 255)}"
    return RequestRecord(
        request_id, at, at, "GET", draw.choice(_PATHS), status, address, "Mozilla/5.0 (X11; Linux x86_64)"
    )


def _play_audit(stage: Stage, case: AuditCase, number: int) -> None:
    event_id = str(_add_audit(stage, case, number))
    stage.show(case, number, category=CATEGORY, tenant_id=SELF, item_id=event_id, arose_at=stage.now - case.age)


def _add_audit(stage: Stage, case: AuditCase, number: int) -> int:
    event_id = sample_number(stage.seed, "audit", case.name, number)
    draw = random.Random(event_id)
    at = stage.now - case.age - timedelta(minutes=number)
    message = f"user-{draw.randrange(40):02d} {draw.choice(_MESSAGES)}"
    stage.company.rows.append(AuditRecord(event_id, stated(at, case.dated), at + timedelta(seconds=1), message))
    return event_id
