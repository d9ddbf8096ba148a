"""A signed ledger, and somebody who can rewrite all of our own database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from retention.connections import Connection, parse
from retention.evidence.entry import FIRST_PREVIOUS
from retention.local.s3_server import S3Server


@contextmanager
def as_superuser(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody whom no trigger stops."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def rechain(connection: psycopg.Connection[Any]) -> None:
    """Number and chain the entries anew, as somebody would who hides a change."""
    previous = FIRST_PREVIOUS
    rows = connection.execute("SELECT seq FROM retention.ledger ORDER BY seq").fetchall()
    for number, (seq,) in enumerate(rows, 1):
        row = connection.execute(
            "UPDATE retention.ledger SET seq = %s, prev_hash = %s, hash = retention.ledger_hash(%s, at, kind, body, %s) "
            "WHERE seq = %s RETURNING hash",
            (number, previous, number, previous, seq),
        ).fetchone()
        assert row is not None
        previous = row[0]


def anchor_connection(server: S3Server, bucket: str, identity: str = "evidence") -> Connection:
    """The connection to a locked bucket."""
    return parse("retention_anchor", server.airflow_connection(identity, bucket=bucket))
