"""A small company on real servers, changed with plain SQL and boto3 only: what disposal's tests act on."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from tests.audio_alone import audio_map

from retention import database
from retention.connections import Connection, parse
from retention.datamap.loader import DataMap, load_datamap
from retention.disposal.opening import open_stores
from retention.disposal.runtime import Runtime
from retention.evidence.hashing import ItemHasher
from retention.policy.loader import load_policy

INCLUDE = Path(__file__).resolve().parents[1] / "include"
HASHER = ItemHasher(bytes(range(32)))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


def next_second() -> None:
    """Wait until the store's clock shows a later second: objects put before are then older than any plan made after."""
    second = int(time.time())
    while int(time.time()) == second:
        time.sleep(0.02)


def postgres_connection(connection_id: str, conninfo: str) -> Connection:
    facts = conninfo_to_dict(conninfo)
    return Connection(
        connection_id,
        "postgres",
        host=str(facts["host"]),
        port=int(str(facts["port"])),
        login=str(facts["user"]),
        password=str(facts["password"]) if facts.get("password") else None,
        schema=str(facts["dbname"]),
    )


@dataclass
class World:
    """One company database, one versioned bucket, one database of our own."""

    company: str
    own: str
    bucket: str
    s3: Any
    connections: dict[str, Connection]
    datamap: DataMap
    s3_server: Any = None

    def runtime(self, **changes: Any) -> Runtime:
        runtime = Runtime(
            policy=load_policy(INCLUDE / "policies"),
            datamap=self.datamap,
            resolve=self.connections.__getitem__,
            own_conninfo=self.own,
            hasher=HASHER,
            open_stores=open_stores,
            actor="anna",
            now=now,
        )
        return replace(runtime, **changes)

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.company, autocommit=True) as connection:
            cursor = connection.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def own_sql(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with database.connect(self.own) as connection:
            cursor = connection.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def add_tenant(self, tenant: str, *, contract: bool = True) -> None:
        self.sql("INSERT INTO tenants VALUES (%s, %s, false, now()) ON CONFLICT DO NOTHING", tenant, tenant)
        if contract:
            self.sql("INSERT INTO contracts VALUES (%s, %s, now() - interval '2 years')", uuid.uuid4(), tenant)

    def add_recording(
        self,
        *,
        age: timedelta | None,
        transcribed_ago: timedelta | None = None,
        tenant: str = "t1",
        key: str | None = None,
        versions: int = 1,
        created_ago: timedelta | None = None,
    ) -> Recording:
        """A call with its recording: row, object versions and, where asked, a finished transcription."""
        call_id, recording_id, at = uuid.uuid4(), uuid.uuid4(), now()
        recorded_at = at - age if age is not None else None
        day = recorded_at or at
        key = key or f"recordings/{tenant}/{day:%Y/%m/%d}/{call_id}.wav"
        started_at = at - (created_ago or age or timedelta())
        self.sql("INSERT INTO calls VALUES (%s, %s, NULL, %s, NULL)", call_id, tenant, started_at)
        self.sql(
            "INSERT INTO recordings (recording_id, call_id, tenant_id, bucket, object_key, recorded_at, created_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            recording_id, call_id, tenant, self.bucket, key, recorded_at, started_at,
        )  # fmt: skip
        if transcribed_ago is not None:
            self.sql(
                "INSERT INTO transcriptions VALUES (%s, %s, 'succeeded', %s, %s)",
                uuid.uuid4(), call_id, at - transcribed_ago, at - transcribed_ago,
            )  # fmt: skip
        for _ in range(versions):
            self.put(key)
        return Recording(str(recording_id), str(call_id), tenant, key)

    def add_consent(
        self, recording: Recording, party: str, *, given_ago: timedelta, recorded_ago: timedelta | None = None
    ) -> str:
        consent_id, at = uuid.uuid4(), now()
        self.sql(
            "INSERT INTO consents VALUES (%s, %s, %s, %s, 'archiving', %s, %s)",
            consent_id, recording.tenant, recording.call_id, party, at - given_ago, at - (recorded_ago or given_ago),
        )  # fmt: skip
        return str(consent_id)

    def add_hold(self, **columns: Any) -> str:
        """A hold by plain SQL, approved and in force for a day unless `columns` say otherwise."""
        row: dict[str, Any] = {
            "reason": "dispute",
            "requested_by": "anna",
            "approved_by": "ben",
            "effective_at": now() - HOUR,
            "ends_at": now() + DAY,
        } | columns
        names = ", ".join(row)
        values = ", ".join(["%s"] * len(row))
        found = self.own_sql(
            f"INSERT INTO retention.holds ({names}) VALUES ({values}) RETURNING hold_id", *row.values()
        )
        return str(found[0]["hold_id"])

    def put(self, key: str, **metadata: str) -> str:
        version: str = self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"RIFF", Metadata=metadata)["VersionId"]
        return version

    def parts(self, key: str | None = None) -> int:
        """Number of versions, delete markers and unfinished uploads, of one key or of the whole bucket."""
        count = 0
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket):
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            count += sum(1 for entry in entries if key in (None, entry["Key"]))
        uploads = self.s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        return count + sum(1 for upload in uploads if key in (None, upload["Key"]))

    def has_row(self, recording: Recording) -> bool:
        return bool(self.sql("SELECT 1 FROM recordings WHERE recording_id = %s", recording.recording_id))

    def is_there(self, recording: Recording) -> bool:
        """Bytes and row are there; fails where only one of them is."""
        row, parts = self.has_row(recording), self.parts(recording.key)
        assert row == bool(parts), f"row there: {row}, parts: {parts}"
        return row

    def set_mode(self, mode: str) -> None:
        self.own_sql(
            "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES ('audio', %s, 'anna', 'test')",
            mode,
        )

    def ledger(self, kind: str) -> list[dict[str, Any]]:
        rows = self.own_sql("SELECT body FROM retention.ledger WHERE kind = %s ORDER BY seq", kind)
        return [json.loads(row["body"]) for row in rows]


@dataclass(frozen=True)
class Recording:
    recording_id: str
    call_id: str
    tenant: str
    key: str


def write_datamap(folder: Path, bucket: str, source: str | None = None) -> Path:
    """The shipped data map of recordings, with the test's bucket."""
    (folder / "sql").mkdir(parents=True)
    for file in (INCLUDE / "datamap" / "sql").glob("*.sql"):
        (folder / "sql" / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    text = source or audio_map()
    (folder / "company.yaml").write_text(text.replace("bucket: call-recordings", f"bucket: {bucket}"), encoding="utf-8")
    return folder


def create_schemas(company: str, own: str) -> None:
    """The sample company's tables in one database, ours in the other."""
    schema = (INCLUDE / "retention" / "sample" / "schema.sql").read_text(encoding="utf-8")
    with psycopg.connect(company, autocommit=True) as connection:
        connection.execute(schema)  # type: ignore[arg-type]
    database.migrate(own)


def build_world(company: str, own: str, bucket: Any, folder: Path, tenants: Sequence[str] = ("t1", "t2")) -> World:
    """Connect two databases that have their schemas, and a bucket; the category starts in mode `enforce`."""
    connections = {
        "company_db": postgres_connection("company_db", company),
        "company_s3": parse("company_s3", bucket.server.airflow_connection("disposal")),
        "retention_db": postgres_connection("retention_db", own),
    }
    datamap = load_datamap(write_datamap(folder / "datamap", bucket.name))
    world = World(company, own, bucket.name, bucket.writer, connections, datamap, bucket.server)
    for tenant in tenants:
        world.add_tenant(tenant)
    world.set_mode("enforce")
    return world
