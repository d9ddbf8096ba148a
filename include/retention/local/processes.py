"""Start background processes and know them again later, without ever trusting a bare process id.

Standard library only, so that `make stop` and `make clean` work when the virtual environment is broken or gone.
A process is the one that was started when its id, its start time and the machine's boot are those written down then.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from retention.errors import RetentionError
from retention.local import proc

MARK = "RETENTION_LOCAL_STACK"
"""Environment variable that everything started for one state folder carries; its value is that folder."""


class StackError(RetentionError):
    """The local servers or Airflow can't be started as asked; the message is one line with the way out. Exit code 2."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process on one boot of one machine: an id that is used again has another start time."""

    pid: int
    started_ticks: int
    boot_id: str

    def is_running(self) -> bool:
        """True while exactly this process lives; a zombie counts as gone and is reaped when it is our child."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        found = proc.read(self.pid)
        return found is not None and found.started_ticks == self.started_ticks and proc.boot_id() == self.boot_id

    def signal(self, how: signal.Signals) -> None:
        """Send a signal if this very process still runs."""
        if self.is_running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, how)


def spawn(argv: Sequence[str], *, log: Path, env: Mapping[str, str]) -> ProcessIdentity:
    """Start `argv` as leader of its own session, output appended to `log`; returns who it is.

    Signals start at their defaults: a shell's background job would otherwise hand on an ignored Ctrl-C, and the
    process could not be asked to stop. Raises StackError when the program can't be executed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    defaults = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE}
    try:
        pid = os.posix_spawnp(
            argv[0], list(argv), dict(env), file_actions=actions, setsid=True, setsigmask=[], setsigdef=defaults
        )
    except OSError as error:
        raise StackError(
            f"can't start {Path(argv[0]).name}: {error.strerror}; expected the program to be installed."
        ) from None
    return identify(pid)


def identify(pid: int) -> ProcessIdentity:
    """The identity of a process as it is now; one that has ended already gets a start time that nothing matches."""
    stat = proc.read(pid)
    return ProcessIdentity(pid, stat.started_ticks if stat else -1, proc.boot_id())


def write_identity(path: Path, identity: ProcessIdentity) -> None:
    """Write down who was started, in one step, so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(identity)), encoding="utf-8")
    partial.replace(path)


def read_identity(path: Path) -> ProcessIdentity | None:
    """Who was started, or None when nothing was written down or it can't be understood."""
    try:
        return ProcessIdentity(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
