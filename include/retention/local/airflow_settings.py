"""Airflow's settings on one machine, as environment variables: nothing of the user's own Airflow gets in."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from urllib.parse import quote

from retention.evidence.signing import FILE_VARIABLE
from retention.local import processes
from retention.local.databases import password_of
from retention.local.secret_files import kept_secret, write_secret
from retention.local.state import State
from retention.settings import PROJECT

_AUTH_MANAGER = "retention.orchestration.auth_manager.RetentionFabAuthManager"
_FOREIGN = ("AIRFLOW", "PG", "AWS_", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
"""Beginnings of variables that would lead our processes to somebody else's Airflow, database, bucket or packages."""

_KEPT = ("AWS_CA_BUNDLE",)


def base_environment(state: State) -> dict[str, str]:
    """The environment of everything that the stack starts: the user's, less what would mislead, plus our folders."""
    inherited = {name: value for name, value in os.environ.items() if name in _KEPT or not name.startswith(_FOREIGN)}
    direct = ",".join(filter(None, (inherited.get("NO_PROXY") or inherited.get("no_proxy"), "127.0.0.1", "localhost")))
    return inherited | {
        processes.MARK: state.mark,
        "RETENTION_STATE": str(state.folder),
        "RETENTION_ENVIRONMENT": "sample",
        "RETENTION_HASH_KEY_FILE": str(state.secrets / "hash.key"),
        FILE_VARIABLE: str(state.secrets / "signing.key"),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def airflow_environment(state: State, *, ui_port: int, postgres_port: int) -> dict[str, str]:
    """`AIRFLOW__…` for LocalExecutor, FAB login, metadata in the local PostgreSQL, everything on loopback."""
    password = quote(password_of("airflow", state.secrets))
    address = f"http://127.0.0.1:{ui_port}"
    return {
        "AIRFLOW_HOME": str(state.airflow_home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "8",  # each costs a process that waits; the default of 32 takes 1.8 GB
        "AIRFLOW__CORE__AUTH_MANAGER": _AUTH_MANAGER,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__FERNET_KEY": _fernet_key(state.secrets / "airflow-fernet.key"),
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": (
            f"postgresql+psycopg2://airflow:{password}@127.0.0.1:{postgres_port}/airflow"
        ),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(ui_port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": kept_secret(state.secrets / "airflow-session.key"),
        "AIRFLOW__API_AUTH__JWT_SECRET": kept_secret(state.secrets / "airflow-jwt.key", random_bytes=64),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "15",
        "AIRFLOW__FAB__UPDATE_FAB_PERMS": "True",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(state.airflow_logs),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _fernet_key(path: Path) -> str:
    """32 random bytes in URL-safe base64, which is what Fernet wants."""
    if not path.exists():
        write_secret(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return path.read_text(encoding="utf-8")
