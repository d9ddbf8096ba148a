"""Airflow's own database, migrated by Airflow itself on a real PostgreSQL: cleared by `db clean` and by what goes beyond it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.airflow_metadata import LATELY, LONG_AGO, add_run, execute
from tests.databases import fresh_database
from tests.logs import RULE, LogsWorld
from tests.world import now, postgres_connection

from retention.disposal.airflow_metadata import Cleared, clear_metadata
from retention.errors import DataMapError, ModeError, PartlyFailedError, StoppedError, StoreUnreadable, UnknownError
from retention.orchestration.db_clean import cleaner, run_db_clean
from retention.stores.airflow_metadata import CLEANED_BY_AIRFLOW, LOG_TABLES, AirflowMetadata


@pytest.fixture
def airflow(
    postgres_server: Any, migrated: str, templates: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LogsWorld]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    with fresh_database(postgres_server, migrated) as name, fresh_database(postgres_server, templates[1]) as own:
        world = LogsWorld(
            postgres_server.conninfo(name), postgres_server.conninfo(own), tmp_path, "airflow_metadata", "kind: airflow"
        ).build()
        rights = make_conninfo(world.source, user="retention_airflow", password="ra")
        world.connections["company_db"] = postgres_connection("company_db", rights)
        yield world


def add_dag(world: LogsWorld, dag: str, *, catchup: bool) -> None:
    version = uuid.uuid4()
    execute(world, "INSERT INTO dag_bundle (name) VALUES ('b') ON CONFLICT DO NOTHING")
    columns = execute(
        world,
        "SELECT attname::text FROM pg_attribute WHERE attrelid = 'dag'::regclass AND attnum > 0 AND attnotnull "
        "AND atttypid = 'bool'::regtype",
    )
    flags = ", ".join(name for (name,) in columns)
    execute(
        world,
        f"INSERT INTO dag (dag_id, bundle_name, timetable_type, partition_mapper_info, max_active_tasks, "
        f"max_consecutive_failed_dag_runs, {flags}) VALUES (%s, 'b', 't', '{{}}', 1, 0, {', '.join(['false'] * len(columns))})",
        dag,
    )
    execute(
        world,
        "INSERT INTO dag_version (id, version_number, dag_id, created_at, last_updated) VALUES (%s, 1, %s, now(), now())",
        version, dag,
    )  # fmt: skip
    execute(
        world,
        "INSERT INTO serialized_dag (id, dag_id, data, created_at, last_updated, dag_hash, dag_version_id) "
        "VALUES (%s, %s, jsonb_build_object('dag', jsonb_build_object('catchup', %s::boolean)), now(), now(), 'h', %s)",
        uuid.uuid4(), dag, catchup, version,
    )  # fmt: skip


def runs(world: LogsWorld) -> set[str]:
    return {run for (run,) in execute(world, "SELECT run_id FROM dag_run")}


def clear(world: LogsWorld, *, by_airflow: bool = True) -> Cleared:
    """Clear all that is due; without Airflow's own command, which takes seconds, only what goes beyond it goes."""
    opened = world.runtime()
    place: Any = opened.datamap.places["airflow_metadata"]
    return clear_metadata(
        opened,
        place,
        as_of=now(),
        run_id="airflow_maintenance/1",
        clean=cleaner(world.connections.__getitem__) if by_airflow else lambda _connection, _before: None,
    )


