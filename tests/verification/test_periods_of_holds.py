"""A hold's period is about when recordings began, as their rows say it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.verification.company import DAY, HOUR, Company, found


@pytest.mark.parametrize(
    ("of_hold", "is_held"),
    [
        pytest.param({"started_from": 10 * HOUR}, True, id="from_before_the_rows_date"),
        pytest.param({"started_before": 10 * HOUR}, False, id="before_the_rows_date"),
    ],
)
def test_period_is_compared_with_the_rows_good_date(
    company: Company, of_hold: dict[str, Any], *, is_held: bool
) -> None:
    """The row says that it began twenty hours after the object was stored: a clock, and still a good date."""
    company.tenant("nord")
    company.recording("nord", -20 * HOUR)
    period = {name: company.now + ahead for name, ahead in of_hold.items()}
    company.hold(tenant_id="nord", effective_at=company.now, **period)
    assert ("exception_hold" in found(company.check(company.now + 33 * DAY))) is is_held


@pytest.mark.parametrize(
    ("of_hold", "now_kept"),
    [
        pytest.param({"started_from": 35 * DAY}, {"exception_hold": 1}, id="from_before_the_rows_date"),
        pytest.param({"started_before": 35 * DAY}, {"past_cap": 1}, id="before_the_rows_date"),
    ],
)
def test_version_older_than_its_row_may_be_meant(
    company: Company, of_hold: dict[str, Any], now_kept: dict[str, int]
) -> None:
    company.tenant("nord")
    planted = company.recording("nord", 33 * DAY, stored=False)
    company.put(planted.key, recorded_at=(company.now - 40 * DAY).isoformat())
    company.put(planted.key)
    period = {name: company.now - ago for name, ago in of_hold.items()}
    company.hold(tenant_id="nord", **period)
    assert found(company.check()) == {"kept_in_doubt": 1, **now_kept}
