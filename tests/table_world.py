"""A small company whose data stand in tables: transcripts with what belongs to them, marketing contacts, usage events."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from tests.world import DAY, HASHER, HOUR, INCLUDE, now, postgres_connection

from retention import database
from retention.connections import Connection
from retention.datamap.loader import load_datamap
from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.opening import open_stores
from retention.disposal.plan import PlanSummary, make_plan
from retention.disposal.runtime import Runtime
from retention.policy.loader import load_policy

SCHEMA = """
CREATE TABLE contracts (tenant_id text NOT NULL, ended_at timestamptz);
CREATE TABLE requests (tenant_id text NOT NULL, received_at timestamptz NOT NULL);
CREATE TABLE transcripts (
    transcript_id uuid PRIMARY KEY, tenant_id text, person_id text, created_at timestamptz NOT NULL, body text,
    duty_paragraph text, duty_until timestamptz, waits boolean NOT NULL DEFAULT false);
CREATE TABLE segments (segment_id uuid PRIMARY KEY, transcript_id uuid NOT NULL REFERENCES transcripts);
CREATE INDEX ON segments (transcript_id);
CREATE TABLE embeddings (segment_id uuid NOT NULL REFERENCES segments);
CREATE INDEX ON embeddings (segment_id);
CREATE TABLE contacts (
    contact_id bigint PRIMARY KEY, email text, phone text, created_at timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz, proven_consent_at timestamptz);
CREATE TABLE usage_events (event_id bigint PRIMARY KEY, collected_at timestamptz, ip text, agent text, page text);
"""

RULE = """
category: {category}
clause: {category}
owner: Engineering
action: {action}
after_protection: {after}
schedule: {{longest_interval: PT1H, missed_runs_tolerated: 0, run_time: PT30M, store_lag: PT0S, clock_skew: PT10M}}
volume_limit: {{items: 100000, share: 1.0, share_above_items: 100000, unlinked_items: 0}}
plan_valid_for: PT6H
versions:
  - version: 1
    policy_version: "2025-08-03"
    effective_from: 2025-08-03
    approved_by: Data Protection Officer
{duties}    start_points:
{starts}
"""
NEVER = "      - {{event: {}, every_item: true, never: true}}\n"
TRANSCRIPT = RULE.format(
    category="transcript",
    action="delete",
    after="PT48H",
    duties="    duties: true\n",
    starts=NEVER.format("transcript_created")
    + "      - {event: contract_ended, limit: P30D, lead: PT72H, may_lie_ahead: true}\n"
    + "      - {event: deletion_requested, allowed_latency: PT72H, on_request: true}\n",
)
MARKETING = RULE.format(
    category="marketing",
    action="delete",
    after="PT24H",
    duties="",
    starts=NEVER.format("contact_created")
    + "      - {event: consent_withdrawn, allowed_latency: PT24H, on_request: true}\n"
    + "      - {event: suppressed, allowed_latency: PT24H, on_request: true}\n",
)
USAGE = RULE.format(
    category="usage",
    action="anonymise",
    after="PT6H",
    duties="",
    starts="      - {event: collected, every_item: true, limit: P14D, lead: PT49H}\n",
)
TENANT = """
tenant: brief
owner: Engineering
agreed_on: 2026-01-01
reason: annex 3
limits:
  transcript: [{event: contract_ended, limit: P10D}]
"""

MAP = """
system: product
owner: Engineering
connections:
  company_db: {kind: postgres, disposal: company_db, verification: company_db_verify}
places:
  transcripts:
    kind: table
    category: transcript
    role: processor
    owner: Engineering
    connection: company_db
    table: public.transcripts
    id_column: transcript_id
    dependents:
      - table: public.segments
        column: transcript_id
        id_column: segment_id
        dependents: [{table: public.embeddings, column: segment_id}]
    facts: {items: transcripts.sql, check_items: check.sql}
  contacts:
    kind: table
    category: marketing
    role: controller
    owner: Engineering
    connection: company_db
    table: public.contacts
    id_column: contact_id
    identifiers: {email: email, phone: phone}
    facts: {items: contacts.sql, check_items: check.sql}
  usage_events:
    kind: table
    category: usage
    role: controller
    owner: Engineering
    connection: company_db
    table: public.usage_events
    id_column: event_id
    anonymise: {ip: (null), agent: anonymised}
    facts: {items: usage.sql, check_items: check.sql}