def test_old_runs_events_and_audit_entries_go_and_young_ones_stay(airflow: LogsWorld) -> None:
    add_run(airflow, "one", "old", LONG_AGO)
    add_run(airflow, "one", "young", LATELY)
    for at in (LONG_AGO, LATELY):
        execute(airflow, f"INSERT INTO log (dttm, event, owner) VALUES ({at}, 'trigger', 'anna')")
        execute(airflow, f"INSERT INTO job (latest_heartbeat, hostname) VALUES ({at}, 'h')")
    execute(airflow, f"INSERT INTO job (start_date, hostname) VALUES ({LONG_AGO}, 'never alive')")
    cleared = clear(airflow)
    assert runs(airflow) == {"young"}
    assert execute(airflow, "SELECT count(*) FROM task_instance") == [(2,)]
    assert execute(
        airflow, "SELECT count(*), min(dttm) > now() - interval '2 days' FROM log WHERE event = 'trigger'"
    ) == [(1, True)]
    assert execute(airflow, "SELECT count(*) FROM job") == [(1,)]
    assert cleared.older == {"dag_run": 1, "job": 2, "log": 1, "task_instance": 2}
    assert not cleared.left
    assert [entry["older"] for entry in airflow.ledger("metadata_intent")] == [cleared.older]
    assert [entry["left"] for entry in airflow.ledger("metadata_cleared")] == [{}]
    assert execute(airflow, "SELECT count(*) FROM pg_class WHERE relname LIKE '\\_airflow\\_deleted%'") == [(0,)]


def test_a_rule_that_asks_for_more_than_age_is_refused_before_anything_goes(airflow: LogsWorld) -> None:
    add_run(airflow, "one", "old", LONG_AGO)
    asks = RULE.replace("lead: PT49H}]", "lead: PT49H}, {event: asked, allowed_latency: PT49H}]")
    (airflow.policies / "logs.yaml").write_text(asks, encoding="utf-8")
    with pytest.raises(DataMapError, match=r"unanswerable_rule.*kind airflow.*events"):
        clear(airflow, by_airflow=False)
    assert runs(airflow) == {"old"}


@pytest.mark.parametrize(
    ("hours", "is_there"),
    [pytest.param(286.9, True, id="not_yet_due"), pytest.param(287.1, False, id="due_since_six_minutes")],
)
def test_a_run_goes_from_its_due_time_on(airflow: LogsWorld, hours: float, is_there: bool) -> None:
    add_run(airflow, "one", "r", f"now() - interval '{int(hours * 60)} minutes'", kind="manual")
    clear(airflow)
    assert (runs(airflow) == {"r"}) is is_there


@pytest.mark.parametrize(
    ("catchup", "left"),
    [
        pytest.param(False, set(), id="without_catchup_it_goes"),
        pytest.param(None, set(), id="of_a_dag_that_is_gone_it_goes"),
    ],
)
def test_the_last_run_of_a_paused_dag_goes_too(airflow: LogsWorld, catchup: bool | None, left: set[str]) -> None:
    if catchup is not None:
        add_dag(airflow, "paused", catchup=catchup)
    add_run(airflow, "paused", "last", LONG_AGO)
    clear(airflow, by_airflow=False)
    assert runs(airflow) == left


def test_the_last_run_of_a_dag_with_catchup_stays_and_fails_the_task(airflow: LogsWorld) -> None:
    add_dag(airflow, "paused", catchup=True)
    add_run(airflow, "paused", "before", "now() - interval '21 days'")
    add_run(airflow, "paused", "last", LONG_AGO)
    with pytest.raises(PartlyFailedError, match=r"1 × dag_run.*catchup=False"):
        clear(airflow)
    assert runs(airflow) == {"last"}


def test_a_run_that_never_started_goes(airflow: LogsWorld) -> None:
    add_run(airflow, "one", "queued", LONG_AGO, kind="manual", started=False)
    clear(airflow, by_airflow=False)
    assert runs(airflow) == set()


