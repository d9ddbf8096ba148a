"""What verification reads in log files: the same truth as disposal's tests, by code of its own."""

from __future__ import annotations

import gzip
import io
import random
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.log_lines import (
    CONTINUED,
    FILES,
    FORMATS,
    GOOD,
    INSTANTS,
    LINES,
    NOW,
    OFFSETS,
    UNDATED,
    WHOLE,
    YEARS,
    at,
    written,
)

from retention.stores.record_times import read_times
from retention.verification.record_times import BEGINNING_BYTES, LONGEST_LINE, Records, read_records

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


def read(content: bytes, *, stored_at: datetime = NOW, now: datetime = NOW) -> Records:
    return read_records(io.BytesIO(content), stored_at=stored_at, now=now)


@pytest.mark.parametrize(("line", "expected"), FORMATS)
def test_each_format_says_when(line: str, expected: datetime) -> None:
    found = read(f"{line}\n".encode())
    assert (found.oldest, found.youngest, found.is_whole) == (expected, expected, True)


@pytest.mark.parametrize(
    ("line", "is_undated"),
    [
        *(pytest.param(*one.values, False, id=one.id) for one in CONTINUED),
        *(pytest.param(*one.values, True, id=one.id) for one in UNDATED),
    ],
)
def test_a_line_without_a_time_gives_none_and_may_be_a_record(line: str, is_undated: bool) -> None:
    found = read(f"2026-11-01T10:00:00Z a\n{line}\n2026-11-02T10:00:00Z b\n".encode())
    assert (found.oldest, found.youngest) == (at(2026, 11, 1, 10), at(2026, 11, 2, 10))
    assert (found.has_undated, found.begins_undated) == (is_undated, False)
    assert read(line.encode()).oldest is None


@pytest.mark.parametrize(
    ("head", "begins_undated"),
    [
        pytest.param("", False, id="nothing"),
        pytest.param("#Version: 1.0\n\n \n", False, id="comments_and_blanks"),
        pytest.param("Server started\n", True, id="text"),
        pytest.param("    at frame\n", True, id="what_continues_nothing"),
        pytest.param("2999-01-01T00:00:00Z x\n", True, id="future"),
    ],
)
def test_what_stands_before_the_first_time_may_be_older(head: str, begins_undated: bool) -> None:
    assert read(f"{head}2026-11-01T10:00:00Z a\n".encode()).begins_undated is begins_undated


@pytest.mark.parametrize(
    "line",
    [
        '{"ts":"2026-11-02T00:00:00Z","datetime":"2026-11-01T10:00:00Z","u":{"time":"2001-01-01T00:00:00Z"}}',
        '{"Records":[{"eventTime":"2026-11-02T00:00:00Z"},{"eventTime":"2026-11-01T10:00:00Z"}]}',
        "ts=2026-11-02T00:00:00Z time=2026-11-01T10:00:00Z",
    ],
)
def test_of_the_times_in_one_record_the_oldest_and_the_youngest_count(line: str) -> None:
    found = read(line.encode())
    assert (found.oldest, found.youngest, found.has_undated) == (at(2026, 11, 1, 10), at(2026, 11, 2), False)


@pytest.mark.parametrize(("content", "expected", "is_whole"), FILES)
def test_what_can_be_read_counts_and_the_rest_is_said(
    content: bytes, expected: tuple[datetime | None, datetime | None], is_whole: bool
) -> None:
    found = read(content)
    assert (found.oldest, found.youngest, found.is_whole) == (*expected, is_whole)


@pytest.mark.parametrize(("stamp", "stored_at", "expected"), YEARS)
def test_a_time_without_a_year_is_of_the_last_that_had_come(
    stamp: str, stored_at: datetime, expected: datetime
) -> None:
    now = max(stored_at, at(2027, 1, 5)) if stamp != "Jan  1 00:30:00" else stored_at
    assert read(f"{stamp} host x".encode(), stored_at=stored_at, now=now).oldest == expected


