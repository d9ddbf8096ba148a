"""Memory of a full listing: 1,000 versions against 1,000,000, each in a process of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from retention.connections import Connection
from retention.settings import INCLUDE, PROJECT
from retention.stores.s3 import S3Store
from retention.stores.s3_client import client_factory

FEW, MANY = 1_000, int(os.environ.get("BENCH_LISTED", "1000000"))


def bench_memory() -> list[dict[str, Any]]:
    """One row: the larger listing's peak memory over the smaller one's."""
    few, many = (_peak_kb(versions) for versions in (FEW, MANY))
    print(f"listing {FEW} versions: {few // 1024} MB; {MANY} versions: {many // 1024} MB")
    return [
        {
            "name": f"peak memory of listing {MANY:,} versions",
            "ratio": round(many / few, 2),
            "baseline": f"listing {FEW:,} versions",
            "runs": 1,
            "unit": "resident memory / resident memory (1 is flat)",
        }
    ]


def _peak_kb(versions: int) -> int:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(INCLUDE), str(PROJECT)])}
    command = [sys.executable, "-m", "benchmarks.memory", str(versions)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout)


@contextmanager
def listing_of(versions: int, server: str) -> Iterator[S3Store]:
    """A store on a server that lists this many versions in one directory; `server` is what it calls itself."""
    command = [sys.executable, str(Path(__file__).with_name("paging_server.py")), str(versions), server]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            extra = {
                "endpoint_url": f"http://127.0.0.1:{process.stdout.readline().strip()}",
                "region_name": "us-east-1",
            }
            factory = client_factory(Connection("paging", "aws", login="a", password="b", extra=extra))
            yield S3Store(factory, "bucket", ["p/"])
        finally:
            process.kill()


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    with listing_of(wanted, "SeaweedFS") as store:
        if sum(1 for _ in store.scan()) != wanted:
            raise RuntimeError("the listing is not complete")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
