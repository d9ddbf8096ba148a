"""The three databases of the local stack, their roles and rights, from the files in include/sql/roles."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from retention.local.postgres_server import PostgresServer
from retention.local.secret_files import kept_secret

_ROLE_FILES = Path(__file__).resolve().parents[2] / "sql" / "roles"

DATABASES = {"airflow": "airflow", "company": "company_app", "retention": "retention_owner"}
"""Database → the role that owns it."""

ROLES = ("airflow", "company_app", "retention_owner", "retention_app", "retention_disposal", "retention_verify")


def password_of(role: str, secrets: Path) -> str:
    """The role's random password, kept in the secrets folder."""
    return kept_secret(secrets / f"postgres-{role}.password", random_bytes=24)


def create_databases(server: PostgresServer, secrets: Path) -> None:
    """Create roles and databases where missing and set the kept passwords; safe to run again."""
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        for role in ("airflow", "company_app"):
            if not _exists(connection, "pg_roles", "rolname", role):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        connection.execute(read_role_file("roles.sql"))
        for role in ROLES:
            _set_password(connection, role, password_of(role, secrets))
        for database, owner in DATABASES.items():
            name = sql.Identifier(database)
            if not _exists(connection, "pg_database", "datname", database):
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(owner)))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))


def grant_own_rights(server: PostgresServer) -> None:
    """Rights in our own database, after its migrations. Safe to run again."""
    _run_file(server, "retention", "own.sql")


def grant_source_rights(server: PostgresServer) -> None:
    """Rights in the company's database, after its tables were made. Safe to run again."""
    _run_file(server, "company", "source.sql")


def _run_file(server: PostgresServer, database: str, name: str) -> None:
    with psycopg.connect(server.conninfo(database)) as connection:
        connection.execute(read_role_file(name))


def read_role_file(name: str) -> bytes:
    """One of our own reviewed SQL files; psycopg takes bytes as they stand."""
    return (_ROLE_FILES / name).read_bytes()


def _exists(connection: psycopg.Connection, catalog: str, column: str, name: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(catalog), sql.Identifier(column))
    return connection.execute(query, [name]).fetchone() is not None


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Set it as a SCRAM verifier computed here, so that the clear text reaches neither the server nor its log."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier))
    connection.execute(statement)
