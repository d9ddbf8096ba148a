"""Partitions that somebody detached, and runs that were killed around a drop."""

from __future__ import annotations

import pytest
from tests.disposal.partition_log import Logs
from tests.stores.test_partition_store import interrupt_detach
from tests.world import DAY, now

from retention.stores.partition_catalog import mark_of


@pytest.mark.parametrize("state", ["marked", "pending", "detached"])
def test_an_interrupted_detach_is_found_and_finished(logs: Logs, state: str) -> None:
    name = logs.add(20)
    logs.add(2)
    if state == "pending":
        interrupt_detach(logs.table, name)
    else:
        logs.table.sql(f"COMMENT ON TABLE {name} IS '{mark_of(name, 'public.request_log')}'")
    if state == "detached":
        logs.table.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
    assert logs.dispose().gone == 1
    assert logs.partitions() == logs.table.names[1:]


def test_a_young_partition_that_somebody_began_to_detach_stays_until_it_is_due(logs: Logs) -> None:
    old, young = logs.add(20), logs.add(3)
    interrupt_detach(logs.table, young)
    assert logs.dispose().gone == 1
    assert logs.partitions() == [young]
    planned = logs.plan()
    assert (planned.due, planned.kept_by_reason) == (0, {"not_due": 1})
    assert old not in logs.partitions()


def test_an_empty_leftover_is_dropped(logs: Logs) -> None:
    name = logs.add(20, rows=0)
    logs.table.sql(f"COMMENT ON TABLE {name} IS '{mark_of(name, 'public.request_log')}'")
    logs.table.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
    assert logs.dispose().gone == 1


def test_a_table_that_somebody_detached_and_kept_is_not_ours(logs: Logs) -> None:
    name = logs.add(20)
    logs.table.sql(f"ALTER TABLE request_log DETACH PARTITION {name}")
    assert logs.plan().considered == 0


@pytest.mark.parametrize(
    ("step", "recovered", "left"),
    [
        pytest.param("intent_recorded", 0, 1, id="before_the_drop"),
        pytest.param("partition_dropped", 1, 0, id="after_it"),
    ],
)
def test_a_run_that_was_killed_around_a_drop_is_finished_by_the_next_one(
    logs: Logs, step: str, recovered: int, left: int
) -> None:
    logs.add(20)

    def die(reached: str) -> None:
        if reached == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        logs.dispose(on_step=die)
    assert logs.dispose().gone == left
    assert logs.partitions() == []
    (entry,) = logs.world.ledger("recovery")
    assert (entry["recovered"], entry["still_there"]) == (recovered, left)
    assert len(logs.world.own_sql("SELECT 1 FROM retention.disposed_items")) == 1


def test_a_killed_run_is_noted_by_the_next_one(logs: Logs) -> None:
    name = logs.add(20)
    logs.table.add_default()
    logs.table.sql(f"TRUNCATE {name}")
    logs.log(now() - 30 * DAY, 2)

    def die(step: str) -> None:
        if step == "rows_removed":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        logs.dispose(on_step=die)
    assert logs.dispose().planned == 0
    (entry,) = logs.world.ledger("recovery")
    assert (entry["recovered"], entry["still_there"]) == (3, 0)
