"""`restore`: the whole of a backup, or nothing of it, in one transaction that leaves everything stopped."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from retention import database
from retention.backup.archive import Manifest, checked_blocks, open_dump, read_archive
from retention.backup.client_tools import connection_of, tools_for
from retention.backup.script import after, before
from retention.database import OwnConnection
from retention.errors import BlockedError, RequestError, UnknownError
from retention.evidence.people import require_person_and_reason

UNREADABLE = "unreadable"
"""What stands for the head of a ledger that can't be read."""


@dataclass(frozen=True, slots=True)
class There:
    """What is in the database that a backup is to be restored into: its ledger's last hash and size, and its holds."""

    head: str
    entries: int
    holds: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and what it replaced; None: the database was empty. `has_rights`: the roles' rights were given, too;
    not where there are no such roles, or the backup has to be migrated first."""

    manifest: Manifest
    replaced: There | None
    has_rights: bool


def restore(conninfo: str, path: Path, *, by: str, reason: str, replace: str | None) -> Restored:
    """Restore a backup into an empty database, or in the place of the one whose ledger's head `replace` names.

    Everything happens in one transaction, or nothing. Afterwards all is stopped until `restore confirm`. Waits for batches that
    are deleting at this moment. Raises RequestError (no backup, no programs), BlockedError (the database isn't empty, or is
    another than `replace` names), UnknownError (the database refused; nothing was changed).
    """
    require_person_and_reason(by, reason)
    manifest = read_archive(path)
    _require_known_version(manifest)
    with database.connect(conninfo) as own:
        tools = tools_for(max(own.info.server_version // 10_000, manifest.server_major))
        there = what_is_there(own)
        _require_replaceable(manifest, there, replace)
        # The rights name every table of this version.
        has_rights = manifest.schema_version == database.newest_version() and _roles_exist(own)
    with _psql(tools["psql"], conninfo) as session:
        session.write(before(there.head if there is not None and there.head != UNREADABLE else None))
        _copy_dump(tools["pg_restore"], path, session)
        replaced = there.entries if there is not None else None
        session.write(after(manifest, by=by, reason=reason, replaced=replaced, with_rights=has_rights))
    return Restored(manifest, there, has_rights)


def what_is_there(own: OwnConnection) -> There | None:
    """What would be replaced; None in an empty database."""
    schemas = own.execute(
        "SELECT count(*) AS count FROM pg_namespace WHERE nspname IN ('retention', 'inventory')"
    ).fetchone()
    if schemas is not None and not schemas["count"]:
        return None
    try:
        row = own.execute(
            "SELECT (SELECT count(*) FROM retention.ledger) AS entries, (SELECT count(*) FROM retention.holds) AS holds, "
            "coalesce((SELECT encode(hash, 'hex') FROM retention.ledger ORDER BY seq DESC LIMIT 1), repeat('00', 32)) AS head"
        ).fetchone()
    except psycopg.Error:
        return There(UNREADABLE, 0, 0)
    return There(**row) if row is not None else There(UNREADABLE, 0, 0)


def _require_replaceable(manifest: Manifest, there: There | None, replace: str | None) -> None:
    if there is None and replace is None:
        return
    if there is None:
        raise BlockedError("--replace: found an empty database; expected one to replace. Nothing was restored.")
    if replace != there.head:
        newer = there.entries - manifest.entries
        lost = (
            f" {newer} entries more than the backup has would be lost, with what they stand for." if newer > 0 else ""
        )
        raise BlockedError(
            f"found a database with a ledger of {there.entries} entries and {there.holds} holds; expected an empty one. Nothing "
            f"was restored.{lost} Back that one up first; then `--replace {there.head}` puts the backup (of "
            f"{manifest.created_at.isoformat()}, {manifest.entries} entries, {manifest.holds} holds) in its place."
        )


def _require_known_version(manifest: Manifest) -> None:
    if manifest.schema_version not in database.versions():
        raise RequestError(
            f"found a backup of schema version {manifest.schema_version!r}, which this code doesn't know; expected one that it "
            "can bring to its own. Restore it with the code that wrote it, or a newer one."
        )


def _roles_exist(own: OwnConnection) -> bool:
    row = own.execute(
        "SELECT count(*) = 2 AS exist FROM pg_roles WHERE rolname IN ('retention_app', 'retention_verify')"
    ).fetchone()
    return row is not None and bool(row["exist"])


class _Session:
    """psql, which runs what is written to it. The transaction is lost where it ends before its COMMIT."""

    def __init__(self, run: subprocess.Popen[bytes]) -> None:
        self._run = run

    def write(self, text: str | bytes) -> None:
        assert self._run.stdin is not None  # it is a pipe
        with suppress(BrokenPipeError):  # psql has ended: its exit code is asked for at the end
            self._run.stdin.write(text.encode() if isinstance(text, str) else text)


@contextmanager
def _psql(program: str, conninfo: str) -> Iterator[_Session]:
    """A session in which the first error ends everything. Raises UnknownError where it did not end well; its words may hold
    values and aren't repeated."""
    target, environment = connection_of(conninfo)
    command = [program, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-", "--dbname", target]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said, env=environment) as run,
    ):
        try:
            yield _Session(run)
        except BaseException:
            run.kill()  # no COMMIT was written: the server undoes it all
            raise
        finally:
            with suppress(BrokenPipeError):
                assert run.stdin is not None  # it is a pipe
                run.stdin.close()
        if run.wait() != 0:
            said.seek(0)
            raise UnknownError(_why_refused(said.read().decode(errors="replace")))


def _why_refused(said: str) -> str:
    """Our own refusals have words of ours behind `RETENTION:`; the database's own words stay unsaid."""
    ours = next((line.split("RETENTION:", 1)[1].strip() for line in said.splitlines() if "RETENTION:" in line), None)
    why = ours or "the database refused the backup (is this its owner's identity, and may it create schemas?)"
    return f"{why}. Nothing was restored: the database is as it was."


def _copy_dump(program: str, path: Path, session: _Session) -> None:
    """Have pg_restore write the dump as SQL into the session. Raises before anything is committed where either fails."""
    with (
        open_dump(path) as (dump, manifest),
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            [program, "--no-owner", "--no-privileges", "--file=-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as run,
    ):
        assert run.stdout is not None  # it is a pipe
        problems: list[Exception] = []
        feeder = threading.Thread(target=_feed, args=(run, dump, manifest, problems))
        feeder.start()
        while block := run.stdout.read(1 << 20):
            session.write(block)
        feeder.join()
        if problems or run.wait() != 0:
            raise UnknownError(
                f"{path}: pg_restore could not read the dump. Nothing was restored: the database is as it was."
            )


def _feed(run: subprocess.Popen[bytes], dump: IO[bytes], manifest: Manifest, problems: list[Exception]) -> None:
    assert run.stdin is not None  # it is a pipe
    try:
        for block in checked_blocks(dump, manifest):
            run.stdin.write(block)
        run.stdin.close()
    except (OSError, EOFError, ValueError, psycopg.Error) as error:
        problems.append(error)
        with suppress(OSError):
            run.stdin.close()
