"""Server logs on a real S3 server and in a real folder, with a map and a rule of their own: what tests of log files act on."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.world import HASHER, HOUR, INCLUDE, now, postgres_connection

from retention import database
from retention.connections import Connection, parse
from retention.datamap.loader import DataMap, load_datamap
from retention.disposal.execute import DisposalSummary, execute_plan
from retention.disposal.opening import open_stores
from retention.disposal.plan import PlanSummary, make_plan
from retention.disposal.runtime import Runtime
from retention.policy.loader import load_policy

DAY = timedelta(days=1)
DUE = 14 * DAY - 49 * HOUR
"""So old a file's youngest record is when the file goes."""
RULE = """\
category: logs
clause: logs
owner: Platform Engineering
schedule:
  {longest_interval: PT1H, missed_runs_tolerated: 6, run_time: PT40M, store_lag: PT10M, clock_skew: PT10M, granularity: P1D}
volume_limit: {items: 1000, share: 1.0, share_above_items: 200, unlinked_items: 1000}
plan_valid_for: PT6H
after_protection: PT49H
versions:
  - version: 1
    policy_version: "2025-08-03"
    effective_from: 2025-08-03
    approved_by: Data Protection Officer
    start_points: [{event: logged, every_item: true, limit: P14D, lead: PT49H}]
"""
MAP = """\
system: servers
owner: Platform Engineering
connections:
  log_s3: {kind: s3, disposal: log_s3, verification: log_s3_verify}
  log_files: {kind: files, disposal: log_files, verification: log_files_verify}
places:
  server_log_objects:
    kind: s3
    category: logs
    role: controller
    owner: Platform Engineering
    connection: log_s3
    bucket: BUCKET
    prefixes: [logs/]
  server_log_files:
    kind: files
    category: logs
    role: controller
    owner: Platform Engineering
    connection: log_files
    folder: servers
    patterns: ["**/*.log*"]
"""
OBJECTS, FILES = "server_log_objects", "server_log_files"


@dataclass
class LogWorld:
    """One bucket, one folder, one database of our own."""

    own: str
    bucket: str
    s3: Any
    path: Path
    policies: Path
    datamap_folder: Path
    connections: dict[str, Connection]
    started_at: datetime = field(default_factory=now)

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.path / "servers"

    @property
    def datamap(self) -> DataMap:
        """The map as it is written now."""
        return load_datamap(self.datamap_folder)

    def runtime(self) -> Runtime:
        """Disposal's surroundings, with everything read anew."""
        return Runtime(
            policy=load_policy(self.policies),
            datamap=self.datamap,
            resolve=self.connections.__getitem__,
            own_conninfo=self.own,
            hasher=HASHER,
            open_stores=open_stores,
            actor="anna",
            now=now,
        )

    def ago(self, age: timedelta) -> str:
        """An ISO time so long ago."""
        return (self.started_at - age).isoformat()

    def lines(self, *ages: timedelta) -> bytes:
        """One record of each age."""
        return b"".join(f"{self.ago(age)} INFO served\n".encode() for age in ages)

    def put(self, name: str, content: bytes, **metadata: str) -> str:
        """Store one version below `logs/`; gives its id."""
        stored = self.s3.put_object(Bucket=self.bucket, Key=f"logs/{name}", Body=content, Metadata=metadata)
        return str(stored["VersionId"])

    def write(self, name: str, content: bytes, *, mtime_ago: timedelta | None = None) -> Path:
        """Write one file, perhaps with a date that it does not have."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if mtime_ago is not None:
            stamp = (self.started_at - mtime_ago).timestamp()
            os.utime(path, (stamp, stamp))
        return path

    def objects(self) -> list[str]:
        """What the bucket holds: `name version`, `name marker` or `name upload`, sorted."""
        answer = self.s3.list_object_versions(Bucket=self.bucket, Prefix="logs/")
        found = [f"{one['Key'][5:]} version" for one in answer.get("Versions", ())]
        found += [f"{one['Key'][5:]} marker" for one in answer.get("DeleteMarkers", ())]
        uploads = self.s3.list_multipart_uploads(Bucket=self.bucket, Prefix="logs/").get("Uploads", ())
        return sorted(found + [f"{one['Key'][5:]} upload" for one in uploads])

    def files(self) -> list[str]:
        """Paths of all files below the folder, sorted."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def plan(self, *, as_of: datetime | None = None, run_id: str | None = None) -> PlanSummary:
        """Plan, after everything that was stored so far."""
        at = as_of or now()
        return make_plan(self.runtime(), "logs", as_of=at, run_id=run_id or f"run-{at}", requested_by="anna")

    def dispose(self, *, as_of: datetime | None = None, dry_run: bool = False) -> DisposalSummary:
        """Plan and execute."""
        plan = self.plan(as_of=as_of)
        return execute_plan(self.runtime(), plan.plan_id, plan.digest, dry_run=dry_run)

    def own_sql(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """One statement in our own database."""
        with database.connect(self.own) as connection:
            cursor = connection.execute(query, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def hold(self, **columns: Any) -> None:
        """A hold by plain SQL, approved and in force."""
        row: dict[str, Any] = {
            "reason": "dispute",
            "requested_by": "anna",
            "approved_by": "ben",
            "effective_at": now() - HOUR,
            "ends_at": now() + 90 * DAY,
        } | columns
        names, values = ", ".join(row), ", ".join(["%s"] * len(row))
        self.own_sql(f"INSERT INTO retention.holds ({names}) VALUES ({values})", *row.values())

    def set_mode(self, mode: str) -> None:
        """The category's mode."""
        query = "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES ('logs', %s, 'anna', 'test')"
        self.own_sql(query, mode)


def build_log_world(own: str, bucket: Any, folder: Path) -> LogWorld:
    """The bucket and the folder, empty; the category is in mode `enforce`."""
    policies, datamap, path = folder / "policies", folder / "datamap", folder / "mounted"
    for one in (policies, datamap, path / "servers"):
        one.mkdir(parents=True)
    (policies / "promises.yaml").write_bytes((INCLUDE / "policies" / "promises.yaml").read_bytes())
    (policies / "logs.yaml").write_text(RULE, encoding="utf-8")
    (datamap / "servers.yaml").write_text(MAP.replace("BUCKET", bucket.name), encoding="utf-8")
    fs = json.dumps({"conn_type": "fs", "extra": {"path": str(path)}})
    connections = {
        "log_s3": parse("log_s3", bucket.server.airflow_connection("disposal")),
        "log_s3_verify": parse("log_s3_verify", bucket.server.airflow_connection("verify")),
        "log_files": parse("log_files", fs),
        "log_files_verify": parse("log_files_verify", fs),
        "retention_db": postgres_connection("retention_db", own),
    }
    world = LogWorld(own, bucket.name, bucket.writer, path, policies, datamap, connections)
    world.set_mode("enforce")
    return world
