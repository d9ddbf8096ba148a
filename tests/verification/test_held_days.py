"""What holds cover of partitions is missed day by day, and each table is known by its number, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from tests.verification.test_held_partitions import MISSING, OLDEST, SHRUNK, UNRECORDED, missed
from tests.verification.test_partitions import PLACE, Logs, logs  # noqa: F401 - a fixture
from tests.world import DAY, HOUR, now


def add_days(logs: Logs, *ago: int, rows: int = 5) -> list[str]:  # noqa: F811
    """A partition of each of these days, with so many records of one instant."""
    names = []
    for days in ago:
        lower = midnight(days)
        names.append(logs.table.add_partition(lower, lower + DAY))
        logs.log(lower + HOUR, rows)
    return names


def midnight(days_ago: int) -> datetime:
    return (now() - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)


def add_hashed_day(logs: Logs, rows: int = 40) -> list[str]:  # noqa: F811
    """One day in two tables, all records at one instant; the smaller first."""
    lower = now() - OLDEST
    logs.table.sql(
        f"CREATE TABLE day PARTITION OF request_log FOR VALUES FROM ('{lower}') TO ('{lower + DAY}') PARTITION BY HASH (id)"
    )
    for number in range(2):
        logs.table.sql(f"CREATE TABLE day_{number} PARTITION OF day FOR VALUES WITH (MODULUS 2, REMAINDER {number})")
    logs.log(lower + HOUR, rows)
    ((first,), (second,)) = logs.table.sql("SELECT count(*) FROM day_0 UNION ALL SELECT count(*) FROM day_1")
    smaller = 0 if first < second else 1
    logs.table.sql(f"DELETE FROM day_{smaller} WHERE ctid IN (SELECT ctid FROM day_{smaller} LIMIT 5)")
    return [f"public.day_{smaller}", f"public.day_{1 - smaller}"]


@pytest.mark.parametrize(
    "named",
    [
        pytest.param(lambda _: "public.request_log", id="the_log"),
        pytest.param(lambda those: put_below(those, "all_logs"), id="what_the_log_is_part_of"),
        pytest.param(lambda _: "public.day", id="a_partition_that_is_partitioned_itself"),
    ],
)
@pytest.mark.parametrize("which", [pytest.param((0, 1), id="all"), pytest.param((1,), id="one")])
def test_a_hold_covers_all_that_is_below_what_it_names(
    logs: Logs,  # noqa: F811
    named: Callable[[Logs], str],
    which: Sequence[int],
) -> None:
    tables = add_hashed_day(logs)
    logs.world.add_hold(category="logs", place=PLACE, item_id=named(logs))
    assert logs.found() == {"exception_hold": 2, UNRECORDED: 1}
    for one in which:
        logs.table.sql(f"DROP TABLE {tables[one]}")
    for _ in range(2):
        assert missed(logs) == {MISSING: len(which)}


def put_below(logs: Logs, parent: str) -> str:  # noqa: F811
    """The log is a partition of a table of several logs."""
    logs.table.sql("ALTER TABLE request_log ALTER COLUMN id DROP IDENTITY")
    logs.table.sql(f"CREATE TABLE {parent} (LIKE request_log) PARTITION BY RANGE (logged_at)")
    logs.table.sql(f"ALTER TABLE {parent} ATTACH PARTITION request_log DEFAULT")
    return f"public.{parent}"


def test_a_hold_on_one_day_covers_no_other(logs: Logs) -> None:  # noqa: F811
    add_hashed_day(logs)
    add_days(logs, 25)
    logs.world.add_hold(category="logs", place=PLACE, item_id="public.day")
    assert logs.found() == {"exception_hold": 2, "past_cap": 1, UNRECORDED: 1}


def test_a_hold_on_the_log_covers_what_is_left_beside_it(logs: Logs) -> None:  # noqa: F811
    (name,) = add_days(logs, 20)
    logs.world.add_hold(category="logs", place=PLACE, item_id="public.request_log")
    assert missed(logs) == {}
    logs.table.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
    assert missed(logs) == {}
    logs.table.sql(f"DROP TABLE {name}")
    assert missed(logs) == {MISSING: 1}


@pytest.mark.parametrize("name", ["request_log", "day"])
def test_a_hold_on_partitions_by_a_name_without_schema_holds_nothing_and_is_said(logs: Logs, name: str) -> None:  # noqa: F811
    add_hashed_day(logs)
    logs.world.add_hold(category="logs", place=PLACE, item_id=name)
    found = logs.found()
    assert (found["past_cap"], found["hold_on_nothing"]) == (2, 1)


def test_records_of_another_day_make_up_for_no_day_that_went(logs: Logs) -> None:  # noqa: F811
    first, second = add_days(logs, 20, 19)
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    logs.table.sql(f"DROP TABLE {first}, {second}")
    add_days(logs, 18, rows=50)
    for _ in range(2):
        assert missed(logs) == {MISSING: 2}


def test_records_that_come_late_make_up_for_no_day_that_went(logs: Logs) -> None:  # noqa: F811
    (held,) = add_days(logs, 20)
    logs.table.add_partition(midnight(2), midnight(-1))
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    logs.table.sql(f"DROP TABLE {held}")
    logs.log(now() - 3 * HOUR, 10)
    for _ in range(2):
        assert missed(logs) == {MISSING: 1}


@pytest.mark.parametrize("lose", ["DROP TABLE", "TRUNCATE"])
@pytest.mark.parametrize("which", [pytest.param(0, id="smaller"), pytest.param(1, id="larger")])
def test_one_of_two_tables_of_a_held_day_is_missed(logs: Logs, lose: str, which: int) -> None:  # noqa: F811
    tables = add_hashed_day(logs)
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    logs.table.sql(f"{lose} {tables[which]}")
    for _ in range(2):
        assert missed(logs) == {MISSING: 1}


def test_a_held_partition_that_is_gone_is_no_other_that_is_renamed(logs: Logs) -> None:  # noqa: F811
    smaller, larger = add_hashed_day(logs)
    logs.world.add_hold(category="logs", place=PLACE, item_id=smaller)
    assert missed(logs) == {}
    logs.table.sql(f"DROP TABLE {smaller}")
    logs.table.sql(f"ALTER TABLE {larger} RENAME TO day_of_another_name")
    for _ in range(2):
        assert missed(logs) == {MISSING: 1}


def test_held_partitions_that_change_names_are_missed_by_the_hold(logs: Logs) -> None:  # noqa: F811
    """The hold means the larger one by now, and nothing keeps the smaller one."""
    smaller, larger = add_hashed_day(logs)
    logs.world.add_hold(category="logs", place=PLACE, item_id=smaller)
    assert missed(logs) == {}
    logs.table.sql(f"ALTER TABLE {smaller} RENAME TO day_between")
    logs.table.sql(f"ALTER TABLE {larger} RENAME TO {smaller.split('.')[1]}")
    for _ in range(2):
        assert missed(logs) == {MISSING: 1}


def test_a_held_partition_whose_name_a_table_of_something_else_has_is_kept_in_doubt(logs: Logs) -> None:  # noqa: F811
    (name,) = add_days(logs, 20)
    logs.world.add_hold(category="logs", place=PLACE, item_id=name)
    logs.found()
    logs.table.sql(f"ALTER TABLE {name} RENAME TO request_log_for_the_lawyers")
    logs.table.sql(f"CREATE TABLE {name} (id bigint, logged_at timestamptz)")
    for _ in range(2):
        found = logs.found()
        assert found.keys() & {MISSING, SHRUNK, "past_cap"} == set() and found["kept_in_doubt"] == 1


def test_a_held_partition_that_is_restored_is_there(logs: Logs) -> None:  # noqa: F811
    """A restored table is another one, of the same name."""
    (name,) = add_days(logs, 20)
    logs.world.add_hold(category="logs", place=PLACE, item_id=name)
    assert missed(logs) == {}
    logs.table.sql(f"CREATE TABLE backup AS SELECT * FROM {name}")
    logs.table.sql(f"DROP TABLE {name}")
    for _ in range(2):
        assert missed(logs) == {MISSING: 1}
    logs.table.add_partition(midnight(20), midnight(19), name.split(".")[1])
    logs.table.sql("INSERT INTO request_log OVERRIDING SYSTEM VALUE SELECT * FROM backup LIMIT 4")
    assert missed(logs) == {MISSING: 1}
    logs.table.sql("INSERT INTO request_log OVERRIDING SYSTEM VALUE SELECT * FROM backup OFFSET 4")
    for _ in range(2):
        assert missed(logs) == {}


def test_a_renamed_partition_that_another_hold_covers_is_missed_once_that_has_ended(logs: Logs) -> None:  # noqa: F811
    (name,) = add_days(logs, 20)
    logs.world.add_hold(category="logs", place=PLACE, item_id=name)
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    logs.table.sql(f"ALTER TABLE {name} RENAME TO request_log_for_the_lawyers")
    assert missed(logs) == {}
    logs.world.own_sql("UPDATE retention.holds SET ended_at = now() WHERE item_id IS NULL")
    assert missed(logs) == {}
    logs.table.sql("DROP TABLE request_log_for_the_lawyers")
    for _ in range(2):
        assert missed(logs) == {MISSING: 1}


def test_what_an_older_version_remembered_without_days_can_not_be_compared(logs: Logs) -> None:  # noqa: F811
    logs.table.add_partition(midnight(20), midnight(18))
    for days in (20, 19):
        logs.log(midnight(days) + HOUR, 5)
    logs.world.add_hold(category="logs")
    logs.found()
    logs.world.own_sql(
        "DELETE FROM retention.protected_items WHERE day = (SELECT max(day) FROM retention.protected_items)"
    )
    logs.world.own_sql("UPDATE retention.protected_items SET day = NULL, extent = 10, part_hash = 'other'")
    result = logs.verify()
    assert {one.kind: one.detail["reasons"] for one in result.findings if one.kind == "memory_lost"} == {
        "memory_lost": {"partitions_known_otherwise": 1}
    }
    assert missed(logs) == {}
    logs.table.sql("DELETE FROM request_log")
    for _ in range(2):
        assert missed(logs) == {MISSING: 1}


def test_each_day_of_a_held_partition_is_counted(logs: Logs) -> None:  # noqa: F811
    logs.table.add_default()
    for days in (20, 19):
        logs.log(midnight(days) + HOUR, 5)
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    logs.table.sql("DELETE FROM request_log WHERE ctid IN (SELECT ctid FROM request_log ORDER BY logged_at LIMIT 2)")
    logs.log(midnight(19) + 2 * HOUR, 2)
    for _ in range(2):
        assert missed(logs) == {SHRUNK: 1}


def test_held_rows_move_on_from_a_partition_of_which_some_went(logs: Logs) -> None:  # noqa: F811
    logs.table.add_default()
    logs.log(midnight(20) + HOUR, 5)
    logs.world.add_hold(category="logs")
    assert missed(logs) == {}
    logs.table.sql("DELETE FROM request_log WHERE ctid IN (SELECT ctid FROM request_log LIMIT 1)")
    assert missed(logs) == {SHRUNK: 1}
    logs.table.sql("CREATE TABLE moved AS SELECT * FROM request_log")
    logs.table.sql("DELETE FROM request_log")
    logs.table.add_partition(midnight(20), midnight(19))
    logs.table.sql("INSERT INTO request_log OVERRIDING SYSTEM VALUE SELECT * FROM moved")
    for _ in range(2):
        assert missed(logs) == {MISSING: 1}
    logs.log(midnight(20) + HOUR, 1)
    assert missed(logs) == {}
