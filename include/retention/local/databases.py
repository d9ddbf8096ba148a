"""Databases, roles and rights, from the files in include/sql/roles; for the local stack and for docker-compose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from retention.local.secret_files import kept_secret

_ROLE_FILES = Path(__file__).resolve().parents[2] / "sql" / "roles"

OWNERS = {"airflow": "airflow", "company": "company_app", "retention": "retention_owner"}
"""Database of the local stack → the role that owns it."""

ROLES = (
    "airflow",
    "company_app",
    "retention_owner",
    "retention_app",
    "retention_disposal",
    "retention_verify",
    "retention_airflow",
)


def password_of(role: str, secrets: Path) -> str:
    """The role's random password, kept in the secrets folder."""
    return kept_secret(secrets / f"postgres-{role}.password", random_bytes=24)


def create_databases(superuser: str, owners: Mapping[str, str], passwords: Mapping[str, str]) -> None:
    """Create roles and databases where missing and set the passwords; safe to run again.

    `superuser` is a connection string; `owners` maps a database to its owner, `passwords` a role to its password.
    """
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(_read("roles.sql"))
        for role, password in passwords.items():
            if not _exists(connection, "pg_roles", "rolname", role):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            _set_password(connection, role, password)
        for database, owner in owners.items():
            name = sql.Identifier(database)
            if not _exists(connection, "pg_database", "datname", database):
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(owner)))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))


def grant_own_rights(own: str) -> None:
    """Rights in our own database (a connection string), after its migrations. Safe to run again."""
    _run_file(own, "own.sql")


def grant_source_rights(source: str) -> None:
    """Rights in a source (a connection string), after its tables were made. Safe to run again."""
    _run_file(source, "source.sql")


def grant_airflow_rights(metadata: str) -> None:
    """Rights in Airflow's own database (a superuser's connection string), after each `airflow db migrate`. Safe to run again."""
    _run_file(metadata, "airflow.sql")


def _run_file(conninfo: str, name: str) -> None:
    with psycopg.connect(conninfo) as connection:
        connection.execute(_read(name))


def _read(name: str) -> bytes:
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
