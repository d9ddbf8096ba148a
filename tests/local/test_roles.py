"""Each role may do its work and nothing else, on a real server with the shipped files (include/sql/roles)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from retention import database
from retention.backup.dump import back_up
from retention.backup.restore import restore
from retention.datamap.loader import MappedTable, load_datamap
from retention.local import databases
from retention.local.postgres_server import PostgresServer
from retention.records.rules import PRUNED

PLANTED = Path(__file__).resolve().parents[2] / "include" / "datamap" / "sql"
SCHEMA = Path(__file__).resolve().parents[2] / "include" / "retention" / "sample" / "schema.sql"
TABLES = {
    name: place
    for name, place in load_datamap(SCHEMA.parents[2] / "datamap").places.items()
    if isinstance(place, MappedTable)
}
READ_WHOLE = ("recordings", "calls", "transcriptions", "consents", "contracts")
GOING = (
    *("chat_messages", "transcript_summaries", "transcript_embeddings", "transcript_segments", "transcripts"),
    *("consents", "transcriptions", "calls", "callers", "crm_leads", "marketing_contacts", "audit_log"),
)
PERSONAL = {
    "callers": ("name", "phone", "email"),
    "transcripts": ("body",),
    "transcript_segments": ("body",),
    "transcript_embeddings": ("vector",),
    "transcript_summaries": ("body",),
    "chat_messages": ("body",),
    "crm_leads": ("name", "phone", "email", "note"),
    "marketing_contacts": ("name",),
    "audit_log": ("message",),
}
"""Columns that neither side needs to read."""
Connect = Callable[[str, str], psycopg.Connection]

LEDGER_ENTRY = "SELECT retention.ledger_append('test', '{}')"
HOLD = "INSERT INTO retention.holds (tenant_id, reason, requested_by, review_at) VALUES ('t', 'r', 'a', now() + interval '1 day')"
MODE = "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES ('audio', 'enforce', 'a', 'r')"
CHECK_RUN = (
    "INSERT INTO retention.check_runs (check_run_id, started_at, as_of, categories, policy_version, promises_digest, map_digest)"
    " VALUES (gen_random_uuid(), now(), now(), '{audio}', 'v', 'd', 'd')"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server of its own: roles belong to a whole server, and other tests make them, too."""
    started = PostgresServer(tmp_path_factory.mktemp("roles") / "postgres", settings={"fsync": "off"})
    started.start()
    passwords = {role: f"password of {role}" for role in databases.ROLES}
    for _ in range(2):  # everything here can be run again
        databases.create_databases(started.conninfo(), databases.OWNERS, passwords)
    with psycopg.connect(_as(started, "company", "company_app")) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute("INSERT INTO tenants VALUES ('t', 'name', false, now())")
        connection.execute(
            "CREATE TABLE logs.request_log_20260101 PARTITION OF logs.request_log"
            " FOR VALUES FROM ('2026-01-01') TO ('2026-01-02')"
        )
    database.migrate(_as(started, "retention", "retention_owner"))
    for _ in range(2):
        databases.grant_source_rights(started.conninfo("company"))
        databases.grant_own_rights(_as(started, "retention", "retention_owner"))
    yield started
    started.stop()


def _as(server: PostgresServer, name: str, role: str) -> str:
    return server.conninfo(name, user=role, password=f"password of {role}")


@pytest.fixture
def connect(server: PostgresServer) -> Iterator[Connect]:
    opened: list[psycopg.Connection] = []

    def open_as(name: str, role: str) -> psycopg.Connection:
        opened.append(psycopg.connect(_as(server, name, role)))
        return opened[-1]

    yield open_as
    for connection in opened:
        connection.close()


