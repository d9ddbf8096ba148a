"""Everything that `make test` checks, in order; pytest last, so that its closing line closes the output.

Runs in the project's environment. A step that fails does not keep the others from running; the exit code is 1 then.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
WORKERS = "2"
SHELL = [".ci/run"]
STEPS: list[tuple[str, list[str]]] = [
    ("format", [str(BIN / "ruff"), "format", "--check", "."]),
    ("lint", [str(BIN / "ruff"), "check", "."]),
    ("lint: Airflow 3", [str(BIN / "ruff"), "check", "--preview", "--select", "AIR", "dags", "plugins", "include"]),
    ("import contracts", [str(BIN / "lint-imports"), "--no-logo"]),
    ("types", [str(BIN / "mypy")]),
    ("shell", [str(BIN / "shellcheck"), *SHELL]),
    ("compose file", ["docker-compose", "-f", "docker-compose.yaml", "--env-file", ".env.example", "config", "-q"]),
    ("tests", [sys.executable, "-m", "pytest", "-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"]),
]


def main() -> int:
    """Run all steps and say at the end which failed."""
    os.chdir(ROOT)
    os.environ.update({"PYTHONPATH": str(ROOT / "include"), "PYTHONUNBUFFERED": "1"})
    install_compose()
    failed = []
    for name, command in STEPS:
        begun = time.monotonic()
        print(f"== {name}", flush=True)
        if name == "tests" and failed:
            print(f"== failed so far: {', '.join(failed)}", flush=True)
        if not run(command):
            failed.append(name)
        elif name != "tests":
            print(f"== {name}: ok, {time.monotonic() - begun:.1f} s", flush=True)
    if failed:
        print(f"error: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(command: list[str]) -> bool:
    """Whether the command ended well; a program that isn't there is a failure with one line."""
    try:
        return subprocess.run(command, check=False).returncode == 0
    except FileNotFoundError:
        print(f"error: found no program {command[0]!r}; expected it on PATH.", file=sys.stderr)
        return False


def install_compose() -> None:
    """Debian's docker-compose reads the compose file without a Docker engine. As root it is installed where missing."""
    if shutil.which("docker-compose"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print("error: docker-compose is missing; install it: sudo apt-get install docker-compose", file=sys.stderr)
        return
    print("Installing docker-compose …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "docker-compose"]):
        done = subprocess.run(
            ["apt-get", "-qq", *command], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            print(done.stdout + done.stderr, file=sys.stderr)
            return


if __name__ == "__main__":
    sys.exit(main())
