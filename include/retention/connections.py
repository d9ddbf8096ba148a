"""Connections to the sources and to our own database, in Airflow's own form, without Airflow.

Inside Airflow, `retention.orchestration` fills the same `Connection` from Airflow's connections and secrets backends;
elsewhere it is read from `AIRFLOW_CONN_<ID>` (JSON or URI), so that the same commands run on anybody's database and bucket.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from retention.errors import RequestError


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a system is and who we are there. `schema` is the database's name (Airflow calls it so)."""

    connection_id: str
    conn_type: str
    host: str | None = None
    port: int | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


Resolver = Callable[[str], Connection]
"""Gives the connection with this id, or raises RequestError."""


def from_environment(connection_id: str) -> Connection:
    """Read `AIRFLOW_CONN_<ID>` from the process environment.

    Raises RequestError when the variable is missing or is neither JSON nor a URI. The value itself holds a password
    and is therefore never part of the message.
    """
    variable = f"AIRFLOW_CONN_{connection_id.upper()}"
    value = os.environ.get(variable)
    if not value:
        raise RequestError(
            f"connection {connection_id!r}: found no environment variable {variable}; "
            "expected an Airflow connection as JSON or URI. Set it, or run `make run` for the sample company."
        )
    return parse(connection_id, value)


def parse(connection_id: str, value: str) -> Connection:
    """Parse one Airflow connection, JSON (`{"conn_type": …}`) or URI (`postgres://user:pass@host/db?…`)."""
    if value.lstrip().startswith("{"):
        return _from_json(connection_id, value)
    return _from_uri(connection_id, value)


def _from_json(connection_id: str, value: str) -> Connection:
    try:
        fields = json.loads(value)
        extra = fields.get("extra") or {}
        if isinstance(extra, str):
            extra = json.loads(extra)
        port = fields.get("port")
        return Connection(
            connection_id,
            conn_type=str(fields["conn_type"]),
            host=fields.get("host"),
            port=int(port) if port not in (None, "") else None,
            login=fields.get("login"),
            password=fields.get("password"),
            schema=fields.get("schema"),
            extra=extra,
        )
    except (ValueError, KeyError, AttributeError):
        raise RequestError(
            f"connection {connection_id!r}: found JSON that is not an Airflow connection; expected at least a "
            '"conn_type", a whole number as "port" and an object as "extra".'
        ) from None


def _from_uri(connection_id: str, value: str) -> Connection:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.scheme:
        raise RequestError(f"connection {connection_id!r}: found neither JSON nor a URI; expected one of the two.")
    query = dict(parse_qsl(parts.query))
    extra = json.loads(query["__extra__"]) if "__extra__" in query else query
    return Connection(
        connection_id,
        conn_type="postgres" if parts.scheme == "postgresql" else parts.scheme,
        host=unquote(parts.hostname) if parts.hostname else None,
        port=port,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        schema=parts.path.lstrip("/") or None,
        extra=extra,
    )


def load_environment_file(path: Path) -> None:
    """Add the `NAME=value` lines of `path` to the process environment, where not set already; a missing file adds nothing."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value)


def postgres_conninfo(connection: Connection) -> str:
    """The libpq connection string of a Postgres connection; refuses another type of connection."""
    from psycopg.conninfo import make_conninfo

    if connection.conn_type not in {"postgres", "postgresql"}:
        raise RequestError(
            f"connection {connection.connection_id!r}: found type {connection.conn_type!r}; expected 'postgres'."
        )
    settings = {name: str(value) for name, value in connection.extra.items() if name in _LIBPQ_EXTRAS}
    return make_conninfo(
        host=connection.host,
        port=connection.port,
        user=connection.login,
        password=connection.password,
        dbname=connection.schema,
        **settings,
    )


_LIBPQ_EXTRAS = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "passfile", "options", "connect_timeout", "target_session_attrs"}
)
