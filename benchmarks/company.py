"""A company with recordings that are all due, on embedded servers in a temporary folder."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from retention import database
from retention.connections import Connection, parse
from retention.datamap.loader import DataMap, load_datamap
from retention.disposal.opening import open_stores
from retention.disposal.runtime import Runtime
from retention.evidence.hashing import ItemHasher
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server
from retention.policy.loader import load_policy
from retention.sample.tables import create_schema
from retention.settings import INCLUDE

VERSIONS_OF_EVERY_FOURTH = 2
AGE = timedelta(days=40)


@dataclass(frozen=True)
class Servers:
    """One PostgreSQL and one S3 server."""

    postgres: PostgresServer
    s3: S3Server


@contextmanager
def servers() -> Iterator[Servers]:
    """Start both in a temporary folder, which goes with them."""
    with TemporaryDirectory(prefix="retention-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as another user
        both = Servers(PostgresServer(folder / "postgres"), S3Server(folder / "s3"))
        both.postgres.start()
        both.s3.start()
        try:
            yield both
        finally:
            both.s3.stop()
            both.postgres.stop()


@dataclass(frozen=True)
class Company:
    """One bucket with its rows and our own database."""

    bucket: str
    client: Any
    objects: int
    versions: int
    runtime: Runtime


def make_company(both: Servers, objects: int) -> Company:
    """A fresh bucket and two fresh databases; every recording is past its cap, every fourth has two versions."""
    bucket, client = f"bench-{uuid.uuid4().hex[:12]}", both.s3.client()
    client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    company, own = (_new_database(both.postgres) for _ in range(2))
    database.migrate(own)
    keys = [_key(number) for number in range(objects)]
    with psycopg.connect(company, autocommit=True) as connection:
        create_schema(connection)
        _insert_rows(connection, bucket, keys)
    puts = [key for number, key in enumerate(keys) for _ in range(VERSIONS_OF_EVERY_FOURTH if number % 4 == 0 else 1)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: client.put_object(Bucket=bucket, Key=key, Body=b"RIFF" * 64), puts))
    with database.connect(own) as connection:
        connection.execute(
            "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES ('audio', 'enforce', 'bench', 'b')"
        )
    connections = {
        "company_db": parse("company_db", as_airflow(company)),
        "company_s3": parse("company_s3", both.s3.airflow_connection("disposal")),
    }
    return Company(bucket, client, objects, len(puts), _runtime(connections, own, bucket))


def _key(number: int) -> str:
    day = datetime.now(UTC) - AGE - timedelta(days=number % 20)
    return f"recordings/tenant-{number % 10:02d}/{day:%Y/%m/%d}/{uuid.uuid4()}.wav"


def _insert_rows(connection: psycopg.Connection[Any], bucket: str, keys: list[str]) -> None:
    connection.execute(
        "INSERT INTO tenants SELECT 'tenant-' || lpad(n::text, 2, '0'), 'bench', false, now() FROM generate_series(0, 9) n"
    )
    at = datetime.now(UTC) - AGE
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY recordings (recording_id, tenant_id, bucket, object_key, recorded_at, created_at) FROM STDIN"
        ) as copy,
    ):
        for key in keys:
            copy.write_row((uuid.uuid4(), key.split("/")[1], bucket, key, at, at))
    connection.execute("ANALYZE")


def _new_database(postgres: PostgresServer) -> str:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    return postgres.conninfo(name)


def as_airflow(conninfo: str) -> str:
    """The connection as Airflow writes it."""
    facts = psycopg.conninfo.conninfo_to_dict(conninfo)
    return json.dumps(
        {"conn_type": "postgres", "host": facts["host"], "port": facts["port"], "login": facts["user"],
         "password": facts.get("password"), "schema": facts["dbname"]}
    )  # fmt: skip


def _runtime(connections: Mapping[str, Connection], own: str, bucket: str) -> Runtime:
    shipped = load_datamap(INCLUDE / "datamap")
    place = shipped.places["call_recordings"]
    here = replace(place, spec=place.spec.model_copy(update={"bucket": bucket}))
    policy = load_policy(INCLUDE / "policies")
    limit = policy.rules["audio"].volume_limit.model_copy(update={"items": 10**9, "share": 1.0})
    rules = {"audio": policy.rules["audio"].model_copy(update={"volume_limit": limit})}
    return Runtime(
        policy=replace(policy, rules=rules),
        datamap=DataMap({place.name: here}, shipped.connections, (), shipped.digest),
        resolve=connections.__getitem__,
        own_conninfo=own,
        hasher=ItemHasher(bytes(32)),
        open_stores=open_stores,
        actor="bench",
    )
