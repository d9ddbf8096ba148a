"""A hold, set once an item is overdue, keeps it while it lasts, and makes no breach of before undone."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from tests.verification.company import DAY, HASHER, HOUR, MINUTE, PLACE, Company, Planted, found

from retention.database import connect
from retention.evidence.holds import HoldScope, add_hold, end_hold
from retention.verification import Verdict

CAP = 30 * DAY


def _overdue(company: Company) -> Planted:
    company.tenant("nord")
    return company.recording("nord", 60 * DAY)


def _set_and_end(company: Company, times: int = 1) -> None:
    with connect(company.own) as own:
        for _ in range(times):
            terms = {"requested_by": "legal", "approved_by": "compliance", "review_at": None}
            scope = HoldScope(category="audio", tenant_id="nord")
            hold = add_hold(own, HASHER, scope, reason="dispute", ends_at=company.now + CAP, **terms)  # type: ignore[arg-type]
            end_hold(own, hold.hold_id, ended_by="legal", reason="settled")


@pytest.mark.parametrize("times", [pytest.param(1, id="once"), pytest.param(3, id="again_and_again")])
def test_hold_set_on_an_overdue_item_and_ended_at_once_gives_no_time(company: Company, times: int) -> None:
    _overdue(company)
    _set_and_end(company, times)
    result = company.check()
    assert found(result)["past_cap"] == 1
    assert result.headroom["audio"].headroom_s == pytest.approx(-30 * DAY.total_seconds(), abs=600)


def test_hold_that_expired_before_anybody_saw_it_gives_no_time(company: Company) -> None:
    _overdue(company)
    company.hold(recorded=False, effective_at=company.now - 2 * MINUTE, ends_at=company.now - MINUTE)
    assert found(company.check())["past_cap"] == 1


def test_hold_set_on_an_overdue_item_keeps_it_to_the_second_of_its_end(company: Company) -> None:
    company.hold_item(_overdue(company), effective_at=company.now - DAY, ends_at=company.now + DAY)
    result = company.check()
    assert found(result) == {"exception_hold": 1}
    assert result.headroom["audio"].headroom_s == pytest.approx(DAY.total_seconds(), abs=600)
    assert "past_cap" in found(company.check(company.now + DAY + timedelta(seconds=1)))


@pytest.mark.parametrize(
    ("of_hold", "names"),
    [
        pytest.param({"person_id": str(uuid.uuid4())}, "any_person", id="orphan_and_a_persons_hold"),
        pytest.param({"place": PLACE, "item_id": str(uuid.uuid4())}, "any_item", id="orphan_and_a_lost_items_hold"),
    ],
)
def test_hold_that_may_have_meant_an_item_gives_no_time_after_it(
    company: Company, of_hold: dict[str, Any], names: str
) -> None:
    day = company.now - 31 * DAY
    company.put(f"recordings/nord/{day:%Y/%m/%d}/{names}.wav")
    company.hold(**of_hold, effective_at=company.now - 20 * DAY, ends_at=company.now + DAY)
    assert found(company.check())["kept_in_doubt"] == 1
    after = company.check(company.now + DAY + timedelta(seconds=1))
    assert after.verdict is Verdict.BREACH


@pytest.mark.parametrize(
    ("begins", "is_overdue"),
    [
        pytest.param(timedelta(0), False, id="begins_as_the_first_ends"),
        pytest.param(2 * HOUR, False, id="begins_within_the_time_to_delete"),
        pytest.param(2 * HOUR + timedelta(seconds=1), True, id="begins_after_the_time_to_delete"),
    ],
)
def test_hold_that_follows_another_gives_time_where_no_breach_lies_between(
    company: Company, begins: timedelta, *, is_overdue: bool
) -> None:
    company.tenant("nord")
    planted = company.recording("nord", 40 * DAY)
    first_end = company.now - 5 * DAY
    company.hold_item(planted, effective_at=company.now - 15 * DAY, ends_at=first_end)
    company.hold_item(planted, effective_at=first_end + begins, ends_at=company.now - HOUR)
    assert ("past_cap" in found(company.check())) is is_overdue


def test_hold_that_follows_a_consent_gives_time(company: Company) -> None:
    company.tenant("nord")
    planted = company.recording("nord", 40 * DAY)
    company.both_consent(planted, 40 * DAY, withdrawn=5 * DAY)
    company.hold_item(planted, effective_at=company.now - 5 * DAY, ends_at=company.now - HOUR)
    assert "past_cap" not in found(company.check())
