"""A real Airflow API server with FAB login, our plugin and our roles, on a metadata database of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.databases import fresh_database

from retention import database
from retention.local.ports import choose
from retention.local.postgres_server import PostgresServer
from retention.settings import INCLUDE, PROJECT

PASSWORD = "only-for-this-test"
USERS = {
    "carla": "Compliance",
    "emil": "DataEngineer",
    "otto": "OnCall",
    "vera": "Viewer",
    "ada": "Admin",
    "nobody": "Public",
}


@dataclass(frozen=True)
class Airflow:
    """The server's address, our own database behind `retention_db`, and the database server's superuser."""

    url: str
    own: str
    server: PostgresServer

    def client(self, user: str | None = None, *, cookie: bool = False) -> httpx.Client:
        """A client that is logged in as `user` (None: not at all), by token or by the cookie that browsers have."""
        client = httpx.Client(base_url=self.url, headers={"Accept-Language": "en"}, timeout=30)
        if user is not None and cookie:
            client.cookies.set("_token", self._token(user))
        elif user is not None:
            client.headers["Authorization"] = f"Bearer {self._token(user)}"
        return client

    def _token(self, user: str) -> str:
        answer = httpx.post(f"{self.url}/auth/token", json={"username": user, "password": PASSWORD}, timeout=30)
        token: str = answer.raise_for_status().json()["access_token"]
        return token


@pytest.fixture(scope="session")
def own_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The connection string of our own database, migrated and without reports."""
    with fresh_database(postgres_server) as name:
        database.migrate(postgres_server.conninfo(name))
        yield postgres_server.conninfo(name)


@pytest.fixture(scope="session")
def airflow(
    own_database: str, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Airflow]:
    """The running server; its roles and users are made as the local stack makes them."""
    home = tmp_path_factory.mktemp("airflow")
    port = choose(["airflow"])["airflow"]
    environment = _environment(home, port, own_database)
    _run("airflow", "db", "migrate", environment=environment)
    users = {name: [role, PASSWORD] for name, role in USERS.items()}
    _run("retention.local.accounts", environment=environment, text=json.dumps(users))
    with (home / "server.log").open("w") as log:
        command = [sys.executable, "-m", "airflow", "api-server", "--apps", "core", "--port", str(port)]
        server = subprocess.Popen(
            command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_until_up(f"http://127.0.0.1:{port}", server, home / "server.log")
        yield Airflow(f"http://127.0.0.1:{port}", own_database, postgres_server)
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=30)


def _environment(home: Path, port: int, own_database: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PG"))}
    facts = conninfo_to_dict(own_database)
    connection = {
        "conn_type": "postgres",
        "host": facts["host"],
        "port": int(str(facts["port"])),
        "login": facts["user"],
        "password": facts.get("password"),
        "schema": facts["dbname"],
    }
    return inherited | {
        "PYTHONPATH": str(INCLUDE),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__AUTH_MANAGER": "retention.orchestration.auth_manager.RetentionFabAuthManager",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": "k" * 32,
        "AIRFLOW__API_AUTH__JWT_SECRET": "s" * 64,
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_RETENTION_DB": json.dumps(connection),
    }


def _run(module: str, *arguments: str, environment: dict[str, str], text: str = "") -> None:
    subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=environment,
        input=text,
        text=True,
        check=True,
        capture_output=True,
    )


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{url}/api/v2/version", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if server.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"Airflow's API server did not come up:\n{log.read_text(encoding='utf-8')[-4_000:]}")
