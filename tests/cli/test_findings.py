"""Findings by the command line: listed with their owner, and acknowledged until a date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.world import DAY, World

Run = Callable[..., dict[str, Any]]
UNTIL = (datetime.now(UTC) + timedelta(days=30)).isoformat()


@pytest.fixture
def checked(run: Run, world: World) -> None:
    """A recording without a date (a finding), and one past its cap (a breach)."""
    world.add_recording(age=None, created_ago=DAY)
    world.add_recording(age=40 * DAY)
    run("verify", "audio", code=1)


def listed(run: Run) -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in run("finding", "list")["findings"]}


def test_a_finding_is_acknowledged_and_stays(run: Run, checked: None) -> None:
    assert listed(run)["fallback_dated"]["owner"]
    said = ("--until", UNTIL, "--reason", "dates are being mended", "--by", "carla")
    assert run("finding", "acknowledge", "fallback_dated@call_recordings", *said)["count"] == 1
    found = listed(run)
    assert (found["fallback_dated"]["acknowledged"]["by"], found["past_cap"]["acknowledged"]) == ("carla", None)
    run("finding", "acknowledge", found["fallback_dated"]["finding_id"], *said)


def test_a_breach_is_refused_in_words(run: Run, checked: None) -> None:
    words = ("finding", "acknowledge", "past_cap@call_recordings", "--until", UNTIL, "--reason", "r", "--by", "carla")
    assert "can't be acknowledged away" in run(*words, code=2)["message"]


def test_what_no_check_found_is_refused(run: Run, checked: None) -> None:
    words = ("finding", "acknowledge", "undated@nowhere", "--until", UNTIL, "--reason", "r", "--by", "carla")
    assert "finding list" in run(*words, code=2)["message"]


def test_without_a_check_there_is_nothing_to_list(run: Run) -> None:
    assert "verify" in run("finding", "list", code=2)["message"]


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_the_concept_is_written_without_a_database(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, form: str
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_RETENTION_DB")
    run("concept", "--format", form, "--out", str(tmp_path / "concept"))
    assert (tmp_path / "concept").read_bytes()[:5] == (b"%PDF-" if form == "pdf" else b"<!DOC")
    assert "html or pdf" in run("concept", "--format", "doc", "--out", "x", code=2)["message"]
