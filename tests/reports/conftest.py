"""One migrated database for all report tests of a worker; each test works in a transaction that is rolled back."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from retention import database
from retention.database import OwnConnection
from retention.local.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def migrated(postgres_server: PostgresServer) -> Iterator[str]:
    """The connection string of our own database, empty."""
    name = f"reports_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    database.migrate(postgres_server.conninfo(name))
    yield postgres_server.conninfo(name)
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def own(migrated: str) -> Iterator[OwnConnection]:
    """A connection to our own database, in which nothing stays."""
    with database.connect(migrated, autocommit=False) as connection:
        yield connection
        connection.rollback()
