"""`backup`: one consistent dump of our own database, with a manifest of the ledger in it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from retention import database
from retention.backup.archive import Manifest, Readable, write_archive
from retention.backup.client_tools import connection_of, tools_for
from retention.database import OwnConnection, database_time
from retention.errors import UnknownError
from retention.evidence.merkle_log import ReadLedger
from retention.evidence.tree_heads import newest_head

_LEFT_OUT = [
    "--exclude-table-data=retention.plan_scopes",
    "--exclude-table-data=retention.plan_items",  # ids and keys, which live only as long as their plan
    "--exclude-table-data=retention.plan_batches",
    "--exclude-table=inventory.*",  # the tables of running checks
]


def back_up(conninfo: str, path: Path) -> Manifest:
    """Write a backup to a file that isn't there yet, as the owner of our own database. Batches and checks may run meanwhile.

    Raises RequestError (no client programs, a file is there), UnknownError (the database refused), EvidenceError for a ledger
    that doesn't fit its chain: a backup of that would be refused when it is needed.
    """
    with database.connect(conninfo) as own:
        tools = tools_for(own.info.server_version // 10_000)
        with own.transaction():
            own.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            manifest = _describe(own)
            snapshot = own.execute("SELECT pg_export_snapshot() AS name").fetchone()
            assert snapshot is not None  # a SELECT of one value
            with _dumping(tools["pg_dump"], conninfo, snapshot["name"]) as dump:
                return write_archive(path, dump, lambda digest: replace(manifest, dump_sha256=digest))


def _describe(own: OwnConnection) -> Manifest:
    read = ReadLedger(own)
    read.require_chain("No backup was written: keep the last good one, and find out who changed it (`ledger verify`).")
    version = own.execute("SELECT version_num FROM retention.schema_version").fetchone()
    holds = own.execute("SELECT count(*) AS count FROM retention.holds").fetchone()
    head = newest_head(own)
    return Manifest(
        created_at=database_time(own),
        schema_version=version["version_num"] if version is not None else "",
        server_major=own.info.server_version // 10_000,
        entries=read.check.entries,
        head=read.check.head,
        root=read.tree.get_root().hex(),
        tree_head=head.to_json() if head is not None else None,
        holds=holds["count"] if holds is not None else 0,
    )


@contextmanager
def _dumping(program: str, conninfo: str, snapshot: str) -> Iterator[Readable]:
    """pg_dump's output; raises UnknownError at the end where it failed. Its words may hold values and aren't repeated."""
    target, environment = connection_of(conninfo)
    command = [program, "--format=custom", "--schema=retention", "--schema=inventory", *_LEFT_OUT]
    command += ["--no-owner", "--no-privileges", f"--snapshot={snapshot}", "--dbname", target]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=environment
        ) as run,
    ):
        assert run.stdout is not None  # it is a pipe
        try:
            yield _Whole(run)
        finally:
            run.stdout.close()
            run.wait()


class _Whole:
    """The output of a program that has to end well: reading its end raises UnknownError where it did not."""

    def __init__(self, run: subprocess.Popen[bytes]) -> None:
        self._run = run

    def read(self, size: int) -> bytes:
        assert self._run.stdout is not None  # it is a pipe
        block = self._run.stdout.read(size)
        if not block and self._run.wait() != 0:
            raise UnknownError(
                f"pg_dump ended with {self._run.returncode}; expected a dump. No backup was written. It needs the owner's "
                "identity (connection retention_db_owner) and client programs as new as the server."
            )
        return block
