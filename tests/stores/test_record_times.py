"""How old the records of a log file are: the formats one by one, and what can be wrong with a file."""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Iterator
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

from retention.stores.record_times import EXPANSION_FREE_BYTES, LONGEST_LINE_BYTES, RecordTimes, read_times

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
BEFORE_ALL = at(1990)
"""A file's own date that is older than its records."""


def in_chunks(content: bytes, size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def times(content: bytes, *, stored_at: datetime = NOW, now: datetime = NOW, size: int = 1000) -> RecordTimes:
    return read_times(in_chunks(content, size), stored_at=stored_at, now=now)


@pytest.mark.parametrize(("line", "expected"), FORMATS)
def test_each_format_says_when(line: str, expected: datetime) -> None:
    assert times(f"{line}\n".encode()) == RecordTimes(expected, expected, 1)


@pytest.mark.parametrize("line", CONTINUED)
def test_a_line_that_plainly_continues_belongs_to_the_record_before(line: str) -> None:
    around = f"2026-11-01T10:00:00Z a\n{line}\n2026-11-02T10:00:00Z b\n"
    assert times(around.encode()) == RecordTimes(at(2026, 11, 1, 10), at(2026, 11, 2, 10), 2)


@pytest.mark.parametrize("line", UNDATED)
def test_another_line_without_a_time_may_be_as_young_as_the_file(line: str) -> None:
    assert times(line.encode()) == RecordTimes(None, None, 0, begins_undated=True, has_undated=True)
    around = f"2026-11-01T10:00:00Z a\n{line}\n2026-11-02T10:00:00Z b\n"
    assert times(around.encode()) == RecordTimes(at(2026, 11, 1, 10), NOW, 2, has_undated=True)
    written = times(around.encode(), stored_at=at(2026, 11, 5))
    assert (written.oldest, written.youngest) == (at(2026, 11, 1, 10), at(2026, 11, 5))


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
    assert times(f"{head}2026-11-01T10:00:00Z a\n".encode()).begins_undated is begins_undated


def test_of_the_times_in_one_object_the_oldest_and_the_youngest_count() -> None:
    found = times(
        b'{"ts":"2026-11-02T00:00:00Z","datetime":"2026-11-01T10:00:00Z","u":{"time":"2001-01-01T00:00:00Z"}}'
    )
    assert found == RecordTimes(at(2026, 11, 1, 10), at(2026, 11, 2), 1)


@pytest.mark.parametrize(
    ("ahead", "counts"),
    [
        pytest.param(timedelta(0), True, id="now"),
        pytest.param(HOUR, True, id="an_hour_ahead_exactly"),
        pytest.param(HOUR + MICROSECOND, False, id="beyond_an_hour_ahead"),
        pytest.param(365 * DAY, False, id="next_year"),
    ],
)
def test_a_time_in_the_future_is_none_beyond_what_clocks_differ(ahead: timedelta, counts: bool) -> None:
    content = f"{(NOW + ahead).isoformat()} x\n2026-11-01T10:00:00Z y".encode()
    found = times(content, stored_at=at(2026, 11, 2))
    assert (found.oldest, found.records, found.ahead) == (at(2026, 11, 1, 10), 2 if counts else 1, 0 if counts else 1)
    assert found.youngest == (NOW if counts else at(2026, 11, 2))


@pytest.mark.parametrize(
    ("ahead", "counts"),
    [pytest.param(14 * HOUR, True, id="east_of_all"), pytest.param(14 * HOUR + MICROSECOND, False, id="beyond_all_zones")],
)  # fmt: skip
def test_local_time_without_its_offset_may_lie_ahead_as_far_as_zones_do(ahead: timedelta, counts: bool) -> None:
    found = times(f"{(NOW + ahead).replace(tzinfo=None)} x".encode())
    assert found.youngest == (NOW if counts else None)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        pytest.param("25/Oct/2026:02:30:00 +0200", at(2026, 10, 25, 0, 30), id="before_clocks_go_back"),
        pytest.param("25/Oct/2026:02:30:00 +0100", at(2026, 10, 25, 1, 30), id="after_clocks_went_back"),
        pytest.param("29/Mar/2026:03:00:00 +0200", at(2026, 3, 29, 1), id="clocks_went_forward"),
    ],
)
def test_the_offset_tells_one_hour_from_the_other(local: str, expected: datetime) -> None:
    assert times(f'203.0.113.9 - - [{local}] "GET /"'.encode()).oldest == expected


