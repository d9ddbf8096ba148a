"""Planning over many rows with consents: the time for one recording must not grow with their number, statistics or not."""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import psycopg

from benchmarks.company import Servers, make_company, servers
from retention.connections import postgres_conninfo
from retention.disposal.plan import make_plan

FEW, MANY = 5_000, int(os.environ.get("BENCH_PLANNED", "100000"))

_ROWS = """
CREATE TEMP TABLE drawn AS
SELECT
    n,
    gen_random_uuid() AS call_id,
    'tenant-' || lpad((n %% 10)::text, 2, '0') AS tenant_id,
    now() - (n %% 1440) * interval '1 hour' AS at
FROM generate_series(1, %(rows)s) AS n;
INSERT INTO contracts SELECT gen_random_uuid(), tenant_id, now() - interval '2 years', NULL FROM tenants;
INSERT INTO calls SELECT call_id, tenant_id, NULL, at, at FROM drawn;
INSERT INTO recordings
SELECT
    gen_random_uuid(), call_id, tenant_id, %(bucket)s,
    'recordings/' || tenant_id || '/' || to_char(at AT TIME ZONE 'UTC', 'YYYY/MM/DD') || '/' || call_id || '.wav', at, at
FROM drawn;
INSERT INTO transcriptions
SELECT gen_random_uuid(), call_id, 'succeeded', at, at + interval '5 minutes' FROM drawn WHERE n %% 10 < 7;
INSERT INTO consents (consent_id, tenant_id, call_id, party, scope, given_at, recorded_at)
SELECT gen_random_uuid(), tenant_id, call_id, party, 'archiving', at, at
FROM drawn, unnest(ARRAY['caller', 'customer']) AS party
WHERE n %% 5 = 0;
"""


def bench_planning() -> list[dict[str, Any]]:
    """Two rows: with the source's statistics, and in a database that has just been filled or restored."""
    with servers() as both:
        return [_row(both, analysed=True), _row(both, analysed=False)]


def _row(both: Servers, *, analysed: bool) -> dict[str, Any]:
    few, many = (_seconds(both, rows, analysed=analysed) / rows for rows in (FEW, MANY))
    statistics = "with" if analysed else "without"
    print(f"planning {statistics} statistics: {few * 1e6:.0f} µs a row of {FEW}, {many * 1e6:.0f} µs a row of {MANY}")
    return {
        "name": f"planning of {MANY:,} recordings, {statistics} statistics",
        "ratio": round(many / few, 2),
        "baseline": f"planning of {FEW:,} recordings",
        "runs": 1,
        "unit": "time per row / time per row (1 is linear)",
    }


def _seconds(both: Servers, rows: int, *, analysed: bool) -> float:
    company = make_company(both, 0)
    source = postgres_conninfo(company.runtime.resolve("company_db"))
    with psycopg.ClientCursor(psycopg.connect(source, autocommit=True)) as cursor:
        tables = ["tenants", "contracts", "calls", "recordings", "transcriptions", "consents"]
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)".encode())
        cursor.execute(_ROWS, {"rows": rows, "bucket": company.bucket})
        if analysed:
            cursor.execute("ANALYZE")
        cursor.connection.close()
    begun = time.perf_counter()
    plan = make_plan(
        company.runtime, "audio", as_of=datetime.now(UTC), run_id=f"bench/{uuid.uuid4()}", requested_by="bench"
    )
    seconds = time.perf_counter() - begun
    if not plan.due:
        raise RuntimeError("expected due items; found none")
    return seconds
