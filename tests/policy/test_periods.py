"""Periods and calendars: what is read, what is refused, and how a period reads in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from retention.policy.periods import (
    BERLIN,
    end_of_year_plus,
    format_elapsed,
    parse_date,
    parse_elapsed,
    parse_years,
    start_of_day,
)

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        pytest.param("P30D", timedelta(hours=720), id="days_are_24_hours"),
        pytest.param("P2W", timedelta(hours=336), id="weeks"),
        pytest.param("PT49H", timedelta(hours=49), id="hours"),
        pytest.param("PT1M", timedelta(minutes=1), id="minute_not_month"),
        pytest.param("PT90S", timedelta(seconds=90), id="seconds"),
        pytest.param("P1DT12H30M5S", timedelta(days=1, hours=12, minutes=30, seconds=5), id="all_units"),
        pytest.param("PT0S", timedelta(0), id="nothing"),
        pytest.param("P99999D", timedelta(days=99_999), id="longest"),
    ],
)
def test_period_is_elapsed_time(text: str, period: timedelta) -> None:
    assert parse_elapsed(text) == period


NO_PERIODS = (
    *("", "P", "PT", "P1DT", "30", "30D", "P30", "p30d", " P30D", "P30D\n", "P1.5D", "P1,5D", "+P1D", "-P1D", "P-1D"),
    *("P1M", "P1Y", "P0Y30D", "P0M", "P1Y2M3D", "P9999999999D", "P0000-00-30", "P\u0663D", "PT1H1D", "P1D1W"),
    *(30, 3.5, True, None),
)
NO_DAYS = (
    *("2025-02-29", "20250803", "2025-W31-7", "2025-8-3", "3.8.2025", "", "0001-01-01", "9999-12-31"),
    *(20250803, None, datetime(2025, 8, 3, tzinfo=UTC), date(1969, 12, 31), date(2200, 1, 1)),
)


@pytest.mark.parametrize("text", NO_PERIODS)
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(PydanticCustomError):
        parse_elapsed(text)


@pytest.mark.parametrize(
    "text", ["P0Y", "8", "P8", "P8Y6M", "P1000Y", "P08Y", "p8y", "-P8Y", "P8.5Y", 8, timedelta(days=1), None]
)
def test_statutory_period_is_whole_years_or_refused(text: object) -> None:
    assert parse_years("P8Y") == 8
    with pytest.raises(PydanticCustomError):
        parse_years(text)


@pytest.mark.parametrize("value", NO_DAYS)
def test_day_is_a_day_of_our_time_or_refused(value: object) -> None:
    assert parse_date("2028-02-29") == date(2028, 2, 29)
    with pytest.raises(PydanticCustomError):
        parse_date(value)


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        pytest.param(date(2026, 1, 1), datetime(2025, 12, 31, 23, tzinfo=UTC), id="winter"),
        pytest.param(date(2026, 7, 1), datetime(2026, 6, 30, 22, tzinfo=UTC), id="summer"),
        pytest.param(date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), id="clocks_go_forward"),
        pytest.param(date(2026, 3, 30), datetime(2026, 3, 29, 22, tzinfo=UTC), id="day_after"),
        pytest.param(date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), id="clocks_go_back"),
        pytest.param(date(2026, 10, 26), datetime(2026, 10, 25, 23, tzinfo=UTC), id="day_after_that"),
    ],
)
def test_day_starts_at_midnight_in_berlin(day: date, instant: datetime) -> None:
    assert start_of_day(day) == instant


@pytest.mark.parametrize(
    ("start", "years", "end"),
    [
        pytest.param(datetime(2025, 8, 15, tzinfo=UTC), 8, datetime(2033, 12, 31, 23, tzinfo=UTC), id="invoice"),
        pytest.param(
            datetime(2025, 12, 31, 22, 59, tzinfo=UTC), 1, datetime(2026, 12, 31, 23, tzinfo=UTC), id="old_year"
        ),
        pytest.param(
            datetime(2025, 12, 31, 23, 0, tzinfo=UTC), 1, datetime(2027, 12, 31, 23, tzinfo=UTC), id="new_year"
        ),
        pytest.param(datetime(2024, 2, 29, tzinfo=UTC), 6, datetime(2030, 12, 31, 23, tzinfo=UTC), id="leap_day"),
    ],
)
def test_years_begin_at_the_end_of_the_year_in_berlin(start: datetime, years: int, end: datetime) -> None:
    assert end_of_year_plus(start, years) == end
    assert end_of_year_plus(start.astimezone(BERLIN), years) == end


@pytest.mark.parametrize(
    ("period", "english", "german", "dative"),
    [
        (0 * HOUR, "0 seconds", "0 Sekunden", "0 Sekunden"),
        (timedelta(seconds=1), "1 second", "1 Sekunde", "1 Sekunde"),
        (timedelta(minutes=90), "90 minutes", "90 Minuten", "90 Minuten"),
        (HOUR, "1 hour", "1 Stunde", "1 Stunde"),
        (24 * HOUR, "1 day", "1 Tag", "1 Tag"),
        (48 * HOUR, "2 days", "2 Tage", "2 Tagen"),
        (49 * HOUR, "49 hours", "49 Stunden", "49 Stunden"),
        (671 * HOUR, "27 days and 23 hours", "27 Tage und 23 Stunden", "27 Tagen und 23 Stunden"),
        (720 * HOUR, "30 days", "30 Tage", "30 Tagen"),
        (timedelta(days=4, hours=1, minutes=5), "4 days, 1 hour and 5 minutes", "4 Tage, 1 Stunde und 5 Minuten",
         "4 Tagen, 1 Stunde und 5 Minuten"),
    ],
)  # fmt: skip
def test_period_in_words(period: timedelta, english: str, german: str, dative: str) -> None:
    words = format_elapsed(period), format_elapsed(period, "de"), format_elapsed(period, "de", dative=True)
    assert words == (english, german, dative)


@given(seconds=st.integers(0, 10**9))
def test_words_lose_no_second(seconds: int) -> None:
    lengths = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
    words = format_elapsed(timedelta(seconds=seconds)).replace(" and ", ", ").split(", ")
    assert sum(int(count) * lengths[unit.rstrip("s")] for count, unit in (word.split() for word in words)) == seconds