def test_what_waits_for_its_partitions_for_ever_goes(airflow: LogsWorld) -> None:
    for at in (LONG_AGO, LATELY):
        execute(
            airflow,
            "INSERT INTO partitioned_asset_key_log (asset_id, asset_event_id, asset_partition_dag_run_id, source_partition_key, "
            f"target_dag_id, target_partition_key, created_at) VALUES (1, 1, 1, 'a', 'one', 'a', {at})",
        )
        execute(
            airflow,
            "INSERT INTO asset_partition_dag_run (target_dag_id, partition_key, created_at, updated_at) "
            f"VALUES ('one', 'a', {at}, {at})",
        )
    assert not clear(airflow, by_airflow=False).left
    assert execute(airflow, "SELECT count(*) FROM partitioned_asset_key_log") == [(1,)]
    assert execute(airflow, "SELECT count(*) FROM asset_partition_dag_run") == [(1,)]


def test_a_clean_that_takes_too_long_is_ended_and_told(airflow: LogsWorld) -> None:
    with pytest.raises(UnknownError, match=r"took longer than 0\.1 s"):
        run_db_clean(airflow.connections["company_db"], now(), timeout_s=0.1)


def test_a_copy_that_somebody_left_behind_is_dropped_unless_it_may_be_in_use(airflow: LogsWorld) -> None:
    fresh = f"_airflow_deleted__log__{now():%Y%m%d%H%M%S}"
    for name in (
        "_airflow_deleted__log__20260101000000",
        "_airflow_deleted__dag_run__20260101000000__b12",
        fresh,
        "_airflow_deleted_",
    ):
        execute(airflow, f"CREATE TABLE {name} AS SELECT * FROM log")
    cleared = clear(airflow)
    assert cleared.copies_left == {fresh: "55006"}
    left = execute(airflow, "SELECT relname::text FROM pg_class WHERE relname LIKE '\\_airflow%' ORDER BY 1")
    assert left == [("_airflow_deleted_",), (fresh,)]


COPY = "_airflow_deleted__log__20260101000000"


@pytest.mark.parametrize(
    ("at", "readable", "kept"),
    [
        pytest.param(LONG_AGO, True, True, id="a_record_since_it_began"),
        pytest.param("now() - interval '40 days'", True, False, id="all_records_from_before"),
        pytest.param("NULL", True, True, id="a_record_without_a_time"),
        pytest.param("now() - interval '40 days'", False, True, id="not_to_be_read"),
    ],
)
def test_a_copy_stays_while_a_hold_may_cover_a_record_in_it(
    airflow: LogsWorld, at: str, readable: bool, kept: bool
) -> None:
    execute(airflow, f"CREATE TABLE {COPY} AS SELECT ({at})::timestamptz AS dttm, 'anna' AS owner")
    if readable:
        execute(airflow, f"GRANT SELECT ON {COPY} TO retention_airflow")
    airflow.add_hold(category="logs", started_from=now() - timedelta(days=30))
    assert clear(airflow, by_airflow=False).copies_left == ({COPY: "legal_hold"} if kept else {})
    assert (execute(airflow, "SELECT to_regclass(%s)", COPY) == [(None,)]) is not kept


@pytest.mark.parametrize("name", ["dag_run", "_airflow_deleted__log__2026", 'log"; DROP TABLE dag_run; --'])
def test_the_borrowed_right_drops_copies_and_nothing_else(airflow: LogsWorld, name: str) -> None:
    rights = make_conninfo(airflow.source, user="retention_airflow", password="ra")
    with psycopg.connect(rights) as session, pytest.raises(psycopg.errors.InvalidParameterValue):
        session.execute("SELECT public.retention_drop_archive(%s)", (name,))


@pytest.mark.parametrize("table", ["connection", "variable", "ab_user", "dag_code"])
def test_the_clearing_role_sees_no_secrets_and_no_accounts(airflow: LogsWorld, table: str) -> None:
    if not execute(airflow, "SELECT to_regclass(%s) IS NOT NULL", table)[0][0]:
        pytest.skip("not in this Airflow's database")
    rights = make_conninfo(airflow.source, user="retention_airflow", password="ra")
    with psycopg.connect(rights) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(table)))


