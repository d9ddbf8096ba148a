"""What verification reads from a key: a day that is none must not end the check."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from retention.verification.territory import KeyDate, read_key

PATTERN = re.compile(
    "^(?P<tenant>[^/]+)/(?:(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})|undated)/", re.ASCII
)


@pytest.mark.parametrize("year", ["99999999999999999999", " 2026", "２０２６", "20.6"])
def test_what_is_no_plain_number_is_no_year(year: str) -> None:
    pattern = re.compile("^(?P<year>[^/]+)/(?P<month>[^/]+)/(?P<day>[^/]+)/")
    assert read_key(pattern, f"{year}/01/02/x") == KeyDate(None, None)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param("nord/2026-01-02/x", KeyDate(datetime(2026, 1, 2, tzinfo=UTC), "nord"), id="day"),
        pytest.param("nord/2026-02-30/x", KeyDate(None, "nord"), id="in_no_calendar"),
        pytest.param("nord/undated/x", KeyDate(None, "nord"), id="alternative_without_a_day"),
        pytest.param("x", KeyDate(None, None), id="another_key"),
    ],
)
def test_key_tells_day_and_tenant(key: str, expected: KeyDate) -> None:
    assert read_key(PATTERN, key) == expected
