"""The maintenance tasks' bodies, reached as in Airflow: connections come from AIRFLOW_CONN_*."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.airflow_metadata import LATELY, LONG_AGO, add_run, execute
from tests.databases import fresh_database
from tests.logs import PARTITIONS, LogsWorld
from tests.stores.partitioned import LogTable
from tests.world import HASHER, now

from retention.errors import PartlyFailedError
from retention.orchestration import steps, words

RUN: Any = SimpleNamespace(run_id="scheduled__1", triggering_user_name=None)


def publish(world: LogsWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "hash.key"
    key.write_text(HASHER.key.hex(), encoding="ascii")
    monkeypatch.setenv("RETENTION_HASH_KEY_FILE", str(key))
    monkeypatch.setenv("RETENTION_DATAMAP", str(world.datamap))
    monkeypatch.setenv("RETENTION_POLICIES", str(world.policies))
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    for name, connection in world.connections.items():
        fields = {
            part: getattr(connection, part) for part in ("conn_type", "host", "port", "login", "password", "schema")
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps({**fields, "extra": dict(connection.extra)}))


@pytest.fixture
def airflow(
    postgres_server: Any, migrated: str, templates: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LogsWorld]:
    with fresh_database(postgres_server, migrated) as name, fresh_database(postgres_server, templates[1]) as own:
        conninfos = postgres_server.conninfo(name), postgres_server.conninfo(own)
        world = LogsWorld(*conninfos, tmp_path, "airflow_metadata", "kind: airflow").build()
        publish(world, tmp_path, monkeypatch)
        yield world


@pytest.fixture
def logs(
    postgres_server: Any, templates: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LogTable]:
    with fresh_database(postgres_server) as source, fresh_database(postgres_server, templates[1]) as own:
        conninfos = postgres_server.conninfo(source), postgres_server.conninfo(own)
        publish(LogsWorld(*conninfos, tmp_path, "request_log", PARTITIONS).build(), tmp_path, monkeypatch)
        yield LogTable(conninfos[0]).create()


def test_airflows_own_database_is_cleared_by_its_own_command(airflow: LogsWorld) -> None:
    for run, at in (("old", LONG_AGO), ("young", LATELY)):
        add_run(airflow, "one", run, at)
    assert steps.places_of_kind("airflow") == ["airflow_metadata"]
    cleared = steps.clear_airflow_metadata("airflow_metadata", "airflow_maintenance", RUN)
    assert execute(airflow, "SELECT run_id FROM dag_run") == [("young",)]
    assert words.of_clearing(cleared) == "airflow_metadata: 3 records gone, 0 left"
    (entry,) = airflow.ledger("metadata_cleared")
    assert (entry["by"], entry["run"]) == ("airflow:airflow_maintenance", "airflow_maintenance/scheduled__1")


def test_in_mode_off_the_clearing_is_skipped_and_in_observe_it_says_what_would_go(airflow: LogsWorld) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    add_run(airflow, "one", "old", LONG_AGO)
    airflow.set_mode("off")
    with pytest.raises(AirflowSkipException):
        steps.clear_airflow_metadata("airflow_metadata", "airflow_maintenance", RUN)
    airflow.set_mode("observe")
    cleared = steps.clear_airflow_metadata("airflow_metadata", "airflow_maintenance", RUN)
    assert words.of_clearing(cleared) == "airflow_metadata: 3 records would go"
    airflow.add_hold(category="logs")
    held = steps.clear_airflow_metadata("airflow_metadata", "airflow_maintenance", RUN)
    assert words.of_clearing(held) == "airflow_metadata: kept by a legal hold"


def test_partitions_are_created_for_the_days_to_come(logs: LogTable) -> None:
    assert steps.places_of_kind("partitions") == ["request_log"]
    assert steps.create_partitions("request_log", 2)["created"] == 2
    logs.log(now())


def test_a_partition_that_is_refused_fails_the_task_and_leaves_the_others(logs: LogTable) -> None:
    logs.add_default()
    logs.log(now())
    with pytest.raises(PartlyFailedError, match="23514"):
        steps.create_partitions("request_log", 2)
    assert logs.sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'request_log'::regclass") == [(2,)]


def test_identifiers_in_what_is_kept_of_the_last_runs_fail_the_task_without_naming_them(
    airflow: LogsWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    logs = tmp_path / "task-logs"
    logs.mkdir()
    text = json.dumps({"conn_type": "fs", "extra": {"path": str(logs)}})
    for name in ("AIRFLOW_LOGS", "AIRFLOW_LOGS_VERIFY"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", text)
    path = airflow.datamap / "company.yaml"
    path.write_text(
        path.read_text().replace(
            "places:\n",
            "  airflow_logs: {kind: files, disposal: airflow_logs, verification: airflow_logs_verify}\nplaces:\n  task_logs: "
            "{kind: files, category: logs, role: controller, owner: Platform, connection: airflow_logs, patterns: ['*.log']}\n",
        )
    )
    (logs / "attempt=1.log").write_text("5 due of 7\n")
    assert steps.look_for_identifiers(2)["verdict"] == "clean"
    (logs / "attempt=2.log").write_text("gone: anna.muster@example.org\n")
    with pytest.raises(AirflowFailException, match="1 × e-mail in task_logs, line") as failure:
        steps.look_for_identifiers(2)
    assert "anna" not in str(failure.value) + caplog.text


def test_our_own_records_go_in_their_time(airflow: LogsWorld) -> None:
    pruned = steps.prune_records("airflow_maintenance")
    assert set(pruned.values()) == {0} and words.of_pruning(pruned) == "nothing was old enough"
    assert words.of_pruning({"disposed_items": 1200, "reports": 0}) == "1,200 disposed items gone"
