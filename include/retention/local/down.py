"""Stops everything that `make run` started, and removes what it made. Standard library only."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable

from retention.local import stopping
from retention.local.airflow_services import AirflowServices
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server
from retention.local.state import State
from retention.settings import PROJECT

_MADE = (".venv", "build", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis")


Tell = Callable[[str], None]
"""Takes one line about what is being stopped."""


def silent(_line: str) -> None:
    """Says nothing."""


def stop_everything(state: State, tell: Tell = silent) -> None:
    """End Airflow, then the servers, then whatever else carries this stack's mark. The caller holds the lock."""
    airflow, s3, postgres = AirflowServices(state), S3Server(state.s3), PostgresServer(state.postgres)
    parts: tuple[tuple[str, bool, Callable[[], None]], ...] = (
        ("Airflow", bool(airflow.running()), airflow.stop),
        ("S3", s3.is_running(), s3.stop),
        ("PostgreSQL", postgres.is_running(), postgres.stop),
    )
    for name, runs, stop in parts:
        if runs:
            tell(f"stopping {name} …")
        stop()
    # Commands of an interrupted `make run`, and parts that were started but never written down.
    stopping.stop(folder=state.folder)


def stop_other_run(state: State, tell: Tell = silent, *, patience_s: float = 60.0) -> None:
    """Ask a `make run` that is still at work to end; it stops what it started."""
    holder = state.lock_holder()
    if holder is None:
        return
    tell("waiting for the `make run` that is at work to end …")
    holder.signal(signal.SIGTERM)
    until = time.monotonic() + patience_s
    while holder.is_running() and time.monotonic() < until:
        time.sleep(0.1)


def down(state: State, tell: Tell = silent) -> None:
    """`make stop`: nothing of this state folder runs afterwards. Raises StackError when something can't be stopped."""
    if state.exists:
        stop_other_run(state, tell)
        with state.locked():
            stop_everything(state, tell)


def clean(state: State, tell: Tell = silent) -> None:
    """`make clean`: stop, then remove the state folder, the environment, build results and caches."""
    down(state, tell)
    remove_state(state)
    for name in _MADE:
        shutil.rmtree(PROJECT / name, ignore_errors=True)
    for cache in PROJECT.rglob("__pycache__"):
        shutil.rmtree(cache, ignore_errors=True)


def remove_state(state: State) -> None:
    """Remove the state folder, but only one that `make run` made: `RETENTION_STATE` may name any folder."""
    if state.exists:
        shutil.rmtree(state.folder)