"""
SQL = {
    "transcripts.sql": """
        SELECT t.transcript_id AS item_id, t.tenant_id, t.person_id, t.created_at AS start_transcript_created,
            (SELECT CASE WHEN bool_and(c.ended_at IS NOT NULL) THEN max(c.ended_at) END FROM contracts AS c
                WHERE c.tenant_id = t.tenant_id) AS start_contract_ended,
            (SELECT min(r.received_at) FROM requests AS r WHERE r.tenant_id = t.tenant_id) AS start_deletion_requested,
            NULL::timestamptz AS evidence_at, t.duty_paragraph, t.duty_until, t.waits
        FROM transcripts AS t""",
    "contacts.sql": """
        SELECT contact_id AS item_id, 'self'::text AS tenant_id, NULL::text AS person_id, created_at AS start_contact_created,
            withdrawn_at AS start_consent_withdrawn, NULL::timestamptz AS evidence_at, proven_consent_at
        FROM contacts""",
    "usage.sql": """
        SELECT event_id AS item_id, 'self'::text AS tenant_id, NULL::text AS person_id, collected_at AS start_collected,
            NULL::timestamptz AS evidence_at
        FROM usage_events""",
    "check.sql": "SELECT 1 AS checked",
}


@dataclass
class TableWorld:
    """One company database and one of our own."""

    company: str
    own: str
    runtime: Runtime

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.company, autocommit=True) as connection:
            cursor = connection.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def own_sql(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with database.connect(self.own) as connection:
            cursor = connection.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def add_contract(self, tenant: str, ended_ago: timedelta | None) -> None:
        ended_at = now() - ended_ago if ended_ago is not None else None
        self.sql("INSERT INTO contracts VALUES (%s, %s)", tenant, ended_at)

    def add_transcript(self, tenant: str | None, *, segments: int = 2, **columns: Any) -> str:
        """A transcript of 100 days ago with segments, each with an embedding."""
        key = str(uuid.uuid4())
        row = {"transcript_id": key, "tenant_id": tenant, "created_at": now() - 100 * DAY} | columns
        names = ", ".join(row)
        self.sql(f"INSERT INTO transcripts ({names}) VALUES ({', '.join(['%s'] * len(row))})", *row.values())
        for _ in range(segments):
            segment = str(uuid.uuid4())
            self.sql("INSERT INTO segments VALUES (%s, %s)", segment, key)
            self.sql("INSERT INTO embeddings VALUES (%s)", segment)
        return key

    def add_contact(self, key: int, **columns: Any) -> None:
        row = {"contact_id": key} | columns
        names = ", ".join(row)
        self.sql(f"INSERT INTO contacts ({names}) VALUES ({', '.join(['%s'] * len(row))})", *row.values())

    def add_hold(self, **columns: Any) -> None:
        row: dict[str, Any] = {
            "reason": "dispute",
            "requested_by": "anna",
            "approved_by": "ben",
            "effective_at": now() - HOUR,
            "ends_at": now() + DAY,
        } | columns
        names, values = ", ".join(row), ", ".join(["%s"] * len(row))
        self.own_sql(f"INSERT INTO retention.holds ({names}) VALUES ({values})", *row.values())

    def plan(self, category: str, as_of: datetime | None = None, **runtime: Any) -> PlanSummary:
        with_changes = replace(self.runtime, **runtime)
        return make_plan(
            with_changes, category, as_of=as_of or now(), run_id=f"test/{uuid.uuid4()}", requested_by="anna"
        )

    def dispose(self, category: str, as_of: datetime | None = None, **options: Any) -> DisposalSummary:
        plan = self.plan(category, as_of)
        return execute_plan(self.runtime, plan.plan_id, plan.digest, **options)

    def remap(self, folder: Path, text: str, **items: str) -> None:
        """Another data map, made in this folder; `items` is the places' SQL, by its file's name."""
        folder.mkdir(exist_ok=True)
        (folder / "product.yaml").write_text(text, encoding="utf-8")
        for name, query in (SQL | {f"{name}.sql": query for name, query in items.items()}).items():
            (folder / name).write_text(query, encoding="utf-8")
        self.runtime = replace(self.runtime, datamap=load_datamap(folder))

    def count(self, table: str) -> int:
        return int(self.sql(f"SELECT count(*) FROM {table}")[0][0])

    def ids(self, table: str, column: str) -> set[str]:
        return {str(key) for (key,) in self.sql(f"SELECT {column} FROM {table}")}


def build(company: str, own: str, folder: Path) -> TableWorld:
    """Make tables and documents; all categories enforce."""
    with psycopg.connect(company, autocommit=True) as connection:
        connection.execute(SCHEMA)
    (folder / "policies" / "tenants").mkdir(parents=True)
    (folder / "map").mkdir()
    promises = (INCLUDE / "policies" / "promises.yaml").read_text(encoding="utf-8")
    for name, text in {"promises": promises, "transcript": TRANSCRIPT, "marketing": MARKETING, "usage": USAGE}.items():
        (folder / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "policies" / "tenants" / "brief.yaml").write_text(TENANT, encoding="utf-8")
    (folder / "map" / "product.yaml").write_text(MAP, encoding="utf-8")
    for name, text in SQL.items():
        (folder / "map" / name).write_text(text, encoding="utf-8")
    connections: dict[str, Connection] = {
        name: postgres_connection(name, company) for name in ("company_db", "company_db_verify")
    }
    runtime = Runtime(
        policy=load_policy(folder / "policies"),
        datamap=load_datamap(folder / "map"),
        resolve=connections.__getitem__,
        own_conninfo=own,
        hasher=HASHER,
        open_stores=open_stores,
        actor="anna",
        now=now,
    )
    world = TableWorld(company, own, runtime)
    for category in ("transcript", "marketing", "usage"):
        world.own_sql(
            "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES (%s, 'enforce', 'anna', 'test')",
            category,
        )
    return world
