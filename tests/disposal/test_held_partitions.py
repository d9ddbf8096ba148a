"""A hold on a partition by its name, on one of its rows or on a period keeps what it means, however the partition would go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from tests.disposal.partition_log import Logs
from tests.disposal.test_partitions_judged_alike import INSERT, lines
from tests.world import DAY, HOUR, now

from retention.disposal.execute import execute_plan
from retention.disposal.explain import explain_item
from retention.stores.partition_catalog import mark_of


def _default(logs: Logs) -> str:
    return logs.table.add_default()


def _without_beginning(logs: Logs) -> str:
    logs.table.sql(
        f"CREATE TABLE before PARTITION OF request_log FOR VALUES FROM (MINVALUE) TO ('{logs.day(20).isoformat()}')"
    )
    return "public.before"


def _wide(logs: Logs) -> str:
    return logs.table.add_partition(logs.day(30), logs.day(-1))


def _beside_a_default(logs: Logs) -> str:
    logs.table.add_default()
    return logs.table.add_partition(logs.day(30), logs.day(20))


def _with_an_undated_row(logs: Logs) -> str:
    name = _without_beginning(logs)
    logs.table.sql(INSERT, "-infinity", now() - DAY, "undated")
    return name


@dataclass(frozen=True)
class Way:
    """What a hold says, given the partition's name, the later row's id and its day, and which lines that keeps."""

    scope: Callable[[str, str, datetime], dict[str, Any]]
    kept: frozenset[str]


BOTH, LATER = frozenset({"earlier", "later"}), frozenset({"later"})
WAYS = {
    "by_name": Way(lambda name, _row, _day: {"place": "request_log", "item_id": name}, BOTH),
    "by_name_and_period": Way(
        lambda name, _row, day: {"place": "request_log", "item_id": name, "started_from": day}, LATER
    ),
    "by_row": Way(lambda _name, row, _day: {"place": "request_log", "item_id": row}, LATER),
    "by_period": Way(lambda _name, _row, day: {"category": "logs", "started_from": day}, LATER),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize(
    "partition",
    [_default, _without_beginning, _wide, _beside_a_default, _with_an_undated_row],
    ids=lambda one: one.__name__,
)
def test_a_hold_keeps_what_it_means_of_a_partition_whose_rows_go_one_by_one(
    logs: Logs,
    partition: Callable[[Logs], str],
    way: Way,
) -> None:
    name = partition(logs)
    for ago, line in ((25, "earlier"), (24, "later")):
        logs.table.sql(INSERT, logs.day(ago) + HOUR, logs.day(ago) + HOUR, line)
    ((row,),) = logs.table.sql("SELECT id::text FROM request_log WHERE line = 'later'")
    logs.world.add_hold(**way.scope(name, row, logs.day(24)))
    logs.dispose()
    assert lines(logs) - {"undated"} == way.kept
    assert (
        explain_item(logs.world.runtime(), "request_log", row, as_of=now(), asked_by="anna")["reason"] == "legal_hold"
    )


@pytest.mark.parametrize("has_default", [pytest.param(False, id="whole"), pytest.param(True, id="row_by_row")])
def test_a_held_partition_that_is_renamed_stays_and_with_it_all_others(logs: Logs, has_default: bool) -> None:
    """Nobody can tell which was meant: a hold on its new name resolves it, once the one on the old name is ended."""
    held, other = logs.add(20), logs.add(25)
    if has_default:
        logs.table.add_default()
    logs.world.add_hold(category="logs", place="request_log", item_id=held)
    logs.table.sql(f"ALTER TABLE {held} RENAME TO request_log_for_the_lawyers")
    planned = logs.plan()
    assert (planned.due, set(planned.kept_by_reason) - {"by_rows"}) == (0, {"legal_hold"})
    logs.world.add_hold(category="logs", place="request_log", item_id="public.request_log_for_the_lawyers")
    logs.world.own_sql("UPDATE retention.holds SET ended_at = now() WHERE item_id = %s", held)
    assert logs.dispose().gone == (6 if has_default else 1)
    assert logs.table.rows() == 6
    assert logs.table.sql(f"SELECT to_regclass('{other}')") == [(other.split(".")[1] if has_default else None,)]


@pytest.mark.parametrize(
    "heir",
    [
        pytest.param("CREATE VIEW {0} AS SELECT * FROM request_log_for_the_lawyers", id="view"),
        pytest.param("CREATE TABLE {0} (id bigint, logged_at timestamptz)", id="table_of_other_columns"),
        pytest.param("CREATE INDEX {1} ON request_log_for_the_lawyers (logged_at)", id="index"),
    ],
)
def test_what_was_no_partition_does_not_stand_for_a_held_partition_of_its_name(logs: Logs, heir: str) -> None:
    held = logs.add(20)
    rows = logs.table.rows()
    logs.world.add_hold(category="logs", place="request_log", item_id=held)
    logs.table.sql(f"ALTER TABLE {held} RENAME TO request_log_for_the_lawyers")
    logs.table.sql(heir.format(held, held.split(".")[1]))
    assert logs.dispose().gone == 0
    assert logs.table.rows() == rows


@pytest.mark.parametrize("step", ["locked", "decided_again", "intent_recorded"])
def test_a_held_partition_that_is_renamed_while_another_waits_for_its_drop_keeps_both(logs: Logs, step: str) -> None:
    held = logs.add(20)
    logs.add(25)
    logs.world.add_hold(category="logs", place="request_log", item_id=held)

    def rename(reached: str) -> None:
        if reached == step:
            logs.table.sql(f"ALTER TABLE {held} RENAME TO request_log_for_the_lawyers")

    assert logs.dispose(on_step=rename).spared == {"legal_hold": 1}
    assert logs.table.rows() == 12


def _behind_a_parent(logs: Logs) -> str:
    """The log is a partition of a table of several logs."""
    logs.table.sql("ALTER TABLE request_log ALTER COLUMN id DROP IDENTITY")
    logs.table.sql("CREATE TABLE all_logs (LIKE request_log) PARTITION BY RANGE (logged_at)")
    logs.table.sql("ALTER TABLE all_logs ATTACH PARTITION request_log DEFAULT")
    return "public.all_logs"


@pytest.mark.parametrize("has_default", [pytest.param(False, id="whole"), pytest.param(True, id="row_by_row")])
@pytest.mark.parametrize(
    "named",
    [
        pytest.param(lambda _: "public.request_log", id="itself"),
        pytest.param(_behind_a_parent, id="what_it_is_part_of"),
    ],
)
def test_a_hold_on_the_log_keeps_all_its_partitions(
    logs: Logs, named: Callable[[Logs], str], has_default: bool
) -> None:
    for ago in (20, 25):
        logs.add(ago)
    if has_default:
        logs.table.add_default()
        logs.log(now() - 30 * DAY)
    rows = logs.table.rows()
    logs.world.add_hold(category="logs", place="request_log", item_id=named(logs))
    planned = logs.plan()
    assert (planned.due, planned.kept_by_reason["legal_hold"] > 0) == (0, True)
    assert logs.dispose().gone == 0
    assert logs.table.rows() == rows


def test_a_hold_on_the_log_saves_what_was_planned_before(logs: Logs) -> None:
    logs.add(20)
    planned = logs.plan()
    logs.world.add_hold(place="request_log", item_id="public.request_log")
    spared = execute_plan(logs.world.runtime(), planned.plan_id, planned.digest).spared
    assert (planned.due, spared) == (1, {"legal_hold": 1})


def test_a_hold_on_the_log_keeps_what_its_period_covers(logs: Logs) -> None:
    logs.add(20)
    kept = logs.add(25)
    logs.world.add_hold(place="request_log", item_id="public.request_log", started_before=logs.day(24))
    assert logs.dispose().gone == 1
    assert logs.partitions() == [kept]


def test_a_hold_on_the_log_keeps_a_partition_that_is_on_its_way_to_its_drop(logs: Logs) -> None:
    name = logs.add(20)
    logs.table.sql(f"COMMENT ON TABLE {name} IS '{mark_of(name, 'public.request_log')}'")
    logs.table.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
    logs.world.add_hold(place="request_log", item_id="public.request_log")
    assert logs.dispose().gone == 0
    assert logs.partitions() == [name]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param("4711", id="a_row_that_is_gone"),
        pytest.param("public.calls", id="another_table"),
    ],
)
def test_a_hold_on_what_no_partition_can_be_keeps_nothing_else(logs: Logs, item: str) -> None:
    logs.add(20)
    logs.table.sql("CREATE TABLE calls (LIKE request_log)")
    logs.world.add_hold(category="logs", place="request_log", item_id=item)
    assert logs.dispose().gone == 1
