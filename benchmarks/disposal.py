"""Disposal with locks, intents, confirmation and ledger, against tools that only delete, on the same server."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.company import Company, Servers, make_company, servers
from retention.disposal.execute import execute_plan
from retention.disposal.plan import make_plan

OBJECTS = int(os.environ.get("BENCH_OBJECTS", "6000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))


@dataclass(frozen=True)
class Timing:
    """Wall clock and client CPU of one contender's deletion."""

    wall_s: float
    cpu_s: float


def bench_disposal() -> list[dict[str, Any]]:
    """All contenders in turn, round by round, each on a bucket of its own with the same contents."""
    contenders: dict[str, Callable[[Servers, Company], Timing]] = {
        "s5cmd rm --all-versions": _s5cmd,
        "paginator + delete_objects, 8 threads": _bare,
        "retention": _ours,
    }
    timings: dict[str, list[Timing]] = {name: [] for name in contenders}
    with servers() as both:
        for number in range(ROUNDS):
            turn = number % len(contenders)  # nobody is always first
            for name, contender in [*contenders.items()][turn:] + [*contenders.items()][:turn]:
                company = make_company(both, OBJECTS)
                timing = contender(both, company)
                _require_empty(company)
                timings[name].append(timing)
                rate = company.versions / timing.wall_s
                print(
                    f"round {number + 1}: {name}: {rate:.0f} versions/s, {timing.cpu_s / company.versions * 1e6:.0f} µs CPU"
                )
            versions = company.versions
    return _results(timings, versions)


def _results(timings: dict[str, list[Timing]], versions: int) -> list[dict[str, Any]]:
    ours = timings.pop("retention")
    fastest = [min(times[number].wall_s for times in timings.values()) for number in range(ROUNDS)]
    rows = [
        {
            "name": "disposal of versioned objects, speed",
            "ratio": round(median(best / own.wall_s for best, own in zip(fastest, ours, strict=True)), 3),
            "baseline": f"the faster of {' and '.join(timings)}, round by round",
            "runs": ROUNDS,
            "unit": "speed of ours / speed of the baseline (higher is better)",
        }
    ]
    for name, times in timings.items():
        rows.append(
            {
                "name": "disposal, client CPU per version",
                "ratio": round(median(own.cpu_s / other.cpu_s for own, other in zip(ours, times, strict=True)), 2),
                "baseline": name,
                "runs": ROUNDS,
                "unit": "CPU of ours / CPU of the baseline (lower is better)",
                "ours_us": round(median(own.cpu_s for own in ours) / versions * 1e6),
                "baseline_us": round(median(other.cpu_s for other in times) / versions * 1e6),
            }
        )
    return rows


def _ours(_both: Servers, company: Company) -> Timing:
    time.sleep(1.1)  # objects are stamped in whole seconds: those of the plan's own second would be newer than it
    plan = make_plan(
        company.runtime, "audio", as_of=datetime.now(UTC), run_id=f"bench/{uuid.uuid4()}", requested_by="bench"
    )
    begun, cpu = time.perf_counter(), time.process_time()
    result = execute_plan(company.runtime, plan.plan_id, plan.digest)
    timing = Timing(time.perf_counter() - begun, time.process_time() - cpu)
    if result.gone != company.objects:
        raise RuntimeError(f"expected {company.objects} items gone; found {result.gone}")
    return timing


def _bare(_both: Servers, company: Company) -> Timing:
    begun, cpu = time.perf_counter(), time.process_time()
    client = company.client

    def delete(page: dict[str, Any]) -> None:
        objects = [
            {"Key": entry["Key"], "VersionId": entry["VersionId"]}
            for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
        if objects:
            client.delete_objects(Bucket=company.bucket, Delete={"Objects": objects, "Quiet": True})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(delete, client.get_paginator("list_object_versions").paginate(Bucket=company.bucket)))
    return Timing(time.perf_counter() - begun, time.process_time() - cpu)


def _s5cmd(both: Servers, company: Company) -> Timing:
    access_key, secret_key = both.s3.keys("app")
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_REGION": "us-east-1",
    }
    command = [
        str(Path(sys.executable).with_name("s5cmd")),
        "--endpoint-url",
        both.s3.endpoint_url,
        "rm",
        "--all-versions",
    ]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, f"s3://{company.bucket}/*"], env=environment, check=True, stdout=subprocess.DEVNULL)
    wall_s, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Timing(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _require_empty(company: Company) -> None:
    """A contender that leaves something behind has not done the same work."""
    left = 0
    for page in company.client.get_paginator("list_object_versions").paginate(Bucket=company.bucket):
        left += len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))
    if left:
        raise RuntimeError(f"found {left} versions left in the bucket; expected none")