@pytest.mark.parametrize(
    ("ahead", "counts"),
    [
        pytest.param(HOUR, True, id="an_hour_ahead_exactly"),
        pytest.param(HOUR + MICROSECOND, False, id="beyond_an_hour_ahead"),
    ],
)
def test_a_time_in_the_future_is_noted_and_dates_nothing(ahead: timedelta, counts: bool) -> None:
    said = NOW + ahead
    for line in (f"{said.isoformat()} x", f'{{"time": "{said.isoformat()}"}}'):
        found = read(f"{line}\n2026-11-01T10:00:00Z y".encode())
        assert (found.oldest, found.ahead) == (at(2026, 11, 1, 10), None if counts else said)
        assert found.youngest == (NOW if counts else at(2026, 11, 1, 10))


def test_a_file_is_known_by_its_first_bytes_however_it_is_packed() -> None:
    long = GOOD * (BEGINNING_BYTES // len(GOOD) + 1)
    assert {read(content).beginning for content in (long, gzip.compress(long), long + GOOD)} == {long[:BEGINNING_BYTES]}
    assert {read(content).beginning for content in (GOOD, gzip.compress(GOOD))} == {GOOD}
    damaged = b"\x1f\x8b\x08\x00broken"
    assert (read(b"").beginning, read(damaged).beginning) == (b"", damaged)


@pytest.mark.parametrize(
    ("line", "oldest", "is_whole"),
    [
        pytest.param(b"2026-11-01T10:00:00Z " + b"x" * 3 * LONGEST_LINE, at(2026, 11, 1, 10), True, id="time_at_its_start"),
        pytest.param(b'{"m":"' + b"x" * 3 * LONGEST_LINE + b'","ts":1793527200}', at(2026, 11, 3, 10), False, id="json"),
    ],
)  # fmt: skip
def test_a_huge_line_hides_no_other(line: bytes, oldest: datetime, is_whole: bool) -> None:
    found = read(line + b"\n2026-11-03T10:00:00Z y\n")
    assert (found.oldest, found.youngest, found.is_whole) == (oldest, at(2026, 11, 3, 10), is_whole)


def test_a_gz_file_that_unfolds_without_end_is_given_up() -> None:
    found = read(gzip.compress(GOOD + b"x" * 200_000_000, 9))
    assert (found.oldest, found.youngest, found.is_whole) == (*WHOLE, False)


@given(LINES, st.booleans())
def test_both_sides_read_the_same_in_files_of_known_formats(lines: list[str], packed: bool) -> None:
    content = "\n".join(lines).encode()
    content = gzip.compress(content) if packed else content
    ours, theirs = read(content), read_times([content], stored_at=NOW, now=NOW)
    is_bounded = ours.youngest is not None and (ours.has_undated or ours.ahead is not None)
    assert (ours.oldest, NOW if is_bounded else ours.youngest) == (theirs.oldest, theirs.youngest)
    assert ours.begins_undated == theirs.begins_undated
    assert (ours.is_whole, ours.ahead is None) == (not theirs.unread, theirs.ahead == 0)


@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_no_age(lines: list[str], any_way: random.Random) -> None:
    found = read("\n".join(lines).encode())
    any_way.shuffle(lines)
    again = read("\n".join(lines).encode())
    assert (again.oldest, again.youngest, again.ahead) == (found.oldest, found.youngest, found.ahead)
    assert found.oldest is None or found.oldest <= (found.youngest or found.oldest) <= NOW


@given(INSTANTS, OFFSETS, st.integers(0, 3))
def test_every_instant_is_read_back(instant: datetime, zone: timezone, form: int) -> None:
    found = read(written(instant.astimezone(zone), form).encode())
    assert found.oldest is not None and abs(found.oldest - instant) < timedelta(seconds=1)


@given(st.binary(max_size=300))
def test_no_content_raises(content: bytes) -> None:
    for body in (
        content,
        gzip.compress(content),
        b"\x1f\x8b\x08\0" + content,
        b"2026-" + content,
        b'{"time":' + content,
    ):
        read(body)
