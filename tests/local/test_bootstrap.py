"""The environment's set-up: one clear line for what is missing, nothing installed twice, locks that fit their sources."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from retention.local import bootstrap

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(path: str) -> dict[str, str]:
    lines = (PROJECT / path).read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([\w.-]+)(?:\[\w+\])?==([^\s;]+)", line) for line in lines)
    return {match[1].lower().replace(".", "-"): match[2] for match in found if match}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with locks and no environment."""
    for name in LOCKS:
        shutil.copy(PROJECT / name, tmp_path / name)
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "STAMP": tmp_path / ".venv" / "stamp"}.items():
        monkeypatch.setattr(bootstrap, name, value)
    return tmp_path


@pytest.fixture
def steps(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be run; the installation itself is what every checkout's first command does."""
    done: list[str] = []

    def run(command: list[str], doing: str, env: dict[str, str] | None = None) -> None:
        done.append(doing)
        (checkout / ".venv" / "lib" / "python3.11" / "site-packages").mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(bootstrap, "run", run)
    return done


@pytest.mark.parametrize(
    ("version", "accepted"),
    [pytest.param((3, 10, 9), False, id="too_old"), pytest.param((3, 11, 0), True, id="exactly_enough")],
)
def test_python_version(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], steps: list[str], version: Any, accepted: bool
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    assert bootstrap.main([]) == (0 if accepted else 2)
    error = "error: found Python 3.10.9; expected 3.11 or newer. Choose another with `make PYTHON=python3.11 …`.\n"
    assert (error in capsys.readouterr().err) is not accepted


def test_missing_venv_module_names_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert bootstrap.main([]) == 2
    assert capsys.readouterr().err == (
        "error: this Python can't make virtual environments; on Debian and Ubuntu: apt-get install python3-venv\n"
    )


def test_full_disk_is_said_before_anything_is_written(
    checkout: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "NEEDED_BYTES", 10**18)
    assert bootstrap.main([]) == 2
    assert re.fullmatch(r"error: found \d+\.\d GB free in \S+; expected 1000000000 GB\..*\n", capsys.readouterr().err)
    assert steps == []
    assert not (checkout / ".venv").exists()


def test_second_call_installs_nothing(steps: list[str]) -> None:
    bootstrap.ensure_environment(dev=False)
    first = list(steps)
    bootstrap.ensure_environment(dev=False)
    assert first[-1] == "installing requirements.lock"
    assert steps == first


def test_test_tools_are_added_to_a_fitting_environment(checkout: Path, steps: list[str]) -> None:
    bootstrap.ensure_environment(dev=False)
    steps.clear()
    (checkout / ".venv" / "mine").touch()
    bootstrap.ensure_environment(dev=True)
    assert steps == ["installing requirements-dev.lock"]
    assert (checkout / ".venv" / "mine").exists()
    steps.clear()
    bootstrap.ensure_environment(dev=False)
    assert steps == []


@pytest.mark.parametrize("dev", [False, True], ids=["run", "test"])
def test_changed_lock_makes_the_environment_anew(checkout: Path, steps: list[str], dev: bool) -> None:
    bootstrap.ensure_environment(dev=dev)
    (checkout / ".venv" / "left-over").touch()
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    with (checkout / "requirements-dev.lock").open("a") as lock:
        lock.write("# changed\n")
    steps.clear()
    bootstrap.ensure_environment(dev=dev)
    assert steps[0] == "creating the virtual environment"
    assert not (checkout / ".venv" / "left-over").exists()


def test_half_an_installation_is_begun_again(
    checkout: Path, steps: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(lock: str) -> None:
        raise bootstrap.Refusal(f"installing {lock} failed")

    with monkeypatch.context() as broken:
        broken.setattr(bootstrap, "install", fail)
        assert bootstrap.main([]) == 2
    steps.clear()
    assert bootstrap.main([]) == 0
    assert steps[0] == "creating the virtual environment"


def test_bare_python_can_read_it() -> None:
    """No dependency and no syntax that an old Python would stumble over before it can say that it is too old."""
    script = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 7))"
    subprocess.run([sys.executable, "-I", "-S", "-c", script, bootstrap.__file__], check=True)
    assert subprocess.run([sys.executable, "-I", "-S", bootstrap.__file__, "--version"], check=False).returncode == 0


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_place_to_download_from(lock: str) -> None:
    text = (PROJECT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|index-url|find-links|/(home|root|tmp|work)/", text)


@pytest.mark.parametrize(
    ("source", "lock"), [("requirements.txt", LOCKS[0]), ("requirements-dev.txt", LOCKS[1])], ids=["run", "test"]
)
def test_every_direct_dependency_is_exact_and_locked(source: str, lock: str) -> None:
    lines = [
        line for line in (PROJECT / source).read_text(encoding="utf-8").splitlines() if line[:1] not in {"", "#", "-"}
    ]
    direct = pins(source)
    assert len(direct) == len(lines)
    assert direct.items() <= pins(lock).items()


def test_tests_run_on_the_products_versions() -> None:
    assert pins(LOCKS[0]).items() <= pins(LOCKS[1]).items()


def test_this_environment_is_the_locked_one() -> None:
    stamp = Path(sys.prefix) / "retention-lock.json"
    if not stamp.exists():
        pytest.skip("not run from .venv")
    assert json.loads(stamp.read_text())["dev"] == bootstrap.fingerprint("requirements-dev.lock")
