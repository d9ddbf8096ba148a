"""A policy with one category, `logs`, and one place of it on a real server: what tests of partitions and metadata act on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.world import HASHER, INCLUDE, now, postgres_connection

from retention import database
from retention.connections import Connection
from retention.datamap.loader import load_datamap
from retention.disposal.opening import open_stores
from retention.disposal.runtime import Runtime
from retention.policy.loader import load_policy

RULE = """\
category: logs
clause: logs
owner: Platform Engineering
action: delete
schedule:
  longest_interval: PT1H
  missed_runs_tolerated: 6
  run_time: PT40M
  store_lag: PT10M
  clock_skew: PT10M
  granularity: P1D
volume_limit: {items: 5000000, share: 1.0, share_above_items: 200, unlinked_items: 50000}
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
system: company
owner: Platform Engineering
connections:
  company_db: {{kind: postgres, disposal: company_db, verification: company_db_verify}}
places:
  {place}: {{{fields}, category: logs, role: controller, owner: Platform Engineering, connection: company_db}}
"""
PARTITIONS = (
    "kind: partitions, table: public.request_log, time_column: logged_at, evidence_column: stored_at, id_column: id"
)


@dataclass
class LogsWorld:
    """One place of category `logs`, and a database of our own; the category starts in mode `enforce`."""

    source: str
    own: str
    folder: Path
    place: str
    fields: str
    connections: dict[str, Connection] = field(default_factory=dict)

    def build(self) -> LogsWorld:
        self.policies.mkdir(parents=True)
        self.datamap.mkdir(parents=True)
        shipped = (INCLUDE / "policies" / "promises.yaml").read_text(encoding="utf-8")
        (self.policies / "promises.yaml").write_text(shipped, encoding="utf-8")
        (self.policies / "logs.yaml").write_text(RULE, encoding="utf-8")
        self.map(self.fields)
        for name in ("company_db", "company_db_verify"):
            self.connections.setdefault(name, postgres_connection(name, self.source))
        self.connections["retention_db"] = postgres_connection("retention_db", self.own)
        self.set_mode("enforce")
        return self

    @property
    def policies(self) -> Path:
        return self.folder / "policies"

    @property
    def datamap(self) -> Path:
        return self.folder / "datamap"

    def map(self, fields: str) -> None:
        """Map the place with these fields."""
        text = MAP.format(place=self.place, fields=fields)
        (self.datamap / "company.yaml").write_text(text, encoding="utf-8")

    def runtime(self, **changes: Any) -> Runtime:
        runtime = Runtime(
            policy=load_policy(self.policies),
            datamap=load_datamap(self.datamap),
            resolve=self.connections.__getitem__,
            own_conninfo=self.own,
            hasher=HASHER,
            open_stores=open_stores,
            actor="anna",
            now=now,
        )
        return replace(runtime, **changes)

    def own_sql(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with database.connect(self.own) as connection:
            cursor = connection.execute(query, parameters or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def set_mode(self, mode: str) -> None:
        self.own_sql(
            "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES ('logs', %s, 'anna', 'test')",
            mode,
        )

    def add_hold(self, **scope: Any) -> None:
        """An approved hold in force, of this scope; noted nowhere else, as holds of the sources' own making are."""
        row: dict[str, Any] = {"reason": "dispute", "requested_by": "anna", "approved_by": "ben"} | scope
        names, values = ", ".join(row), ", ".join(["%s"] * len(row))
        self.own_sql(
            f"INSERT INTO retention.holds ({names}, effective_at, ends_at) "
            f"VALUES ({values}, now() - interval '1 hour', now() + interval '1 day')",
            *row.values(),
        )

    def ledger(self, kind: str) -> list[dict[str, Any]]:
        rows = self.own_sql("SELECT body FROM retention.ledger WHERE kind = %s ORDER BY seq", kind)
        return [json.loads(row["body"]) for row in rows]


def at_noon(moment: datetime) -> datetime:
    """The same day at 12:00."""
    return moment.replace(hour=12, minute=0, second=0, microsecond=0)
