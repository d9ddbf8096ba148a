"""Categories and events have their names in `words.yaml`: a new one needs no code to be called as people call it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.policy.texts import AUDIO, PROMISES, problems_of, write_policy

from retention.words import category_words, event_words

WORDS = """\
categories:
  applicants: {en: Applications, de: Bewerbungen}
events:
  application_rejected: {en: the application was rejected, de: der Absage}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETENTION_POLICIES", str(tmp_path))
    (tmp_path / "words.yaml").write_text(WORDS, encoding="utf-8")
    return tmp_path


def test_words_of_ones_own_stand_beside_the_shipped_ones(folder: Path) -> None:
    assert category_words("applicants") == ("Applications", "Bewerbungen")
    assert event_words("application_rejected") == ("the application was rejected", "der Absage")
    assert category_words("audio").de == "Gesprächsaufnahmen"


def test_what_has_no_words_is_called_by_its_key(folder: Path) -> None:
    assert category_words("door_codes") == ("door codes", "door codes")


def test_faults_in_words_are_told_with_their_line(tmp_path: Path) -> None:
    write_policy(tmp_path)
    (tmp_path / "words.yaml").write_text(WORDS.replace(", de: der Absage", ""), encoding="utf-8")
    (problem,) = problems_of(tmp_path)
    assert (Path(problem.file).name, problem.line, problem.code) == ("words.yaml", 4, "missing_key")


def test_a_rule_of_another_name_than_its_clause_is_refused(tmp_path: Path) -> None:
    rules = {"audio": AUDIO.replace("category: audio", "category: calls")}
    (problem,) = problems_of(write_policy(tmp_path, promises=PROMISES, **rules))
    assert (problem.code, problem.found) == ("other_clause", "category 'calls' and clause 'audio'")
    assert "by its category" in problem.expected
