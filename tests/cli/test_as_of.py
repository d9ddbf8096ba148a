"""`--as-of` on what is read from our own database: only what had happened by then counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.world import DAY, HOUR, World, now


def test_status_summary_and_report_know_nothing_of_later_proofs(run: Any, world: World, tmp_path: Path) -> None:
    before = now().isoformat()
    run("verify", "audio")
    assert run("status")["verdict"] == "compliant"
    then = run("status", "--as-of", before, code=3)["categories"][0]
    assert (then["last_proof"], then["reason"], then["mode"]) == (None, "never verified", "enforce")
    assert run("status", "--as-of", (now() - DAY).isoformat(), code=3)["categories"][0]["mode"] == "observe"
    assert "Not verified yet" in run("summary", "--as-of", before)["text"]
    assert "COMPLIANT" in run("summary", "--as-of", now().isoformat())["text"]
    assert "finished by" in run("report", "--as-of", before, code=2)["message"]
    path = run("report", "--format", "json", "--out", str(tmp_path / "r.json"), "--as-of", now().isoformat())["path"]
    assert json.loads(Path(path).read_text())["verdict"] == "compliant"


def test_hold_list_says_what_held_then(run: Any, world: World) -> None:
    world.add_hold(tenant_id="t1", effective_at=now() - HOUR)
    assert run("hold", "list", "--as-of", now().isoformat())["holds"][0]["in_force"] is True
    assert run("hold", "list", "--as-of", (now() - 2 * HOUR).isoformat())["holds"][0]["in_force"] is False


@pytest.mark.parametrize(
    ("words", "option"),
    [
        pytest.param(("summary", "--since", "soon"), "--since", id="summary_since"),
        pytest.param(("status", "--as-of", "soon"), "--as-of", id="status"),
        pytest.param(("report", "--as-of", "2190-01-01T00:00:00Z"), "--as-of", id="report_in_the_future"),
        pytest.param(
            ("hold", "add", "--reason", "r", "--tenant", "t", "--ends", "2026-01-01"), "--ends", id="hold_without_offset"
        ),
    ],
)  # fmt: skip
def test_a_bad_instant_is_named_by_its_option(run: Any, words: tuple[str, ...], option: str) -> None:
    assert run(*words, code=2)["message"].startswith(f"{option}: ")