@pytest.mark.parametrize(
    ("name", "role", "statement"),
    [
        *(
            pytest.param("company", role, f"SELECT * FROM {table}", id=f"{role}-reads-{table}")
            for role in ("retention_disposal", "retention_verify")
            for table in (*READ_WHOLE, "deletion_requests", "marketing_consents")
        ),
        *(
            pytest.param("company", "retention_disposal", f"DELETE FROM {table}", id=f"disposal-deletes-{table}")
            for table in ("recordings", *GOING)
        ),
        *(
            pytest.param("company", role, f"SELECT * FROM ({text}) AS t", id=f"{role}-reads-{name}-{number}")
            for role, sides in (("retention_disposal", ("items_sql",)), ("retention_verify", ("check_items_sql",)))
            for number, side in enumerate(sides)
            for name, place in TABLES.items()
            for text in [getattr(place, side)]
        ),
        pytest.param(
            "company",
            "retention_disposal",
            "UPDATE usage_events SET ip_address = NULL, user_agent = 'anonymised', device_id = 'anonymised' WHERE event_id = 1",
            id="disposal-anonymises",
        ),
        pytest.param(
            "company", "retention_disposal", "DROP TABLE logs.request_log_20260101", id="disposal-drops-partition"
        ),
        pytest.param(
            "company",
            "retention_disposal",
            "CREATE TABLE logs.request_log_20260102 PARTITION OF logs.request_log"
            " FOR VALUES FROM ('2026-01-02') TO ('2026-01-03')",
            id="disposal-makes-partition",
        ),
        pytest.param(
            "company", "retention_verify", "SELECT min(logged_at) FROM logs.request_log", id="verify-reads-partitions"
        ),
        pytest.param(
            "company",
            "company_app",
            "INSERT INTO logs.request_log VALUES (1, '2026-01-01 01:00Z', now(), 'GET', '/', 200, NULL, NULL)",
            id="app-writes-partitions",
        ),
        pytest.param("retention", "retention_app", LEDGER_ENTRY, id="app-appends-to-ledger"),
        pytest.param("retention", "retention_app", HOLD, id="app-sets-hold"),
        pytest.param("retention", "retention_app", "UPDATE retention.holds SET ended_at = now()", id="app-ends-hold"),
        pytest.param("retention", "retention_app", MODE, id="app-sets-mode"),
        *(
            pytest.param(
                "retention",
                "retention_app",
                f"SELECT retention.prune_records('{record}', retention.records_end(3), 10)",
                id=f"app-prunes-{record}",
            )
            for record in PRUNED
        ),
        pytest.param(
            "retention",
            "retention_app",
            "INSERT INTO retention.homes (home) VALUES (retention.home())",
            id="app-confirms-restore",
        ),
        pytest.param("retention", "retention_app", "DELETE FROM retention.plan_items", id="app-drops-plan-items"),
        pytest.param("retention", "retention_verify", CHECK_RUN, id="verify-adds-its-result"),
        pytest.param("retention", "retention_verify", "SELECT * FROM retention.ledger", id="verify-reads-ledger"),
        pytest.param("retention", "retention_verify", "SELECT * FROM retention.holds", id="verify-reads-holds"),
        pytest.param("retention", "retention_verify", "CREATE TABLE inventory.t (id int)", id="verify-takes-inventory"),
    ],
)
def test_role_can_do_its_work(connect: Connect, name: str, role: str, statement: str) -> None:
    connect(name, role).execute(statement.encode())


