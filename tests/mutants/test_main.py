"""`make mutants` fails where a mutant lives."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tests.mutants.__main__ as command


@pytest.mark.parametrize(
    ("passed", "status"), [pytest.param(True, 0, id="all_caught"), pytest.param(False, 1, id="one_lives")]
)
def test_a_mutant_that_lives_is_never_a_success(
    passed: bool, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where pytest counts its case as an expected failure."""
    noted = {"name": "some", "area": "clock", "fault": "It goes wrong.", "caught_by": ["past_cap"]}

    def run(_arguments: list[str], plugins: list[Any]) -> int:
        for plugin in plugins:
            plugin.pytest_runtest_logreport(
                SimpleNamespace(when="call", user_properties=[("mutant", noted)], passed=passed)
            )
        return 0

    monkeypatch.setattr(command.pytest, "main", run)
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "mutants.md").write_text(f"{command.BEGIN}\n{command.END}\n", encoding="utf-8")
    assert command.main() == status
