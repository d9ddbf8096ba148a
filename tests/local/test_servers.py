"""The embedded servers, for real."""

from __future__ import annotations

import psycopg
import pytest

from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server


def test_database_is_empty_and_ours(database: str) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
        connection.execute("CREATE TABLE t (id int)")


def test_bucket_is_versioned(bucket) -> None:
    client = bucket.client()
    for body in (b"1", b"2"):
        client.put_object(Bucket=bucket.name, Key="a b+c%/ü", Body=body)
    assert len(client.list_object_versions(Bucket=bucket.name)["Versions"]) == 2
