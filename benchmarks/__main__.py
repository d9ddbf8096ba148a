"""Run all benchmarks, write build/bench.json and the table in docs/bench.md."""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.disposal import bench_disposal
from benchmarks.memory import bench_memory
from benchmarks.parsing import bench_parsing
from benchmarks.partitions import bench_partitions
from benchmarks.planning import bench_planning
from benchmarks.proof import bench_proof
from benchmarks.rows import bench_rows
from retention.settings import PROJECT

BEGIN, END = "<!-- table: begin (make bench) -->", "<!-- table: end -->"


def main() -> int:
    """Measure, write, print."""
    results = [
        row
        for bench in (
            bench_parsing,
            bench_memory,
            bench_planning,
            bench_partitions,
            bench_rows,
            bench_proof,
            bench_disposal,
        )
        for row in bench()
    ]
    build = PROJECT / "build"
    build.mkdir(exist_ok=True)
    (build / "bench.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    table = _table(results)
    page = PROJECT / "docs" / "bench.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    print(table)
    return 0


def _table(results: list[dict[str, Any]]) -> str:
    lines = ["| what | against | ratio | unit | runs |", "|---|---|---|---|---|"]
    for row in results:
        absolute = f" ({row['ours_us']} µs and {row['baseline_us']} µs)" if "ours_us" in row else ""
        lines.append(
            f"| {row['name']} | {row['baseline']} | {row['ratio']} | {row['unit']}{absolute} | {row['runs']} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
