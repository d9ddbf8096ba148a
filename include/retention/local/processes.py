"""Start, recognise and stop background processes, without ever trusting a bare process id.

Standard library only, so that `make stop` and `make clean` work when the virtual environment is broken or gone.
A process is ours when its id, its start time and the machine's boot match what was written down when it was started,
or when its environment carries this stack's mark. Everything else is somebody else's and is left alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from retention.errors import RetentionError

MARK = "RETENTION_LOCAL_STACK"
"""Environment variable that everything started for one state folder carries; its value is that folder."""

_PROC = Path("/proc")


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
        found = _read_stat(self.pid)
        return found is not None and found.started_ticks == self.started_ticks and _boot_id() == self.boot_id

    def signal(self, how: signal.Signals) -> None:
        """Send a signal if this very process still runs."""
        if self.is_running():
            _signal(self.pid, how)


@dataclass(frozen=True, slots=True)
class _Stat:
    """What /proc/<pid>/stat says of a living process; start time in clock ticks since boot."""

    pid: int
    session: int
    started_ticks: int


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
    stat = _read_stat(pid)
    return ProcessIdentity(pid, stat.started_ticks if stat else -1, _boot_id())


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


def stop(
    identities: Iterable[ProcessIdentity],
    *,
    mark: str | None = None,
    how: signal.Signals = signal.SIGTERM,
    patience_s: float = 20.0,
) -> None:
    """Ask the given processes' leaders to stop, wait, then kill whatever of their sessions is left.

    With `mark`, every process whose environment carries it is included, which finds those that were started right
    before a `kill -9` and never written down. Raises StackError when something survives SIGKILL for 5 s.
    """
    leaders = [identity for identity in identities if identity.is_running()]
    members = {stat for leader in leaders for stat in _session_members(leader)} | _marked(mark)
    for leader in leaders:
        _signal(leader.pid, how)
    for stray in _marked(mark):
        if stray.session not in {leader.pid for leader in leaders}:
            _signal(stray.pid, how)
    if _wait(lambda: not _alive(members | _marked(mark)), patience_s):
        return
    members |= _marked(mark) | {stat for leader in leaders if leader.is_running() for stat in _session_members(leader)}
    for stat in _alive(members):
        _signal(stat.pid, signal.SIGKILL)
    if not _wait(lambda: not _alive(members), 5.0):
        left = ", ".join(str(stat.pid) for stat in _alive(members))
        raise StackError(f"processes {left} survived SIGKILL for 5 s; expected them to end. Look at them with ps.")


def stop_by_arguments(program: str, arguments: Sequence[str], *, how: signal.Signals) -> None:
    """Stop every process of `program` whose command line holds `arguments` side by side; all others are left alone."""
    wanted = list(arguments)
    found = []
    for stat in _all_processes():
        words = _command_line(stat.pid)
        if Path(words[0]).name == program and any(words[i : i + len(wanted)] == wanted for i in range(len(words))):
            found.append(ProcessIdentity(stat.pid, stat.started_ticks, _boot_id()))
    stop(found, how=how)


def _command_line(pid: int) -> list[str]:
    try:
        return (_PROC / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return [""]


def _alive(members: Iterable[_Stat]) -> list[_Stat]:
    for stat in members:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(stat.pid, os.WNOHANG)
    return [stat for stat in members if (now := _read_stat(stat.pid)) and now.started_ticks == stat.started_ticks]


def _session_members(leader: ProcessIdentity) -> set[_Stat]:
    return {stat for stat in _all_processes() if stat.session == leader.pid}


def _marked(mark: str | None) -> set[_Stat]:
    """Processes that carry our mark, but never ourselves nor those that started us."""
    if mark is None:
        return set()
    wanted = f"{MARK}={mark}".encode()
    mine = set(_ancestors(os.getpid()))
    return {stat for stat in _all_processes() if stat.pid not in mine and wanted in _environment(stat.pid)}


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _ancestors(pid: int) -> Iterable[int]:
    while pid > 0:
        yield pid
        try:
            pid = int(_stat_fields(pid)[1])
        except OSError:
            return


def _all_processes() -> Iterable[_Stat]:
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and (stat := _read_stat(int(entry.name))):
            yield stat


def _stat_fields(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the name, which may hold blanks and brackets: state, parent, group, session …"""
    return (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _read_stat(pid: int) -> _Stat | None:
    try:
        fields = _stat_fields(pid)
    except OSError:
        return None
    return None if fields[0] in "ZX" else _Stat(pid, session=int(fields[3]), started_ticks=int(fields[19]))


def _boot_id() -> str:
    return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _signal(pid: int, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)


def _wait(done: Callable[[], bool], patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
