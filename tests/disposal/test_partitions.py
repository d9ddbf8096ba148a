"""A log table in day partitions on a real server: what goes whole, what goes row by row, what stays, and what the ledger says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from psycopg import sql
from tests.disposal.partition_log import Logs
from tests.logs import RULE
from tests.world import DAY, HOUR, now

from retention.disposal.execute import execute_plan
from retention.disposal.explain import explain_item
from retention.disposal.new_partitions import create_ahead
from retention.errors import DataMapError, PartlyFailedError, RequestError


def test_an_expired_partition_is_one_item_and_a_young_one_stays(logs: Logs) -> None:
    old, young = logs.add(20), logs.add(2)
    planned = logs.plan()
    assert (planned.due, planned.considered, planned.kept_by_reason) == (1, 2, {"not_due": 1})
    assert planned.next_due_at == logs.day(1) + timedelta(hours=287)
    summary = execute_plan(logs.world.runtime(), planned.plan_id, planned.digest)
    assert (summary.planned, summary.gone, summary.failed) == (1, 1, 0)
    assert logs.partitions() == [young]
    assert logs.table.sql("SELECT to_regclass(%s)", old) == [(None,)]
    assert logs.table.rows() == 6


@pytest.mark.parametrize(
    ("items", "blocked"), [pytest.param(99, True, id="too_many"), pytest.param(100, False, id="as_many_as_may_go")]
)
def test_the_volume_limit_counts_what_is_in_a_partition(logs: Logs, items: int, blocked: bool) -> None:
    name = logs.add(20, rows=50)
    logs.table.sql(f"ANALYZE {name}")
    policy = logs.world.runtime().policy
    rule = policy.rule("logs")
    rule = rule.model_copy(update={"volume_limit": rule.volume_limit.model_copy(update={"items": items})})
    planned = logs.plan(policy=replace(policy, rules=policy.rules | {"logs": rule}))
    assert (planned.due, planned.blocked) == (1, blocked)
    assert ("100 items are due" in (planned.blocked_reason or "")) is blocked


def test_the_ledger_has_one_part_of_it_and_the_hash_of_its_name(logs: Logs) -> None:
    name = logs.add(20, rows=50)
    logs.dispose()
    (entry,) = logs.world.ledger("result")
    assert (entry["gone"], entry["parts_removed"]) == (1, 1)
    hashed = logs.world.runtime().hasher.item("request_log", name)
    assert logs.world.own_sql("SELECT item_hash, arose_at FROM retention.disposed_items") == [
        {"item_hash": hashed, "arose_at": logs.day(20) + HOUR}
    ]


@pytest.mark.parametrize(
    ("hours_after_end", "due"),
    [
        pytest.param(287 - 0.01, 0, id="before_its_end_is_due"),
        pytest.param(287, 1, id="exactly_when_its_end_is_due"),
        pytest.param(336, 1, id="deadline_of_its_end"),
    ],
)
def test_a_partition_expires_by_its_end_whatever_is_in_it(logs: Logs, hours_after_end: float, due: int) -> None:
    """Its only record is 23 hours older than its end."""
    lower = logs.day(40)
    logs.table.add_partition(lower, lower + DAY)
    logs.log(lower + HOUR)
    assert logs.plan(as_of=lower + DAY + timedelta(hours=hours_after_end)).due == due


def test_an_empty_expired_partition_goes_and_one_of_a_day_to_come_stays(logs: Logs) -> None:
    for ago in (20, -3):
        logs.table.add_partition(logs.day(ago), logs.day(ago) + DAY)
    planned = logs.plan()
    assert (planned.due, planned.kept_by_reason, planned.undated) == (1, {"not_due": 1}, 0)
    assert logs.dispose().gone == 1
    assert logs.partitions() == [logs.table.names[1]]


def test_a_wide_partition_whose_end_is_due_goes_whole(logs: Logs) -> None:
    logs.add(50, days=30)
    assert logs.plan().due == 1
    assert logs.dispose().gone == 1
    assert logs.partitions() == []


def test_a_partition_of_25_hours_goes_whole(logs: Logs) -> None:
    """The day in local time on which summer time ends."""
    lower = logs.day(20)
    logs.table.add_partition(lower - HOUR, lower + DAY)
    logs.log(lower - HOUR)
    assert logs.plan(as_of=lower + timedelta(hours=287)).due == 0
    assert logs.dispose().gone == 1


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({"category": "logs"}, id="category"),
        pytest.param({"tenant_id": "t1"}, id="a_customer_whose_records_these_may_be"),
        pytest.param({"person_id": "p1"}, id="a_person_whose_records_these_may_be"),
    ],
)
def test_a_hold_keeps_what_it_may_cover(logs: Logs, scope: dict[str, Any]) -> None:
    logs.add(20)
    logs.add(25)
    logs.world.add_hold(**scope)
    planned = logs.plan()
    assert (planned.due, planned.kept_by_reason) == (0, {"legal_hold": 2})


def test_a_hold_on_one_row_keeps_it_and_the_others_of_its_partition_go(logs: Logs) -> None:
    name, other = logs.add(20), logs.add(25)
    held = logs.table.sql(f"SELECT id::text FROM {name} LIMIT 1")[0][0]
    logs.world.add_hold(place="request_log", item_id=held)
    planned = logs.plan()
    assert (planned.due, planned.kept_by_reason) == (6, {"legal_hold": 1})
    assert execute_plan(logs.world.runtime(), planned.plan_id, planned.digest).gone == 6
    assert logs.table.sql("SELECT id::text FROM request_log") == [(held,)]
    assert logs.partitions() == [name] and other not in logs.partitions()


def test_a_hold_on_a_period_keeps_its_rows_and_whole_partitions(logs: Logs) -> None:
    within, half, outside = logs.add(20), logs.add(22), logs.add(25)
    logs.world.add_hold(category="logs", started_from=logs.day(22) + 12 * HOUR, started_before=logs.day(10))
    planned = logs.plan()
    assert planned.kept_by_reason == {"legal_hold": 4}
    assert execute_plan(logs.world.runtime(), planned.plan_id, planned.digest).gone == 4
    assert logs.partitions() == [within, half] and outside not in logs.partitions()
    assert logs.table.rows() == 9


def test_a_hold_that_is_set_after_the_plan_keeps_the_partition(logs: Logs) -> None:
    logs.add(20)
    planned = logs.plan()
    logs.world.add_hold(category="logs")
    summary = execute_plan(logs.world.runtime(), planned.plan_id, planned.digest)
    assert (summary.gone, summary.spared) == (0, {"legal_hold": 1})
    assert logs.table.rows() == 6


def test_a_partition_that_has_a_default_beside_it_since_the_plan_stays_for_the_next_run(logs: Logs) -> None:
    logs.add(20)
    planned = logs.plan()
    logs.table.add_default()
    summary = execute_plan(logs.world.runtime(), planned.plan_id, planned.digest)
    assert summary.spared == {"by_rows": 1}
    assert logs.dispose().gone == 6


def test_in_a_rehearsal_nothing_goes(logs: Logs) -> None:
    logs.add(20)
    summary = logs.dispose(dry_run=True)
    assert (summary.gone, summary.dry_run) == (1, True)
    assert logs.table.rows() == 6


def test_in_a_rehearsal_no_row_goes(logs: Logs) -> None:
    logs.table.add_default()
    logs.log(now() - 20 * DAY, 4)
    assert logs.dispose(dry_run=True).gone == 4
    assert logs.table.rows() == 4


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("action: delete", "action: anonymise"), id="anonymise"),
        pytest.param(
            lambda text: text.replace("lead: PT49H}]", "lead: PT49H}, {event: withdrawn, allowed_latency: PT49H}]"),
            id="an_event_that_no_partition_tells",
        ),
    ],
)
def test_a_rule_that_asks_for_more_than_age_is_refused(logs: Logs, change: Callable[[str], str]) -> None:
    (logs.world.policies / "logs.yaml").write_text(change(RULE), encoding="utf-8")
    with pytest.raises(DataMapError, match="of kind partitions"):
        logs.plan()


def test_partitions_are_created_ahead_and_a_place_of_another_kind_is_refused(logs: Logs) -> None:
    created = create_ahead(logs.world.runtime(), "request_log", days=3)
    assert created == {"place": "request_log", "days": 3, "created": 3, "refused": 0}
    assert create_ahead(logs.world.runtime(), "request_log", days=3)["created"] == 0
    logs.log(now())
    with pytest.raises(RequestError, match="request_log"):
        create_ahead(logs.world.runtime(), "recordings")


def test_a_refused_partition_fails_after_the_others_were_created(logs: Logs) -> None:
    logs.table.add_default()
    logs.log(now() + DAY)
    with pytest.raises(PartlyFailedError, match="23514"):
        create_ahead(logs.world.runtime(), "request_log", days=3)
    names = sql.SQL("SELECT count(*) FROM pg_inherits WHERE inhparent = 'request_log'::regclass").as_string(None)
    assert logs.table.sql(names) == [(3,)]


def explain(logs: Logs, item: str) -> tuple[str, str]:
    told = explain_item(logs.world.runtime(), "request_log", item, as_of=now(), asked_by="anna")
    return str(told["status"]), told["reason"]


def test_a_partition_and_a_row_of_it_are_explained_alike(logs: Logs) -> None:
    old, young = logs.add(20), logs.add(2)
    row = logs.table.sql(f"SELECT id::text FROM {old} LIMIT 1")[0][0]
    assert explain(logs, old) == explain(logs, row) == ("overdue", "logged")
    assert explain(logs, young) == ("retain", "not_due")


def test_a_row_that_goes_by_itself_is_explained_by_itself(logs: Logs) -> None:
    default = logs.table.add_default()
    logs.log(now() - 20 * DAY)
    logs.log(now())
    old, young = (row for (row,) in logs.table.sql("SELECT id::text FROM request_log ORDER BY logged_at"))
    assert (explain(logs, old), explain(logs, young)) == (("overdue", "logged"), ("retain", "not_due"))
    assert explain(logs, default) == ("retain", "by_rows")
    with pytest.raises(RequestError, match="expected a partition"):
        explain(logs, "4711")
