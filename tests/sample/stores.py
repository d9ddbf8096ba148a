"""Fresh stores to load the sample company into."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from retention.database import migrate
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server
from retention.sample import load
from retention.sample.load import LoadRecord
from retention.sample.objects import Progress

SEED = 20250803
CALLS = 500


def silent(done: int, total: int) -> None:
    """No progress display."""


@dataclass(frozen=True)
class Stores:
    """A company database and our own migrated one, each as an ordinary role of its own, and a bucket's name.

    `company` is the database's owner, as in production; `own_writer` may only read and add holds; `own` owns everything there.
    """

    company: str
    own: str
    own_writer: str
    s3: Any
    bucket: str
    folder: Path

    @property
    def log_bucket(self) -> str:
        """The bucket of log objects beside it."""
        return f"{self.bucket}-logs"

    def load(
        self, *, seed: int = SEED, calls: int = CALLS, now: datetime | None = None, progress: Progress = silent
    ) -> dict[str, int]:
        """Load the sample company, by default now."""
        now = datetime.now(UTC) if now is None else now
        return load(
            self.company,
            self.s3,
            self.own_writer,
            seed=seed,
            calls=calls,
            now=now,
            progress=progress,
            bucket=self.bucket,
            log_bucket=self.log_bucket,
            log_folder=self.folder,
        )

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What the company's database answers."""
        return _rows(self.company, statement, parameters)

    def own_rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What our own database answers."""
        return _rows(self.own, statement, parameters)

    def parts(self, bucket: str | None = None) -> list[tuple[str, str, str]]:
        """Every version, delete marker and unfinished upload as (kind, key, id), by default of recordings."""
        found, bucket = [], bucket or self.bucket
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found += [("version", entry["Key"], entry["VersionId"]) for entry in page.get("Versions", [])]
            found += [("marker", entry["Key"], entry["VersionId"]) for entry in page.get("DeleteMarkers", [])]
        for page in self.s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            found += [("upload", entry["Key"], entry["UploadId"]) for entry in page.get("Uploads", [])]
        return found

    def record(self) -> LoadRecord:
        """The record of the only load."""
        (row,) = self.rows("SELECT seed, calls, first_call, as_of, true FROM sample.loads")
        return LoadRecord(*row)

    def remove_parts(self, bucket: str | None = None) -> None:
        """Empty the bucket, by default that of recordings."""
        bucket = bucket or self.bucket
        parts = self.parts(bucket)
        versions = [{"Key": key, "VersionId": part_id} for kind, key, part_id in parts if kind != "upload"]
        for start in range(0, len(versions), 1000):
            doomed = {"Objects": versions[start : start + 1000], "Quiet": True}
            self.s3.delete_objects(Bucket=bucket, Delete=doomed)
        for kind, key, part_id in parts:
            if kind == "upload":
                self.s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=part_id)


def _rows(conninfo: str, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo, options="-c TimeZone=UTC") as connection:
        return connection.execute(statement.encode(), parameters or None).fetchall()


@contextmanager
def fresh_stores(postgres_server: PostgresServer, s3_server: S3Server) -> Iterator[Stores]:
    """Two new databases and the name of a bucket that does not exist yet; all gone afterwards."""
    mark = uuid.uuid4().hex[:12]
    names = [f"sample_{kind}_{mark}" for kind in ("company", "own")]
    s3 = s3_server.client()
    with psycopg.connect(postgres_server.conninfo(), autocommit=True) as server:
        for name in names:
            server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'sample'").format(sql.Identifier(name)))
            server.execute(sql.SQL("CREATE DATABASE {0} OWNER {0} STRATEGY file_copy").format(sql.Identifier(name)))
        company, own = (postgres_server.conninfo(name, user=name, password="sample") for name in names)
        migrate(own)
        writer = _create_hold_writer(own, names[1], server)
        own_writer = postgres_server.conninfo(names[1], user=writer, password="sample")
        folder = tempfile.TemporaryDirectory(prefix=f"sample-{mark}")
        fresh = Stores(company, own, own_writer, s3, f"sample-{mark}", Path(folder.name))
        try:
            yield fresh
        finally:
            folder.cleanup()
            for bucket in {fresh.bucket, fresh.log_bucket} & {found["Name"] for found in s3.list_buckets()["Buckets"]}:
                fresh.remove_parts(bucket)
                s3.delete_bucket(Bucket=bucket)
            s3.close()
            for name in names:
                server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            for name in (*names, writer):
                server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def _create_hold_writer(own: str, database: str, server: psycopg.Connection[Any]) -> str:
    """A role with the rights on holds that the command line has, and no others, not even temporary tables."""
    writer = f"{database}_writer"
    server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'sample'").format(sql.Identifier(writer)))
    with psycopg.connect(own) as connection:
        for statement in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {database} TO {writer}",
            "GRANT USAGE ON SCHEMA retention TO {writer}",
            "GRANT SELECT, INSERT ON retention.holds TO {writer}",
            "GRANT EXECUTE ON FUNCTION retention.ledger_append TO {writer}",
        ):
            names = {"database": sql.Identifier(database), "writer": sql.Identifier(writer)}
            connection.execute(sql.SQL(statement).format(**names))
    return writer
