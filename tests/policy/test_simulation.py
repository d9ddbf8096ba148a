"""400 days of runs, missed and late ones among them: at no instant is anything past its promise, and nothing goes early."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.policy.simulated_worlds import CATEGORIES, ERAS, eras, live, tolerances


def _worlds() -> Iterator[object]:
    for category in CATEGORIES:
        for missed in tolerances(category):
            for era in eras(category):
                yield pytest.param(category, era, missed, id=f"{category}-{era}-{missed}_missed")


@pytest.mark.parametrize(("category", "era", "missed"), [*_worlds()])
def test_at_no_instant_is_anything_past_its_promise_and_nothing_goes_early(
    category: str, era: str, missed: int
) -> None:
    lived = live(category, ERAS[era], missed)
    assert lived.breaches == []
    gone = {fate.life.name for fate in lived.fates if fate.gone_at is not None}
    assert 0 < len(gone) < len(lived.fates)
