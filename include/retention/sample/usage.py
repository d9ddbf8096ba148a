"""Usage events: everyday ones, anonymised where they are older, and the named cases."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from retention.sample.ids import sample_number
from retention.sample.rows_categories import UsageEvent
from retention.sample.situation import HoldTerms, RecordCase, RowDate
from retention.sample.stage import Stage
from retention.sample.tenants import SELF, days

CATEGORY, PLACE = "usage", "usage_events"
EVERYDAY_EVENTS = 900
ANONYMISED = "anonymised"
_RAW_UNTIL, _ANONYMISED_FROM, _OLDEST = days(11), days(13), days(60)
_PAGES = ("/", "/preise", "/funktionen", "/kontakt", "/hilfe/anfang", "/blog/anrufe-annehmen")
_PROGRAMS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
)


class Anonymised(StrEnum):
    """How far a row has been anonymised."""

    NOT = "not"
    HALF = "half"  # somebody's script forgot the device
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCase(RecordCase):
    """An event, `age` ago."""

    age: timedelta
    dated: RowDate = RowDate.TRUE
    anonymised: Anonymised = Anonymised.NOT
    place: str = PLACE


USAGE_CASES = (
    UsageCase(name="usage_young", meaning="nine days old", expected="retain", age=days(9)),
    UsageCase(
        name="usage_in_lead_window",
        meaning="13 days old: in the last 49 h of the 14 d",
        expected="due",
        age=days(13) - timedelta(hours=6),
    ),
    UsageCase(name="usage_past_limit", meaning="16 days old, nothing anonymised", expected="overdue", age=days(16)),
    UsageCase(
        name="usage_half_anonymised",
        meaning="17 days old; address and program are gone, the device is still there",
        expected="overdue",
        age=days(17),
        anonymised=Anonymised.HALF,
    ),
    UsageCase(
        name="usage_anonymised",
        meaning="20 days old, anonymised: nothing is left that could name a person, so it stays",
        expected="retain",
        age=days(20),
        anonymised=Anonymised.WHOLE,
    ),
    UsageCase(
        name="usage_undated",
        meaning="the row does not say when; it was stored 16 days ago",
        expected="overdue",
        age=days(16),
        dated=RowDate.MISSING,
        fallback=True,
    ),
    UsageCase(
        name="usage_in_future",
        meaning="collected in the future, by a clock a year ahead; it was stored 16 days ago",
        expected="overdue",
        age=days(16),
        dated=RowDate.FUTURE,
        fallback=True,
    ),
    UsageCase(
        name="usage_hold_on_item",
        meaning="16 days old; a hold on this very event",
        expected="held",
        age=days(16),
        hold=HoldTerms("item", ends_ago=days(-60)),
    ),
)


def play_usage(stage: Stage) -> None:
    """Put everyday events and every item of every case on the stage."""
    for number in range(EVERYDAY_EVENTS):
        draw = random.Random(f"{stage.seed}/usage/{number}")
        is_old = draw.random() < 0.4
        age = _ANONYMISED_FROM + draw.random() * (_OLDEST - _ANONYMISED_FROM) if is_old else draw.random() * _RAW_UNTIL
        anonymised = Anonymised.WHOLE if is_old else Anonymised.NOT
        _add(stage, UsageCase(name="everyday", meaning="", expected="retain", age=age, anonymised=anonymised), number)
    for case in USAGE_CASES:
        for number in range(case.count):
            _play(stage, case, number)


def _play(stage: Stage, case: UsageCase, number: int) -> None:
    event_id = str(_add(stage, case, number))
    stage.show(case, number, category=CATEGORY, tenant_id=SELF, item_id=event_id, arose_at=stage.now - case.age)


def _add(stage: Stage, case: UsageCase, number: int) -> int:
    event_id = sample_number(stage.seed, "usage", case.name, number)
    draw = random.Random(event_id)
    at = stage.now - case.age - timedelta(minutes=number)
    address: str | None = f"203.0.113.{draw.randrange(1, 255)}"
    device = f"device-{draw.getrandbits(48):012x}"
    program = draw.choice(_PROGRAMS)
    if case.anonymised is not Anonymised.NOT:
        address, program = None, ANONYMISED
    if case.anonymised is Anonymised.WHOLE:
        device = ANONYMISED
    stage.company.rows.append(
        UsageEvent(
            event_id, stated(at, case.dated), at + timedelta(seconds=1), address, program, device, draw.choice(_PAGES)
        )
    )
    return event_id


def stated(at: datetime, dated: RowDate) -> datetime | None:
    """What a row says about its own time."""
    match dated:
        case RowDate.MISSING:
            return None
        case RowDate.FUTURE:
            return at + timedelta(days=365)
        case _:
            return at
