"""Partitions that can not go whole: of these, rows go by themselves, aged by the evidence there is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.disposal.partition_log import Logs
from tests.world import DAY, HOUR, now

from retention.disposal.execute import execute_plan


@pytest.mark.parametrize(
    ("hours", "due"),
    [pytest.param(286, 0, id="its_first_row_is_not_due"), pytest.param(288, 1, id="its_first_row_is_due")],
)
def test_of_a_partition_that_is_too_wide_rows_go_by_themselves(logs: Logs, hours: int, due: int) -> None:
    lower = logs.day(40)
    logs.table.add_partition(lower, lower + 30 * DAY)
    for at in (lower, lower + 10 * DAY):
        logs.log(at)
    planned = logs.plan(as_of=lower + timedelta(hours=hours))
    assert planned.due == due
    if due:
        assert execute_plan(logs.world.runtime(), planned.plan_id, planned.digest).gone == 1
        assert logs.table.rows() == 1
        assert logs.partitions() == logs.table.names


def test_beside_a_default_partition_rows_go_first_and_the_empty_partition_after_them(logs: Logs) -> None:
    old = logs.add(20)
    default = logs.table.add_default()
    logs.log(logs.day(30), 2)
    logs.log(now() - HOUR, 1)
    planned = logs.plan()
    assert planned.due == 8
    assert execute_plan(logs.world.runtime(), planned.plan_id, planned.digest).gone == 8
    assert logs.table.rows() == 1
    assert logs.partitions() == [old, default]
    assert logs.dispose().gone == 1
    assert logs.partitions() == [default]


@pytest.mark.parametrize(
    ("logged", "stored", "due", "kept"),
    [
        pytest.param(None, timedelta(days=20), 1, {}, id="no_time_aged_by_when_it_was_stored"),
        pytest.param(None, timedelta(days=2), 0, {"not_due": 1}, id="no_time_and_stored_lately"),
        pytest.param(None, None, 0, {"undated": 1}, id="no_time_at_all_is_reported"),
        pytest.param(-100 * DAY, timedelta(days=20), 1, {}, id="in_the_future_and_stored_long_ago"),
        pytest.param(-100 * DAY, None, 0, {"undated": 1}, id="in_the_future_without_evidence_is_reported"),
        pytest.param(60 * 365 * DAY, timedelta(days=2), 0, {"not_due": 1}, id="1970_is_no_date"),
        pytest.param(2 * DAY, timedelta(days=20), 1, {}, id="contradicted_by_when_it_was_stored"),
    ],
)
def test_rows_in_the_default_partition_are_aged_by_the_evidence_there_is(
    logs: Logs, logged: timedelta | None, stored: timedelta | None, due: int, kept: dict[str, int]
) -> None:
    logs.table.add_default()
    at = now()
    logs.table.log(at - logged if logged is not None else None, 1, at - stored if stored is not None else None)
    planned = logs.plan()
    assert (planned.due, planned.kept_by_reason) == (due, kept)
    assert logs.dispose().gone == due
    assert logs.table.rows() == 1 - due


def test_rows_in_a_partition_of_the_future_are_aged_by_when_they_were_stored(logs: Logs) -> None:
    logs.table.add_partition(logs.day(-30), logs.day(-31))
    logs.table.log(logs.day(-30) + HOUR, 2, now() - 20 * DAY)
    logs.table.log(logs.day(-30) + HOUR, 1, now() - 2 * DAY)
    assert logs.dispose().gone == 2
    assert logs.table.rows() == 1


def test_where_rows_share_an_id_each_run_takes_one(logs: Logs) -> None:
    logs.table.add_default()
    logs.table.sql("ALTER TABLE request_log ALTER id DROP IDENTITY")
    for _ in range(2):
        logs.table.sql("INSERT INTO request_log (id, logged_at, line) VALUES (7, %s, 'x')", now() - 20 * DAY)
    assert [logs.dispose().gone, logs.dispose().gone, logs.dispose().gone] == [1, 1, 0]
