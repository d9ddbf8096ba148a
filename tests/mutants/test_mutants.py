"""Faults put into disposal on purpose: the unmodified verification catches each, and a weakened one lets them live."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.mutants import decisions_gone_wrong, logs_gone_wrong, objects_gone_wrong, rows_gone_wrong
from tests.mutants.conftest import Fresh
from tests.mutants.mutant import MUTANTS, Mutant
from tests.mutants.observe import observe
from tests.mutants.rules_gone_wrong import DOCUMENTS, WrongDocument, codes_of
from tests.mutants.scenes import SCENES
from tests.mutants.weak import weakened

from retention.policy import loader

TABLES = (objects_gone_wrong, decisions_gone_wrong, rows_gone_wrong, logs_gone_wrong)
"""Importing them entered their mutants."""
WITH_WEAK = (
    "finished_job_adopted",
    "consents_ignored",
    "hold_broken_before_anybody_looked",
    "first_page_only",
    "dependents_left_behind",
    "first_rows_only",
    "suppression_list_not_written",
    "anonymised_half",
    "partition_by_its_name",
)
"""Of each scene and each kind of finding one: a second check of each mutant would cost the tests too much."""


@pytest.mark.parametrize("scene", SCENES)
def test_without_a_fault_no_promise_is_broken(control: Callable[[str], set[str]], scene: str) -> None:
    assert control(scene) == set()


@pytest.mark.parametrize("one", MUTANTS.values(), ids=lambda one: one.name)
def test_verification_catches_the_fault(
    fresh: Fresh,
    control: Callable[[str], set[str]],
    weak: Path,
    one: Mutant,
    record_property: Callable[[str, object], None],
) -> None:
    without = control(one.scene)
    with fresh() as company:
        found = observe(company, SCENES[one.scene], one.apply) - without
        record_property("mutant", {"name": one.name, "area": one.area, "fault": one.fault, "caught_by": sorted(found)})
        assert found >= one.kinds
        if one.name in WITH_WEAK:
            with weakened():
                assert company.check(SCENES[one.scene].category, weak) == set(), "a weak verification lets it live"


def test_the_shipped_documents_are_loaded(tmp_path: Path) -> None:
    assert codes_of(None, tmp_path) == set()


@pytest.mark.parametrize("one", DOCUMENTS, ids=lambda one: one.name)
def test_the_loader_refuses_the_document(
    tmp_path: Path, one: WrongDocument, record_property: Callable[[str, object], None]
) -> None:
    found = codes_of(one, tmp_path)
    record_property("mutant", {"name": one.name, "area": "rules", "fault": one.fault, "caught_by": sorted(found)})
    assert one.code in found


def test_a_loader_that_compares_nothing_lets_a_weak_rule_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "check_rule", lambda *_: [])
    assert codes_of(DOCUMENTS[0], tmp_path) == set()


def test_each_way_that_disposal_goes_has_mutants() -> None:
    assert {one.scene for one in MUTANTS.values()} == set(SCENES)
    assert {MUTANTS[name].scene for name in WITH_WEAK} == set(SCENES)