def test_in_mode_observe_it_is_only_counted(airflow: LogsWorld) -> None:
    airflow.set_mode("observe")
    add_run(airflow, "one", "old", LONG_AGO)
    cleared = clear(airflow)
    assert cleared.dry_run and cleared.older["dag_run"] == 1
    assert runs(airflow) == {"old"}


def test_in_mode_off_and_after_a_stop_nothing_goes(airflow: LogsWorld) -> None:
    add_run(airflow, "one", "old", LONG_AGO)
    airflow.own_sql("INSERT INTO retention.stop_changes (stopped, changed_by, reason) VALUES (true, 'anna', 'test')")
    with pytest.raises(StoppedError):
        clear(airflow)
    airflow.set_mode("off")
    with pytest.raises(ModeError):
        clear(airflow)
    assert runs(airflow) == {"old"}


@pytest.mark.parametrize(
    ("query", "error"),
    [
        pytest.param(
            "INSERT INTO retention.stop_changes (stopped, changed_by, reason) VALUES (true, 'ben', 'test')",
            StoppedError,
            id="stop",
        ),
        pytest.param(
            "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES ('logs', 'observe', 'ben', 'test')",
            ModeError,
            id="mode",
        ),
    ],
)
def test_after_a_stop_between_two_steps_nothing_more_goes_and_what_is_left_is_told(
    airflow: LogsWorld, query: str, error: type[Exception]
) -> None:
    add_run(airflow, "one", "old", LONG_AGO)
    execute(airflow, f"INSERT INTO job (latest_heartbeat, hostname) VALUES ({LONG_AGO}, 'h')")
    opened = airflow.runtime()
    place: Any = opened.datamap.places["airflow_metadata"]
    with pytest.raises(error):
        clear_metadata(
            opened, place, as_of=now(), run_id="r/1", clean=lambda _connection, _before: airflow.own_sql(query)
        )
    assert runs(airflow) == {"old"}
    assert [entry["left"]["job"] for entry in airflow.ledger("metadata_cleared")] == [1]


def test_a_run_that_still_runs_stays_and_fails_the_task(airflow: LogsWorld) -> None:
    add_run(airflow, "one", "running", LONG_AGO, kind="manual")
    execute(airflow, "UPDATE dag_run SET state = 'running'")
    with pytest.raises(PartlyFailedError, match="1 × dag_run"):
        clear(airflow, by_airflow=False)
    assert runs(airflow) == {"running"}


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        pytest.param({"category": "logs"}, {"old", "older"}, id="category"),
        pytest.param({"tenant_id": "t1"}, {"old", "older"}, id="a_customer_whose_records_these_may_be"),
        pytest.param(
            {"category": "logs", "started_from": now() - timedelta(days=25)}, {"old"}, id="what_began_since_25_days"
        ),
    ],
)
def test_a_hold_keeps_what_it_may_cover(airflow: LogsWorld, scope: dict[str, Any], left: set[str]) -> None:
    add_run(airflow, "one", "old", LONG_AGO, kind="manual")
    add_run(airflow, "one", "older", "now() - interval '30 days'", kind="manual")
    airflow.add_hold(**scope)
    clear(airflow, by_airflow=False)
    assert runs(airflow) == left


def test_a_database_that_is_not_airflows_is_refused(airflow: LogsWorld) -> None:
    airflow.connections["company_db"] = postgres_connection("company_db", airflow.own)
    with pytest.raises(StoreUnreadable, match="dag_run"):
        clear(airflow)


def test_every_table_that_is_named_is_airflows(airflow: LogsWorld) -> None:
    """A table that a new version renames or drops would else be left out without a word."""
    optional = {"celery_taskmeta", "celery_tasksetmeta", "_xcom_archive", "session"}
    present = {name for (name,) in execute(airflow, "SELECT relname::text FROM pg_class WHERE relkind = 'r'")}
    assert ({*LOG_TABLES, *CLEANED_BY_AIRFLOW} - optional) <= present
    assert AirflowMetadata(airflow.source).count_older(now()) is not None
