"""Ends background processes: asked first, then killed; ours only, and with everything they started."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from retention.local import proc
from retention.local.proc import Stat
from retention.local.processes import MARK, ProcessIdentity, StackError


def stop(
    identities: Iterable[ProcessIdentity] = (),
    *,
    folder: Path | None = None,
    spare: Iterable[ProcessIdentity] = (),
    how: signal.Signals = signal.SIGTERM,
    patience_s: float = 20.0,
) -> None:
    """End the sessions that these processes lead, and with `folder` whatever else was started for that state folder.

    The latter are those that carry our mark or write to a log there: parts that were started right before a `kill -9`,
    and so never written down, or that lost their leader. `spare` and what they started stay. Each is asked by `how` and
    has `patience_s`; what is left is killed. Raises StackError when something survives that for 5 s.
    """
    identities, spare = list(identities), list(spare)

    def find() -> set[Stat]:
        return _sessions(identities, folder) | _strays(folder, spare)

    found = find()
    leaders = {stat.pid for stat in found if stat.pid == stat.session}
    for stat in found:
        if stat.pid in leaders or stat.session not in leaders:
            _send(stat, how)
    _wait(lambda: not _alive(found), patience_s)
    left = _alive(found | find())
    for stat in left:
        _send(stat, signal.SIGKILL)
    if not _wait(lambda: not _alive(left), 5.0):
        listed = ", ".join(str(stat.pid) for stat in _alive(left))
        raise StackError(f"processes {listed} survived SIGKILL for 5 s; expected them to end. Look at them with ps.")


def stop_by_arguments(program: str, arguments: Sequence[str], *, how: signal.Signals) -> None:
    """End every process of `program` whose command line holds `arguments` side by side; all others are left alone."""
    wanted = list(arguments)
    found = []
    for stat in proc.everybody():
        words = proc.command_line(stat.pid)
        if Path(words[0]).name == program and any(words[i : i + len(wanted)] == wanted for i in range(len(words))):
            found.append(ProcessIdentity(stat.pid, stat.started_ticks, proc.boot_id()))
    stop(found, how=how)


def _sessions(identities: Sequence[ProcessIdentity], folder: Path | None) -> set[Stat]:
    """Members of the sessions that were led by `identities`; where the leader is gone, one member must be known as ours."""
    members: set[Stat] = set()
    everybody = list(proc.everybody()) if identities else []
    for leader in identities:
        led = {stat for stat in everybody if stat.session == leader.pid and stat.started_ticks >= leader.started_ticks}
        if leader.is_running() or any(_is_ours(stat, folder) for stat in led):
            members |= led
    return members


def _strays(folder: Path | None, spare: Sequence[ProcessIdentity]) -> set[Stat]:
    """What was started for `folder`, less ourselves, those that started us, and `spare` with what it started."""
    if folder is None:
        return set()
    mine, spared = set(proc.lineage(os.getpid())), {identity.pid for identity in spare if identity.is_running()}
    return {
        stat
        for stat in proc.everybody()
        if stat.pid not in mine and _is_ours(stat, folder) and not spared.intersection(proc.lineage(stat.pid))
    }


def _is_ours(stat: Stat, folder: Path | None) -> bool:
    if folder is None:
        return False
    return f"{MARK}={folder}" in proc.environment(stat.pid) or proc.writes_below(stat.pid, folder)


def _alive(members: Iterable[Stat]) -> list[Stat]:
    for stat in members:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(stat.pid, os.WNOHANG)
    return [stat for stat in members if (now := proc.read(stat.pid)) and now.started_ticks == stat.started_ticks]


def _send(stat: Stat, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(stat.pid, how)


def _wait(done: Callable[[], bool], patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
