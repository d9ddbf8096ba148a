"""A partition goes whole where each of its records would go by itself, and only as what was decided on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql
from tests.disposal.partition_log import Logs
from tests.logs import RULE
from tests.world import DAY, HOUR, now

from retention.disposal.execute import DisposalSummary, execute_plan

INSERT = "INSERT INTO request_log (logged_at, stored_at, line) VALUES (%s, %s, %s)"


def lines(logs: Logs) -> set[str]:
    return {line for (line,) in logs.table.sql("SELECT line FROM request_log")}


@pytest.mark.parametrize("time", ["1970-01-01Z", "-infinity"])
@pytest.mark.parametrize("beside", [pytest.param(0, id="alone"), pytest.param(1, id="beside_an_old_one")])
def test_a_record_without_a_date_in_a_partition_without_beginning_is_aged_by_its_evidence(
    logs: Logs,
    time: str,
    beside: int,
) -> None:
    logs.table.sql(
        f"CREATE TABLE before PARTITION OF request_log FOR VALUES FROM (MINVALUE) TO ('{logs.day(20).isoformat()}')"
    )
    logs.log(logs.day(25), beside)
    logs.table.sql(INSERT, time, now() - DAY, "young")
    assert logs.dispose().gone == beside
    assert lines(logs) == {"young"}


def test_an_empty_partition_without_beginning_goes(logs: Logs) -> None:
    logs.table.sql(
        f"CREATE TABLE before PARTITION OF request_log FOR VALUES FROM (MINVALUE) TO ('{logs.day(20).isoformat()}')"
    )
    assert logs.dispose().gone == 1


@pytest.mark.parametrize("has_default", [False, True])
def test_a_hold_on_a_period_keeps_a_record_that_its_evidence_dates(logs: Logs, has_default: bool) -> None:
    """It says 20 days, and was stored 40 days ago: nobody knows for sure when it arose."""
    logs.add(20)
    if has_default:
        logs.table.add_default()
    logs.table.sql(INSERT, logs.day(20) + HOUR, logs.day(40) + HOUR, "held")
    logs.world.add_hold(category="logs", started_from=logs.day(41), started_before=logs.day(39))
    logs.dispose()
    assert lines(logs) == {"held"}


def test_a_hold_on_a_row_without_an_id_is_found_by_the_name_that_disposal_gives_it(logs: Logs) -> None:
    logs.table.sql("ALTER TABLE request_log ALTER COLUMN id DROP IDENTITY, ALTER COLUMN id DROP NOT NULL")
    logs.add(20, rows=0)
    for line in ("held", "free"):
        logs.table.sql(INSERT, logs.day(20) + HOUR, logs.day(20) + HOUR, line)
    ((name,),) = logs.table.sql(
        "SELECT 'public.' || tableoid::regclass::text || ctid::text FROM request_log WHERE line = 'held'"
    )
    logs.world.add_hold(category="logs", place="request_log", item_id=name)
    assert logs.dispose().gone == 1
    assert lines(logs) == {"held"}


def test_of_a_partition_over_the_day_of_a_longer_limit_only_what_is_due_goes(logs: Logs) -> None:
    """7 days until a day in Berlin, 14 from then on; the partition is a day in UTC and has records of both."""
    end = logs.day(9)
    effective = (end + 12 * HOUR).astimezone(ZoneInfo("Europe/Berlin")).date()
    head, _ = RULE.split("    start_points:")
    (logs.world.policies / "logs.yaml").write_text(
        f"""{head}    start_points: [{{event: logged, every_item: true, limit: P7D, lead: PT49H}}]
  - version: 2
    policy_version: "2025-08-03"
    effective_from: {effective}
    approved_by: Data Protection Officer
    start_points: [{{event: logged, every_item: true, limit: P14D, lead: PT49H}}]