@pytest.mark.parametrize(
    ("name", "role", "statement"),
    [
        *(
            pytest.param("company", "retention_disposal", f"DELETE FROM {table}", id=f"disposal-deletes-{table}")
            for table in ("contracts", "tenants", "deletion_requests", "marketing_consents", "usage_events")
        ),
        *(
            pytest.param("company", role, f"SELECT {column} FROM {table}", id=f"{role}-reads-{table}-{column}")
            for role in ("retention_disposal", "retention_verify")
            for table, columns in PERSONAL.items()
            for column in columns
        ),
        pytest.param("company", "retention_disposal", "SELECT * FROM tenants", id="disposal-reads-tenants"),
        pytest.param("company", "retention_disposal", "UPDATE usage_events SET page = ''", id="disposal-alters-events"),
        pytest.param(
            "company", "retention_verify", "SELECT client_ip FROM logs.request_log", id="verify-reads-addresses"
        ),
        pytest.param(
            "company", "retention_verify", "DROP TABLE logs.request_log_20260101", id="verify-drops-partition"
        ),
        *(
            pytest.param("company", role, statement, id=f"{role}-{statement.split()[0].lower()}")
            for role in ("retention_disposal", "retention_verify")
            for statement in (
                "UPDATE recordings SET recorded_at = now()",
                "INSERT INTO recordings SELECT * FROM recordings",
                "TRUNCATE recordings",
                "DROP TABLE recordings",
                "CREATE TABLE public.t (id int)",
            )
        ),
        pytest.param("company", "retention_verify", "DELETE FROM recordings", id="verify-deletes-recordings"),
        *(
            pytest.param("retention", role, statement, id=f"{role}-{statement.split()[0].lower()}-{what}")
            for role in ("retention_app", "retention_verify")
            for what, statement in {
                "ledger": "UPDATE retention.ledger SET body = ''",
                "ledger-rows": "DELETE FROM retention.ledger",
                "ledger-all": "TRUNCATE retention.ledger",
                "ledger-row": "INSERT INTO retention.ledger VALUES (9, now(), 'k', '{}', sha256('a'), sha256('b'))",
                "modes": "DELETE FROM retention.mode_changes",
                "stops": "UPDATE retention.stop_changes SET stopped = false",
                "approvals": "UPDATE retention.approvals SET approved_by = 'me'",
                "disposed": "DELETE FROM retention.disposed_items",
                "holds": "DELETE FROM retention.holds",
                "trigger": "ALTER TABLE retention.ledger DISABLE TRIGGER ALL",
            }.items()
        ),
        pytest.param(
            "retention", "retention_app", "UPDATE retention.holds SET requested_by = 'me'", id="app-alters-requester"
        ),
        pytest.param("retention", "retention_app", "UPDATE retention.holds SET tenant_id = 'x'", id="app-alters-scope"),
        pytest.param("retention", "retention_app", CHECK_RUN, id="app-writes-check-results"),
        pytest.param(
            "retention", "retention_app", "UPDATE retention.findings SET severity = 'finding'", id="app-softens"
        ),
        pytest.param("retention", "retention_verify", LEDGER_ENTRY, id="verify-appends-to-ledger"),
        pytest.param("retention", "retention_verify", HOLD, id="verify-sets-hold"),
        pytest.param("retention", "retention_verify", MODE, id="verify-sets-mode"),
        pytest.param(
            "retention", "retention_verify", "SELECT * FROM retention.plan_items", id="verify-reads-plan-items"
        ),
        pytest.param(
            "retention",
            "retention_verify",
            "UPDATE retention.check_runs SET verdict = 'compliant'",
            id="verify-rewrites",
        ),
    ],
)
def test_role_can_do_nothing_else(connect: Connect, name: str, role: str, statement: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
        connect(name, role).execute(statement.encode())


def test_the_application_plants_canaries_into_the_log_that_it_shares(connect: Connect) -> None:
    """The log belongs to a role of its own, which only the application and disposal have."""
    insert = (PLANTED / "canary_request_log.sql").read_bytes()
    with connect("company", "company_app") as planting:
        assert planting.execute(insert, {"number": 7, "start_at": "2026-01-01T12:00Z"}).fetchall() == [(7,)]
    asked = "SELECT request_id FROM logs.request_log_20260101 WHERE request_id = 7"
    assert connect("company", "retention_verify").execute(asked).fetchall() == [(7,)]


def test_verifying_role_is_read_only_even_with_rights_granted_by_mistake(
    server: PostgresServer, connect: Connect
) -> None:
    with psycopg.connect(server.conninfo("company")) as admin:
        admin.execute("GRANT DELETE ON recordings TO retention_verify")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connect("company", "retention_verify").execute("DELETE FROM recordings")
    databases.grant_source_rights(server.conninfo("company"))


def test_rows_hidden_by_a_policy_are_an_error_to_the_verifying_role(server: PostgresServer, connect: Connect) -> None:
    """A check that reads fewer rows than there are would call the rest compliant."""
    with psycopg.connect(server.conninfo("company"), autocommit=True) as admin:
        admin.execute("ALTER TABLE recordings ENABLE ROW LEVEL SECURITY")
        try:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                connect("company", "retention_verify").execute("SELECT * FROM recordings")
        finally:
            admin.execute("ALTER TABLE recordings DISABLE ROW LEVEL SECURITY")


@pytest.mark.parametrize(
    "role",
    [
        *("retention_app", "retention_disposal", "retention_verify", "retention_owner"),
        *("retention_airflow", "company_log_owner"),
    ],
)
def test_roles_have_no_rights_over_the_server(server: PostgresServer, role: str) -> None:
    query = sql.SQL(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = %s"
    )
    with psycopg.connect(server.conninfo()) as admin:
        assert admin.execute(query, [role]).fetchone() == (False,) * 5


@pytest.mark.parametrize(
    ("role", "name"),
    [
        pytest.param("retention_app", "company", id="app-company"),
        pytest.param("retention_disposal", "retention", id="disposal-own"),
        pytest.param("retention_verify", "airflow", id="verify-airflow"),
        pytest.param("retention_disposal", "airflow", id="disposal-airflow"),
        pytest.param("retention_airflow", "company", id="maintenance-company"),
        pytest.param("retention_airflow", "retention", id="maintenance-own"),
        pytest.param("airflow", "company", id="airflow-company"),
        pytest.param("airflow", "retention", id="airflow-own"),
    ],
)
def test_roles_enter_only_their_databases(connect: Connect, role: str, name: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect(name, role)


def test_a_restored_database_has_its_owner_and_its_rights(
    server: PostgresServer, connect: Connect, tmp_path: Path
) -> None:
    back_up(_as(server, "retention", "retention_app"), tmp_path / "own.backup")  # as the nightly DAG does
    databases.create_databases(server.conninfo(), {"restored": "retention_owner"}, {})
    done = restore(
        _as(server, "restored", "retention_owner"), tmp_path / "own.backup", by="a", reason="drill", replace=None
    )
    assert done.has_rights
    for statement in (LEDGER_ENTRY, HOLD, "SELECT home = retention.home() FROM retention.homes"):
        connect("restored", "retention_app").execute(statement.encode())
    connect("restored", "retention_verify").execute("CREATE TABLE inventory.t (id int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connect("restored", "retention_app").execute("DELETE FROM retention.homes")


def test_a_backup_of_an_older_schema_is_restored_and_gets_its_rights_after_migrating(
    server: PostgresServer, connect: Connect, tmp_path: Path
) -> None:
    """The rights name tables that it doesn't have yet."""
    databases.create_databases(server.conninfo(), {"older": "retention_owner", "restored_older": "retention_owner"}, {})
    database.migrate(_as(server, "older", "retention_owner"))
    with psycopg.connect(_as(server, "older", "retention_owner")) as owner:
        owner.execute("DROP TABLE retention.version_dates")
        owner.execute("ALTER TABLE retention.canaries DROP COLUMN start_at")
        owner.execute("DROP TABLE retention.plan_scopes")
        owner.execute("ALTER TABLE retention.plans DROP COLUMN scope_hash CASCADE")
        owner.execute("ALTER TABLE retention.approvals DROP COLUMN via")
        owner.execute("UPDATE retention.schema_version SET version_num = '0030'")
    back_up(_as(server, "older", "retention_owner"), tmp_path / "own.backup")
    restored = _as(server, "restored_older", "retention_owner")
    assert not restore(restored, tmp_path / "own.backup", by="a", reason="drill", replace=None).has_rights
    database.migrate(restored)
    databases.grant_own_rights(restored)
    connect("restored_older", "retention_app").execute(LEDGER_ENTRY)


def test_every_table_of_ours_has_its_rights_decided(server: PostgresServer) -> None:
    """A migration that adds a table must say in own.sql who may write it; reading is the application's by default."""
    text = (Path(databases.__file__).resolve().parents[2] / "sql" / "roles" / "own.sql").read_text(encoding="utf-8")
    with psycopg.connect(server.conninfo("retention")) as admin:
        tables = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'retention'").fetchall()
    assert sorted(name for (name,) in tables if f"retention.{name}" not in text) == ["schema_version"]


def test_rights_in_a_source_take_nothing_from_its_other_users(server: PostgresServer) -> None:
    asked = "SELECT has_database_privilege('public', current_database(), name) FROM unnest(%s::text[]) AS t (name)"
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE somebodys TEMPLATE company")
    with psycopg.connect(server.conninfo("somebodys"), autocommit=True) as admin:
        admin.execute("GRANT CONNECT, TEMPORARY ON DATABASE somebodys TO PUBLIC")
        admin.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    databases.grant_source_rights(server.conninfo("somebodys"))
    with psycopg.connect(server.conninfo("somebodys")) as admin:
        assert admin.execute(asked, (["CONNECT", "TEMPORARY"],)).fetchall() == [(True,), (True,)]
        assert admin.execute("SELECT has_schema_privilege('public', 'public', 'CREATE')").fetchone() == (True,)