@pytest.mark.parametrize(("stamp", "stored_at", "expected"), YEARS)
def test_a_time_without_a_year_is_of_the_last_that_had_come_when_it_was_stored(
    stamp: str, stored_at: datetime, expected: datetime
) -> None:
    now = max(stored_at, at(2027, 1, 5)) if stamp != "Jan  1 00:30:00" else stored_at
    assert times(f"{stamp} host x".encode(), stored_at=stored_at, now=now).oldest == expected


def test_a_mixed_unsorted_file_has_the_oldest_and_the_youngest_of_all_formats() -> None:
    content = (
        b"\xef\xbb\xbfNov 12 00:00:00 host x\nTraceback (most recent call last):\n  File x\n"
        b'{"time":"2026-11-20T00:00:00Z"}\n\n203.0.113.9 - - [05/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1\n'
        b"2026-11-09T00:00:00Z x"
    )
    assert times(content) == RecordTimes(at(2026, 11, 5, 10), at(2026, 11, 20), 4)
    assert times(gzip.compress(content)) == times(content)


@pytest.mark.parametrize(("content", "expected", "is_whole"), FILES)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_what_can_be_read_counts_and_the_rest_is_said(
    content: bytes, expected: tuple[datetime | None, datetime | None], is_whole: bool, size: int
) -> None:
    found = times(content, size=size, stored_at=BEFORE_ALL)
    assert (found.oldest, found.youngest, not found.unread) == (*expected, is_whole)


def test_a_binary_file_is_given_up() -> None:
    content = random.Random(1).randbytes(3_000_000)
    read = 0

    def chunks() -> Iterator[bytes]:
        nonlocal read
        for chunk in in_chunks(content, 10_000):
            read += len(chunk)
            yield chunk

    found = read_times(chunks(), stored_at=NOW, now=NOW)
    assert (found.oldest, found.unread) == (None, True)
    assert read < len(content)


def test_a_gz_file_that_unfolds_without_end_is_given_up() -> None:
    bomb = gzip.compress(GOOD + b"\n" * (EXPANSION_FREE_BYTES * 2), 9)
    assert times(bomb, stored_at=BEFORE_ALL) == RecordTimes(*WHOLE, 2, unread=True)


@pytest.mark.parametrize(
    ("line", "unread"),
    [
        pytest.param(b"2026-11-01T10:00:00Z " + b"x" * 3 * LONGEST_LINE_BYTES, False, id="time_at_its_start"),
        pytest.param(b'{"m":"' + b"x" * 3 * LONGEST_LINE_BYTES + b'","time":"2026-11-01T10:00:00Z"}', True, id="json"),
    ],
)
def test_a_huge_line_costs_no_memory_and_hides_no_other(line: bytes, unread: bool) -> None:
    found = times(line + b"\n2026-11-03T10:00:00Z y\n", size=64_000, stored_at=BEFORE_ALL)
    assert (found.youngest, found.unread) == (at(2026, 11, 3, 10), unread)
    assert found.oldest == (at(2026, 11, 3, 10) if unread else at(2026, 11, 1, 10))


@given(LINES, st.randoms(use_true_random=False), st.integers(1, 200))
def test_the_order_of_lines_and_the_size_of_pieces_change_nothing(
    lines: list[str], any_way: random.Random, size: int
) -> None:
    found = times("\n".join(lines).encode(), size=size)
    assert found.oldest is None or found.oldest <= (found.youngest or found.oldest) <= NOW
    shuffled = list(lines)
    any_way.shuffle(shuffled)
    assert times("\n".join(shuffled).encode())._replace(begins_undated=found.begins_undated) == found
    assert times(gzip.compress("\n".join(lines).encode()), size=size) == found


@given(INSTANTS, OFFSETS, st.integers(0, 3))
def test_every_instant_is_read_back_to_its_own_precision(instant: datetime, zone: timezone, form: int) -> None:
    found = times(written(instant.astimezone(zone), form).encode())
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
        assert times(body).records >= 0


def test_memory_does_not_grow_with_the_file() -> None:
    import tracemalloc

    block = b"".join(b"2026-11-01T10:%02d:%02d.%06dZ x\n" % (n // 60, n % 60, n) for n in range(3600))

    def peak(blocks: int) -> int:
        packed = gzip.compress(block * blocks, 1)
        tracemalloc.start()
        times(packed, size=64_000)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1)
    assert peak(40) < 1.5 * peak(10)


def test_reading_is_not_fooled_by_random_bytes() -> None:
    assert times(os.urandom(100_000)).records == 0
