"""Dropping a partition of a log, whatever is in it, and how long others wait for it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from retention.local.postgres_server import PostgresServer
from retention.stores.partition_catalog import PartitionedTable
from retention.stores.partitions import PartitionStore
from retention.stores.protocol import Removal

FEW = int(os.environ.get("BENCH_PARTITION_ROWS", "50000"))
ROUNDS = 5
ALLOWED_MS = 150
_TABLE = """
CREATE TABLE request_log (id bigint GENERATED ALWAYS AS IDENTITY, logged_at timestamptz NOT NULL, client_ip inet, line text)
PARTITION BY RANGE (logged_at);
CREATE INDEX ON request_log (logged_at);
CREATE TABLE request_log_today PARTITION OF request_log FOR VALUES FROM ('2026-03-01Z') TO ('2026-03-02Z');
"""
_DAY = """
CREATE TABLE {name} PARTITION OF request_log FOR VALUES FROM ('2026-01-{day:02}Z') TO ('2026-01-{day:02} 23:59Z');
INSERT INTO request_log (logged_at, client_ip, line)
SELECT '2026-01-{day:02}Z', '192.0.2.7', repeat('GET /', 20) FROM generate_series(1, {rows});
"""


def bench_partitions() -> list[dict[str, Any]]:
    """Time of a drop at ten times the rows, and the longest wait of a reader and a writer meanwhile."""
    with _log() as (conninfo, store):
        few, many = [], []
        for day in range(1, ROUNDS + 1):
            few.append(_seconds(conninfo, store, day, FEW))
            many.append(_seconds(conninfo, store, day + ROUNDS, 10 * FEW))
        longest_ms = _longest_wait_ms(conninfo, store, first_day=2 * ROUNDS + 1)
    print(f"partition of {10 * FEW} rows: {min(many) * 1e3:.0f} ms; longest wait of others: {longest_ms:.0f} ms")
    return [
        {
            "name": f"drop of a partition with {10 * FEW:,} rows",
            "ratio": round(min(many) / min(few), 2),
            "baseline": f"drop of a partition with {FEW:,} rows",
            "runs": ROUNDS,
            "unit": "shortest time / shortest time (1 is independent of the rows)",
        },
        {
            "name": f"longest wait of readers and writers while partitions go ({longest_ms:.0f} ms)",
            "ratio": round(longest_ms / ALLOWED_MS, 2),
            "baseline": f"{ALLOWED_MS} ms",
            "runs": ROUNDS,
            "unit": "time / allowed time (lower is better)",
        },
    ]


@contextmanager
def _log() -> Iterator[tuple[str, PartitionStore]]:
    with TemporaryDirectory(prefix="retention-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as another user
        server = PostgresServer(folder / "postgres")
        server.start()
        try:
            conninfo = server.conninfo()
            with psycopg.connect(conninfo, autocommit=True) as session:
                session.execute(_TABLE)
            yield conninfo, PartitionStore(PartitionedTable(conninfo, "public.request_log", "logged_at", None, "id"))
        finally:
            server.stop()


def _fill(conninfo: str, day: int, rows: int) -> str:
    name = f"request_log_202601{day:02}"
    with psycopg.connect(conninfo, autocommit=True) as session:
        session.execute(_DAY.format(name=name, day=day, rows=rows).encode())
        session.execute(f"VACUUM (ANALYZE) {name}".encode())  # as a partition that nobody writes to any more
        session.execute("CHECKPOINT")
    return f"public.{name}"


def _seconds(conninfo: str, store: PartitionStore, day: int, rows: int) -> float:
    name = _fill(conninfo, day, rows)
    begun = time.perf_counter()
    _drop(store, name)
    return time.perf_counter() - begun


def _drop(store: PartitionStore, name: str) -> None:
    decided = store.find(name)
    if decided is None:
        raise RuntimeError("expected a partition of that name; found none")
    result = store.drop(decided, decided.upper)
    if result.outcome is not Removal.REMOVED:
        raise RuntimeError(f"expected the partition dropped; found {result.outcome} ({result.error_code})")


def _longest_wait_ms(conninfo: str, store: PartitionStore, *, first_day: int) -> float:
    """The longest single statement of a reader and of a writer, while partitions go and old readers stand in their way."""
    names = [_fill(conninfo, first_day + number, FEW) for number in range(ROUNDS)]
    done, longest = threading.Event(), [0.0, 0.0]
    statements = (
        "SELECT count(*) FROM request_log WHERE logged_at >= '2026-03-01Z'",
        "INSERT INTO request_log (logged_at, line) VALUES ('2026-03-01 10:00Z', 'x')",
    )

    def work(number: int) -> None:
        with psycopg.connect(conninfo, autocommit=True) as session:
            while not done.is_set():
                begun = time.perf_counter()
                session.execute(statements[number])
                longest[number] = max(longest[number], time.perf_counter() - begun)

    def stand_in_the_way() -> None:
        """Transactions that have read the whole log and stay open for a while, one after the other."""
        with psycopg.connect(conninfo) as session:
            while not done.is_set():
                session.execute("SELECT count(*) FROM request_log")
                done.wait(0.3)
                session.rollback()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    threads.append(threading.Thread(target=stand_in_the_way))
    for thread in threads:
        thread.start()
    try:
        for name in names:
            _drop(store, name)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    return max(longest) * 1e3