""",
        encoding="utf-8",
    )
    logs.table.add_partition(end - DAY, end)
    logs.table.sql(INSERT, end - 20 * HOUR, end - 20 * HOUR, "version 1")
    logs.table.sql(INSERT, end - HOUR / 2, end - HOUR / 2, "version 2")
    assert logs.dispose().gone == 1
    assert lines(logs) == {"version 2"}


def recycle(session: psycopg.Connection[Any], logs: Logs, name: str) -> None:
    """As scripts for weekday partitions do: emptied, and attached for today."""
    partition = sql.Identifier(*name.split("."))
    session.execute("SET TimeZone = 'UTC'")
    session.execute(sql.SQL("ALTER TABLE request_log DETACH PARTITION {}").format(partition))
    session.execute(sql.SQL("TRUNCATE {}").format(partition))
    session.execute(
        sql.SQL("ALTER TABLE request_log ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            partition, sql.Literal(logs.day(0)), sql.Literal(logs.day(-1))
        )
    )
    session.execute("INSERT INTO request_log (logged_at, stored_at, line) VALUES (now(), now(), 'today')")


@pytest.mark.parametrize("step", ["locked", "decided_again", "intent_recorded"])
def test_a_partition_that_is_recycled_while_its_drop_waits_keeps_its_new_records(logs: Logs, step: str) -> None:
    old = logs.add(20)
    planned = logs.plan()
    with psycopg.connect(logs.table.conninfo) as other:
        timer = threading.Timer(0.5, other.commit)

        def begin(reached: str) -> None:
            if reached == step:
                recycle(other, logs, old)
                timer.start()

        summary = execute_plan(logs.world.runtime(on_step=begin), planned.plan_id, planned.digest)
        timer.join()
    assert (summary.gone, summary.spared) == (0, {"not_due": 1})
    assert lines(logs) == {"today"}


def test_another_table_under_the_name_of_a_planned_partition_stays_for_the_next_plan(logs: Logs) -> None:
    old = logs.add(20)
    planned = logs.plan()
    logs.table.sql(f"DROP TABLE {old}")
    logs.table.names.clear()
    logs.add(20)
    summary = execute_plan(logs.world.runtime(), planned.plan_id, planned.digest)
    assert (summary.gone, summary.spared) == (0, {"changed": 1})
    assert logs.dispose().gone == 1


def killed(logs: Logs) -> tuple[Any, str]:
    """A plan whose run was killed before anything went."""
    planned = logs.plan()

    def die(step: str) -> None:
        if step == "intent_recorded":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute_plan(logs.world.runtime(on_step=die), planned.plan_id, planned.digest)
    return planned.plan_id, planned.digest


def finish(logs: Logs, plan: tuple[Any, str], *, by_next_run: bool) -> DisposalSummary | None:
    if not by_next_run:
        return execute_plan(logs.world.runtime(), *plan)
    logs.plan()
    return None


BY = pytest.mark.parametrize(
    "by_next_run", [pytest.param(False, id="by_a_retry"), pytest.param(True, id="by_the_next_run")]
)


@BY
def test_a_partition_that_was_renamed_after_a_killed_run_is_not_noted_as_gone(logs: Logs, by_next_run: bool) -> None:
    old = logs.add(20)
    plan = killed(logs)
    logs.table.sql(f"ALTER TABLE request_log DETACH PARTITION {old}")
    logs.table.sql(f"ALTER TABLE {old} RENAME TO evidence_2026")
    summary = finish(logs, plan, by_next_run=by_next_run)
    assert summary is None or summary.spared == {"no_partition": 1}
    assert logs.world.own_sql("SELECT 1 FROM retention.disposed_items") == []


def change(logs: Logs) -> None:
    logs.table.sql("UPDATE request_log SET line = 'changed'")


def move(logs: Logs) -> None:
    """Close the gap that a deleted row left; as long as some session's snapshot could still see that row, it stays."""
    query = "SELECT array_agg(ctid::text ORDER BY ctid) FROM request_log_default"
    before = logs.table.sql(query)
    while logs.table.sql(query) == before:
        logs.table.sql("VACUUM FULL request_log_default")


@BY
@pytest.mark.parametrize(
    ("named", "how"),
    [
        pytest.param(True, change, id="changed"),
        pytest.param(True, move, id="moved"),
        pytest.param(False, move, id="moved_and_without_an_id"),
    ],
)
def test_rows_that_stand_elsewhere_after_a_killed_run_are_not_noted_as_gone(
    logs: Logs,
    named: bool,
    how: Callable[[Logs], None],
    by_next_run: bool,
) -> None:
    if not named:
        logs.table.sql("ALTER TABLE request_log ALTER COLUMN id DROP IDENTITY, ALTER COLUMN id DROP NOT NULL")
    logs.table.add_default()
    logs.log(logs.day(30), 4)
    logs.table.sql("DELETE FROM request_log_default WHERE ctid = '(0,1)'")  # so that there is room to move to
    plan = killed(logs)
    how(logs)
    summary = finish(logs, plan, by_next_run=by_next_run)
    assert summary is None or not named or (summary.gone, summary.spared) == (0, {"moved": 3})
    logs.dispose()
    assert logs.table.rows() == 0
    assert logs.world.own_sql("SELECT DISTINCT outcome FROM retention.disposed_items") == [{"outcome": "gone"}]
