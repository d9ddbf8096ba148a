"""Makes `.venv` from the exact lock. Runs with the machine's own python3, before anything is installed.

Standard library only, and readable by any Python 3, so that an old one gets a clear line instead of a syntax error.

    python3 bootstrap.py          what the product needs (requirements.lock)
    python3 bootstrap.py --dev    plus what its tests need (requirements-dev.lock)
    python3 bootstrap.py --lock   compile both locks again from requirements*.txt
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
STAMP = VENV / "retention-lock.json"
UV = "uv==0.13.9"
NEEDED_PYTHON = (3, 11)
NEEDED_BYTES = 3 * 10**9
"""Room for the environment (1.2 GB) and the downloads it is made from."""


class Refusal(Exception):
    """One line for a person: what is missing and how to get it."""


def main(arguments: list[str]) -> int:
    """Return 0 when the environment is there, 2 after one clear line on standard error."""
    try:
        check_python()
        if "--lock" in arguments:
            compile_locks()
        else:
            ensure_environment(dev="--dev" in arguments)
    except Refusal as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the next call starts the installation again.", file=sys.stderr)
        return 130
    return 0


def check_python() -> None:
    """Refuse a Python that is too old, or one without what makes virtual environments (Debian packs it apart)."""
    if sys.version_info < NEEDED_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        raise Refusal(f"found Python {found}; expected 3.11 or newer. Choose another with `make PYTHON=python3.11 …`.")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Refusal(
            "this Python can't make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"
        ) from None


def ensure_environment(dev: bool) -> None:
    """Install the lock unless exactly this one is installed for this Python at this place."""
    wanted = {"run": fingerprint("requirements.lock"), "dev": fingerprint("requirements-dev.lock")}
    found = installed()
    if found.get("dev" if dev else "run") == wanted["dev" if dev else "run"]:
        return
    check_disk()
    if dev and found.get("run") == wanted["run"]:
        install("requirements-dev.lock")  # holds the product's lock unchanged, so it only adds
    else:
        stop_stack()
        create()
        install("requirements-dev.lock" if dev else "requirements.lock")
    record = dict(wanted) if dev else {"run": wanted["run"]}
    STAMP.write_text(json.dumps(record), encoding="utf-8")


def fingerprint(lock: str) -> str:
    """What the environment depends on: the lock's bytes, the Python, the place (environments can't be moved)."""
    parts = [(ROOT / lock).read_bytes(), sys.version.encode(), str(VENV).encode(), UV.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def installed() -> dict[str, str]:
    """What the last complete installation noted; empty for none or half of one."""
    try:
        record = json.loads(STAMP.read_text(encoding="utf-8"))
        return record if isinstance(record, dict) else {}
    except (OSError, ValueError):
        return {}


def check_disk() -> None:
    """Refuse to begin what would fill the disk."""
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        raise Refusal(
            f"found {free / 1e9:.1f} GB free in {ROOT}; expected {NEEDED_BYTES / 1e9:.0f} GB. Free some space and try again."
        )


def stop_stack() -> None:
    """End services of the environment that is about to be replaced."""
    if VENV.exists():
        command = [sys.executable, "-m", "retention.local", "down", "--quiet"]
        subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT / "include")}, check=False)


def create() -> None:
    """A fresh environment with the pinned installer; whatever was there is removed first."""
    print(f"Creating {VENV} …", file=sys.stderr)
    shutil.rmtree(VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(VENV)], "creating the virtual environment")
    run([str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", UV], f"installing {UV}")
    library = next((VENV / "lib").glob("python3*")) / "site-packages"
    (library / "retention.pth").write_text(f"{ROOT / 'include'}\n", encoding="utf-8")


def install(lock: str) -> None:
    """Install one lock, bytecode included: without it every Airflow command costs a second more."""
    print(f"Installing {lock} (a few minutes the first time) …", file=sys.stderr)
    begun = time.monotonic()
    python = str(VENV / "bin" / "python")
    with installer_environment() as env:
        command = [uv(), "pip", "install", "--quiet", "--compile-bytecode", "--python", python, "-r", lock]
        run(command, f"installing {lock}", env)
    print(f"Installed in {time.monotonic() - begun:.0f} s.", file=sys.stderr)


def compile_locks() -> None:
    """Write both locks anew from requirements.txt and requirements-dev.txt, for every platform."""
    ensure_environment(dev=False)
    options = ["--quiet", "--universal", "--python-version", "3.11", "--no-header", "--annotation-style", "line"]
    options += ["--no-emit-index-url", "--no-emit-find-links", "--upgrade"]
    for source, constraint in (("requirements", []), ("requirements-dev", ["-c", "requirements.lock"])):
        compiled = subprocess.run(
            [uv(), "pip", "compile", *options, f"{source}.txt", *constraint],
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
        )
        header = f"# Compiled from {source}.txt by `make lock`; edit that file, not this one.\n"
        (ROOT / f"{source}.lock").write_bytes(header.encode() + compiled.stdout)


def uv() -> str:
    """The pinned installer inside the environment."""
    return str(VENV / "bin" / "uv")


class installer_environment:  # noqa: N801  # used as `with installer_environment()`
    """The installer's environment: the machine's certificates, a throw-away cache where the home can't be written."""

    def __enter__(self) -> dict[str, str]:
        self._cache = None
        home = os.path.expanduser("~")
        if not os.access(home, os.W_OK):
            self._cache = tempfile.mkdtemp(prefix="retention-uv-")
        env = dict(os.environ)
        if os.path.exists("/etc/ssl/certs/ca-certificates.crt"):
            env.setdefault("UV_SYSTEM_CERTS", "true")  # a company's own authorities are trusted there, as pip does
        if self._cache:
            env["UV_CACHE_DIR"] = self._cache
        return env

    def __exit__(self, *_: object) -> None:
        if self._cache:
            shutil.rmtree(self._cache, ignore_errors=True)


def run(command: list[str], doing: str, env: dict[str, str] | None = None) -> None:
    """Run one step; its own output comes only when it fails, above our line."""
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print((done.stdout + done.stderr).strip(), file=sys.stderr)
        raise Refusal(f"{doing} failed, see above; is a package index reachable, and is there space on the disk?")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
