"""Periods and calendars: ISO 8601 texts to elapsed time, and year ends in German local time (clauses.md, "Time")."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import isodate
from pydantic import BeforeValidator

BERLIN = ZoneInfo("Europe/Berlin")
_YEARS = re.compile(r"P([1-9]\d{0,2})Y")


def parse_elapsed(text: object) -> timedelta:
    """Read a period of elapsed time, such as `P30D` or `PT49H`: 14 d are 336 h, whatever the clocks do in between.

    Raises ValueError for a bare number, a text that is not ISO 8601, months or years (their length is no fixed time)
    and for negative periods.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str):
        raise ValueError(
            f"{text!r}, a bare {type(text).__name__}|an ISO 8601 period with its unit, such as P30D or PT49H"
        )
    try:
        period = isodate.parse_duration(text)
    except (isodate.ISO8601Error, ValueError):
        raise ValueError(f"{text!r}|an ISO 8601 period, such as P30D or PT49H") from None
    if not isinstance(period, timedelta):
        raise ValueError(f"{text!r}, whose months or years have no fixed length|days or hours, such as P30D or PT49H")
    if period < timedelta(0):
        raise ValueError(f"{text!r}, a negative period|a period of zero or more")
    return period


def parse_years(text: object) -> int:
    """Read a statutory period in whole calendar years, such as `P8Y`; raises ValueError for anything else."""
    match = _YEARS.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r}|whole calendar years, such as P8Y")
    return int(match.group(1))


def parse_date(value: object) -> date:
    """Read a calendar day; YAML gives a date, JSON a text. A time of day is refused: rules take effect at midnight."""
    if isinstance(value, datetime) or not isinstance(value, (date, str)):
        raise ValueError(f"{value!r}|a calendar day, such as 2025-08-03")
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r}|a calendar day, such as 2025-08-03") from None


Elapsed = Annotated[timedelta, BeforeValidator(parse_elapsed)]
Years = Annotated[int, BeforeValidator(parse_years)]
Day = Annotated[date, BeforeValidator(parse_date)]


def start_of_day(day: date) -> datetime:
    """Midnight in Berlin at the start of `day`, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)


def end_of_year_plus(start: datetime, years: int) -> datetime:
    """The first instant after `years` full calendar years (Berlin) that begin at the end of `start`'s year.

    A voucher of 2025-08-15 with 8 years is kept until 2033-12-31 and may go from 2034-01-01 on (clauses.md).
    """
    return start_of_day(date(start.astimezone(BERLIN).year + 1 + years, 1, 1))


def format_elapsed(period: timedelta, language: str = "en") -> str:
    """A period in words: `30 days`, `27 days 23 hours`, `49 hours`, `90 minutes`. Under three days, hours read better."""
    seconds = int(period.total_seconds())
    days, rest = divmod(seconds, 86_400)
    if days >= 3 and rest and rest % 3_600 == 0:
        return f"{_counted(days, 'day', language)} {_counted(rest // 3_600, 'hour', language)}"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            return _counted(seconds // length, unit, language)
    return _counted(seconds, "second", language)


def _counted(count: int, unit: str, language: str) -> str:
    return f"{count} {_UNITS[language][unit][count != 1]}"


_UNITS: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "day": ("day", "days"),
        "hour": ("hour", "hours"),
        "minute": ("minute", "minutes"),
        "second": ("second", "seconds"),
    },
    "de": {
        "day": ("Tag", "Tagen"),
        "hour": ("Stunde", "Stunden"),
        "minute": ("Minute", "Minuten"),
        "second": ("Sekunde", "Sekunden"),
    },
}
