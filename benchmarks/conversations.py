"""A company with many conversations in one table, half of them past their limit, and what decides about them: contracts, consents
and legal holds."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.company import as_airflow
from retention import database
from retention.connections import parse
from retention.datamap.loader import DataMap, MappedTable
from retention.datamap.model import ConnectionKind, SourceConnection, TableFacts, TablePlace
from retention.disposal.opening import open_stores
from retention.disposal.plan import PlanSummary, make_plan
from retention.disposal.runtime import Runtime
from retention.evidence.hashing import ItemHasher
from retention.local.postgres_server import PostgresServer
from retention.policy.loader import load_policy
from retention.policy.model import Consents, RetentionRule, RuleVersion, Schedule, StartPoint, VolumeLimit
from retention.settings import INCLUDE

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TENANTS = 1_000

# One customer in fifty has left, one conversation in twenty is kept by the consents of both parties, one customer in a hundred is
# on hold. None is 28 to 32 days old, so that nothing falls due while we measure. `disposed_items` is for whoever removes rows
# without us; it is the same table as ours.
_TABLES = """
CREATE TABLE contracts (tenant_id text NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz);
CREATE TABLE consents (
    conversation_id uuid NOT NULL, party text NOT NULL, scope text NOT NULL, given_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL, ends_at timestamptz, withdrawn_at timestamptz, reviewed_at timestamptz);
CREATE TABLE conversations (
    conversation_id uuid NOT NULL, tenant_id text NOT NULL, person_id text NOT NULL, created_at timestamptz NOT NULL,
    body text NOT NULL);
CREATE TABLE legal_holds (tenant_id text NOT NULL, ends_at timestamptz NOT NULL);
INSERT INTO contracts
SELECT 'tenant-' || t, now() - interval '5 years', CASE WHEN t % 50 = 0 THEN now() - interval '40 days' END
FROM generate_series(1, {tenants}) AS t;
INSERT INTO legal_holds SELECT 'tenant-' || t, now() + interval '90 days' FROM generate_series(7, {tenants}, 100) AS t;
INSERT INTO conversations
SELECT gen_random_uuid(), 'tenant-' || n % {tenants} + 1, 'person-' || n % ({rows} / 4),
    now() - n * interval '56 days' / {rows} - CASE WHEN n > {rows} / 2 THEN interval '4 days' ELSE interval '0' END,
    repeat(md5(n::text), 8)
FROM generate_series({rows}, 1, -1) AS n;
ALTER TABLE conversations ADD PRIMARY KEY (conversation_id);
CREATE INDEX ON conversations (created_at, conversation_id);
INSERT INTO consents SELECT conversation_id, party, 'archiving', created_at, created_at
FROM conversations, unnest(ARRAY['caller', 'customer']) AS party WHERE hashtext(conversation_id::text) % 20 = 0;
CREATE INDEX ON consents (conversation_id);
"""
_ITEMS = """
SELECT
    c.conversation_id AS item_id, c.tenant_id, c.person_id, c.created_at AS start_created, e.ended_at AS start_contract_ended,
    NULL::timestamptz AS evidence_at
