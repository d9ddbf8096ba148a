"""What went under a hold, by disposal's own record, is a breach; not what went before or after it, or lawfully in spite of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from tests.verification.company import DAY, HASHER, HOUR, MINUTE, PLACE, Company, found
from tests.verification.records import Records

from retention.verification import CheckResult

ITEM = "5f0c9b7e-0000-4000-8000-000000000001"


def note_gone(world: Any, ago: timedelta, place: str = PLACE, category: str = "audio", **columns: Any) -> None:
    """What disposal would record of an item that went so long ago."""
    row: dict[str, Any] = {
        "plan_id": uuid.uuid4(),
        "batch_no": 0,
        "place": place,
        "item_hash": HASHER.item(place, ITEM),
        "key_id": HASHER.key_id,
        "category": category,
        "outcome": "gone",
        "tenant_id": "nord",
        "person_hash": HASHER.person("p1"),
        "arose_at": world.now - 40 * DAY,
        "trigger_at": world.now - 12 * DAY,
        "gone_at": world.now - ago,
        "reason": "recording_started",
    } | columns
    names = ", ".join(row)
    world.own_sql(
        f"INSERT INTO retention.disposed_items ({names}) VALUES ({', '.join(['%s'] * len(row))})", *row.values()
    )


def broken(result: CheckResult) -> int:
    return found(result).get("gone_under_hold", 0)


@pytest.mark.parametrize(
    ("scope", "count"),
    [
        pytest.param({"place": PLACE, "item_id": ITEM, "category": None}, 1, id="item"),
        pytest.param({"tenant_id": "nord"}, 1, id="customer"),
        pytest.param({"person_id": "p1"}, 1, id="person"),
        pytest.param({}, 1, id="category"),
        pytest.param({"started_from": "now() - 50 d"}, 1, id="period"),
        pytest.param({"place": PLACE, "item_id": "another", "category": None}, 0, id="another_item"),
        pytest.param({"tenant_id": "sued"}, 0, id="another_customer"),
        pytest.param({"person_id": "p2"}, 0, id="another_person"),
        pytest.param({"category": "logs"}, 0, id="another_category"),
        pytest.param({"started_before": "now() - 50 d"}, 0, id="another_period"),
    ],
)
def test_what_surely_was_in_the_scope_counts(company: Company, scope: dict[str, Any], count: int) -> None:
    dates = {name: company.now - 50 * DAY for name in scope if name.startswith("started")}
    company.hold(**scope | dates, created_at=company.now - DAY)
    note_gone(company, HOUR)
    assert broken(company.check()) == count


@pytest.mark.parametrize(
    ("hold", "gone", "count"),
    [
        pytest.param({"created_at": HOUR}, 2 * HOUR, 0, id="before_it_was_written_down"),
        pytest.param({"created_at": DAY, "effective_at": HOUR}, 2 * HOUR, 0, id="before_it_held"),
        pytest.param({"created_at": DAY, "ended_at": 2 * HOUR}, HOUR, 0, id="after_it_was_ended"),
        pytest.param({"created_at": DAY, "ended_at": HOUR}, 2 * HOUR, 1, id="before_it_was_ended"),
        pytest.param({"created_at": 90 * DAY, "ends_at": 31 * DAY}, 32 * DAY, 0, id="long_ended"),
        pytest.param({"created_at": DAY}, MINUTE, 1, id="while_it_holds"),
    ],
)
def test_only_the_time_in_which_it_held_counts(
    company: Company, hold: dict[str, timedelta], gone: timedelta, count: int
) -> None:
    company.hold(**{"effective_at": company.now - 100 * DAY} | {name: company.now - ago for name, ago in hold.items()})
    note_gone(company, gone)
    assert broken(company.check()) == count


@pytest.mark.parametrize(
    ("hold", "record"),
    [
        pytest.param({"approved_by": None}, {}, id="nobody_approved_it"),
        pytest.param({"approved_by": "Legal"}, {}, id="the_requester_approved_it"),
        pytest.param({}, {"outcome": "gone_confirmed_on_recovery"}, id="when_it_went_nobody_saw"),
    ],
)
def test_what_held_nothing_or_has_no_date_counts_not(
    company: Company, hold: dict[str, Any], record: dict[str, Any]
) -> None:
    company.hold(**hold, created_at=company.now - DAY)
    note_gone(company, HOUR, **record)
    assert broken(company.check()) == 0


@pytest.mark.parametrize(
    ("place", "category", "reason", "count"),
    [
        pytest.param("leads", "leads", "instruction_received", 0, id="processor_and_instruction"),
        pytest.param("leads", "leads", "waited", 0, id="processor_and_waited"),
        pytest.param("leads", "leads", None, 0, id="processor_and_nobody_knows"),
        pytest.param("leads", "leads", "contract_ended", 1, id="processor_and_end_of_contract"),
        pytest.param("transcripts", "transcript", "deletion_requested", 1, id="controller"),
    ],
)
def test_what_a_customer_decided_goes_before_a_processors_hold(
    records: Records, place: str, category: str, reason: str | None, count: int
) -> None:
    records.hold(category=category, created_at=records.now - DAY)
    note_gone(records, HOUR, place, category, reason=reason)
    assert broken(records.check(category)) == count
