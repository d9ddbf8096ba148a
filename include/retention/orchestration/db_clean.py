"""`airflow db clean` in a process of its own: a task may not touch Airflow's database, and its own identity could do more."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from retention.connections import Connection, Resolver
from retention.disposal.airflow_metadata import Clean
from retention.errors import UnknownError
from retention.stores.airflow_metadata import CLEANED_BY_AIRFLOW

TIMEOUT_S = 1_800
BATCH_ROWS = 10_000
_NOT_INHERITED = ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__SQL_ALCHEMY_CONN", "_AIRFLOW_PROCESS_CONTEXT")
"""Beginnings of variables that would lead it to another database, or keep it from any."""


def cleaner(resolve: Resolver) -> Clean:
    """The command for `clear_metadata`, with the identity of the connection that the data map names."""

    def clean(connection_id: str, before: datetime) -> None:
        run_db_clean(resolve(connection_id), before)

    return clean


def run_db_clean(connection: Connection, before: datetime, *, timeout_s: float = TIMEOUT_S) -> None:
    """Delete what is older than `before`, without keeping copies. Raises UnknownError.

    Its output may hold values and isn't shown; `RETENTION_DEBUG=1` prints it on standard error, for whoever may see it.
    """
    command = [sys.executable, "-m", "airflow", "db", "clean", "--yes", "--skip-archive", "--error-on-cleanup-failure"]
    command += ["--clean-before-timestamp", before.astimezone(UTC).isoformat(), "--batch-size", str(BATCH_ROWS)]
    command += ["--tables", ",".join(CLEANED_BY_AIRFLOW)]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    try:
        done = subprocess.run(
            command,
            env=inherited | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _sqlalchemy_url(connection)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        done = None
    if done is None:  # outside the `except`: its text is the command's
        raise UnknownError(
            f"`airflow db clean` took longer than {timeout_s} s and was ended; expected less. What it did until then stays done, "
            f"the next run goes on. If that comes again, look for what holds locks in the database of connection "
            f"{connection.connection_id!r}."
        )
    if done.returncode != 0:
        if os.environ.get("RETENTION_DEBUG"):
            print(done.stdout, done.stderr, file=sys.stderr)
        raise UnknownError(
            f"`airflow db clean` ended with {done.returncode}; expected 0. What it did until then stays done, the next run goes "
            f"on. Look at the rights (include/sql/roles/airflow.sql) of connection {connection.connection_id!r}; "
            "RETENTION_DEBUG=1 prints its output."
        )


def _sqlalchemy_url(connection: Connection) -> str:
    options = urlencode({name: str(value) for name, value in connection.extra.items() if name.startswith("ssl")})
    login = f"{quote(connection.login or '', safe='')}:{quote(connection.password or '', safe='')}"
    address = f"{connection.host}:{connection.port or 5432}/{quote(connection.schema or '', safe='')}"
    return f"postgresql+psycopg2://{login}@{address}" + (f"?{options}" if options else "")
