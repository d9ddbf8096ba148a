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

from retention.errors import MissingConnection, RequestError, StoreUnreadable


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

    Raises MissingConnection when the variable is missing, RequestError when it is neither JSON nor a URI. The value itself holds
    a password and is therefore never part of the message.
    """
    variable = f"AIRFLOW_CONN_{connection_id.upper()}"
    value = os.environ.get(variable)
    if not value:
        raise MissingConnection(
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
        conn_type = _text(fields, "conn_type")
        if conn_type is None:
            raise ValueError
        return Connection(
            connection_id,
            conn_type=conn_type,
            host=_text(fields, "host"),
            port=_port(fields.get("port")),
            login=_text(fields, "login"),
            password=_text(fields, "password"),
            schema=_text(fields, "schema"),
            extra=_extra(fields.get("extra")),
        )
    except (ValueError, RecursionError):
        raise RequestError(
            f"connection {connection_id!r}: found JSON that is not an Airflow connection; expected at least a "
            '"conn_type", texts, a whole number as "port" and an object as "extra".'
        ) from None


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(name)
    return value or None


def _port(value: Any) -> int | None:
    if value in (None, ""):
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)
    if type(value) is not int or not 0 < value < 65_536:
        raise ValueError("port")
    return value


def _extra(value: Any) -> Mapping[str, Any]:
    """Airflow keeps extras as an object or as the text of one."""
    extra = json.loads(value) if isinstance(value, str) and value.strip() else value or {}
    if not isinstance(extra, dict):
        raise ValueError("extra")
    return extra


def _from_uri(connection_id: str, value: str) -> Connection:
    try:
        parts = urlsplit(value)
        port = parts.port
        query = dict(parse_qsl(parts.query))
        extra = _extra(query["__extra__"]) if "__extra__" in query else query
    except (ValueError, RecursionError):
        raise RequestError(
            f"connection {connection_id!r}: found a URI that can't be read; expected type://login:password@host:port/name "
            "with `/`, `@`, `:`, `#`, `?` and `%` in login and password percent-encoded."
        ) from None
    if not parts.scheme:
        raise RequestError(f"connection {connection_id!r}: found neither JSON nor a URI; expected one of the two.")
    return Connection(
        connection_id,
        conn_type="postgres" if parts.scheme == "postgresql" else parts.scheme,
        host=unquote(parts.hostname) if parts.hostname else None,
        port=port,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        schema=unquote(parts.path.lstrip("/")) or None,
        extra=extra,
    )


def load_environment_file(path: Path, *, only_with: Path | None = None) -> str | None:
    """Add the `NAME=value` lines of `path` to the process environment: all of them or none; a missing file adds nothing.

    Where the environment sets one of the file's names, or one of the file `only_with`, to something else, nothing is loaded and
    that name is returned: half of a local stack's connections beside half of somebody's own would read here and delete there.
    Raises RequestError for a file that can't be read: it holds the connections of the local stack.
    """
    variables = _variables_of(path)
    asked = variables | (_variables_of(only_with) if only_with is not None else {})
    other = next((name for name, value in asked.items() if os.environ.get(name, value) != value), None)
    if not variables or other is not None:
        return other if variables else None
    os.environ.update(variables)
    return None


def _variables_of(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise RequestError(f"found {path}, which can't be read; expected the right to read it, as UTF-8 text") from None
    pairs = [line.partition("=") for line in lines if not line.lstrip().startswith("#")]
    return {name.strip(): value for name, separator, value in pairs if separator and name.strip()}


def path_of(connection: Connection) -> Path:
    """The folder of an Airflow connection of type `fs`, from `path` in its extra. Raises RequestError for another connection.

    With `"mount": true` in the extra the path has to be where something is mounted: an unmounted volume leaves an empty folder,
    which looks as if all were gone.
    """
    path = connection.extra.get("path")
    if connection.conn_type != "fs":
        problem = f"type {connection.conn_type!r}; expected 'fs'"
    elif not isinstance(path, str) or not path.startswith("/") or not path.strip("/"):
        problem = 'no path in its extra; expected an absolute one below "/", such as {"path": "/mnt/logs"}'
    elif connection.extra.get("mount") and not os.path.ismount(path):
        problem = f'nothing mounted at {path!r}; expected the volume, or no "mount" in the connection\'s extra'
        raise StoreUnreadable(f"connection {connection.connection_id!r}: found {problem}.", code="NotMounted")
    else:
        return Path(path)
    raise RequestError(f"connection {connection.connection_id!r}: found {problem}.")


def postgres_conninfo(connection: Connection) -> str:
    """The libpq connection string of a Postgres connection; refuses another type of connection.

    Extras that libpq knows go with it (`sslmode`, `passfile`, `channel_binding`, …); none replaces what a field says.
    """
    from psycopg.conninfo import make_conninfo
    from psycopg.pq import Conninfo

    if connection.conn_type not in {"postgres", "postgresql"}:
        raise RequestError(
            f"connection {connection.connection_id!r}: found type {connection.conn_type!r}; expected 'postgres'."
        )
    settings: dict[str, str | int | None] = {
        "host": connection.host,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "dbname": connection.schema,
    }
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    for name, value in connection.extra.items():
        if name in known and value is not None and settings.get(name) is None:
            settings[name] = str(value)
    return make_conninfo("", **settings)
