"""A log table in day partitions on a real server, written with plain SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from retention.stores.partition_catalog import PartitionedTable

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class LogTable:
    """Table `public.request_log`, partitioned by day; `names` are its partitions in the order they were made."""

    conninfo: str
    names: list[str] = field(default_factory=list)

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            cursor = connection.execute(query, parameters or None)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def create(self) -> LogTable:
        self.sql(
            "CREATE TABLE request_log (id bigint GENERATED ALWAYS AS IDENTITY, logged_at timestamptz, "
            "stored_at timestamptz DEFAULT now(), client_ip inet, line text NOT NULL, PRIMARY KEY (id, logged_at)) "
            "PARTITION BY RANGE (logged_at)"
            if self.keyed
            else "CREATE TABLE request_log (id bigint GENERATED ALWAYS AS IDENTITY, logged_at timestamptz, "
            "stored_at timestamptz DEFAULT now(), client_ip inet, line text NOT NULL) PARTITION BY RANGE (logged_at)"
        )
        self.sql("CREATE INDEX ON request_log (logged_at)")
        return self

    keyed: bool = False

    def add_partition(self, lower: datetime, upper: datetime, name: str | None = None) -> str:
        name = name or f"request_log_{lower:%Y%m%d}"
        self.sql(
            sql.SQL("CREATE TABLE {} PARTITION OF request_log FOR VALUES FROM ({}) TO ({})")
            .format(sql.Identifier(name), sql.Literal(lower), sql.Literal(upper))
            .as_string(None)
        )
        self.names.append(f"public.{name}")
        return f"public.{name}"

    def add_default(self) -> str:
        self.sql("CREATE TABLE request_log_default PARTITION OF request_log DEFAULT")
        self.names.append("public.request_log_default")
        return "public.request_log_default"

    def log(self, at: datetime | None, rows: int = 1, stored_at: datetime | None = None) -> None:
        self.sql(
            "INSERT INTO request_log (logged_at, stored_at, client_ip, line) "
            "SELECT %s, %s, '192.0.2.7', 'GET /' FROM generate_series(1, %s)",
            at,
            stored_at,
            rows,
        )

    def rows(self) -> int:
        count: int = self.sql("SELECT count(*) FROM request_log")[0][0]
        return count

    def table(self, **changes: Any) -> PartitionedTable:
        facts: dict[str, Any] = {"evidence_column": "stored_at", "id_column": "id"} | changes
        return PartitionedTable(self.conninfo, "public.request_log", "logged_at", **facts)


def three_days(conninfo: str) -> LogTable:
    """Three day partitions from `FIRST` on, with 4, 5 and 6 rows at noon."""
    table = LogTable(conninfo).create()
    for number in range(3):
        table.add_partition(FIRST + number * DAY, FIRST + (number + 1) * DAY)
        table.log(FIRST + number * DAY + DAY / 2, rows=4 + number, stored_at=FIRST + number * DAY + DAY / 2)
    return table