FROM conversations AS c
LEFT JOIN (
    SELECT tenant_id, CASE WHEN bool_and(ended_at IS NOT NULL) THEN max(ended_at) END AS ended_at
    FROM contracts GROUP BY tenant_id
) AS e ON e.tenant_id = c.tenant_id
"""
_CONSENTS = """
SELECT conversation_id AS item_id, party, scope, given_at, recorded_at, ends_at, withdrawn_at, reviewed_at FROM consents
"""


@dataclass(frozen=True)
class Conversations:
    """A source database, our own one, and how many of its rows are due."""

    source: str
    own: str
    rows: int
    due: int
    runtime: Runtime

    def plan(self) -> PlanSummary:
        """A plan of all that is due."""
        return make_plan(
            self.runtime, "conversations", as_of=datetime.now(UTC), run_id=f"bench/{uuid.uuid4()}", requested_by="bench"
        )

    def left(self) -> int:
        """How many rows the table has."""
        with psycopg.connect(self.source) as connection:
            row = connection.execute("SELECT count(*) FROM conversations").fetchone()
        assert row is not None  # an aggregate always gives one row
        return int(row[0])


class Originals:
    """Databases that every contender gets a fresh copy of."""

    def __init__(self, postgres: PostgresServer, rows: int) -> None:
        self._postgres = postgres
        self._rows = rows
        self._source, self._own = self._make_source(), self._make_own()
        self._due = self.copy().plan().due

    def copy(self) -> Conversations:
        """A fresh copy of both databases, written to disk before anybody's time is taken."""
        source, own = self._create(self._source), self._create(self._own)
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        due = getattr(self, "_due", 0)
        return Conversations(source, own, self._rows, due, runtime_of(source, own))

    def drop(self, one: Conversations) -> None:
        """Give the disk back."""
        for conninfo in (one.source, one.own):
            self._admin("DROP DATABASE {} WITH (FORCE)", _name(conninfo))

    def _make_source(self) -> str:
        source = self._create("template0")
        database.migrate(source)
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute(_TABLES.format(tenants=TENANTS, rows=self._rows).encode())
            connection.execute("CREATE TABLE disposed_items (LIKE retention.disposed_items INCLUDING ALL)")
            connection.execute("VACUUM (ANALYZE)")
        return _name(source)

    def _make_own(self) -> str:
        own = self._create("template0")
        database.migrate(own)
        with database.connect(own) as connection:
            connection.execute(
                "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) "
                "VALUES ('conversations', 'enforce', 'bench', 'bench')"
            )
            connection.execute(
                "INSERT INTO retention.holds (tenant_id, reason, requested_by, approved_by, ends_at) SELECT 'tenant-' || t, "
                "'bench', 'anna', 'ben', now() + interval '90 days' FROM generate_series(7, %s, 100) AS t",
                (TENANTS,),
            )
        return _name(own)

    def _create(self, template: str) -> str:
        name = f"bench_{uuid.uuid4().hex[:12]}"
        self._admin("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        return self._postgres.conninfo(name)

    def _admin(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._postgres.conninfo(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


def _name(conninfo: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"])


def _rule() -> RetentionRule:
    start_points = (
        StartPoint(event="created", every_item=True, limit=30 * DAY, lead=2 * HOUR),
        StartPoint(event="contract_ended", limit=30 * DAY, lead=2 * HOUR, may_lie_ahead=True),
    )
    exemption = Consents(
        scope="archiving", parties=("caller", "customer"), review_every=365 * DAY, review_grace=30 * DAY
    )
    return RetentionRule(
        category="conversations",
        clause="transcript",
        owner="bench",
        schedule=Schedule(
            longest_interval=HOUR, missed_runs_tolerated=0, run_time=HOUR, store_lag=0 * HOUR, clock_skew=HOUR
        ),
        volume_limit=VolumeLimit(items=10**9, share=1.0, share_above_items=10**9, unlinked_items=0),
        plan_valid_for=6 * HOUR,
        versions=(
            RuleVersion(
                version=1, policy_version="2025-08-03", effective_from=date(2025, 8, 3), approved_by="bench",
                start_points=start_points, exemption=exemption,
            ),
        ),
    )  # fmt: skip


def _place() -> MappedTable:
    spec = TablePlace(
        kind="table",
        category="conversations",
        role="controller",
        owner="bench",
        connection="company_db",
        table="public.conversations",
        id_column="conversation_id",
        facts=TableFacts(items=Path("items.sql"), consents=Path("consents.sql"), check_items=Path("check.sql")),
    )
    store = SourceConnection(kind=ConnectionKind.POSTGRES, disposal="company_db", verification="company_db_verify")
    return MappedTable("conversations", spec, store, _ITEMS, _CONSENTS, "", None)


def runtime_of(source: str, own: str) -> Runtime:
    """The runtime for these two databases."""
    policy, place, rule = load_policy(INCLUDE / "policies"), _place(), _rule()
    connections = {"company_db": parse("company_db", as_airflow(source))}
    return Runtime(
        policy=replace(policy, rules={rule.category: rule}),
        datamap=DataMap({place.name: place}, {"company_db": place.store}, (), "bench"),
        resolve=connections.__getitem__,
        own_conninfo=own,
        hasher=ItemHasher(bytes(32)),
        open_stores=open_stores,
        actor="bench",
    )
