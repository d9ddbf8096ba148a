"""How old the records of a log file are: the formats one by one, and what can be wrong with a file."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.stores.record_times import EXPANSION_FREE_BYTES, LONGEST_LINE_BYTES, RecordTimes, read_times

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


def in_chunks(content: bytes, size: int = 1000) -> Iterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


def times(content: bytes, *, stored_at: datetime = NOW, now: datetime = NOW, size: int = 1000) -> RecordTimes:
    return read_times(in_chunks(content, size), stored_at=stored_at, now=now)


def at(year: int, month: int = 1, day: int = 1, *clock: int) -> datetime:
    return datetime(year, month, day, *clock, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            '203.0.113.9 - - [01/Nov/2026:10:00:00 +0100] "GET / HTTP/1.1" 200 12 "-" "curl/8"',
            at(2026, 11, 1, 9),
            id="combined",
        ),
        pytest.param('203.0.113.9 - - [01/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 12', at(2026, 11, 1, 10), id="common"),
        pytest.param('2001:db8::1 - "" [01/Nov/2026:10:00:00 -0730] "GET /"', at(2026, 11, 1, 17, 30), id="combined_ipv6"),
        pytest.param("owner logs-bucket [01/Nov/2026:10:00:00 +0000] 203.0.113.9 REST.GET", at(2026, 11, 1, 10), id="s3_access"),
        pytest.param('{"time": "2026-11-01T10:00:00Z", "msg": "x"}', at(2026, 11, 1, 10), id="json_time"),
        pytest.param('{"timestamp":"2026-11-01T10:00:00.123456+01:00"}', at(2026, 11, 1, 9, 0, 0, 123456), id="json_timestamp"),
        pytest.param('{"@timestamp":"2026-11-01T10:00:00.000Z"}', at(2026, 11, 1, 10), id="json_at_timestamp"),
        pytest.param('{"datetime":"2026-11-01 10:00:00"}', at(2026, 11, 1, 10), id="json_datetime_without_offset"),
        pytest.param('{"ts":1793527200}', at(2026, 11, 1, 10), id="json_epoch_s"),
        pytest.param('{"ts":1793527200.5}', at(2026, 11, 1, 10, 0, 0, 500000), id="json_epoch_fraction"),
        pytest.param('{"time":1793527200123}', at(2026, 11, 1, 10, 0, 0, 123000), id="json_epoch_ms"),
        pytest.param('{"time":"1793527200123"}', at(2026, 11, 1, 10, 0, 0, 123000), id="json_epoch_ms_as_text"),
        pytest.param('{"ts":1793527200000000000}', at(2026, 11, 1, 10), id="json_epoch_ns"),
        pytest.param('{"time":"01/Nov/2026:10:00:00 +0100"}', at(2026, 11, 1, 9), id="json_as_in_an_access_log"),
        pytest.param(
            '{"@timestamp":"2026-11-02T00:00:00Z","timestamp":"2026-11-01T10:00:00Z"}', at(2026, 11, 1, 10), id="json_two_times"
        ),
        pytest.param('{"timestamp":"2026-11-01T10:00:00Z","time":0.231}', at(2026, 11, 1, 10), id="json_duration_called_time"),
        pytest.param('{"u":{"time":"2001-01-01T00:00:00Z"},"ts":1793527200}', at(2026, 11, 1, 10), id="json_nested"),
        pytest.param("<34>1 2026-11-01T10:00:00.003Z host su - ID47 - x", at(2026, 11, 1, 10, 0, 0, 3000), id="rfc5424"),
        pytest.param("<165>1 2026-11-01T10:00:00.000003-07:00 host x", at(2026, 11, 1, 17, 0, 0, 3), id="rfc5424_offset"),
        pytest.param("<34>Nov  1 10:00:00 host su: x", at(2026, 11, 1, 10), id="rfc3164"),
        pytest.param("Nov  1 10:00:00 host su: x", at(2026, 11, 1, 10), id="rfc3164_without_priority"),
        pytest.param('{"timestamp":"2026-11-01T10:00:00Z","event":"x"}', at(2026, 11, 1, 10), id="airflow_3"),
        pytest.param("[2026-11-01T10:00:00.000+0000] {a.py:1} INFO - x", at(2026, 11, 1, 10), id="airflow_2"),
        pytest.param("[2026-11-01 10:00:00,000] {a.py:1} INFO - x", at(2026, 11, 1, 10), id="airflow_1"),
        pytest.param("2026-11-01T10:00:00Z x", at(2026, 11, 1, 10), id="iso"),
        pytest.param("2026-11-01 10:00:00.123456789 +01:00 x", at(2026, 11, 1, 9, 0, 0, 123456), id="iso_nanoseconds"),
        pytest.param("2026-11-01 10:00:00.123 UTC [17] LOG:  x", at(2026, 11, 1, 10, 0, 0, 123000), id="postgresql"),
        pytest.param("2026/11/01 10:00:00 [error] 17#17: *1 x", at(2026, 11, 1, 10), id="nginx_error"),
        pytest.param("[Sun Nov 01 10:00:00.123456 2026] [core:error] x", at(2026, 11, 1, 10, 0, 0, 123456), id="apache_error"),
        pytest.param("2026-11-01\t10:00:00\tFRA1\t12", at(2026, 11, 1, 10), id="cloudfront"),
        pytest.param("https 2026-11-01T10:00:00.000Z app/lb 203.0.113.9", at(2026, 11, 1, 10), id="load_balancer"),
        pytest.param("WARNING 2026-11-01 10:00:00,000 x", at(2026, 11, 1, 10), id="level_first"),
        pytest.param("2016-12-31T23:59:60Z x", at(2016, 12, 31, 23, 59, 59), id="leap_second"),
        pytest.param("2026-11-01T10:00:00Z x\r", at(2026, 11, 1, 10), id="windows_line_end"),
    ],
)  # fmt: skip
def test_each_format_says_when(line: str, expected: datetime) -> None:
    assert times(f"{line}\n".encode()) == RecordTimes(expected, expected, 1)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="empty"),
        pytest.param("Traceback (most recent call last):", id="text"),
        pytest.param("    at 2001-01-01T00:00:00Z in frame", id="continuation"),
        pytest.param("WHERE created_at < '2001-01-01 00:00:00'", id="date_in_the_text"),
        pytest.param("2026-02-30 10:00:00 x", id="no_such_day"),
        pytest.param("2026-11-01 25:00:00 x", id="no_such_hour"),
        pytest.param("1970-01-01T00:00:00Z x", id="programs_without_a_clock"),
        pytest.param('{"time": "never"}', id="json_word"),
        pytest.param('{"time": true, "ts": null, "timestamp": []}', id="json_other_types"),
        pytest.param('{"time": 12, "ts": 1e400}', id="json_numbers_that_are_no_time"),
        pytest.param('{"time": "2026-11-01T10:00:00Z"', id="json_cut_off"),
        pytest.param('[{"time": "2026-11-01T10:00:00Z"}]', id="json_list"),
        pytest.param('{"a":' * 3000, id="json_too_deep"),
        pytest.param("31/Nov/2026", id="half_a_date"),
    ],
)
def test_a_line_without_a_time_belongs_to_the_record_before(line: str) -> None:
    assert times(line.encode()) == RecordTimes(None, None, 0)
    around = f"2026-11-01T10:00:00Z a\n{line}\n2026-11-02T10:00:00Z b\n"
    assert times(around.encode()) == RecordTimes(at(2026, 11, 1, 10), at(2026, 11, 2, 10), 2)


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
    found = times(content)
    assert (found.oldest, found.records, found.ahead) == (at(2026, 11, 1, 10), 2 if counts else 1, 0 if counts else 1)
    assert found.youngest == (NOW if counts else at(2026, 11, 1, 10))


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


@pytest.mark.parametrize(
    ("stamp", "stored_at", "expected"),
    [
        pytest.param("Dec 31 23:59:59", at(2027, 1, 1, 0, 10), at(2026, 12, 31, 23, 59, 59), id="last_year"),
        pytest.param("Jan  1 00:00:00", at(2027, 1, 1, 0, 10), at(2027, 1, 1), id="this_year"),
        pytest.param(
            "Jan  1 00:30:00", at(2026, 12, 31, 23, 40), at(2026, 12, 31, 23, 40), id="local_new_year_comes_first"
        ),
        pytest.param("Jan  3 00:10:00", at(2027, 1, 1, 0, 10), at(2027, 1, 3, 0, 10), id="two_days_of_upload"),
        pytest.param("Jan  3 00:10:01", at(2027, 1, 1, 0, 10), at(2026, 1, 3, 0, 10, 1), id="beyond_two_days"),
        pytest.param("Feb 29 12:00:00", at(2027, 1, 1), at(2024, 2, 29, 12), id="leap_day"),
        pytest.param("Nov  1 12:00:00", at(2019, 11, 2), at(2019, 11, 1, 12), id="stored_years_ago"),
    ],
)
def test_a_time_without_a_year_is_of_the_last_that_had_come_when_it_was_stored(
    stamp: str, stored_at: datetime, expected: datetime
) -> None:
    now = max(stored_at, at(2027, 1, 5)) if stamp != "Jan  1 00:30:00" else stored_at
    assert times(f"{stamp} host x".encode(), stored_at=stored_at, now=now).oldest == expected


def test_a_mixed_unsorted_file_has_the_oldest_and_the_youngest_of_all_formats() -> None:
    content = (
        b"\xef\xbb\xbfNov 12 00:00:00 host x\nTraceback:\n  File x\n"
        b'{"time":"2026-11-20T00:00:00Z"}\n\n203.0.113.9 - - [05/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1\n'
        b"2026-11-09T00:00:00Z x"
    )
    assert times(content) == RecordTimes(at(2026, 11, 5, 10), at(2026, 11, 20), 4)
    assert times(gzip.compress(content)) == times(content)


GOOD = b"2026-11-01T10:00:00Z x\n2026-11-03T10:00:00Z y\n"
ALL = RecordTimes(at(2026, 11, 1, 10), at(2026, 11, 3, 10), 2)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"", RecordTimes(None, None, 0), id="empty"),
        pytest.param(gzip.compress(b""), RecordTimes(None, None, 0), id="empty_gz"),
        pytest.param(gzip.compress(GOOD), ALL, id="gz"),
        pytest.param(gzip.compress(GOOD[:23]) + gzip.compress(GOOD[23:]), ALL, id="gz_in_two_members"),
        pytest.param(gzip.compress(GOOD) + b"\0" * 512, ALL, id="gz_with_padding"),
        pytest.param(gzip.compress(GOOD)[:-1], ALL._replace(unread=True), id="gz_without_its_end"),
        pytest.param(gzip.compress(GOOD) + b"rubbish", ALL._replace(unread=True), id="gz_with_something_behind"),
        pytest.param(gzip.compress(GOOD)[:-4] + b"\1\2\3\4", ALL._replace(unread=True), id="gz_of_another_length"),
        pytest.param(b"\x1f\x8b", RecordTimes(None, None, 0, unread=True), id="two_bytes_of_gz"),
        pytest.param(b"\x1f\x8bnot gz at all\n" + GOOD, RecordTimes(None, None, 0, unread=True), id="no_gz_at_all"),
        pytest.param(b"\0" * 5000 + GOOD, ALL, id="zeros_of_a_truncated_file"),
        pytest.param(GOOD + b"a\0b 2001-01-01T00:00:00Z\n", ALL._replace(unread=True), id="a_line_that_is_no_text"),
        pytest.param(GOOD.decode().encode("utf-16-le"), RecordTimes(None, None, 0, unread=True), id="another_encoding"),
        pytest.param(GOOD + b"\xff\xfe\x80 x", ALL, id="bytes_that_are_no_utf_8"),
        pytest.param(GOOD.rstrip(), ALL, id="no_line_end"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_what_can_be_read_counts_and_the_rest_is_said(content: bytes, expected: RecordTimes, size: int) -> None:
    assert times(content, size=size) == expected


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
    assert times(bomb) == ALL._replace(unread=True)


@pytest.mark.parametrize(
    ("line", "unread"),
    [
        pytest.param(b"2026-11-01T10:00:00Z " + b"x" * 3 * LONGEST_LINE_BYTES, False, id="time_at_its_start"),
        pytest.param(b'{"m":"' + b"x" * 3 * LONGEST_LINE_BYTES + b'","time":"2026-11-01T10:00:00Z"}', True, id="json"),
    ],
)
def test_a_huge_line_costs_no_memory_and_hides_no_other(line: bytes, unread: bool) -> None:
    found = times(line + b"\n2026-11-03T10:00:00Z y\n", size=64_000)
    assert (found.youngest, found.unread) == (at(2026, 11, 3, 10), unread)
    assert found.oldest == (at(2026, 11, 3, 10) if unread else at(2026, 11, 1, 10))


INSTANTS = st.integers(0, 35 * 365 * 86_400).map(lambda seconds: at(1991) + timedelta(seconds=seconds, milliseconds=1))
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def written(instant: datetime, form: int) -> str:
    if form == 0:
        return f"{instant.isoformat()} x"
    if form == 1:
        return json.dumps({"level": "info", "time": instant.isoformat()})
    if form == 2:
        return instant.strftime('203.0.113.9 - - [%d/%b/%Y:%H:%M:%S %z] "GET / HTTP/1.1" 200 1')
    return json.dumps({"ts": round(instant.timestamp() * 1000)})


LINES = st.lists(
    st.one_of(
        st.builds(lambda instant, zone, form: written(instant.astimezone(zone), form), INSTANTS, OFFSETS, st.integers(0, 3)),
        st.text(st.characters(codec="utf-8", exclude_characters="\n\0"), max_size=40),
    ),
    max_size=30,
)  # fmt: skip


@given(LINES, st.randoms(use_true_random=False), st.integers(1, 200))
def test_the_order_of_lines_and_the_size_of_pieces_change_nothing(
    lines: list[str], any_way: random.Random, size: int
) -> None:
    found = times("\n".join(lines).encode(), size=size)
    assert found.oldest is None or found.oldest <= (found.youngest or found.oldest) <= NOW
    shuffled = list(lines)
    any_way.shuffle(shuffled)
    assert times("\n".join(shuffled).encode()) == found
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
