"""Airflow's own database, migrated by Airflow: its oldest records against the promise for logs, and copies left behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.airflow_metadata import LATELY, LONG_AGO, add_run, execute
from tests.databases import fresh_database
from tests.logs import LogsWorld
from tests.verification.conftest import postgres_connection
from tests.world import HASHER, now

from retention.connections import postgres_conninfo
from retention.settings import INCLUDE
from retention.stores.airflow_metadata import LOG_TABLES
from retention.verification import CheckResult, verify
from retention.verification.airflow_intake import HAPPENED

COPY = "_airflow_deleted__log__20260101000000"


@dataclass
class Airflow:
    world: LogsWorld

    def verify(self) -> CheckResult:
        return verify(
            ["logs"],
            resolve=self.world.connections.__getitem__,
            policies=self.world.policies,
            datamap=self.world.datamap,
            own_conninfo=postgres_conninfo(self.world.connections["retention_db_verify"]),
            hasher=HASHER,
        )

    def found(self) -> dict[str, int]:
        return {finding.kind: finding.count for finding in self.verify().findings}


@pytest.fixture
def airflow(
    postgres_server: Any, migrated: str, templates: tuple[str, str], verifier: tuple[str, str], tmp_path: Path
) -> Iterator[Airflow]:
    with fresh_database(postgres_server, migrated) as name, fresh_database(postgres_server, templates[1]) as own:
        conninfos = postgres_server.conninfo(name), postgres_server.conninfo(own)
        world = LogsWorld(*conninfos, tmp_path, "airflow_metadata", "kind: airflow")
        world.connections["company_db_verify"] = postgres_connection("company_db_verify", conninfos[0], verifier)
        world.connections["retention_db_verify"] = postgres_connection("retention_db_verify", conninfos[1], verifier)
        world.build()
        world.own_sql((INCLUDE / "sql" / "roles" / "own.sql").read_text(encoding="utf-8"))
        yield Airflow(world)


def test_a_young_database_is_compliant_and_an_old_record_a_breach_of_its_table(airflow: Airflow) -> None:
    add_run(airflow.world, "one", "young", LATELY)
    assert airflow.verify().verdict == "compliant"
    add_run(airflow.world, "one", "old", LONG_AGO)
    execute(airflow.world, f"INSERT INTO log (dttm, event) VALUES ({LONG_AGO}, 'trigger')")
    assert airflow.found() == {"past_cap": 3}  # the run, its tasks, the audit log


def test_an_audit_entry_without_a_time_is_unknown(airflow: Airflow) -> None:
    execute(airflow.world, "INSERT INTO log (dttm, event) VALUES (NULL, 'trigger')")
    assert airflow.found() == {"undated": 1, "fallback_dated": 1}


@pytest.mark.parametrize(
    ("at", "readable", "expected"),
    [
        pytest.param(LATELY, True, {"leftover_partition": 1}, id="young_records"),
        pytest.param(LONG_AGO, True, {"leftover_partition": 1, "past_cap": 1}, id="old_records"),
        pytest.param(LATELY, False, {"leftover_partition": 1, "past_cap": 1}, id="unreadable_and_made_long_ago"),
    ],
)
def test_a_copy_that_db_clean_left_is_a_place_with_data(
    airflow: Airflow, at: str, readable: bool, expected: dict[str, int]
) -> None:
    execute(airflow.world, f"CREATE TABLE {COPY} AS SELECT 1 AS id, {at} AS dttm, 'anna' AS owner")
    if readable:
        execute(airflow.world, f"GRANT SELECT ON {COPY} TO retention_verify")
    assert airflow.found() == expected


def test_a_copy_with_a_record_of_a_held_period_is_an_exception(airflow: Airflow) -> None:
    """It began before the period, and has records of it."""
    times = f"SELECT now() - interval '40 days' AS dttm UNION ALL SELECT {LONG_AGO}"
    execute(airflow.world, f"CREATE TABLE {COPY} AS {times}; GRANT SELECT ON {COPY} TO retention_verify")
    airflow.world.add_hold(category="logs", started_from=now() - timedelta(days=30))
    assert airflow.found() == {"leftover_partition": 1, "exception_hold": 1, "unrecorded_hold": 1}


@pytest.mark.parametrize("column", ["owner", "event", "extra"])
def test_the_checking_role_sees_when_something_happened_and_not_what(
    airflow: Airflow, verifier: tuple[str, str], column: str
) -> None:
    conninfo = make_conninfo(airflow.world.source, user=verifier[0], password=verifier[1])
    with psycopg.connect(conninfo) as session:
        session.execute("SELECT min(dttm) FROM log")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(sql.SQL("SELECT {} FROM log").format(sql.Identifier(column)))


def test_a_database_that_is_not_airflows_is_unknown(airflow: Airflow, verifier: tuple[str, str]) -> None:
    airflow.world.connections["company_db_verify"] = postgres_connection(
        "company_db_verify", airflow.world.own, verifier
    )
    result = airflow.verify()
    assert (result.verdict, list(result.places_failed.values())) == ("unknown", ["NotAirflow"])


HOW_THINGS_ARE = frozenset(
    """
    asset asset_dag_run_queue asset_state_store backfill_dag_run dag dag_bundle dag_code dag_schedule_asset_alias_reference
    dag_schedule_asset_name_reference dag_schedule_asset_reference dag_schedule_asset_uri_reference dag_version dag_warning
    deadline_alert log_template revoked_token serialized_dag session task_inlet_asset_reference task_outlet_asset_reference
    trigger ab_register_user ab_user
    """.split()  # noqa: SIM905  # a list would be three times as long
)
"""Airflow's tables with a time that remember nothing that happened, but say how things are, or until when they are."""


def test_every_table_of_airflows_with_a_time_is_dated_or_says_how_things_are(airflow: Airflow) -> None:
    timed = execute(
        airflow.world,
        "SELECT DISTINCT table_name::text FROM information_schema.columns WHERE table_schema = 'public' "
        "AND (data_type LIKE 'timestamp%%' OR data_type = 'date')",
    )
    names = {name for (name,) in timed}
    assert "partitioned_asset_key_log" in names
    assert names - HAPPENED.keys() - HOW_THINGS_ARE == set()
    assert not HAPPENED.keys() & HOW_THINGS_ARE
    assert LOG_TABLES.keys() == HAPPENED.keys()  # two lists of two authors, that have to agree


def test_what_waits_for_its_partitions_for_ever_is_found(airflow: Airflow) -> None:
    execute(
        airflow.world,
        f"INSERT INTO partitioned_asset_key_log (asset_id, asset_event_id, asset_partition_dag_run_id, "
        f"source_partition_key, target_dag_id, target_partition_key, created_at) VALUES (1, 1, 1, 'a', 'one', 'a', {LONG_AGO})",
    )
    assert airflow.found() == {"past_cap": 1}
