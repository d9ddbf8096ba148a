"""Stopping ends what is ours, with everything it started, and nothing else."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retention.local import proc, processes, stopping
from retention.local.processes import MARK, ProcessIdentity, StackError

SLEEP = ["sleep", "300"]
FORK = [sys.executable, "-c", "import os, time; os.fork(); time.sleep(300)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(300)",
]
Start = Callable[..., ProcessIdentity]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[ProcessIdentity] = []

    def begin(argv: list[str], *, log: Path | None = None, **env: str) -> ProcessIdentity:
        identity = processes.spawn(argv, log=log or tmp_path / "elsewhere.log", env={"PATH": os.environ["PATH"], **env})
        started.append(identity)
        return identity

    yield begin
    stopping.stop(started, how=signal.SIGKILL, patience_s=0)


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def members(session: int) -> list[int]:
    return [stat.pid for stat in proc.everybody() if stat.session == session]


def test_stop_ends_the_whole_session_and_no_other(start: Start) -> None:
    ours, other = start(FORK), start(SLEEP)
    wait_for(lambda: len(members(ours.pid)) == 2)
    stopping.stop([ours], patience_s=0.2)
    assert members(ours.pid) == []
    assert other.is_running()


def test_what_ignores_the_request_is_killed(start: Start, tmp_path: Path) -> None:
    stubborn = start(STUBBORN, log=tmp_path / "stubborn.log")
    wait_for(lambda: "ready" in (tmp_path / "stubborn.log").read_text())
    stopping.stop([stubborn], patience_s=0.2)
    assert not stubborn.is_running()


@pytest.mark.parametrize(
    "stale",
    [
        pytest.param(lambda now: ProcessIdentity(now.pid, now.started_ticks - 1, now.boot_id), id="id_in_use_again"),
        pytest.param(lambda now: ProcessIdentity(now.pid, now.started_ticks, "another"), id="before_a_reboot"),
    ],
)
def test_stale_identity_ends_nobody(start: Start, stale: Callable[[ProcessIdentity], ProcessIdentity]) -> None:
    now = start(SLEEP)
    assert not stale(now).is_running()
    stopping.stop([stale(now)], patience_s=0.2)
    assert now.is_running()


def test_strays_are_found_by_mark_or_log(start: Start, tmp_path: Path) -> None:
    marked = start(SLEEP, **{MARK: str(tmp_path / "state")})
    logging = start(SLEEP, log=tmp_path / "state" / "logs" / "part.log")
    other = start(SLEEP, **{MARK: str(tmp_path / "state-of-another")})
    stopping.stop(folder=tmp_path / "state")
    assert [marked.is_running(), logging.is_running(), other.is_running()] == [False, False, True]


def test_members_whose_leader_was_killed_are_found(start: Start, tmp_path: Path) -> None:
    leader = start(FORK, log=tmp_path / "state" / "part.log")
    wait_for(lambda: len(members(leader.pid)) == 2)
    leader.signal(signal.SIGKILL)
    wait_for(lambda: not leader.is_running())
    assert len(members(leader.pid)) == 1
    stopping.stop([leader], folder=tmp_path / "state")
    assert members(leader.pid) == []


def test_spared_processes_and_what_they_started_stay(start: Start, tmp_path: Path) -> None:
    kept = start(FORK, log=tmp_path / "state" / "kept.log")
    stray = start(SLEEP, log=tmp_path / "state" / "stray.log")
    wait_for(lambda: len(members(kept.pid)) == 2)
    stopping.stop(folder=tmp_path / "state", spare=[kept])
    assert len(members(kept.pid)) == 2
    assert not stray.is_running()


def test_we_never_end_ourselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start) -> None:
    script = f"""
import sys; sys.path[:0] = {sys.path!r}
from pathlib import Path
from retention.local import stopping
stopping.stop(folder=Path({str(tmp_path / "state")!r}))
print("alive", flush=True)
"""
    log = tmp_path / "state" / "ourselves.log"
    start([sys.executable, "-c", script], log=log, **{MARK: str(tmp_path / "state")})
    wait_for(lambda: "alive" in log.read_text())


def test_missing_program_is_one_clear_line(start: Start) -> None:
    with pytest.raises(StackError, match="can't start no-such-program: No such file"):
        start(["no-such-program"])


def test_identity_survives_the_file(start: Start, tmp_path: Path) -> None:
    identity = start(SLEEP)
    processes.write_identity(tmp_path / "part.json", identity)
    assert processes.read_identity(tmp_path / "part.json") == identity
    (tmp_path / "part.json").write_text('{"pid": ')
    assert processes.read_identity(tmp_path / "part.json") is None
