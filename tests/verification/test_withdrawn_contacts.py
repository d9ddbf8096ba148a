"""Checks remember who had withdrawn: whoever goes must stand on the suppression list, by all that named them."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from tests.verification.company import DAY, HASHER, HOUR, found
from tests.verification.records import MAP, Records

from retention.evidence.hashing import ItemHasher

ANNA, NUMBER = "anna@example.com", "+4930901820"


@pytest.fixture
def seen(records: Records) -> Records:
    """Anna withdrew an hour ago, which a check saw."""
    records.contact("7", email=ANNA, phone=NUMBER, withdrawn=HOUR)
    assert found(records.check("marketing")) == {}
    return records


def _take(records: Records, *, by_us: bool = True) -> None:
    records.sql("DELETE FROM contacts WHERE contact_id = '7'")
    if by_us:
        records.own_sql(
            "INSERT INTO retention.disposed_items (plan_id, batch_no, place, item_hash, key_id, category, outcome, trigger_at) "
            "VALUES (%s, 1, 'contacts', %s, %s, 'marketing', 'gone', %s)",
            *(uuid.uuid4(), HASHER.item("contacts", "7"), HASHER.key_id, records.now),
        )


@pytest.mark.parametrize(
    ("email_ago", "phone_ago", "expected"),
    [
        pytest.param(None, None, {"deleted_unlisted": 1}, id="on_no_list"),
        pytest.param(HOUR, None, {"deleted_unlisted": 1}, id="one_of_two_identifiers"),
        pytest.param(HOUR, 2 * HOUR, {"deleted_unlisted": 1}, id="one_from_before_the_withdrawal"),
        pytest.param(HOUR, HOUR, {}, id="both_since_then"),
    ],
)
def test_contact_that_disposal_took_stands_on_the_list(
    seen: Records, email_ago: timedelta | None, phone_ago: timedelta | None, expected: dict[str, int]
) -> None:
    for kind, text, ago in (("email", ANNA, email_ago), ("phone", NUMBER, phone_ago)):
        if ago is not None:
            seen.suppress(kind, text, ago)
    _take(seen)
    result = seen.check("marketing")
    assert (found(result), result.verdict) == (expected, "breach" if expected else "compliant")


def test_it_is_told_until_it_stands_there(seen: Records) -> None:
    _take(seen)
    for _ in range(2):
        assert found(seen.check("marketing")) == {"deleted_unlisted": 1}
    for kind, text in (("email", ANNA), ("phone", NUMBER)):
        seen.suppress(kind, text, HOUR)
    result = seen.check("marketing")
    assert found(result) == {}
    remembered = "SELECT 1 FROM retention.withdrawn_contacts WHERE check_run_id = %s"
    assert seen.own_sql(remembered, result.check_run_id) == []


def test_it_is_told_for_thirty_days(seen: Records) -> None:
    _take(seen)
    seen.check("marketing")
    seen.own_sql("UPDATE retention.withdrawn_contacts SET missing_since = missing_since - interval '30 days'")
    assert found(seen.check("marketing")) == {}


def test_contact_that_the_company_deleted_itself_breaks_no_promise(seen: Records) -> None:
    _take(seen, by_us=False)
    result = seen.check("marketing")
    assert (found(result), result.verdict) == ({"vanished_unlisted": 1}, "compliant")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("withdrawn_at = NULL", id="withdrawal_taken_back"),
        pytest.param("withdrawn_at = NULL, proven_consent_at = now()", id="consented_anew"),
        pytest.param("phone = '030 999999'", id="another_number"),
    ],
)
def test_contact_that_is_still_there_is_not_missed(seen: Records, change: str) -> None:
    seen.sql(f"UPDATE contacts SET {change}")
    assert found(seen.check("marketing")) == {}


def test_who_consented_anew_and_was_deleted_then_is_not_missed(seen: Records) -> None:
    seen.sql("UPDATE contacts SET withdrawn_at = NULL")
    seen.check("marketing")
    _take(seen, by_us=False)
    assert found(seen.check("marketing")) == {}


def test_first_check_misses_nobody(records: Records) -> None:
    records.contact("7", email=ANNA, withdrawn=2 * DAY)
    _take(records)
    assert found(records.check("marketing")) == {}


def test_contact_that_a_hold_keeps_is_not_missed(records: Records) -> None:
    records.contact("7", email=ANNA, withdrawn=2 * DAY)
    records.hold(place="contacts", item_id="7")
    records.suppress("email", ANNA, HOUR)
    for _ in range(2):
        assert found(records.check("marketing")) == {"exception_hold": 1}


def test_with_another_hash_key_nobody_knows(seen: Records) -> None:
    _take(seen)
    other = ItemHasher(bytes(range(1, 33)))
    result = seen.check("marketing", hasher=other)
    assert (found(result), result.verdict) == ({"memory_lost": 1}, "unknown")
    assert found(seen.check("marketing", hasher=other)) == {}


def test_a_check_that_can_not_read_the_list_forgets_nobody(seen: Records) -> None:
    _take(seen)
    seen.suppress("email", "ben@example.com", HOUR, ItemHasher(bytes(range(1, 33))))
    assert dict(seen.check("marketing").places_failed) == {"contacts": "OtherHashKey"}
    seen.own_sql("DELETE FROM retention.suppression_list")
    assert found(seen.check("marketing")) == {"deleted_unlisted": 1}


@pytest.mark.parametrize(
    ("is_listed", "expected"), [(False, {"memory_lost": 1}), (True, {"place_dropped": 1})], ids=["on_no_list", "listed"]
)
def test_in_a_place_that_left_the_map_it_is_unknown_whether_they_were_listed(
    seen: Records, *, is_listed: bool, expected: dict[str, int]
) -> None:
    if is_listed:
        for kind, text in (("email", ANNA), ("phone", NUMBER)):
            seen.suppress(kind, text, HOUR)
    _take(seen)
    seen.write_map(MAP.replace("\n  contacts:", "\n  people:"))
    result = seen.check("marketing")
    assert (found(result), result.verdict) == (expected, "compliant" if is_listed else "unknown")
