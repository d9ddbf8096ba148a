"""How numbers, ages and instants read."""

from datetime import UTC, datetime

import pytest

from retention.reports import formats

HOUR_S = 3_600
DAY_S = 86_400


@pytest.mark.parametrize(
    ("seconds", "en", "de"),
    [
        pytest.param(None, "unknown", "unbekannt", id="unknown_is_a_word"),
        pytest.param(0, "0 s", "0 Sek.", id="zero"),
        pytest.param(0.4, "0 s", "0 Sek.", id="below_a_second"),
        pytest.param(59, "59 s", "59 Sek.", id="below_a_minute"),
        pytest.param(2 * HOUR_S, "2 h", "2 Std.", id="whole_hours"),
        pytest.param(49 * HOUR_S + 61, "49 h 1 min", "49 Std. 1 Min.", id="hours_below_three_days"),
        pytest.param(3 * DAY_S - 1, "71 h 59 min", "71 Std. 59 Min.", id="just_below_three_days"),
        pytest.param(3 * DAY_S, "3 days", "3 Tage", id="three_days"),
        pytest.param(27 * DAY_S + 23 * HOUR_S, "27 days 23 h", "27 Tage 23 Std.", id="days_and_hours"),
        pytest.param(30 * DAY_S + 59, "30 days", "30 Tage", id="no_seconds_beside_days"),
        pytest.param(-2 * HOUR_S, "−2 h", "−2 Std.", id="negative"),
    ],
)
def test_age_reads_in_two_units(seconds: float | None, en: str, de: str) -> None:
    assert (formats.age(seconds, "en"), formats.age(seconds, "de")) == (en, de)


@pytest.mark.parametrize(
    ("at", "en", "de"),
    [
        pytest.param(
            datetime(2026, 1, 5, 23, 30, tzinfo=UTC),
            "6 January 2026, 00:30 CET",
            "06.01.2026, 00:30 Uhr MEZ",
            id="winter",
        ),
        pytest.param(
            datetime(2026, 7, 5, 23, 30, tzinfo=UTC),
            "6 July 2026, 01:30 CEST",
            "06.07.2026, 01:30 Uhr MESZ",
            id="summer",
        ),
        pytest.param(None, "unknown", "unbekannt", id="unknown"),
    ],
)
def test_instants_read_in_berlin_time(at: datetime | None, en: str, de: str) -> None:
    assert (formats.instant(at, "en"), formats.instant(at, "de")) == (en, de)


def test_unknown_number_is_never_zero() -> None:
    assert (formats.number(None, "en"), formats.number(0, "en")) == ("unknown", "0")


def test_thousands_are_separated_as_the_language_does() -> None:
    assert (formats.number(1_284_003, "en"), formats.number(1_284_003, "de")) == ("1,284,003", "1.284.003")
