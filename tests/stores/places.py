"""One writer per kind of store, so that the same tests run against all of them. Writers use plain boto3 and SQL."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Protocol

import psycopg
from tests.conftest import Bucket

from retention.connections import Connection, parse
from retention.file_patterns import compile_patterns
from retention.stores.directory import STILL_OPEN, DirectoryStore
from retention.stores.memory import MemoryStore
from retention.stores.postgres import PostgresRowStore
from retention.stores.protocol import PartKind, Store
from retention.stores.s3 import S3Store
from retention.stores.s3_client import client_factory

FAR_FUTURE = datetime(2999, 1, 1, tzinfo=UTC)
OBJECTS = frozenset({PartKind.VERSION, PartKind.DELETE_MARKER, PartKind.UPLOAD})
ROWS = frozenset({PartKind.ROW})
FILES = frozenset({PartKind.FILE})


class Place(Protocol):
    """A store and what its writers do. `kinds` are the parts that exist in this kind of store."""

    store: Store
    kinds: frozenset[PartKind]

    def put(self, key: str) -> str:
        """Write a version or a row; returns its part id."""

    def delete(self, key: str) -> str:
        """Delete as an application does, which leaves a delete marker; returns its part id."""

    def begin_upload(self, key: str) -> str:
        """Begin an upload that nobody finishes; returns its part id."""

    def pause(self) -> datetime:
        """An instant after everything written so far and not after anything written from now on."""

    def refuse(self, key: str) -> str:
        """Make the store refuse to remove what is there under this key; returns the code that it will answer."""


@dataclass
class MemoryPlace:
    kinds: frozenset[PartKind] = OBJECTS
    instant: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.memory = MemoryStore(lambda: self.instant)
        self.store: Store = self.memory

    def put(self, key: str) -> str:
        return self.memory.put(key)

    def delete(self, key: str) -> str:
        return self.memory.delete(key)

    def begin_upload(self, key: str) -> str:
        return self.memory.begin_upload(key)

    def pause(self) -> datetime:
        self.instant += timedelta(seconds=1)
        return self.instant

    def refuse(self, key: str) -> str:
        self.memory.refused[key] = "AccessDenied"
        return "AccessDenied"


def s3_connection(bucket: Bucket, identity: str = "app") -> Connection:
    return parse("company_s3", bucket.server.airflow_connection(identity))


def s3_store(bucket: Bucket, *prefixes: str, identity: str = "app", page_entries: int = 1000) -> S3Store:
    factory = client_factory(s3_connection(bucket, identity))
    return S3Store(factory, bucket.name, prefixes or ("",), page_entries=page_entries)


@dataclass
class S3Place:
    """Objects in a fresh versioned bucket; all keys given are put under `p/`, the only prefix of the place."""

    bucket: Bucket
    kinds: frozenset[PartKind] = OBJECTS
    held: list[tuple[str, str]] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)
    uploads: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client: Any = self.bucket.writer
        self.store: Store = s3_store(self.bucket, "p/")

    def put(self, key: str) -> str:
        return self._note(key, self.client.put_object(Bucket=self.bucket.name, Key=key, Body=b"RIFF"))

    def delete(self, key: str) -> str:
        return self._note(key, self.client.delete_object(Bucket=self.bucket.name, Key=key))

    def begin_upload(self, key: str) -> str:
        upload = str(self.client.create_multipart_upload(Bucket=self.bucket.name, Key=key)["UploadId"])
        self.uploads.append((key, upload))
        return upload

    def pause(self) -> datetime:
        """LastModified and the Date header are cut to the second: wait for the next one."""
        before = self.store.clock()
        while (now := self.store.clock()) == before:
            time.sleep(0.02)
        return now

    def refuse(self, key: str) -> str:
        """An object lock; the bucket must have been made for it."""
        version = str(self.client.head_object(Bucket=self.bucket.name, Key=key)["VersionId"])
        self._hold(key, version, "ON")
        self.held.append((key, version))
        return "AccessDenied"

    def tidy(self) -> None:
        """Remove all that was written, by the keys it was written with: not every key can be listed."""
        for key, version in self.held:
            self._hold(key, version, "OFF")
        for key, version in self.written:
            self.client.delete_object(Bucket=self.bucket.name, Key=key, VersionId=version)
        for key, upload in self.uploads:
            with suppress(self.client.exceptions.NoSuchUpload):
                self.client.abort_multipart_upload(Bucket=self.bucket.name, Key=key, UploadId=upload)

    def _note(self, key: str, response: Any) -> str:
        self.written.append((key, str(response.get("VersionId", "null"))))
        return self.written[-1][1]

    def _hold(self, key: str, version: str, status: str) -> None:
        self.client.put_object_legal_hold(
            Bucket=self.bucket.name, Key=key, VersionId=version, LegalHold={"Status": status}
        )


@dataclass
class PostgresPlace:
    """Rows of a fresh table with a text id; its child table refuses by a foreign key."""

    conninfo: str
    kinds: frozenset[PartKind] = ROWS

    def __post_init__(self) -> None:
        with psycopg.connect(self.conninfo, autocommit=True) as session:
            session.execute("CREATE TABLE items (id text PRIMARY KEY)")
            session.execute("CREATE TABLE children (item text NOT NULL REFERENCES items (id))")
            session.execute("CREATE INDEX ON children (item)")
        self.store: Store = PostgresRowStore(self.conninfo, "public.items", "id")

    def put(self, key: str) -> str:
        self._execute("INSERT INTO items VALUES (%s)", key)
        return key

    def delete(self, key: str) -> str:
        raise NotImplementedError

    def begin_upload(self, key: str) -> str:
        raise NotImplementedError

    def pause(self) -> datetime:
        return self.store.clock()

    def refuse(self, key: str) -> str:
        self._execute("INSERT INTO children VALUES (%s)", key)
        return "23503"

    def _execute(self, statement: str, key: str) -> None:
        with psycopg.connect(self.conninfo, autocommit=True) as session:
            session.execute(statement, (key,))


@dataclass
class DirectoryPlace:
    """Files below a fresh folder; one that a program still writes to can't be removed."""

    root: Path
    kinds: frozenset[PartKind] = FILES
    writers: list[IO[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root.mkdir()
        self.store: Store = DirectoryStore(self.root, compile_patterns(["**/*"]))

    def put(self, key: str) -> str:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"2026-01-02T03:04:05Z started\n")
        [part] = self.store.parts_of([key])
        return part.part_id

    def delete(self, key: str) -> str:
        raise NotImplementedError

    def begin_upload(self, key: str) -> str:
        raise NotImplementedError

    def pause(self) -> datetime:
        """The kernel stamps files by a clock that moves on every few milliseconds."""
        before = self.store.clock()
        while (now := self.store.clock()) == before:
            time.sleep(0.002)
        return now

    def refuse(self, key: str) -> str:
        self.writers.append((self.root / key).open("ab"))
        return STILL_OPEN

    def tidy(self) -> None:
        """Close what was opened to be refused."""
        for writer in self.writers:
            writer.close()


def shown(store: Store, keys: Iterable[str]) -> list[tuple[str, str]]:
    """What `parts_of` tells about these keys, sorted."""
    return sorted((part.key, part.part_id) for part in store.parts_of(list(keys)))


def fresh_key(directory: str = "p/tenant-a/2026/01/02") -> str:
    return f"{directory}/{uuid.uuid4()}.wav"
