"""How long each DAG file takes to parse, with Airflow itself already loaded, as its DAG processor has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from retention.settings import INCLUDE, PROJECT

_PARSE = """
import json, runpy, sys, time
import airflow.sdk
begun = time.perf_counter()
runpy.run_path(sys.argv[1])
print(json.dumps(time.perf_counter() - begun))
"""
RUNS = 5
LIMIT_S = 0.2


def bench_parsing() -> list[dict[str, Any]]:
    """One row per DAG file: its median parse time as a share of the 0.2 s that a file may take."""
    return [_row(path) for path in sorted((PROJECT / "dags").glob("*.py"))]


def _row(path: Path) -> dict[str, Any]:
    times = [_parse(path) for _ in range(RUNS)]
    return {
        "name": f"parsing dags/{path.name}",
        "ratio": round(median(times) / LIMIT_S, 3),
        "baseline": f"{LIMIT_S} s",
        "runs": RUNS,
        "unit": "time / allowed time (lower is better)",
    }


def _parse(path: Path) -> float:
    with TemporaryDirectory(prefix="retention-bench-") as home:
        environment = {**os.environ, "PYTHONPATH": str(INCLUDE), "AIRFLOW_HOME": home}
        done = subprocess.run(
            [sys.executable, "-c", _PARSE, str(path)], env=environment, capture_output=True, text=True, check=True
        )
    return float(json.loads(done.stdout.splitlines()[-1]))
