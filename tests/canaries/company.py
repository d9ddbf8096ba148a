"""The sample's empty company on real servers, with the shipped map and roles: what canaries are planted into."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.buckets import fresh_bucket
from tests.databases import fresh_database
from tests.world import HASHER, World, now, postgres_connection

from retention.connections import Connection, parse, postgres_conninfo
from retention.datamap.loader import load_datamap
from retention.disposal.execute import execute_plan
from retention.disposal.plan import make_plan
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server
from retention.sample.log_tables import partitions
from retention.sample.tables import create_partitions
from retention.settings import INCLUDE
from retention.verification import CheckResult, verify

_ROLES = INCLUDE / "sql" / "roles"
CATEGORIES = ("audio", "transcript", "leads", "marketing", "usage", "logs")


@dataclass
class CanaryCompany:
    """The company (`world`), its map's folder and the folder of its log files."""

    world: World
    datamap: Path
    logs: Path
    log_bucket: str

    def dispose(self) -> None:
        """One run of each category."""
        for category in CATEGORIES:
            runtime = self.world.runtime()
            plan = make_plan(
                runtime, category, as_of=now(), run_id=f"{category}/{secrets.token_hex(4)}", requested_by="anna"
            )
            assert not plan.blocked
            execute_plan(runtime, plan.plan_id, plan.digest)

    def check(self, *categories: str, later: timedelta = timedelta(0)) -> CheckResult:
        """What verification says, with its own identity, so much later."""
        return verify(
            categories or CATEGORIES,
            as_of=now() + later if later else None,
            resolve=self.world.connections.__getitem__,
            policies=INCLUDE / "policies",
            datamap=self.datamap,
            own_conninfo=postgres_conninfo(self.world.connections["retention_db_verify"]),
            hasher=HASHER,
        )

    def canaries(self, place: str) -> dict[str | None, dict[str, Any]]:
        """The place's canaries, by what keeps each."""
        found = self.world.own_sql("SELECT * FROM retention.canaries WHERE place = %s", place)
        return {one["kept_by"]: one for one in found}

    def planted_at(self) -> datetime:
        """When the last canary was."""
        [row] = self.world.own_sql("SELECT max(planted_at) AS at FROM retention.canaries")
        at: datetime = row["at"]
        return at


@contextmanager
def empty_company(
    postgres: PostgresServer, s3: S3Server, templates: tuple[str, str], folder: Path
) -> Iterator[CanaryCompany]:
    """Everything there and nothing in it; every category in mode `enforce`."""
    secret, logins = secrets.token_hex(16), _logins(postgres)
    for role, name in logins.items():
        with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Literal(secret), sql.Identifier(role)))
    with (
        fresh_database(postgres, templates[0]) as company,
        fresh_database(postgres, templates[1]) as own,
        fresh_bucket(s3) as bucket,
        fresh_bucket(s3) as log_bucket,
    ):
        with psycopg.connect(postgres.conninfo(company), options="-c TimeZone=UTC") as connection:
            create_partitions(connection, partitions(now()))
        for name, script in ((company, "source.sql"), (own, "own.sql")):
            with psycopg.connect(postgres.conninfo(name)) as connection:
                connection.execute((_ROLES / script).read_bytes())
        reached = {
            "company_db": (company, "retention_disposal"),
            "company_db_verify": (company, "retention_verify"),
            "retention_db": (own, "retention_app"),
            "retention_db_verify": (own, "retention_verify"),
        }
        connections: dict[str, Connection] = {
            name: postgres_connection(
                name, make_conninfo(postgres.conninfo(database), user=logins[role], password=secret)
            )
            for name, (database, role) in reached.items()
        }
        connections["company_db_canary"] = postgres_connection("company_db_canary", postgres.conninfo(company))
        for name, identity in {"": "disposal", "_verify": "verify", "_canary": "app"}.items():
            connections[f"company_s3{name}"] = parse(f"company_s3{name}", s3.airflow_connection(identity))
            connections[f"server_files{name}"] = Connection(
                f"server_files{name}", "fs", extra={"path": str(folder / "logs")}
            )
        (folder / "logs").mkdir()
        datamap = _map(folder / "map", bucket, log_bucket)
        world = World(
            *(postgres.conninfo(company), postgres.conninfo(own), bucket, s3.client("app"), connections),
            load_datamap(datamap),
        )
        for category in CATEGORIES:
            world.own_sql(
                "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) "
                "VALUES (%s, 'enforce', 'anna', 'test')",
                category,
            )
        world.runtime = _as_app(world)  # type: ignore[method-assign]
        yield CanaryCompany(world, datamap, folder / "logs", log_bucket)


def _as_app(world: World) -> Any:
    """Our own database as the application, with its rights alone."""
    plain = world.runtime
    return lambda **changes: replace(
        plain(**changes), own_conninfo=postgres_conninfo(world.connections["retention_db"])
    )


def _logins(postgres: PostgresServer) -> dict[str, str]:
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7399)")
        connection.execute((_ROLES / "roles.sql").read_bytes())
    roles = ("retention_disposal", "retention_verify", "retention_app")
    return {role: f"{role}_{secrets.token_hex(6)}" for role in roles}


def _map(folder: Path, bucket: str, log_bucket: str) -> Path:
    shipped = INCLUDE / "datamap"
    (folder / "sql").mkdir(parents=True)
    for path in (shipped / "sql").glob("*.sql"):
        (folder / "sql" / path.name).write_bytes(path.read_bytes())
    text = (shipped / "company.yaml").read_text(encoding="utf-8")
    text = text.replace("bucket: call-recordings", f"bucket: {bucket}").replace(
        "bucket: server-logs", f"bucket: {log_bucket}"
    )
    (folder / "company.yaml").write_text(text, encoding="utf-8")
    return folder
