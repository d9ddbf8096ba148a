"""Periods and calendars: ISO 8601 texts to elapsed time, and year ends in German local time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from retention.strict import refuse, shown

BERLIN = ZoneInfo("Europe/Berlin")
_ELAPSED = re.compile(
    r"P(?!$)(?:(?P<weeks>[0-9]{1,5})W)?(?:(?P<days>[0-9]{1,5})D)?"
    r"(?:T(?!$)(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,8})M)?(?:(?P<seconds>[0-9]{1,9})S)?)?"
)
_CALENDAR = re.compile(r"P(?=[0-9]+[YM])[0-9YMWDTHS]+")
_YEARS = re.compile(r"P([1-9][0-9]{0,2})Y")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
"""Days outside of these years are slips of the pen, such as 0025-08-03."""


def parse_elapsed(text: object) -> timedelta:
    """Read a period of elapsed time, such as `P30D` or `PT49H`: 14 d are 336 h, whatever the clocks do in between.

    Only whole weeks, days, hours, minutes and seconds. Refuses a bare number, months or years (their length is no fixed
    time), negative periods and everything else.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str):
        is_number = isinstance(text, (int, float)) and not isinstance(text, bool)
        found = f"the number {text}, without a unit" if is_number else shown(text)
        raise refuse(found, "a period with its unit, such as P30D (30 days) or PT49H (49 hours)")
    match = _ELAPSED.fullmatch(text)
    if match is not None:
        return timedelta(**{unit: int(count) for unit, count in match.groupdict(default="0").items()})
    if _CALENDAR.fullmatch(text):
        expected = "days or hours, such as P30D or PT49H (P1M is a month, PT1M a minute)"
        raise refuse(f"{text!r}: months and years have no fixed length", expected)
    if text.startswith("-") or "-" in text[:2]:
        raise refuse(f"{text!r}, a negative period", "a period of zero or more, such as P30D")
    raise refuse(shown(text), "an ISO 8601 period in whole days, hours, minutes or seconds, such as P30D or PT49H")


def parse_years(text: object) -> int:
    """Read a statutory period in whole calendar years, such as `P8Y`; refuses anything else."""
    match = _YEARS.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise refuse(shown(text), "whole calendar years, such as P8Y")
    return int(match.group(1))


def parse_date(value: object) -> date:
    """Read a calendar day; YAML gives a date, JSON a text. A time of day is refused: rules take effect at midnight."""
    day = value if isinstance(value, date) and not isinstance(value, datetime) else None
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise refuse(f"{value!r}, a day that does not exist", "a calendar day, such as 2025-08-03") from None
    if day is None:
        raise refuse(shown(value), "a calendar day, such as 2025-08-03")
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise refuse(f"{day}", f"a day from {_FIRST_YEAR} to {_LAST_YEAR}")
    return day


Elapsed = Annotated[timedelta, BeforeValidator(parse_elapsed)]
Years = Annotated[int, BeforeValidator(parse_years)]
Day = Annotated[date, BeforeValidator(parse_date)]


def start_of_day(day: date) -> datetime:
    """Midnight in Berlin at the start of `day`, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)


def end_of_year_plus(start: datetime, years: int) -> datetime:
    """The first instant after `years` full calendar years (Berlin) that begin at the end of `start`'s year.

    A voucher of 2025-08-15 with 8 years is kept until 2033-12-31 and may go from 2034-01-01 on.
    """
    return start_of_day(date(start.astimezone(BERLIN).year + 1 + years, 1, 1))


def format_elapsed(period: timedelta, language: Literal["en", "de"] = "en", *, dative: bool = False) -> str:
    """A period in words: `30 days`, `27 days and 23 hours`, `49 hours`, `90 minutes`. Under three days, hours read better.

    German in the nominative and accusative (`30 Tage`), or in the dative, as after "nach" and "von" (`30 Tagen`).
    """
    seconds = int(period.total_seconds())
    if seconds < 3 * 86_400:
        unit, length = next(((unit, n) for unit, n in _LENGTHS if seconds >= n and seconds % n == 0), ("second", 1))
        return _counted(seconds // length, unit, language, dative)
    parts = []
    for unit, length in _LENGTHS:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(_counted(count, unit, language, dative))
    return _AND[language].join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else parts[0]


def _counted(count: int, unit: str, language: str, dative: bool) -> str:
    forms = _UNITS[language][unit]
    return f"{count} {forms[0] if count == 1 else forms[2 if dative else 1]}"


_LENGTHS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_AND = {"en": " and ", "de": " und "}
_UNITS = {
    "en": {
        "day": ("day", "days", "days"),
        "hour": ("hour", "hours", "hours"),
        "minute": ("minute", "minutes", "minutes"),
        "second": ("second", "seconds", "seconds"),
    },
    "de": {
        "day": ("Tag", "Tage", "Tagen"),
        "hour": ("Stunde", "Stunden", "Stunden"),
        "minute": ("Minute", "Minuten", "Minuten"),
        "second": ("Sekunde", "Sekunden", "Sekunden"),
    },
}
