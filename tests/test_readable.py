"""How durations and instants read."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from retention.readable import duration, utc_minute

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


@pytest.mark.parametrize(
    ("seconds", "en", "de"),
    [
        pytest.param(0, "0 s", "0 Sek.", id="zero"),
        pytest.param(0.4, "0 s", "0 Sek.", id="below_a_second"),
        pytest.param(59, "59 s", "59 Sek.", id="below_a_minute"),
        pytest.param(12 * MINUTE_S + 30, "12 min", "12 Min.", id="no_seconds_beside_minutes"),
        pytest.param(2 * HOUR_S + 59, "2 h", "2 Std.", id="no_seconds_beside_hours"),
        pytest.param(49 * HOUR_S + 61, "49 h 1 min", "49 Std. 1 Min.", id="hours_below_three_days"),
        pytest.param(3 * DAY_S - 1, "71 h 59 min", "71 Std. 59 Min.", id="just_below_three_days"),
        pytest.param(3 * DAY_S, "3 days", "3 Tage", id="three_days"),
        pytest.param(4 * DAY_S + 22 * HOUR_S, "4 days 22 h", "4 Tage 22 Std.", id="days_and_hours"),
        pytest.param(30 * DAY_S + 59 * MINUTE_S, "30 days", "30 Tage", id="no_minutes_beside_days"),
        pytest.param(-2 * HOUR_S, "2 h", "2 Std.", id="sign_is_left_to_the_words"),
    ],
)
def test_a_duration_reads_in_two_units_at_most(seconds: float, en: str, de: str) -> None:
    assert (duration(seconds, "en"), duration(seconds, "de")) == (en, de)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        pytest.param(datetime(2026, 11, 23, 5, 6, 59, 999_999, tzinfo=UTC), "2026-11-23 05:06 UTC", id="no_seconds"),
        pytest.param(
            datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "2025-12-31 23:30 UTC", id="other_zone"
        ),
        pytest.param(None, "never", id="never"),
    ],
)
def test_an_instant_reads_to_the_minute_in_utc(at: datetime | None, text: str) -> None:
    assert utc_minute(at) == text
