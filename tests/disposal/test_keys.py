"""What a key says is read alike in Python, where objects are listed, and in the database, where rows are selected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.rows import dict_row
from tests.disposal.test_selection_equals_decide import PLACE

from retention.datamap.key_pattern import UnsharedPattern, compile_pattern
from retention.datamap.loader import MappedPlace
from retention.disposal.keys import key_facts, read_key, require_read_alike
from retention.errors import DataMapError

DAY_GROUPS = r"(?P<year>[0-9]{4})/(?P<month>[0-9]{2})/(?P<day>[0-9]{2})"
PATTERNS = [
    rf"^recordings/(?P<tenant>[^/]+)/{DAY_GROUPS}/",
    rf"^(?:audio|recordings)/(?P<tenant>[\w\-]+)?/?{DAY_GROUPS}/",
    r"(?P<day>\d{1,2})\.(?P<month>\d+)\.(?P<year>\d+)\.wav$",
    r"\A(?P<tenant>.)-?(?P<year>\d*)_(?P<month>..)_(?P<day>[^/]{2})\Z",
    r"(?P<year>.*)-(?P<month>[\s\d]*)-(?P<day>.+)",
]
PIECES = [
    "recordings/",
    "audio/",
    "t1",
    "/",
    "2026/02/29/",
    "2026/02/28/",
    "0000/01/01/",
    "9999/12/31/",
    "2026/13/01/",
    "-",
    "_",
]
PIECES += [
    "31.12.2025.wav",
    "31.12.20255.wav",
    "1.1.1.wav",
    "\n",
    "ü",
    "日",
    "2026",
    "02",
    "٢٠٢٦",
    "2024-02-29",
    " 1",
    "%s",
    "'",
]


@pytest.fixture
def session(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True, row_factory=dict_row, options="-c TimeZone=UTC") as connection:
        yield connection


def place(pattern: str) -> MappedPlace:
    return replace(PLACE, spec=PLACE.spec.model_copy(update={"key_date": compile_pattern(pattern)}))


def read_in_sql(session: psycopg.Connection[Any], where: MappedPlace, keys: list[str]) -> list[dict[str, Any]]:
    parameters: dict[str, Any] = {"keys": keys}
    query = sql.SQL(
        "SELECT f.object_key, k.* FROM unnest(%(keys)s::text[]) AS f (object_key) CROSS JOIN LATERAL {} AS k"
    ).format(key_facts(where, parameters))
    return session.execute(query, parameters).fetchall()


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(keys=st.lists(st.lists(st.sampled_from(PIECES), max_size=7).map("".join), min_size=20, max_size=60))
def test_python_and_the_database_read_any_key_alike(
    session: psycopg.Connection[Any], pattern: str, keys: list[str]
) -> None:
    where = place(pattern)
    found = read_in_sql(session, where, keys)
    said = [read_key(where.spec.key_date, key) for key in keys]
    assert [(row["key_tenant"], row["key_day"]) for row in found] == said


def test_a_day_is_midnight_utc_whatever_the_time_zone_of_the_session(session: psycopg.Connection[Any]) -> None:
    session.execute("SET TimeZone = 'America/Lima'")
    (row,) = read_in_sql(session, place(PATTERNS[0]), ["recordings/t1/2026/03/29/a.wav"])
    assert row["key_day"] == datetime(2026, 3, 29, tzinfo=UTC)


def test_the_day_in_a_key_begins_at_midnight_utc() -> None:
    key = "recordings/t1/2026/03/29/a.wav"
    assert read_key(compile_pattern(PATTERNS[0]), key) == ("t1", datetime(2026, 3, 29, tzinfo=UTC))
    assert read_key(None, key) == (None, None)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"a*?", id="lazy"),
        pytest.param(r"a++", id="possessive"),
        pytest.param(r"(?i)a", id="flag"),
        pytest.param(r"(?=a)b", id="looking_ahead"),
        pytest.param(r"(?<!a)b", id="looking_back"),
        pytest.param(r"(a)\1", id="same_again"),
        pytest.param(r"(?P<x>a)(?P=x)", id="same_again_by_name"),
        pytest.param(r"\bday", id="word_boundary"),
        pytest.param(r"[[:digit:]]", id="named_class"),
        pytest.param(r"a{1,256}", id="more_than_255"),
        pytest.param("a{", id="brace"),
    ],
)
def test_a_pattern_that_only_python_reads_so_is_refused(pattern: str) -> None:
    with pytest.raises(UnsharedPattern, match="at character"):
        compile_pattern(pattern)


def test_a_pattern_that_fits_in_two_ways_is_found_out(session: psycopg.Connection[Any]) -> None:
    where = place(rf"^(?P<tenant>a|ab)b?c/{DAY_GROUPS}")
    rows = read_in_sql(session, where, ["abc/2026/03/29"])
    with pytest.raises(DataMapError, match="one way only"):
        require_read_alike(where, rows)
