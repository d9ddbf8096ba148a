"""Lines and files of server logs with what is to be read from them, for both sides: each reads with code of its own."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import strategies as st

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def at(year: int, month: int = 1, day: int = 1, *clock: int) -> datetime:
    return datetime(year, month, day, *clock, tzinfo=UTC)  # type: ignore[misc,arg-type]


FORMATS = [
    pytest.param(
        '203.0.113.9 - - [01/Nov/2026:10:00:00 +0100] "GET / HTTP/1.1" 200 12 "-" "curl/8"',
        at(2026, 11, 1, 9),
        id="combined",
    ),
    pytest.param(
        '203.0.113.9 - - [01/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 12', at(2026, 11, 1, 10), id="common"
    ),
    pytest.param('2001:db8::1 - "" [01/Nov/2026:10:00:00 -0730] "GET /"', at(2026, 11, 1, 17, 30), id="combined_ipv6"),
    pytest.param(
        "owner logs-bucket [01/Nov/2026:10:00:00 +0000] 203.0.113.9 REST.GET", at(2026, 11, 1, 10), id="s3_access"
    ),
    pytest.param('{"time": "2026-11-01T10:00:00Z", "msg": "x"}', at(2026, 11, 1, 10), id="json_time"),
    pytest.param(
        '{"timestamp":"2026-11-01T10:00:00.123456+01:00"}', at(2026, 11, 1, 9, 0, 0, 123456), id="json_timestamp"
    ),
    pytest.param('{"@timestamp":"2026-11-01T10:00:00.000Z"}', at(2026, 11, 1, 10), id="json_at_timestamp"),
    pytest.param('{"datetime":"2026-11-01 10:00:00"}', at(2026, 11, 1, 10), id="json_datetime_without_offset"),
    pytest.param('{"ts":1793527200}', at(2026, 11, 1, 10), id="json_epoch_s"),
    pytest.param('{"ts":1793527200.5}', at(2026, 11, 1, 10, 0, 0, 500000), id="json_epoch_fraction"),
    pytest.param('{"time":1793527200123}', at(2026, 11, 1, 10, 0, 0, 123000), id="json_epoch_ms"),
    pytest.param('{"time":"1793527200123"}', at(2026, 11, 1, 10, 0, 0, 123000), id="json_epoch_ms_as_text"),
    pytest.param('{"ts":1793527200000000000}', at(2026, 11, 1, 10), id="json_epoch_ns"),
    pytest.param('{"time":"01/Nov/2026:10:00:00 +0100"}', at(2026, 11, 1, 9), id="json_as_in_an_access_log"),
    pytest.param(
        '{"timestamp":"2026-11-01T10:00:00Z","time":0.231}', at(2026, 11, 1, 10), id="json_duration_called_time"
    ),
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
    pytest.param(
        "[Sun Nov 01 10:00:00.123456 2026] [core:error] x", at(2026, 11, 1, 10, 0, 0, 123456), id="apache_error"
    ),
    pytest.param("2026-11-01\t10:00:00\tFRA1\t12", at(2026, 11, 1, 10), id="cloudfront"),
    pytest.param("https 2026-11-01T10:00:00.000Z app/lb 203.0.113.9", at(2026, 11, 1, 10), id="load_balancer"),
    pytest.param("WARNING 2026-11-01 10:00:00,000 x", at(2026, 11, 1, 10), id="level_first"),
    pytest.param("2016-12-31T23:59:60Z x", at(2016, 12, 31, 23, 59, 59), id="leap_second"),
    pytest.param("2026-11-01T10:00:00Z x\r", at(2026, 11, 1, 10), id="windows_line_end"),
    pytest.param(" 2026-11-01T10:00:00Z x", at(2026, 11, 1, 10), id="indented"),
    pytest.param('  {"time":"2026-11-01T10:00:00Z"}', at(2026, 11, 1, 10), id="json_indented"),
    pytest.param('{"eventTime":"2026-11-01T10:00:00Z"}', at(2026, 11, 1, 10), id="json_event_time"),
    pytest.param('{"Timestamp":"2026-11-01T10:00:00Z"}', at(2026, 11, 1, 10), id="json_in_capitals"),
    pytest.param('time="2026-11-01T10:00:00+01:00" level=info msg="GET /"', at(2026, 11, 1, 9), id="logfmt_time"),
    pytest.param('time="2026-11-01 10:00:00" level=info msg="GET /"', at(2026, 11, 1, 10), id="logfmt_with_a_blank"),
    pytest.param(
        'level=info msg="say \\"hi\\" now" ts=2026-11-01T10:00:00.5Z x=1',
        at(2026, 11, 1, 10, 0, 0, 500000),
        id="logfmt_ts_behind_others",
    ),
    pytest.param("logger=http ts=1793527200.5 path=/", at(2026, 11, 1, 10, 0, 0, 500000), id="logfmt_epoch"),
    pytest.param("01-Nov-2026 10:00:00.123 INFO [main] x", at(2026, 11, 1, 10, 0, 0, 123000), id="tomcat"),
    pytest.param("1793527200.123    200 203.0.113.9 TCP_MISS/200", at(2026, 11, 1, 10, 0, 0, 123000), id="squid"),
    pytest.param("01.11.2026 10:00:00 INFO x", at(2026, 11, 1, 10), id="german"),
    pytest.param("[01.11.2026, 10:00:00,123] x", at(2026, 11, 1, 10, 0, 0, 123000), id="german_in_brackets"),
    pytest.param("2026.11.01 10:00:00 x", at(2026, 11, 1, 10), id="year_first_with_dots"),
    pytest.param("I1101 10:00:00.000001       1 main.go:1] x", at(2026, 11, 1, 10), id="klog"),
]

CONTINUED = [
    pytest.param("", id="empty"),
    pytest.param("Traceback (most recent call last):", id="traceback"),
    pytest.param("requests.exceptions.ConnectionError: x", id="exception"),
    pytest.param("Caused by: java.io.IOException: x", id="cause"),
    pytest.param("    at 2001-01-01T00:00:00Z in frame", id="indented"),
    pytest.param("}", id="closing_bracket"),
    pytest.param("#Fields: date time c-ip", id="comment"),
]
"""Lines without a time that plainly are no records of their own."""

UNDATED = [
    pytest.param("GET /leads from 203.0.113.9", id="text"),
    pytest.param("WHERE created_at < '2001-01-01 00:00:00'", id="date_in_the_text"),
    pytest.param("2026-02-30 10:00:00 x", id="no_such_day"),
    pytest.param("2026-11-01 25:00:00 x", id="no_such_hour"),
    pytest.param("30-Feb-2026 10:00:00.123 x", id="no_such_day_of_tomcat"),
    pytest.param("I1301 10:00:00.000001 x", id="no_such_month"),
    pytest.param("11/01/2026 10:00:00 x", id="day_or_month_first"),
    pytest.param("1970-01-01T00:00:00Z x", id="programs_without_a_clock"),
    pytest.param('{"time": "never"}', id="json_word"),
    pytest.param('{"time": true, "ts": null, "timestamp": []}', id="json_other_types"),
    pytest.param('{"time": 12, "ts": 1e400}', id="json_numbers_that_are_no_time"),
    pytest.param('{"time": "2026-11-01T10:00:00Z"', id="json_cut_off"),
    pytest.param('[{"time": "2026-11-01T10:00:00Z"}]', id="json_list"),
    pytest.param('{"a":' * 3000, id="json_too_deep"),
    pytest.param("level=info time=12ms", id="logfmt_duration"),
    pytest.param("31/Nov/2026", id="half_a_date"),
]
"""Lines without a time that may be records of their own."""

YEARS = [
    pytest.param("Dec 31 23:59:59", at(2027, 1, 1, 0, 10), at(2026, 12, 31, 23, 59, 59), id="last_year"),
    pytest.param("Jan  1 00:00:00", at(2027, 1, 1, 0, 10), at(2027, 1, 1), id="this_year"),
    pytest.param(
        "Jan  1 00:30:00", at(2026, 12, 31, 23, 40), at(2026, 12, 31, 23, 40), id="local_new_year_comes_first"
    ),
    pytest.param("Jan  3 00:10:00", at(2027, 1, 1, 0, 10), at(2027, 1, 3, 0, 10), id="two_days_of_upload"),
    pytest.param("Jan  3 00:10:01", at(2027, 1, 1, 0, 10), at(2026, 1, 3, 0, 10, 1), id="beyond_two_days"),
    pytest.param("Feb 29 12:00:00", at(2027, 1, 1), at(2024, 2, 29, 12), id="leap_day"),
    pytest.param("Nov  1 12:00:00", at(2019, 11, 2), at(2019, 11, 1, 12), id="stored_years_ago"),
]
"""A stamp without a year, when its file was stored, and when it was written."""

GOOD = b"2026-11-01T10:00:00Z x\n2026-11-03T10:00:00Z y\n"
WHOLE = (at(2026, 11, 1, 10), at(2026, 11, 3, 10))
NONE = (None, None)

FILES = [
    pytest.param(b"", NONE, True, id="empty"),
    pytest.param(gzip.compress(b""), NONE, True, id="empty_gz"),
    pytest.param(gzip.compress(GOOD), WHOLE, True, id="gz"),
    pytest.param(gzip.compress(GOOD[:23]) + gzip.compress(GOOD[23:]), WHOLE, True, id="gz_in_two_members"),
    pytest.param(gzip.compress(GOOD) + b"\0" * 512, WHOLE, True, id="gz_with_padding"),
    pytest.param(gzip.compress(GOOD)[:-1], WHOLE, False, id="gz_without_its_end"),
    pytest.param(gzip.compress(GOOD) + b"rubbish", WHOLE, False, id="gz_with_something_behind"),
    pytest.param(gzip.compress(GOOD)[:-4] + b"\1\2\3\4", WHOLE, False, id="gz_of_another_length"),
    pytest.param(b"\x1f\x8b", NONE, False, id="two_bytes_of_gz"),
    pytest.param(b"\x1f\x8bnot gz at all\n" + GOOD, NONE, False, id="no_gz_at_all"),
    pytest.param(b"\0" * 5000 + GOOD, WHOLE, True, id="zeros_of_a_truncated_file"),
    pytest.param(GOOD + b"a\0b 2001-01-01T00:00:00Z\n", WHOLE, False, id="a_line_that_is_no_text"),
    pytest.param(GOOD.decode().encode("utf-16-le"), NONE, False, id="another_encoding"),
    pytest.param(GOOD + b"\xff\xfe\x80 x", WHOLE, True, id="bytes_that_are_no_utf_8"),
    pytest.param(GOOD.rstrip(), WHOLE, True, id="no_line_end"),
]
"""Content, oldest and youngest record, and whether all of it could be read."""

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
