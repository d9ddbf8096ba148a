"""Rows with dates that lie ahead, that can not be, or that never come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.table_world import TableWorld
from tests.world import DAY, HOUR, now

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    "at",
    [pytest.param(now() + HOUR, id="an_hour"), pytest.param(now() + 10 * DAY, id="ten_days"), "2999-01-01", "infinity"],
)
def test_request_that_is_dated_ahead_deletes_nothing_and_is_counted(tables: TableWorld, at: object) -> None:
    tables.add_contract("t1", None)
    tables.add_transcript("t1")
    tables.sql("INSERT INTO requests VALUES ('t1', %s)", at)
    planned = tables.plan("transcript")
    assert (planned.due, planned.undated) == (0, 1)


def test_request_that_is_dated_ahead_puts_off_no_other_end(tables: TableWorld) -> None:
    tables.add_contract("t1", 40 * DAY)
    tables.add_transcript("t1")
    tables.sql("INSERT INTO requests VALUES ('t1', now() + interval '40 years')")
    assert tables.dispose("transcript").gone == 1


@pytest.mark.parametrize("ended", ["infinity", "294276-01-01", "9999-12-31"])
def test_contract_that_ends_never_is_open(tables: TableWorld, ended: str) -> None:
    tables.sql("INSERT INTO contracts VALUES ('forever', %s)", ended)
    tables.add_contract("over", 40 * DAY)
    tables.add_transcript("forever")
    tables.add_transcript("over")
    assert tables.dispose("transcript").gone == 1
    assert tables.count("transcripts") == 1


@pytest.mark.parametrize("at", ["infinity", "-infinity", "2999-01-01", "294276-01-01"])
def test_withdrawal_at_no_possible_time_deletes_nobody(tables: TableWorld, at: str) -> None:
    tables.add_contact(1, email="a@example.org", created_at=now() - DAY, withdrawn_at=at)
    planned = tables.plan("marketing")
    assert (planned.due, planned.undated) == (0, 1)


@pytest.mark.parametrize("ends_at", ["infinity", "294276-01-01", "9999-12-31"])
def test_no_hold_lasts_for_ever(tables: TableWorld, ends_at: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        tables.add_hold(category="transcript", ends_at=ends_at)


@pytest.mark.parametrize(
    ("columns", "gone"),
    [
        pytest.param({}, 0, id="until_somebody_ends_it"),
        pytest.param({"review_at": now() + DAY}, 0, id="until_its_review"),
        pytest.param({"review_at": now() - MINUTE}, 1, id="review_missed"),
    ],
)
def test_hold_from_before_without_an_end_holds_all_the_same(
    tables: TableWorld, columns: dict[str, Any], gone: int
) -> None:
    tables.own_sql("ALTER TABLE retention.holds DROP CONSTRAINT holds_end")
    tables.add_contract("over", 40 * DAY)
    tables.add_transcript("over")
    tables.add_hold(category="transcript", ends_at="infinity", **columns)
    assert tables.dispose("transcript").gone == gone
