"""Events of rows that are dated in the future, for ever or beyond any date: what only such a time says, nobody says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.verification.company import DAY, found, reasons
from tests.verification.records import CHECKS, Records


@pytest.mark.parametrize("at", ["infinity", "294276-01-01", "2999-01-01"])
@pytest.mark.parametrize(
    ("column", "expected", "verdict"),
    [
        pytest.param("contract_ended_at", {}, "compliant", id="contract_that_never_ends"),
        pytest.param("asked_at", {"event_dated_ahead": 1}, "unknown", id="instruction"),
    ],
)
def test_event_ahead_is_known_only_where_it_may_lie_ahead(
    records: Records, at: str, column: str, expected: dict[str, int], verdict: str
) -> None:
    records.sql(f"INSERT INTO customers (tenant_id, {column}) VALUES ('t', %s)", at)
    records.lead("t")
    result = records.check("leads")
    assert (found(result), result.verdict) == (expected, verdict)
    if expected:
        assert reasons(result, "event_dated_ahead") == {"instruction_received": 1}


@pytest.mark.parametrize("column", ["contract_ended_at", "asked_at"])
def test_event_before_all_time_is_unknown(records: Records, column: str) -> None:
    records.sql(f"INSERT INTO customers (tenant_id, {column}) VALUES ('t', '-infinity')")
    records.lead("t")
    assert found(records.check("leads")) == {"event_unknown": 1}


def test_another_event_ends_the_need_all_the_same(records: Records) -> None:
    records.customer("t", contract_ended=40 * DAY, asked=-400 * DAY)
    records.lead("t")
    assert found(records.check("leads")) == {"past_event": 1}


def test_event_that_is_said_to_have_happened_is_dated_by_other_evidence(records: Records) -> None:
    records.customer("t", asked=-400 * DAY)
    records.lead("t")
    said = CHECKS["leads"].replace(
        "cust.asked_at AS", "cust.asked_at IS NOT NULL AS happened_instruction_received, cust.asked_at AS"
    )
    (records.datamap / "sql" / "leads.sql").write_text(said, encoding="utf-8")
    assert found(records.check("leads")) == {"past_event": 1, "future_dated": 1}


@pytest.mark.parametrize(
    ("review", "expected"),
    [
        pytest.param(None, {"exception_hold": 1, "endless_hold": 1}, id="until_somebody_ends_it"),
        pytest.param(-5 * DAY, {"exception_hold": 1, "endless_hold": 1}, id="until_its_review"),
        pytest.param(3 * DAY, {"past_event": 1, "invalid_hold": 1}, id="review_missed"),
    ],
)
def test_hold_without_an_end_is_seen(records: Records, review: timedelta | None, expected: dict[str, int]) -> None:
    records.own_sql("ALTER TABLE retention.holds DROP CONSTRAINT holds_end")
    records.customer("t", contract_ended=40 * DAY)
    lead = records.lead("t")
    records.hold(place="leads", item_id=lead, ends_at="infinity", review_at=records.ago(review))
    assert found(records.check("leads")).items() >= expected.items()
