"""What README says about adding a table, a bucket and a category is all that it takes: YAML and SQL, and no Python."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.cli.conftest import as_json
from tests.world import DAY, HASHER, INCLUDE, now, postgres_connection
from typer.testing import CliRunner

from retention.cli import app
from retention.connections import parse

Run = Callable[..., dict[str, Any]]

SCHEMA = """
CREATE TABLE contracts (tenant_id text PRIMARY KEY, ended_at timestamptz);
CREATE TABLE tickets (ticket_id bigint PRIMARY KEY, tenant_id text NOT NULL, requester_email text,
    opened_at timestamptz NOT NULL);
CREATE TABLE ticket_replies (reply_id bigint PRIMARY KEY, ticket_id bigint NOT NULL REFERENCES tickets, body text);
CREATE INDEX ON ticket_replies (ticket_id);
CREATE TABLE visits (visit_id bigint PRIMARY KEY, visitor_email text, seen_at timestamptz NOT NULL, withdrawn_at timestamptz);
INSERT INTO contracts VALUES ('gone', now() - interval '40 days'), ('here', NULL);
INSERT INTO tickets SELECT n, CASE WHEN n <= 3 THEN 'gone' ELSE 'here' END, 'x@example.com', now() - interval '1 year'
    FROM generate_series(1, 5) AS n;
INSERT INTO ticket_replies SELECT n, n, 'text' FROM generate_series(1, 5) AS n;
INSERT INTO visits SELECT n, 'v' || n, now() - interval '1 year', CASE WHEN n = 1 THEN now() - interval '1 hour' END
    FROM generate_series(1, 3) AS n;
"""
RIGHTS = """
GRANT USAGE ON SCHEMA public TO {disposal}, {verification};
GRANT SELECT ON contracts, tickets, ticket_replies, visits TO {disposal}, {verification};
GRANT DELETE ON tickets, ticket_replies, visits TO {disposal};
GRANT UPDATE (ticket_id) ON tickets TO {disposal};
GRANT UPDATE (visit_id) ON visits TO {disposal};
"""
SQL = {
    "tickets.sql": """
        SELECT t.ticket_id AS item_id, t.tenant_id, NULL::text AS person_id, t.opened_at AS start_lead_created,
            c.ended_at AS start_contract_ended, NULL::timestamptz AS start_instruction_received, NULL::timestamptz AS evidence_at
        FROM tickets AS t LEFT JOIN contracts AS c USING (tenant_id)""",
    "check_tickets.sql": """
        SELECT t.ticket_id AS item_id, t.tenant_id, NULL::text AS person_id, t.opened_at AS start_lead_created,
            (SELECT max(c.ended_at) FROM contracts AS c WHERE c.tenant_id = t.tenant_id) AS start_contract_ended,
            NULL::timestamptz AS start_instruction_received, NULL::timestamptz AS evidence_at
        FROM tickets AS t""",
    "visits.sql": """
        SELECT visit_id AS item_id, 'self'::text AS tenant_id, NULL::text AS person_id, seen_at AS start_seen,
            withdrawn_at AS start_consent_withdrawn, NULL::timestamptz AS evidence_at FROM visits""",
    "check_visits.sql": """
        SELECT v.visit_id AS item_id, 'self'::text AS tenant_id, NULL::text AS person_id, v.seen_at AS start_seen,
            v.withdrawn_at AS start_consent_withdrawn, NULL::timestamptz AS evidence_at FROM visits AS v""",
}
PROMISE = """
  cookies:
    section: "§6"
    owner: Data Protection Officer
    reading: Events go when the consent is withdrawn.
    dated_by: seen
    maxima: [{event: consent_withdrawn, allowed_latency: PT24H, on_request: true}]
"""
RULE = """
category: cookies
clause: cookies
owner: Platform Engineering
schedule: {longest_interval: PT1H, missed_runs_tolerated: 6, run_time: PT40M, store_lag: PT10M, clock_skew: PT10M}
volume_limit: {items: 50000, share: 0.9, share_above_items: 200, unlinked_items: 500}
plan_valid_for: PT6H
versions:
  - version: 1
    policy_version: "2025-08-03"
    effective_from: 2025-08-03
    approved_by: Data Protection Officer
    start_points:
      - {event: seen, every_item: true, never: true}
      - {event: consent_withdrawn, allowed_latency: PT24H, on_request: true}
"""
BUCKET = """
  edge_logs:
    kind: s3
    category: logs
    role: controller
    owner: Platform Engineering
    connection: company_s3
    bucket: {bucket}
    prefixes: ["edge/"]
