"""A real primary and a real standby of it, made by pg_basebackup, on servers of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from retention.local.postgres_server import PostgresServer, _account, _binaries

_FAST = {"fsync": "off", "scram_iterations": "1", "wal_retrieve_retry_interval": "100ms"}


@dataclass
class Pair:
    """Two servers, of which one follows the other."""

    primary: PostgresServer
    standby: PostgresServer

    def ask(self, query: str) -> object:
        """One value, by the standby."""
        with psycopg.connect(self.standby.conninfo(), autocommit=True) as connection:
            found = connection.execute(query.encode()).fetchone()
        return found[0] if found is not None else None

    def catch_up(self) -> None:
        """Wait until the standby has replayed all that the primary has written."""
        with psycopg.connect(self.primary.conninfo(), autocommit=True) as connection:
            [(position,)] = connection.execute("SELECT pg_current_wal_lsn()").fetchall()
        self.wait_for(f"SELECT pg_last_wal_replay_lsn() >= '{position}'")

    def wait_for(self, query: str) -> None:
        """Wait until the standby says yes."""
        until = time.monotonic() + 20
        while self.ask(query) is not True:
            assert time.monotonic() < until, query
            time.sleep(0.05)


@contextmanager
def standby_of_a_primary(folder: Path) -> Iterator[Pair]:
    """Both running; the primary has no database of ours yet."""
    folder.chmod(0o755)  # as root, PostgreSQL runs as another user
    primary = PostgresServer(folder / "primary", settings=_FAST)
    standby = PostgresServer(folder / "standby", settings=_FAST)
    primary.start()
    try:
        _copy(primary, standby)
        standby.start()
        yield Pair(primary, standby)
    finally:
        standby.stop(patience_s=5)
        primary.stop(patience_s=5)


def _copy(primary: PostgresServer, standby: PostgresServer) -> None:
    standby.folder.mkdir()
    shutil.copy(primary.folder / "superuser.password", standby.folder)
    data = standby.folder / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(data, _account().pw_uid, _account().pw_gid)
    command = [str(_binaries() / "pg_basebackup"), "-d", primary.conninfo(), "-D", str(data), "-R", "-c", "fast"]
    subprocess.run([*primary._run_as(), *command], env=primary._environment(), check=True, capture_output=True)
