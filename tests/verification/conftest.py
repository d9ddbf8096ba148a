"""A company for each test, on an S3 server of its own: what the connection sees besides the test's bucket would be findings."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.audio_alone import audio_map
from tests.databases import fresh_database
from tests.verification.company import Company
from tests.verification.records import Records

from retention.connections import Connection, parse
from retention.database import migrate
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server
from retention.settings import INCLUDE

_ROLES = INCLUDE / "sql" / "roles"
_ROLES_LOCK = 7399


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop(patience_s=0)


@pytest.fixture(scope="session")
def verifier(postgres_server: PostgresServer) -> tuple[str, str]:
    """Name and password of a login with exactly the verifying role's rights."""
    name, password = f"verifier_{secrets.token_hex(6)}", secrets.token_hex(16)
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_ROLES_LOCK,))
        connection.execute((_ROLES / "roles.sql").read_bytes())
        statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE retention_verify")
        connection.execute(statement.format(sql.Identifier(name), sql.Literal(password)))
    return name, password


@pytest.fixture(scope="session")
def template(postgres_server: PostgresServer, verifier: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """Two databases to copy from, which is quicker than migrating: the company's tables, and our own, with the shipped rights."""
    with fresh_database(postgres_server) as company, fresh_database(postgres_server) as own:
        migrate(postgres_server.conninfo(own))
        for name, scripts in (
            (company, [INCLUDE / "retention/sample/schema.sql", _ROLES / "source.sql"]),
            (own, [_ROLES / "own.sql"]),
        ):
            with psycopg.connect(postgres_server.conninfo(name), autocommit=True) as connection:
                for script in scripts:
                    connection.execute(script.read_bytes())
        yield company, own


@contextmanager
def _copies(
    postgres_server: PostgresServer, template: tuple[str, str], verifier: tuple[str, str]
) -> Iterator[tuple[str, str, dict[str, Connection]]]:
    """A source and a database of our own, as fresh as the templates, and the verifying role's connections to them."""
    with (
        fresh_database(postgres_server, template[0], "retention_verify") as company,
        fresh_database(postgres_server, template[1], "retention_verify") as own,
    ):
        conninfo = {
            "company_db_verify": postgres_server.conninfo(company),
            "retention_db_verify": postgres_server.conninfo(own),
        }
        connections = {name: postgres_connection(name, text, verifier) for name, text in conninfo.items()}
        yield *conninfo.values(), connections


@pytest.fixture
def records(
    postgres_server: PostgresServer, template: tuple[str, str], verifier: tuple[str, str], tmp_path: Path
) -> Iterator[Records]:
    """Tables whose rows are the items; no object store."""
    with _copies(postgres_server, template, verifier) as (source, own, connections):
        yield Records(source, own, connections, tmp_path)


@pytest.fixture
def company(
    postgres_server: PostgresServer,
    template: tuple[str, str],
    verifier: tuple[str, str],
    s3_server: S3Server,
    bucket: Any,
    tmp_path: Path,
) -> Iterator[Company]:
    with _copies(postgres_server, template, verifier) as (source, own, connections):
        connections["company_s3_verify"] = parse("company_s3_verify", s3_server.airflow_connection("verify"))
        yield Company(source, own, bucket.name, bucket.writer, connections, map_for(tmp_path / "datamap", bucket.name))


def postgres_connection(connection_id: str, conninfo: str, login: tuple[str, str]) -> Connection:
    facts = conninfo_to_dict(make_conninfo(conninfo, user=login[0], password=login[1]))
    return Connection(
        connection_id,
        "postgres",
        host=str(facts["host"]),
        port=int(str(facts["port"])),
        login=login[0],
        password=login[1],
        schema=str(facts["dbname"]),
        extra={"sslmode": "disable"},
    )


def map_for(folder: Path, bucket: str) -> Path:
    """The shipped map of recordings, for this test's bucket."""
    shipped = INCLUDE / "datamap"
    (folder / "sql").mkdir(parents=True)
    for path in (shipped / "sql").glob("*.sql"):
        (folder / "sql" / path.name).write_bytes(path.read_bytes())
    (folder / "company.yaml").write_text(audio_map().replace("call-recordings", bucket), encoding="utf-8")
    return folder
