"""What a proof costs against SQL by hand and one bare listing, which look at the same rows and versions and prove less."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from ruamel.yaml import YAML

from benchmarks.company import AGE, Company, make_company, servers
from retention.connections import Resolver, postgres_conninfo
from retention.settings import INCLUDE
from retention.verification import verify

ROWS = int(os.environ.get("BENCH_PROVEN_ROWS", "1000000"))
OBJECTS = int(os.environ.get("BENCH_PROVEN_OBJECTS", "160000"))
"""Every fourth has two versions: 200,000 in all."""
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
ALLOWED = 1.5
_FILL = """
INSERT INTO usage_events (collected_at, stored_at, ip_address, user_agent, device_id, page)
SELECT at, at, '192.0.2.1', 'Firefox', 'phone', '/'
FROM (SELECT now() - (n %% 240) * interval '1 hour' AS at FROM generate_series(1, %s) AS n) AS drawn
"""
_ROWS_BY_HAND = """
SELECT count(*), min(collected_at), count(*) FILTER (WHERE collected_at IS NULL OR collected_at + interval '14 days' < now())
FROM usage_events
WHERE NOT (ip_address IS NULL AND user_agent = 'anonymised' AND device_id = 'anonymised')
"""
_RECORDINGS_BY_HAND = """
SELECT object_key, recorded_at + interval '30 days' < now() OR EXISTS (
    SELECT FROM transcriptions AS t
    WHERE t.call_id = r.call_id AND t.status = 'succeeded' AND t.finished_at + interval '2 hours' < now()
)
FROM recordings AS r WHERE bucket = %s
"""


def bench_proof() -> list[dict[str, Any]]:
    """Two rows: the first proof, which asks each noncurrent version for its own date, and the median of the rounds after it, in
    which nobody is always first."""
    with servers() as both, TemporaryDirectory(prefix="retention-bench-") as name:
        company = make_company(both, OBJECTS)
        source = postgres_conninfo(company.runtime.resolve("company_db"))
        with psycopg.connect(source, autocommit=True) as connection:
            connection.execute("UPDATE recordings SET recorded_at = recorded_at + %s", (AGE,))
            connection.execute(_FILL, (ROWS,))
            connection.execute("VACUUM ANALYZE")
        datamap = _map(Path(name), company.bucket)
        ours, by_hand = lambda: _prove(company, datamap), lambda: _by_hand(company, source)
        first, *later = [_round(ours, by_hand, number) for number in range(ROUNDS + 1)]
    what = f"{ROWS:,} rows and {company.versions:,} object versions"
    return [
        _row(f"proof of {what}", later, f"SQL by hand and one bare listing (allowed: {ALLOWED})"),
        _row(f"the first proof of {what}", [first], "the same"),
    ]


def _round(ours: Callable[[], None], by_hand: Callable[[], None], number: int) -> float:
    order = [ours, by_hand] if number % 2 else [by_hand, ours]
    times = {one: _seconds(one) for one in order}
    print(f"round {number}: proof {times[ours]:.1f} s, by hand {times[by_hand]:.1f} s", flush=True)
    return times[ours] / times[by_hand]


def _row(name: str, ratios: Sequence[float], baseline: str) -> dict[str, Any]:
    return {
        "name": name,
        "ratio": round(median(ratios), 2),
        "baseline": baseline,
        "runs": len(ratios),
        "unit": "time / time (lower is better)",
    }


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _by_hand(company: Company, source: str) -> None:
    with psycopg.connect(source) as connection:
        connection.execute(_ROWS_BY_HAND).fetchall()
        late = dict(connection.execute(_RECORDINGS_BY_HAND, (company.bucket,)).fetchall())
    versions = 0
    for page in company.client.get_paginator("list_object_versions").paginate(Bucket=company.bucket):
        versions += sum(1 for one in page.get("Versions", ()) if one["Key"] in late)
    if versions != company.versions:
        raise RuntimeError(f"expected {company.versions} versions by hand; found {versions}")


def _prove(company: Company, datamap: Path) -> None:
    resolve: Resolver = lambda name: company.runtime.resolve(name.removesuffix("_verify"))  # noqa: E731
    result = verify(
        ["audio", "usage"],
        resolve=resolve,
        policies=INCLUDE / "policies",
        datamap=datamap,
        own_conninfo=company.runtime.own_conninfo,
        hasher=company.runtime.hasher,
    )
    looked_at = result.counts["current_versions"] + result.counts["noncurrent_versions"], result.counts["records"]
    if looked_at != (company.versions, ROWS):
        raise RuntimeError(f"expected {(company.versions, ROWS)} versions and rows proven; found {looked_at}")


def _map(folder: Path, bucket: str) -> Path:
    """The shipped map's two places, with this bucket."""
    shipped, yaml = INCLUDE / "datamap", YAML()
    document = yaml.load((shipped / "company.yaml").read_text(encoding="utf-8"))
    document["places"] = {name: document["places"][name] for name in ("call_recordings", "usage_events")}
    document["places"]["call_recordings"]["bucket"] = bucket
    document["not_personal"] = []
    shutil.copytree(shipped / "sql", folder / "sql")
    with (folder / "company.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    return folder
