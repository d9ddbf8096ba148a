"""The pages over a real PostgreSQL: each test in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.databases import fresh_database

from retention import database
from retention.database import OwnConnection
from retention.local.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def migrated(postgres_server: PostgresServer) -> Iterator[str]:
    """The connection string of our own database, empty."""
    with fresh_database(postgres_server) as name:
        database.migrate(postgres_server.conninfo(name))
        yield postgres_server.conninfo(name)


@pytest.fixture
def own(migrated: str) -> Iterator[OwnConnection]:
    """A connection to our own database, in which nothing stays."""
    with database.connect(migrated, autocommit=False) as connection:
        connection.execute("SELECT")  # else the first inner transaction would be the outer one, and commit
        yield connection
        connection.rollback()
