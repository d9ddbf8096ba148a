"""A log table in day partitions on a real server: what goes whole, what goes row by row, what stays, and what the ledger says."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.databases import fresh_database
from tests.logs import PARTITIONS, RULE, LogsWorld
from tests.stores.partitioned import LogTable
from tests.stores.test_partition_store import interrupt_detach
from tests.stores.test_postgres_store import make_role
from tests.world import DAY, HOUR, now, postgres_connection

from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.explain import explain_item
from retention.disposal.new_partitions import create_ahead
from retention.disposal.plan import PlanSummary, make_plan
from retention.errors import DataMapError, PartlyFailedError, RequestError
from retention.stores.partition_catalog import mark_of


@dataclass
class Logs:
    """The log table and the world around it; `day(n)` is midnight (UTC) n days ago."""

    table: LogTable
    world: LogsWorld

    def day(self, ago: int) -> datetime:
        return now().replace(hour=0, minute=0, second=0, microsecond=0) - ago * DAY

    def add(self, ago: int, rows: int = 3, days: int = 1) -> str:
        """A partition that begins so many days ago, with rows at its beginning and, of the last day, at its end."""
        lower = self.day(ago)
        name = self.table.add_partition(lower, lower + days * DAY)
        for at in (lower + HOUR, lower + days * DAY - HOUR):
            self.log(at, rows)
        return name

    def log(self, at: datetime | None, rows: int = 1, stored_at: datetime | None = None) -> None:
        self.table.log(at, rows, stored_at or at)

    def plan(self, *, as_of: datetime | None = None, **runtime: Any) -> PlanSummary:
        run = f"test/{uuid.uuid4()}"
        return make_plan(self.world.runtime(**runtime), "logs", as_of=as_of or now(), run_id=run, requested_by="anna")

    def dispose(self, *, dry_run: bool = False, **runtime: Any) -> DisposalSummary:
        planned = self.plan(**runtime)
        return execute_plan(self.world.runtime(**runtime), planned.plan_id, planned.digest, dry_run=dry_run)

    def partitions(self) -> list[str]:
        return [one for one in self.table.names if self.table.sql("SELECT to_regclass(%s)", one) != [(None,)]]


@pytest.fixture
def logs(postgres_server: Any, templates: tuple[str, str], tmp_path: Path) -> Iterator[Logs]:
    with fresh_database(postgres_server) as source, fresh_database(postgres_server, templates[1]) as own:
        conninfo = postgres_server.conninfo(source)
        world = LogsWorld(conninfo, postgres_server.conninfo(own), tmp_path, "request_log", PARTITIONS).build()
        yield Logs(LogTable(conninfo).create(), world)


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


def test_a_partition_that_others_point_to_fails_and_the_others_go(logs: Logs) -> None:
    logs.table.sql("DROP TABLE request_log")
    logs.table.keyed = True
    logs.table.create()
    held, other = logs.add(20), logs.add(25)
    logs.table.sql(
        "CREATE TABLE incidents (log_id bigint, logged_at timestamptz, FOREIGN KEY (log_id, logged_at) REFERENCES request_log)"
    )
    logs.table.sql(f"INSERT INTO incidents SELECT id, logged_at FROM {held} LIMIT 1")
    with pytest.raises(PartlyFailedError, match="1 × 23503"):
        logs.dispose()
    assert logs.partitions() == [held] and other not in logs.partitions()


def test_a_partition_that_somebody_has_locked_fails_and_the_others_go(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retention.disposal.partitions.kind._PATIENCE_S", 0.0)
    locked, other, young = logs.add(20), logs.add(25), logs.add(2)
    with psycopg.connect(logs.table.conninfo) as session:
        session.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(*locked.split("."))))
        with pytest.raises(PartlyFailedError, match="1 × 55P03"):
            logs.dispose()
    assert logs.partitions() == [locked, young] and other not in logs.partitions()
    assert logs.dispose().gone == 1


def test_a_partition_of_another_owner_fails_and_the_others_go(logs: Logs) -> None:
    foreign, other, young = logs.add(20), logs.add(25), logs.add(2)
    owner, _ = make_role(logs.table.conninfo, "GRANT CREATE, USAGE ON SCHEMA public TO {role}")
    for table in ("request_log", other, young):
        logs.table.sql(f"ALTER TABLE {table} OWNER TO {owner}")
    _, conninfo = make_role(logs.table.conninfo, f"GRANT {owner} TO {{role}}")
    logs.world.connections["company_db"] = postgres_connection("company_db", conninfo)
    with pytest.raises(PartlyFailedError, match="1 × 42501"):
        logs.dispose()
    assert logs.partitions() == [foreign, young]


def test_rows_that_are_locked_fail_and_the_others_go(logs: Logs) -> None:
    logs.table.add_default()
    logs.log(now() - 20 * DAY, 4)
    with psycopg.connect(logs.table.conninfo) as other:
        other.execute("SELECT 1 FROM request_log LIMIT 1 FOR UPDATE")
        with pytest.raises(PartlyFailedError, match="1 × 55P03"):
            logs.dispose()
    assert logs.table.rows() == 1


def test_rows_of_a_partition_that_somebody_locked_since_the_plan_fail_and_the_others_go(logs: Logs) -> None:
    """Nobody waits for that lock: a new hold would wait with us."""
    logs.table.add_default()
    logs.log(now() - 20 * DAY, 4)
    logs.add(30)
    planned = logs.plan()
    with psycopg.connect(logs.table.conninfo) as other:
        other.execute("LOCK TABLE request_log_default IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(PartlyFailedError, match="4 × 55P03"):
            execute_plan(logs.world.runtime(), planned.plan_id, planned.digest)
    assert logs.table.rows() == 4
    assert execute_plan(logs.world.runtime(), planned.plan_id, planned.digest).gone == 10


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
