"""What holds cover of partitions: counted by each hold's own period, found under another name, and missed when it goes."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from tests.verification.test_partitions import CAP, PLACE, Logs, logs  # noqa: F401 - a fixture
from tests.world import DAY, HOUR, now

from retention.disposal.execute import execute_plan
from retention.disposal.plan import make_plan

MISSING, SHRUNK = "protected_missing", "protected_shrunk"
UNRECORDED = "unrecorded_hold"
"""Holds of these tests have no entries."""
OLDEST = 20 * DAY


def two_days(logs: Logs, rows: int = 5) -> str:  # noqa: F811
    """A partition of two days, with so many records on each."""
    lower = now() - OLDEST
    name = logs.table.add_partition(lower, lower + 2 * DAY)
    for at in (lower + HOUR, lower + DAY + HOUR):
        logs.log(at, rows)
    return name


def keep_one_a_day(logs: Logs) -> None:  # noqa: F811
    logs.table.sql("DELETE FROM request_log WHERE ctid NOT IN (SELECT min(ctid) FROM request_log GROUP BY logged_at)")


def missed(logs: Logs) -> dict[str, int]:  # noqa: F811
    return {kind: count for kind, count in logs.found().items() if kind in (MISSING, SHRUNK)}


PERIODS = pytest.mark.parametrize(
    ("since", "until"),
    [
        pytest.param(-80 * DAY, -70 * DAY, id="before_it"),
        pytest.param(DAY, 2 * DAY, id="within_it"),
        pytest.param(-DAY, DAY, id="over_its_beginning"),
        pytest.param(3 * DAY, 4 * DAY, id="after_it"),
    ],
)


@PERIODS
def test_what_another_hold_covers_changes_nothing_in_a_held_partition(
    logs: Logs,  # noqa: F811
    since: timedelta,
    until: timedelta,
) -> None:
    two_days(logs)
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    lower = now() - OLDEST
    logs.world.add_hold(category="logs", started_from=lower + since, started_before=lower + until)
    assert missed(logs) == {}
    logs.world.own_sql("UPDATE retention.holds SET ended_at = now() WHERE started_from IS NOT NULL")
    assert missed(logs) == {}


@PERIODS
@pytest.mark.parametrize("remembered", [pytest.param(True, id="seen_before"), pytest.param(False, id="with_it")])
def test_records_of_a_held_partition_are_missed_whatever_another_hold_covers(
    logs: Logs,  # noqa: F811
    since: timedelta,
    until: timedelta,
    remembered: bool,
) -> None:
    two_days(logs)
    logs.world.add_hold(category="logs")
    if remembered:
        logs.found()
    lower = now() - OLDEST
    logs.world.add_hold(category="logs", started_from=lower + since, started_before=lower + until)
    if not remembered:
        logs.found()
    keep_one_a_day(logs)
    for _ in range(2):
        assert missed(logs) == {SHRUNK: 1}


def test_what_came_since_makes_up_for_nothing_that_went(logs: Logs) -> None:  # noqa: F811
    logs.table.add_default()
    for ago in (20 * DAY, 19 * DAY):
        logs.log(now() - ago, 5)
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    logs.table.sql(
        "DELETE FROM request_log WHERE ctid IN (SELECT ctid FROM request_log ORDER BY logged_at DESC LIMIT 3)"
    )
    for came in (10, 0):
        logs.log(now(), came)
        assert missed(logs) == {SHRUNK: 1}
    logs.log(now() - 19 * DAY, 3)
    assert missed(logs) == {}


def test_what_is_logged_right_after_a_check_makes_up_for_nothing_that_went(logs: Logs) -> None:  # noqa: F811
    logs.table.add_default()
    logs.log(now(), 10)
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    logs.log(now(), 5)
    assert missed(logs) == {}
    logs.table.sql(
        "DELETE FROM request_log WHERE ctid IN (SELECT ctid FROM request_log ORDER BY logged_at DESC LIMIT 8)"
    )
    for came in (10, 0):
        logs.log(now(), came)
        assert missed(logs) == {SHRUNK: 1}


def test_what_a_clock_ahead_of_ours_logs_is_missed_once_its_time_has_come(logs: Logs) -> None:  # noqa: F811
    logs.table.add_default()
    logs.log(now())
    logs.log(now() + timedelta(minutes=5), 5)
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    logs.table.sql("UPDATE request_log SET logged_at = now() WHERE logged_at > now()")
    assert missed(logs) == {}
    logs.table.sql("DELETE FROM request_log WHERE id > (SELECT min(id) FROM request_log)")
    assert missed(logs) == {SHRUNK: 1}


def test_an_older_version_counted_whatever_was_there(logs: Logs) -> None:  # noqa: F811
    logs.table.add_default()
    logs.log(now(), 5)
    logs.world.add_hold(category="logs")
    logs.found()
    logs.log(now() + timedelta(seconds=20), 5)  # counted, although it is dated ahead
    logs.world.own_sql("UPDATE retention.protected_items SET extent = 10, day_extent = 10, counted_to = NULL")
    for _ in range(2):
        assert missed(logs) == {}
    logs.table.sql("DELETE FROM request_log WHERE id = (SELECT min(id) FROM request_log)")
    assert missed(logs) == {SHRUNK: 1}


def test_of_a_partition_each_hold_misses_what_its_own_period_covers(logs: Logs) -> None:  # noqa: F811
    two_days(logs)
    lower = now() - OLDEST
    logs.world.add_hold(category="logs", started_from=lower, started_before=lower + DAY)
    logs.world.add_hold(category="logs", started_from=lower + DAY, started_before=lower + 2 * DAY)
    assert missed(logs) == {}
    logs.table.sql("DELETE FROM request_log WHERE logged_at < %s", lower + DAY)
    assert missed(logs) == {MISSING: 1}


def test_what_an_older_version_remembered_by_other_names_is_not_missed(logs: Logs) -> None:  # noqa: F811
    two_days(logs)
    lower = now() - OLDEST
    logs.world.add_hold(category="logs", started_from=lower - DAY)
    assert missed(logs) == {}
    logs.world.own_sql(
        "DELETE FROM retention.protected_items WHERE day > (SELECT min(day) FROM retention.protected_items)"
    )
    logs.world.own_sql("UPDATE retention.protected_items SET part_hash = item_hash, extent = NULL, day = NULL")
    assert missed(logs) == {}
    keep_one_a_day(logs)
    assert missed(logs) == {SHRUNK: 1}


@pytest.mark.parametrize("by_name", [pytest.param(True, id="held_by_name"), pytest.param(False, id="held_by_category")])
def test_a_held_partition_under_another_name_is_there_until_it_goes(logs: Logs, by_name: bool) -> None:  # noqa: F811
    name = two_days(logs)
    logs.world.add_hold(category="logs", **({"place": PLACE, "item_id": name} if by_name else {}))
    assert missed(logs) == {}
    logs.table.sql(f"ALTER TABLE {name} RENAME TO request_log_for_the_lawyers")
    for _ in range(2):
        found = logs.found()
        assert found.keys() & {MISSING, SHRUNK, "past_cap"} == set()
        assert found["kept_in_doubt" if by_name else "exception_hold"] == 1
    logs.table.sql("DROP TABLE request_log_for_the_lawyers")
    for _ in range(2):
        assert missed(logs) == {MISSING: 1}


def test_a_held_partition_that_is_emptied_in_part_under_another_name_is_missed(logs: Logs) -> None:  # noqa: F811
    name = two_days(logs)
    logs.world.add_hold(category="logs", place=PLACE, item_id=name)
    logs.found()
    logs.table.sql(f"ALTER TABLE {name} RENAME TO request_log_for_the_lawyers")
    keep_one_a_day(logs)
    assert missed(logs) == {SHRUNK: 1}


@pytest.mark.parametrize(
    ("kept", "lost", "expected"),
    [
        pytest.param(0, 0, {}, id="all"),
        pytest.param(2, 0, {}, id="some"),
        pytest.param(0, 1, {MISSING: 1}, id="all_but_one_that_is_lost"),
        pytest.param(2, 1, {MISSING: 1}, id="some_and_one_is_lost"),
    ],
)
def test_held_rows_may_move_from_the_default_partition_into_new_ones(
    logs: Logs,  # noqa: F811
    kept: int,
    lost: int,
    expected: dict[str, int],
) -> None:
    logs.table.add_default()
    for day in (20, 19):
        logs.log(now() - day * DAY, 4)
    logs.log(now() - 2 * HOUR, kept)
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    logs.table.sql("CREATE TABLE moved AS SELECT * FROM request_log WHERE logged_at < now() - interval '2 days'")
    logs.table.sql("DELETE FROM request_log WHERE id IN (SELECT id FROM moved)")
    logs.table.sql("DELETE FROM moved WHERE id IN (SELECT id FROM moved LIMIT %s)", lost)
    for day in (21, 19):
        logs.table.add_partition(now() - day * DAY, now() - (day - 2) * DAY)
    logs.table.sql("INSERT INTO request_log OVERRIDING SYSTEM VALUE SELECT * FROM moved")
    logs.log(now(), 3 * kept)
    for _ in range(2):
        assert missed(logs) == expected


def test_a_held_partition_whose_name_another_has_by_now_is_missed(logs: Logs) -> None:  # noqa: F811
    """As scripts do that use the same tables for each week: the hold means the new one, and nothing keeps the old one."""
    name = two_days(logs)
    logs.world.add_hold(category="logs", place=PLACE, item_id=name)
    logs.found()
    logs.table.sql(f"ALTER TABLE {name} RENAME TO request_log_last_week")
    logs.table.add_partition(now() - DAY, now() + DAY, name.split(".")[1])
    logs.log(now() - HOUR, 50)
    for _ in range(2):
        assert missed(logs) == {MISSING: 1}


def test_a_hold_on_a_row_that_is_gone_covers_no_other_partition(logs: Logs) -> None:  # noqa: F811
    two_days(logs)
    logs.world.add_hold(category="logs", place=PLACE, item_id="4711")
    assert logs.found() == {"past_cap": 1, UNRECORDED: 1}


@pytest.mark.parametrize("is_over", [False, True])
def test_a_hold_on_a_partition_without_its_schema_holds_nothing_and_is_said(logs: Logs, is_over: bool) -> None:  # noqa: F811
    name = two_days(logs)
    logs.world.add_hold(category="logs", place=PLACE, item_id=name.split(".")[1])
    if is_over:
        logs.world.own_sql("UPDATE retention.holds SET ended_at = now()")
    result = logs.verify()
    assert "past_cap" in {one.kind for one in result.findings}
    said = {one.kind: one.detail["reasons"] for one in result.findings if one.kind == "hold_on_nothing"}
    assert said == ({} if is_over else {"hold_on_nothing": {"partition_without_schema": 1}})


@pytest.mark.parametrize("default", [pytest.param(True, id="default"), pytest.param(False, id="not_over_yet")])
def test_disposal_leaves_a_partition_whole_that_is_held_by_its_name(logs: Logs, default: bool) -> None:  # noqa: F811
    lower = now() - CAP - HOUR
    name = logs.table.add_default() if default else logs.table.add_partition(lower, lower + 31 * DAY)
    logs.log(lower, 5)
    logs.log(now() - DAY, 2)
    logs.world.add_hold(category="logs", place=PLACE, item_id=name)
    assert logs.found() == {"exception_hold": 1, UNRECORDED: 1}
    runtime = logs.world.runtime()
    plan = make_plan(runtime, "logs", as_of=now(), run_id=f"test/{uuid.uuid4()}", requested_by="anna")
    assert execute_plan(runtime, plan.plan_id, plan.digest).gone == 0
    assert logs.found() == {"exception_hold": 1, UNRECORDED: 1}
