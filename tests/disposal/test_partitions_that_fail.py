"""A partition that can not go, or a row of it, fails alone: the others go."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from tests.disposal.partition_log import Logs
from tests.stores.test_postgres_store import make_role
from tests.world import DAY, now, postgres_connection

from retention.disposal.execute import execute_plan
from retention.errors import PartlyFailedError


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
