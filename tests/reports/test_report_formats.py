"""How numbers, ages and instants read."""

from datetime import UTC, datetime

import pytest

from retention.reports import formats


@pytest.mark.parametrize(
    ("seconds", "en", "de"),
    [
        pytest.param(None, "unknown", "unbekannt", id="unknown_is_a_word"),
        pytest.param(90_000, "25 h", "25 Std.", id="period"),
        pytest.param(-7_200, "−2 h", "−2 Std.", id="negative"),
        pytest.param(-0.5, "0 s", "0 Sek.", id="no_sign_before_nothing"),
    ],
)
def test_age_reads_as_a_duration_with_its_sign(seconds: float | None, en: str, de: str) -> None:
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
