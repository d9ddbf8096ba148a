"""The state folder: removed only where it is ours, used by one at a time, secrets for the owner alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from retention.local import down, ports
from retention.local.processes import StackError
from retention.local.secret_files import kept_secret, write_secret
from retention.local.state import State

HOLD_LOCK = """
import sys, time; sys.path[:0] = {path!r}
from pathlib import Path
from retention.local.state import State
with State(Path({folder!r})).locked():
    print("locked", flush=True)
    time.sleep(300)
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path / "state")
    made.create()
    return made


def holder(state: State) -> subprocess.Popen[str]:
    script = HOLD_LOCK.format(path=sys.path, folder=str(state.folder))
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as output:
        assert output.readline() == "locked\n"
    return process


def test_folder_with_other_files_is_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StackError, match="found a folder with other files"):
        State(tmp_path).create()
    down.remove_state(State(tmp_path))
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_folder_of_ours_is_removed_whole(state: State) -> None:
    down.remove_state(state)
    assert not state.folder.exists()


def test_second_run_is_refused_while_the_first_is_at_work(state: State) -> None:
    with holder(state) as first:
        with pytest.raises(StackError, match="another `make run` or `make stop` is at work"), state.locked():
            pytest.fail("the lock was given twice")
        first.kill()


def test_lock_of_a_killed_run_is_free(state: State) -> None:
    with holder(state) as first:
        first.kill()
    assert state.lock_holder() is None
    with state.locked():
        assert state.lock_holder() is not None


def test_stop_asks_a_run_that_is_at_work_to_end(state: State) -> None:
    with holder(state):
        down.down(state)
        assert state.lock_holder() is None


def test_stop_without_a_state_folder_does_nothing(tmp_path: Path) -> None:
    down.down(State(tmp_path / "never-made"))
    assert not (tmp_path / "never-made").exists()


def test_secret_is_kept_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "one"
    first = kept_secret(path)
    assert kept_secret(path) == first
    assert len(first) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    os.umask(umask := os.umask(0))
    write_secret(path, "changed")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600, umask


def test_kept_ports_stay_until_somebody_takes_one(tmp_path: Path) -> None:
    import socket

    chosen = ports.kept(tmp_path / "ports.json", ["a", "b"])
    assert ports.kept(tmp_path / "ports.json", ["a", "b"]) == chosen
    with socket.socket() as other:
        other.bind(("127.0.0.1", chosen["a"]))
        other.listen()
        assert not ports.is_free(chosen["a"])
        assert ports.kept(tmp_path / "ports.json", ["a", "b"])["a"] != chosen["a"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"ui": "x"}'], ids=["empty", "half", "list", "word"])
def test_damaged_port_file_is_no_port(tmp_path: Path, text: str) -> None:
    (tmp_path / "ports.json").write_text(text)
    assert ports.remembered(tmp_path / "ports.json", "ui") is None
