"""The state folder: where everything is, that the local stack keeps. Standard library only.

`.state` in the checkout, or `RETENTION_STATE`. Only a folder that carries our mark file is ever removed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retention.local import processes
from retention.local.processes import StackError
from retention.settings import state_folder

_MARK_FILE = "retention-local-stack"
_MARK_TEXT = "Made by `make run`. `make clean` removes this folder with everything in it.\n"


class State:
    """Paths under one state folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or state_folder()).resolve()
        self.logs = self.folder / "logs"
        self.secrets = self.folder / "secrets"
        self.pids = self.folder / "pids"
        self.airflow_home = self.folder / "airflow"
        self.postgres = self.folder / "postgres"
        self.s3 = self.folder / "s3"
        self.reports = self.folder / "reports"
        self.airflow_logs = self.logs / "airflow"
        self.server_files = self.folder / "server-files"
        self.backups = self.folder / "backups"
        self.connections_file = self.folder / "connections.env"
        self.facts_file = self.folder / "env.json"
        self.logins_file = self.folder / "logins.txt"
        self.ports_file = self.folder / "ports.json"
        self._mark_file = self.folder / _MARK_FILE
        self._lock_file = self.folder / "lock"
        self._holder_file = self.folder / "lock.holder.json"

    @property
    def mark(self) -> str:
        """What every process of this stack carries in its environment."""
        return str(self.folder)

    @property
    def exists(self) -> bool:
        """Whether `make run` has made this folder."""
        return self._mark_file.is_file()

    def create(self) -> None:
        """Make the folder; refuses one that holds something else, because `make clean` would remove that, too."""
        if not self.exists and self.folder.exists() and any(self.folder.iterdir()):
            raise StackError(
                f"found a folder with other files at {self.folder}; expected an empty or new one. Set RETENTION_STATE."
            )
        for folder in (self.logs, self.pids, self.reports, self.airflow_logs, self.server_files, self.backups):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)
        self._mark_file.write_text(_MARK_TEXT, encoding="utf-8")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everybody else from starting or stopping this stack. Raises StackError at once when somebody does."""
        with self._lock_file.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackError(
                    "another `make run` or `make stop` is at work on this folder; wait for it, or end it with `make stop`."
                ) from None
            processes.write_identity(self._holder_file, processes.identify(os.getpid()))
            try:
                yield
            finally:
                self._holder_file.unlink(missing_ok=True)

    def lock_holder(self) -> processes.ProcessIdentity | None:
        """Who holds the lock now, or None."""
        holder = processes.read_identity(self._holder_file)
        return holder if holder is not None and holder.is_running() else None

    def recorded(self) -> dict[str, processes.ProcessIdentity]:
        """Every process that was written down, by its part's name, whether it still runs or not."""
        files = [*self.pids.glob("*.json"), *self.postgres.glob("*.pid.json"), *self.s3.glob("*.pid.json")]
        found = {path.name.split(".")[0]: processes.read_identity(path) for path in sorted(files)}
        return {name: identity for name, identity in found.items() if identity is not None}
