"""Stores of one test's own, and one loaded company that tests only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sample.stores import Stores, fresh_stores

from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server


@pytest.fixture
def stores(postgres_server: PostgresServer, s3_server: S3Server) -> Iterator[Stores]:
    """Empty stores of one test's own."""
    with fresh_stores(postgres_server, s3_server) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def loaded(postgres_server: PostgresServer, s3_server: S3Server) -> Iterator[Stores]:
    """A loaded company; tests only read it."""
    with fresh_stores(postgres_server, s3_server) as fresh:
        fresh.load()
        yield fresh
