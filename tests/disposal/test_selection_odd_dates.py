"""Dates that PostgreSQL knows and Python doesn't: one such row must neither stop a run nor lead to a guess.

The rows tell whether they are restricted, and not since when no more: what goes is due, and nobody can say that it is late.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from tests.disposal.test_selection_equals_decide import CONSENT_COLUMNS, ITEM_COLUMNS, NOW, PLACE, RULES

from retention.disposal.fact_columns import read_columns
from retention.disposal.selection import compile_selection

OLD, CAP_H = NOW - timedelta(days=100), 720
PAST = ["-infinity", "0044-03-15 12:00:00+00 BC", "1970-01-01 00:00:00+00", "1989-12-31 23:59:59+00"]
FUTURE = ["infinity", "9999-12-31 23:59:59+00", "20000-01-01 00:00:00+00"]
ODD = [*PAST, *FUTURE]


@pytest.fixture
def source(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True, row_factory=dict_row, options="-c TimeZone=UTC") as connection:
        connection.execute(f"CREATE TABLE item_facts ({ITEM_COLUMNS})")
        connection.execute(f"CREATE TABLE consent_facts ({CONSENT_COLUMNS})")
        yield connection


def decided(source: psycopg.Connection[Any], **facts: object) -> dict[str, Any]:
    """What the SQL says about one item with these columns."""
    facts = {"item_id": "i1", "bucket": PLACE.spec.bucket, "object_key": "recordings/k"} | facts
    source.execute(
        f"INSERT INTO item_facts ({', '.join(facts)}) VALUES ({', '.join(['%s'] * len(facts))})", list(facts.values())
    )
    rule = RULES["one_version"]
    selection = compile_selection(PLACE, rule, read_columns(source, PLACE, rule), [], as_of=NOW, now=NOW)
    query = psycopg.sql.SQL("SELECT * FROM {}").format(selection.decided)
    rows = source.execute(query, selection.parameters).fetchall()
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize("odd", ODD)
def test_odd_start_falls_back_to_the_evidence(source: psycopg.Connection[Any], odd: str) -> None:
    row = decided(source, start_recording_started=odd, evidence_at=OLD)
    assert (row["basis"], row["status"], row["deadline_at"]) == ("fallback", "due", OLD + timedelta(hours=CAP_H))


@pytest.mark.parametrize("odd", ODD)
def test_odd_evidence_is_none(source: psycopg.Connection[Any], odd: str) -> None:
    row = decided(source, start_recording_started=OLD, evidence_at=odd)
    assert (row["basis"], row["deadline_at"]) == ("start_point", OLD + timedelta(hours=CAP_H))


@pytest.mark.parametrize("odd", ODD)
def test_odd_evidence_hides_no_day_in_the_key(source: psycopg.Connection[Any], odd: str) -> None:
    key = f"recordings/{OLD:%Y/%m/%d}/k"
    row = decided(source, start_recording_started=NOW, evidence_at=odd, object_key=key)
    day = OLD.replace(hour=0, minute=0, second=0, microsecond=0)
    assert (row["basis"], row["deadline_at"]) == ("fallback", day + timedelta(hours=CAP_H))


@pytest.mark.parametrize("odd", ODD)
def test_item_with_odd_dates_alone_is_undated(source: psycopg.Connection[Any], odd: str) -> None:
    row = decided(source, start_recording_started=odd, evidence_at=odd)
    assert (row["status"], row["reason"]) == ("retain", "undated")


@pytest.mark.parametrize("odd", ODD)
def test_event_at_an_odd_time_is_dated_by_the_evidence(source: psycopg.Connection[Any], odd: str) -> None:
    facts = {"start_transcription_succeeded": odd, "happened_transcription_succeeded": True}
    row = decided(source, start_recording_started=OLD, **facts)
    assert (row["basis"], row["due_at"]) == ("fallback", OLD)


@pytest.mark.parametrize(
    ("column", "odd", "status"),
    [
        *(pytest.param("ends_at", odd, "exempt", id=f"ends_{odd[:8]}") for odd in FUTURE),
        *(pytest.param("ends_at", odd, "due", id=f"ends_{odd[:8]}") for odd in PAST),
        *(pytest.param("withdrawn_at", odd, "exempt", id=f"withdrawn_{odd[:8]}") for odd in FUTURE),
        *(pytest.param("withdrawn_at", odd, "due", id=f"withdrawn_{odd[:8]}") for odd in PAST),
        *(pytest.param("reviewed_at", odd, "exempt", id=f"reviewed_{odd[:8]}") for odd in ODD),
        *(pytest.param("given_at", odd, "due", id=f"given_{odd[:8]}") for odd in ODD),
        *(pytest.param("recorded_at", odd, "due", id=f"recorded_{odd[:8]}") for odd in FUTURE),
    ],
)
def test_consent_with_an_odd_date(source: psycopg.Connection[Any], column: str, odd: str, status: str) -> None:
    given: dict[str, datetime | str] = {"given_at": OLD, "recorded_at": OLD}
    for party, changed in (("caller", given | {column: odd}), ("customer", given)):
        facts = {"item_id": "i1", "bucket": PLACE.spec.bucket, "object_key": "recordings/k", "party": party} | changed
        source.execute(
            f"INSERT INTO consent_facts (scope, {', '.join(facts)}) VALUES ('archiving', {', '.join(['%s'] * len(facts))})",
            list(facts.values()),
        )
    assert decided(source, start_recording_started=OLD)["status"] == status
