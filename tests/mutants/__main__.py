"""Run all mutants, write build/mutants.json and the table in docs/mutants.md."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from retention.settings import PROJECT

BEGIN, END = "<!-- table: begin (make mutants) -->", "<!-- table: end -->"


class Caught:
    """A pytest plugin that collects what each case noted of its mutant."""

    def __init__(self) -> None:
        self.mutants: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Also called in the process that starts workers, with what they report. A mutant that lives was caught by nothing."""
        for name, noted in report.user_properties if report.when == "call" else ():
            if name == "mutant" and isinstance(noted, dict):
                self.mutants.append(noted | {"survived": not report.passed})


def main() -> int:
    """Run, write, print; what pytest returns, and never success where one lives."""
    caught = Caught()
    status = pytest.main([str(Path(__file__).parent), "-q", "-n", "2"], plugins=[caught])
    if not caught.mutants:
        return int(status)  # nothing ran, so there is nothing to write
    mutants = sorted(caught.mutants, key=lambda one: (one["area"], one["name"]))
    build = PROJECT / "build"
    build.mkdir(exist_ok=True)
    (build / "mutants.json").write_text(json.dumps(mutants, indent=2) + "\n", encoding="utf-8")
    page = PROJECT / "docs" / "mutants.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{_table(mutants)}\n{END}{after}", encoding="utf-8")
    survived = [one["name"] for one in mutants if one["survived"]]
    print(f"{len(mutants)} mutants, {len(survived)} survived {survived or ''}".rstrip())
    return int(status) or int(bool(survived))


def _table(mutants: list[dict[str, Any]]) -> str:
    lines = ["| what | mutant | the fault | caught by |", "|---|---|---|---|"]
    for one in mutants:
        by = "**survived**" if one["survived"] else ", ".join(f"`{kind}`" for kind in one["caught_by"])
        lines.append(f"| {one['area']} | `{one['name']}` | {one['fault']} | {by} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