"""


@pytest.fixture
def run(database: str, own: str, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The command line in the environment of a new company, with an identity for disposal and one for verification."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SCHEMA)
    (tmp_path / "hash.key").write_text(HASHER.key.hex(), encoding="ascii")
    settings = {"HASH_KEY_FILE": "hash.key", "DATAMAP": "map", "POLICIES": "policies", "STATE": "state"}
    for name, path in settings.items():
        monkeypatch.setenv(f"RETENTION_{name}", str(tmp_path / path))
    with _role(database, "disposal") as disposal, _role(database, "verification") as verification:
        source = postgres_connection("company_db", database)
        connections = {
            "company_db": replace(source, login=disposal, password="secret"),
            "company_db_verify": replace(source, login=verification, password="secret"),
            "company_s3": parse("company_s3", bucket.server.airflow_connection("disposal")),
            "company_s3_verify": parse("company_s3_verify", bucket.server.airflow_connection("verify")),
            "retention_db": postgres_connection("retention_db", own),
            "retention_db_verify": postgres_connection("retention_db_verify", own),
        }
        for name, connection_to in connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", as_json(connection_to))
        with psycopg.connect(database, autocommit=True) as connection:
            names = {"disposal": sql.Identifier(disposal), "verification": sql.Identifier(verification)}
            connection.execute(sql.SQL(RIGHTS).format(**names))

        def invoke(*words: str, code: int = 0) -> dict[str, Any]:
            result = CliRunner().invoke(app, [*words, "--json"])
            assert result.exit_code == code, (words, result.exit_code, result.stdout, result.stderr)
            document: dict[str, Any] = json.loads(result.stdout)
            return document

        yield invoke


@contextmanager
def _role(database: str, what: str) -> Iterator[str]:
    name = f"readme_{what}_{abs(hash(database)) % 10**8}"
    role = sql.Identifier(name)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret'").format(role))
    yield name
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


def write_documents(folder: Path, run: Run, bucket: str) -> None:
    """The steps of README: a draft, the decisions in it, SQL by two people, a new bucket, a new category."""
    run("map", "draft", "company_db", "--out", str(folder / "map" / "company.yaml"))
    path = folder / "map" / "company.yaml"
    text = path.read_text(encoding="utf-8")
    decided = {"owner": "Platform Engineering", "reason": "Contracts of firms.", "declared_on": "2026-11-01"}
    text = re.sub(r"category:  # TODO.*", "category: leads", text)
    text = re.sub(r"role:  # TODO.*", "role: processor", text)
    text = re.sub(r"(\w+):  # TODO.*", lambda key: f"{key[1]}: {decided[key[1]]}", text)
    visits = text.index("  visits:")
    text = text[:visits] + text[visits:].replace("category: leads", "category: cookies", 1)
    connections = "connections:\n  company_s3: {kind: s3, disposal: company_s3, verification: company_s3_verify}"
    text = text.replace("connections:", connections, 1)
    text = text.replace("\nnot_personal:", BUCKET.format(bucket=bucket) + "not_personal:", 1)
    path.write_text(text, encoding="utf-8")
    for name, query in SQL.items():
        (folder / "map" / "sql" / name).write_text(query, encoding="utf-8")
    policies = folder / "policies"
    policies.mkdir()
    for name in ("leads.yaml", "logs.yaml"):
        shutil.copy(INCLUDE / "policies" / name, policies / name)
    promises = (INCLUDE / "policies" / "promises.yaml").read_text(encoding="utf-8")
    (policies / "promises.yaml").write_text(promises.rstrip("\n") + PROMISE, encoding="utf-8")
    (policies / "cookies.yaml").write_text(RULE, encoding="utf-8")


def test_a_table_a_bucket_and_a_category_are_added_with_yaml_and_sql_alone(
    run: Run, bucket: Any, database: str, tmp_path: Path
) -> None:
    (tmp_path / "map").mkdir()
    old = f'192.0.2.1 - - [{now() - 20 * DAY:%d/%b/%Y:%H:%M:%S} +0000] "GET / HTTP/1.1" 200 1\n'
    new = f'192.0.2.1 - - [{now() - DAY:%d/%b/%Y:%H:%M:%S} +0000] "GET / HTTP/1.1" 200 1\n'
    client = bucket.client()
    client.put_object(Bucket=bucket.name, Key="edge/new-name.log", Body=old.encode())
    client.put_object(Bucket=bucket.name, Key="edge/2020-01-01.log", Body=new.encode())
    write_documents(tmp_path, run, bucket.name)

    assert run("policy", "check")["errors"] == []
    due = {category: run("plan", category)["due"] for category in ("leads", "cookies", "logs")}
    assert due == {"leads": 3, "cookies": 1, "logs": 1}
    before = run("verify", code=1)
    assert before["places"]["failed"] == []
    assert {(f["kind"], f["place"], f["count"]) for f in before["findings"] if f["severity"] == "breach"} == {
        ("past_event", "tickets", 3),
        ("past_cap", "edge_logs", 1),
    }
    assert [f for f in before["findings"] if f["severity"] == "unknown"] == []
    for category in due:
        run("mode", category, "enforce", "--by", "anna", "--reason", "looked at")
        run("dispose", category)
    assert run("verify")["verdict"] == "compliant"
    with psycopg.connect(database) as connection:
        left = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            for table in ("tickets", "ticket_replies", "visits")
        ]  # type: ignore[arg-type]
    assert left == [(2,), (2,), (2,)]
    assert [one["Key"] for one in client.list_objects_v2(Bucket=bucket.name)["Contents"]] == ["edge/2020-01-01.log"]
