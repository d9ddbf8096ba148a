"""Rules and places belong together: one without the other is found, and never left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.audio_alone import audio_policies
from tests.world import World


def test_a_rule_without_place_and_a_place_without_rule_are_problems(
    run: Any, world: World, tmp_path: Path, monkeypatch: Any
) -> None:
    file = tmp_path / "datamap" / "company.yaml"
    file.write_text(file.read_text().replace("category: audio", "category: voicemail"))
    assert [category["category"] for category in run("status", code=3)["categories"]] == ["audio", "voicemail"]
    policies = tmp_path / "policies"
    audio_policies(policies)
    monkeypatch.setenv("RETENTION_POLICIES", str(policies))
    found = {error["code"]: error for error in run("policy", "check", code=2)["errors"]}
    assert found.keys() == {"rule_without_place", "place_without_rule"}
    for code, path, text in (
        ("rule_without_place", policies / "audio.yaml", "audio"),
        ("place_without_rule", file, "voicemail"),
    ):
        error = found[code]
        assert error["file"] == str(path) and text in error["found"]
        assert "category:" in path.read_text().splitlines()[error["line"] - 1]


def test_a_hold_on_a_category_without_a_place_is_refused(run: Any, world: World, tmp_path: Path) -> None:
    """It would cover nothing, and the guard would stop every plan of every category because of it."""
    file = tmp_path / "datamap" / "company.yaml"
    file.write_text(file.read_text().replace("category: audio", "category: voicemail"))
    words = ("--category", "audio", "--reason", "dispute", "--ends", "2999-01-01T00:00:00Z")
    assert "place in the data map: voicemail" in run("hold", "add", *words, code=2)["message"]
    assert world.own_sql("SELECT 1 FROM retention.holds") == []


@pytest.mark.parametrize("wanted", ["consents", "check_consents"])
def test_a_place_without_the_consents_that_its_rule_asks_for_is_a_problem(
    run: Any, world: World, tmp_path: Path, wanted: str
) -> None:
    file = tmp_path / "datamap" / "company.yaml"
    kept = [line for line in file.read_text().splitlines() if not line.strip().startswith(f"{wanted}:")]
    file.write_text("\n".join(kept) + "\n")
    [error] = run("policy", "check", code=2)["errors"]
    assert (error["code"], error["file"]) == ("no_consents", str(file))
    assert repr(wanted) in error["found"]
    assert "facts:" in kept[error["line"] - 1]
