"""Identifiers planted in each place that is looked at, on a real PostgreSQL that Airflow migrated, and in real log files."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.airflow_metadata import LATELY, LONG_AGO, add_run, execute
from tests.databases import fresh_database
from tests.logs import LogsWorld
from tests.world import now
from typer.testing import CliRunner

from retention.cli.app import app
from retention.connections import parse
from retention.datamap.loader import load_datamap
from retention.hygiene import Hygiene, look
from retention.hygiene.tables import airflow_spots

MAP = """\
system: airflow
owner: Platform Engineering
connections:
  airflow_db: {kind: postgres, disposal: company_db, verification: company_db_verify}
  airflow_logs: {kind: files, disposal: airflow_logs, verification: airflow_logs_verify}
places:
  airflow_metadata: {kind: airflow, category: logs, role: controller, owner: Platform Engineering, connection: airflow_db}
  task_logs:
    {kind: files, category: logs, role: controller, owner: Platform Engineering, connection: airflow_logs,
     patterns: ["**/*.log", "**/*.log.*"]}
"""
EMAIL, PHONE, ADDRESS, NAME = "anna.muster@example.org", "+49 30 23125042", "203.0.113.9", "Zita Löwenzahn"
PERSON = "8c2b9b1e-8d5c-4b43-9a57-2f7f5d0c1a11"


@dataclass
class Kept:
    """What is kept of some runs, and the look at it."""

    world: LogsWorld
    logs: Path

    def look(self) -> Hygiene:
        datamap = load_datamap(self.world.datamap)
        since = now() - timedelta(days=2)
        return look(datamap, self.world.connections.__getitem__, since=since, known=[NAME, PERSON])

    def found(self) -> dict[tuple[str, str], str]:
        """The kind that was found, by place and column."""
        return {(place, column): kind for place, column, kind in self.look().found}

    def own(self, statement: str, *parameters: Any) -> None:
        self.world.own_sql(statement, *parameters)

    def airflow(self, statement: str, *parameters: Any) -> None:
        execute(self.world, statement, *parameters)


@pytest.fixture
def kept(postgres_server: Any, migrated: str, templates: tuple[str, str], tmp_path: Path) -> Iterator[Kept]:
    """One run of lately with ordinary traces: ids, digests, counts, instants, addresses of our own machines."""
    with fresh_database(postgres_server, migrated) as name, fresh_database(postgres_server, templates[1]) as own:
        conninfos = postgres_server.conninfo(name), postgres_server.conninfo(own)
        world = LogsWorld(*conninfos, tmp_path, "airflow_metadata", "kind: airflow").build()
        (world.datamap / "company.yaml").write_text(MAP, encoding="utf-8")
        logs = tmp_path / "task-logs"
        logs.mkdir()
        for connection in ("airflow_logs", "airflow_logs_verify"):
            text = json.dumps({"conn_type": "fs", "extra": {"path": str(logs)}})
            world.connections[connection] = parse(connection, text)
        kept = Kept(world, logs)
        add_run(world, "dispose_audio", "scheduled__2026-11-23T19:50:00+02:00", LATELY)
        kept.own(
            "SELECT retention.ledger_append('plan', %s)", json.dumps({"due": 12, "digest": "00" * 32, "by": EMAIL})
        )
        (logs / "attempt=1.log").write_text(
            '{"timestamp":"2026-11-23T19:50:01.000001+01:00","event":"12 due of 40; version 3.0.13","host":"10.0.0.7"}\n'
        )
        yield kept


def test_ordinary_traces_are_clean(kept: Kept) -> None:
    result = kept.look()
    assert (result.verdict, dict(result.found), result.failed) == ("clean", {}, {})
    assert set(result.looked_at) == {"own_database", "airflow_metadata", "task_logs"}
    assert result.known_values == 2


@pytest.mark.parametrize(
    ("statement", "value", "column", "kind"),
    [
        pytest.param(
            "SELECT retention.ledger_append('plan', %s)",
            json.dumps({"note": EMAIL}),
            "ledger.body",
            "e-mail",
            id="ledger",
        ),
        pytest.param(
            "INSERT INTO retention.holds (category, reason, requested_by, ends_at) VALUES ('logs', %s, 'anna', now())",
            f"dispute with {NAME.upper()}",
            "holds.reason",
            "known value",
            id="reason_of_a_hold",
        ),
        pytest.param(
            "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES ('logs', 'off', 'anna', %s)",
            f"asked by {PHONE}",
            "mode_changes.reason",
            "phone",
            id="reason_of_a_mode",
        ),
        pytest.param(
            "INSERT INTO retention.plans (plan_id, run_id, category, coverage, as_of, expires_at, requested_by, mode, state, "
            "stored_before, rule_sentence, rule_digest, map_digest, policy_version) VALUES "
            "(gen_random_uuid(), %s, 'logs', 'rows', now(), now(), 'a', 'observe', 'ready', '{}', 's', 'r', 'm', 'v')",
            f"manual/{PERSON}",
            "plans.run_id",
            "known value",
            id="plan",
        ),
    ],
)
def test_what_is_in_our_own_tables_is_found(kept: Kept, statement: str, value: str, column: str, kind: str) -> None:
    kept.own(statement, value)
    assert kept.found() == {("own_database", column): kind}


CHECK_RUN = "00000000-0000-4000-8000-000000000001"


def test_what_is_in_results_and_reports_is_found(kept: Kept) -> None:
    names = kept.world.own_sql(
        "SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute "
        "WHERE attrelid = 'retention.check_runs'::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef"
    )
    filler = {"uuid": CHECK_RUN, "timestamp with time zone": "now", "text[]": "{audio}", "jsonb": "{}", "bigint": "0"}
    values = {one["name"]: filler.get(one["type"], "x") for one in names} | {"verdict": "breach"}
    values = {name: "0" if name.endswith("rows") else value for name, value in values.items()}
    kept.own(
        f"INSERT INTO retention.check_runs ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})",
        *values.values(),
    )
    kept.own(
        "INSERT INTO retention.reports (report_id, check_run_id, verdict, document, html) "
        "VALUES (gen_random_uuid(), %s, 'breach', %s, %s)",
        CHECK_RUN,
        json.dumps({"line": f"from {ADDRESS}"}),
        f"<td>{NAME}</td>",
    )
    assert kept.found() == {
        ("own_database", "reports.document"): "IP address",
        ("own_database", "reports.html"): "known value",
    }


RUN = ("dispose_audio", "scheduled__2026-11-23T19:50:00+02:00")


@pytest.mark.parametrize(
    ("statement", "value", "column", "kind"),
    [
        pytest.param(
            "INSERT INTO xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp) "
            "SELECT id, 't', -1, 'return_value', dag_id, run_id, %s, now() FROM dag_run",
            json.dumps({"first": EMAIL}),
            "xcom.value",
            "e-mail",
            id="xcom",
        ),
        pytest.param(
            "INSERT INTO rendered_task_instance_fields (dag_id, task_id, run_id, map_index, rendered_fields) "
            "SELECT dag_id, 't', run_id, -1, %s FROM dag_run",
            json.dumps({"sql": f"DELETE FROM calls WHERE phone = '{PHONE}'"}),
            "rendered_task_instance_fields.rendered_fields",
            "phone",
            id="rendered_fields",
        ),
        pytest.param(
            "INSERT INTO log (dttm, event, extra) VALUES (now(), 'trigger', %s)",
            json.dumps({"person": PERSON}),
            "log.extra",
            "known value",
            id="audit_log",
        ),
        pytest.param(
            "UPDATE dag_run SET conf = %s", json.dumps({"who": NAME}), "dag_run.conf", "known value", id="form_of_a_run"
        ),
        pytest.param(
            "INSERT INTO dag_run_note (dag_run_id, content, created_at, updated_at) SELECT id, %s, now(), now() FROM dag_run",
            f"called back from {ADDRESS}",
            "dag_run_note.content",
            "IP address",
            id="note",
        ),
    ],
)
def test_what_is_in_airflows_records_is_found(kept: Kept, statement: str, value: str, column: str, kind: str) -> None:
    kept.airflow(statement, value)
    assert kept.found() == {("airflow_metadata", column): kind}


def test_what_is_in_task_logs_is_found_packed_too_and_in_names(kept: Kept) -> None:
    (kept.logs / "attempt=2.log").write_text(f"deleting {EMAIL}\n")
    (kept.logs / "attempt=3.log.gz").write_bytes(gzip.compress(f"row of {NAME}\n".encode()))
    (kept.logs / f"run_id={PERSON}.log").write_text("done\n")
    found = kept.look().found
    assert dict(found) == {
        ("task_logs", "line", "e-mail"): 1,
        ("task_logs", "line", "known value"): 1,
        ("task_logs", "path", "known value"): 1,
    }


def test_only_what_was_written_lately_is_looked_at(kept: Kept) -> None:
    add_run(kept.world, "dispose_audio", f"old/{PERSON}", LONG_AGO)
    path = kept.logs / "attempt=2.log"
    path.write_text(EMAIL)
    os.utime(path, (1, 1))
    assert kept.found() == {}


def test_ids_may_stand_where_a_plan_and_a_hold_name_their_items_but_no_number(kept: Kept) -> None:
    kept.own(
        "INSERT INTO retention.holds (category, person_id, reason, requested_by, ends_at) "
        "VALUES ('logs', %s, 'dispute', %s, now())",
        PERSON,
        EMAIL,
    )
    assert kept.found() == {}
    kept.own("UPDATE retention.holds SET person_id = %s", PHONE)
    assert kept.found() == {("own_database", "holds.person_id"): "phone"}


def test_no_value_is_said(kept: Kept) -> None:
    (kept.logs / "attempt=2.log").write_text(f"{EMAIL} {PHONE} {ADDRESS} {NAME} {PERSON}\n")
    result = kept.look()
    said = json.dumps(result.to_json()) + result.to_text()
    assert result.verdict == "found"
    assert not re.search("anna|23125042|203[.]0|Zita|8c2b9b1e", said)


def test_what_can_not_be_looked_at_is_unknown_and_never_clean(kept: Kept) -> None:
    kept.logs.rename(kept.logs.with_name("elsewhere"))
    wrong = replace(kept.world.connections["company_db"], password="wrong", login="nobody")
    kept.world.connections["company_db"] = wrong
    result = kept.look()
    assert (result.verdict, set(result.failed)) == ("unknown", {"airflow_metadata", "task_logs"})


def test_the_command_ends_with_what_it_found(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_DATAMAP", str(kept.world.datamap))
    monkeypatch.setenv("RETENTION_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("RETENTION_ENVIRONMENT", raising=False)
    for name, connection in kept.world.connections.items():
        fields = asdict(replace(connection, extra={})) | {"extra": dict(connection.extra)}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))

    def ends() -> tuple[int, str]:
        done = CliRunner().invoke(app, ["hygiene", "--days", "3", "--json"])
        return done.exit_code, json.loads(done.stdout)["verdict"]

    assert ends() == (0, "clean")
    (kept.logs / "attempt=2.log").write_text(EMAIL)
    assert ends() == (1, "found")
    kept.logs.rename(kept.logs.with_name("elsewhere"))
    assert ends() == (3, "unknown")


def test_a_map_without_an_orchestrator_is_unknown(kept: Kept) -> None:
    text = MAP.replace("  airflow_metadata: {kind: airflow,", "  #").replace(
        "  airflow_db: {kind: postgres, disposal: company_db, verification: company_db_verify}\n", ""
    )
    (kept.world.datamap / "company.yaml").write_text(text, encoding="utf-8")
    result = kept.look()
    assert (result.verdict, set(result.failed)) == ("unknown", {"orchestrator", "task_logs"})


def test_the_role_that_clears_airflows_database_may_read_all_of_it(kept: Kept) -> None:
    kept.airflow(
        "INSERT INTO rendered_task_instance_fields (dag_id, task_id, run_id, map_index, rendered_fields) "
        "SELECT dag_id, 't', run_id, -1, '{}' FROM dag_run"
    )
    with psycopg.connect(kept.world.source, autocommit=True) as connection:
        connection.execute("ALTER ROLE retention_airflow PASSWORD 'ra'")
    conninfo = make_conninfo(kept.world.source, user="retention_airflow", password="ra")
    columns = {spot.column for spot in airflow_spots(conninfo, now() - timedelta(days=2))}
    assert "rendered_task_instance_fields.rendered_fields" in columns
