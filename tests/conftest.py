"""One real PostgreSQL and one real S3 server for a whole test run, shared by all its workers.

The process that starts pytest owns a folder; the first test that needs a server starts it there under a file lock,
workers (pytest-xdist) find it running, and the owner stops it at the end. A run that was killed is tidied by the next.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.buckets import fresh_bucket, writer
from tests.databases import fresh_database
from tests.ledger_world import anchor_connection

from retention.connections import Connection
from retention.local import processes
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server

pytest_plugins = ["tests.world_fixtures", "tests.airflow_metadata"]

_RUN_FOLDER = "RETENTION_TEST_SERVERS"
_PREFIX = "retention-tests-"
_MEMORY = Path("/dev/shm")
_ROOM = 4 * 2**30
"""Bytes that have to be free in memory, so that the servers' data may lie there: thousands of databases come and go."""
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "scram_iterations": "1",  # half of the time that a connection takes, on passwords that live as long as the run
}


@dataclass(frozen=True)
class Bucket:
    """A fresh versioned bucket and the server it lies on."""

    name: str
    server: S3Server

    @property
    def writer(self) -> Any:
        """A boto3 client for everything, shared by all tests: leave it as it is."""
        return writer(self.server)

    def client(self, identity: str = "app") -> Any:
        """A boto3 client for `app` (everything), `disposal` or `verify` (read only)."""
        return self.server.client(identity)


def pytest_configure(config: pytest.Config) -> None:
    """Give the run its folder; workers inherit it through the environment."""
    if hasattr(config, "workerinput"):
        return
    _tidy_killed_runs()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_MEMORY if _is_roomy(_MEMORY) else None))
    folder.chmod(0o755)  # as root, PostgreSQL runs as another user; tests/local covers folders it may not enter
    owner = processes.identify(os.getpid())
    (folder / "owner.json").write_text(json.dumps(asdict(owner)), encoding="utf-8")
    os.environ[_RUN_FOLDER] = str(folder)


def _is_roomy(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= _ROOM


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the run started, when all workers are done."""
    if not hasattr(config, "workerinput") and (folder := os.environ.pop(_RUN_FOLDER, None)):
        _stop_servers(Path(folder))


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """The run's PostgreSQL."""
    server = PostgresServer(_run_folder() / "postgres", settings=_FAST)
    with _locked(_run_folder() / "postgres.lock"):
        server.start()
    return server


@pytest.fixture(scope="session")
def s3_server() -> S3Server:
    """The run's S3 server, with the identities `app`, `disposal` and `verify`."""
    server = S3Server(_run_folder() / "s3")
    with _locked(_run_folder() / "s3.lock"):
        server.start()
    return server


@pytest.fixture(scope="session")
def locked_server() -> S3Server:
    """The run's S3 server for buckets under object lock. Nobody can empty those: beside others, checks would find them."""
    server = S3Server(_run_folder() / "s3-locked")
    with _locked(_run_folder() / "s3-locked.lock"):
        server.start()
    return server


@pytest.fixture
def locked_bucket(locked_server: S3Server) -> Connection:
    """A connection to a fresh bucket under object lock."""
    name = f"locked-{uuid.uuid4().hex[:12]}"
    writer(locked_server).create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return anchor_connection(locked_server, name)


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    """The superuser's connection string of a fresh, empty database, dropped afterwards."""
    with fresh_database(postgres_server) as name:
        yield postgres_server.conninfo(name)


@pytest.fixture
def bucket(s3_server: S3Server) -> Iterator[Bucket]:
    """A fresh versioned bucket, emptied and removed afterwards."""
    with fresh_bucket(s3_server) as name:
        yield Bucket(name, s3_server)


def _run_folder() -> Path:
    return Path(os.environ[_RUN_FOLDER])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _stop_servers(folder: Path) -> None:
    """Kill the servers (nothing in them is kept) and remove their folder."""
    PostgresServer(folder / "postgres").stop(patience_s=5)
    for name in ("s3", "s3-locked"):
        S3Server(folder / name).stop(patience_s=0)
    shutil.rmtree(folder, ignore_errors=True)


def _tidy_killed_runs() -> None:
    for folder in (one for parent in (Path(tempfile.gettempdir()), _MEMORY) for one in parent.glob(f"{_PREFIX}*")):
        owner = processes.read_identity(folder / "owner.json")
        if owner is not None and not owner.is_running():
            _stop_servers(folder)
