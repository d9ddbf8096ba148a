"""The SDM's measures: each check speaks of what it checks, and what no check looked at is not known."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.reports.scenarios import CHECK_ID, NOW, SWEEP_ID, Check, FindingRow, datamap, policy

from retention.database import OwnConnection
from retention.reports import build
from retention.reports.sdm import MEASURES, results
from retention.verification.kinds import KINDS

LIMITS = next(position for position, measure in enumerate(MEASURES) if "S09" in measure.codes)


def test_measures_name_kinds_that_exist_and_each_once() -> None:
    named = [kind for measure in MEASURES for kind in measure.kinds]
    assert set(named) <= KINDS.keys()
    assert len(set(named)) == len(named)


def test_every_breach_speaks_of_a_measure() -> None:
    named = {kind for measure in MEASURES for kind in measure.kinds}
    assert {kind.name for kind in KINDS.values() if kind.severity.value == "breach"} <= named


CLEAN = (("past_cap", 8_412, True), ("past_event", 8_412, True))
BREACH = ("past_cap", "breach", 3, None, {})


@pytest.mark.parametrize(
    ("checks", "findings", "said"),
    [
        pytest.param((), (), ("unknown", None), id="none_ran"),
        pytest.param(CLEAN, (), ("passed", 0), id="all_passed"),
        pytest.param(CLEAN, (BREACH,), ("failed", 3), id="one_found"),
        pytest.param((*CLEAN, ("past_cap", 0, None)), (), ("unknown", None), id="one_unknown"),
        pytest.param((*CLEAN, ("past_cap", 0, None)), (BREACH,), ("failed", 3), id="found_weighs_more_than_unknown"),
        pytest.param((("undated", 8_412, True),), (), ("unknown", None), id="of_another_measure"),
    ],
)
def test_what_a_measure_comes_to(
    own: OwnConnection,
    checks: tuple[tuple[str, int, bool | None], ...],
    findings: tuple[FindingRow, ...],
    said: tuple[str, int | None],
) -> None:
    Check(checks=checks, findings=findings).insert(own)
    result = results(build(own, CHECK_ID, policy(), datamap(), now=NOW))[LIMITS]
    assert (result.outcome, result.found) == said


def test_what_nobody_looked_for_is_unknown(own: OwnConnection) -> None:
    """A check of single categories looks into no other table, however clean the places are."""
    Check(checks=(("unmapped_prefix", 8_412, True),)).insert(own)
    assert results(build(own, CHECK_ID, policy(), datamap(), now=NOW))[0].outcome == "unknown"
    Check(checks=(("unmapped_prefix", 8_412, True),), counts={"tables": 31}).insert(own, check_run_id=SWEEP_ID)
    assert results(build(own, SWEEP_ID, policy(), datamap(), now=NOW))[0].outcome == "passed"


def test_measures_stand_apart() -> None:
    assert all(one.codes != other.codes for one, other in pairwise(MEASURES))
