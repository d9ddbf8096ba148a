"""Airflow's own database as Airflow itself migrates it, on a real PostgreSQL, filled with plain SQL."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.databases import fresh_database
from tests.logs import LogsWorld

from retention.local.databases import create_databases, grant_airflow_rights

LONG_AGO, LATELY = "now() - interval '20 days'", "now() - interval '1 day'"


@pytest.fixture(scope="session")
def migrated(postgres_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database that Airflow has migrated, and that the roles have their rights in."""
    with fresh_database(postgres_server) as name:
        conninfo = postgres_server.conninfo(name)
        facts = psycopg.conninfo.conninfo_to_dict(conninfo)
        url = f"postgresql+psycopg2://{facts['user']}:{facts['password']}@{facts['host']}:{facts['port']}/{name}"
        environment = os.environ | {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
            "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        }
        subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True
        )
        create_databases(postgres_server.conninfo(), {}, {"retention_airflow": "ra", "retention_verify": "rv"})
        grant_airflow_rights(conninfo)
        yield name


def execute(world: LogsWorld, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(world.source, autocommit=True) as connection:
        cursor = connection.execute(statement, parameters or None)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


def add_run(world: LogsWorld, dag: str, run: str, at: str, *, kind: str = "scheduled", started: bool = True) -> None:
    """A run with a task that has run and one that was skipped."""
    execute(
        world,
        "INSERT INTO dag_run (dag_id, run_id, run_type, state, start_date, queued_at, logical_date, run_after, created_at, "
        "clear_number, span_status, triggering_user_name) "
        f"VALUES (%s, %s, %s, 'success', CASE WHEN %s THEN {at} END, {at}, {at}, {at}, {at}, 0, 'not_started', 'anna')",
        dag, run, kind, started,
    )  # fmt: skip
    for task, start in (("t", at if started else "NULL"), ("skipped", "NULL")):
        execute(
            world,
            "INSERT INTO task_instance (id, task_id, dag_id, run_id, map_index, start_date, updated_at, try_number, max_tries, "
            f"pool, pool_slots, span_status) VALUES (%s, %s, %s, %s, -1, {start}, {at}, 1, 1, 'default_pool', 1, 'not_started')",
            uuid.uuid4(), task, dag, run,
        )  # fmt: skip
