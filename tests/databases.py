"""Databases that tests make and drop again, by the thousand."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from retention.local.postgres_server import PostgresServer

# Copying files is the quickest where nothing is written through to a disk.
_CREATE = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")


@contextmanager
def fresh_database(server: PostgresServer, template: str = "template0", *grantees: str) -> Iterator[str]:
    """The name of a new database, dropped afterwards; the roles among `grantees` may connect to it."""
    text = f"test_{uuid.uuid4().hex[:16]}"
    name = sql.Identifier(text)
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute(_CREATE.format(name, sql.Identifier(template)))
        for role in grantees:
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(role)))
    yield text
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
