"""Marketing contacts: who withdrew goes, stays away, and takes nobody along."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.table_world import HASHER, TableWorld
from tests.world import DAY, HOUR, now

from retention.disposal.explain import explain_item
from retention.errors import PartlyFailedError, UnknownError
from retention.evidence.hashing import ItemHasher

MINUTE = timedelta(minutes=1)


def test_withdrawn_contact_goes_and_its_identifiers_stay_as_hashes_alone(tables: TableWorld) -> None:
    tables.add_contact(1, email="Änne@Müller.example", phone="0171 3920001", withdrawn_at=now() - HOUR)
    tables.add_contact(2, email="otto@example.com", phone=None)
    assert tables.dispose("marketing").gone == 1
    listed = tables.own_sql("SELECT kind, hash, suppressed_at FROM retention.suppression_list ORDER BY kind")
    assert [row["kind"] for row in listed] == ["email", "phone"]
    assert all(now() - 2 * HOUR < row["suppressed_at"] < now() - HOUR + MINUTE for row in listed)
    assert tables.ids("contacts", "contact_id") == {"2"}


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({"email": "ÄNNE@müller.example"}, id="case"),
        pytest.param({"email": " änne@xn--mller-kva.example "}, id="domain_in_ascii"),
        pytest.param({"phone": "+49 (171) 39200-01"}, id="phone_with_country"),
        pytest.param({"phone": "0049 171 3920001"}, id="phone_with_zeros"),
        pytest.param({"email": "new@example.com", "phone": "01713920001"}, id="one_of_two"),
    ],
)
def test_import_that_brings_a_suppressed_person_back_is_due_at_once(tables: TableWorld, again: dict[str, str]) -> None:
    tables.add_contact(1, email="Änne@Müller.example", phone="0171 3920001", withdrawn_at=now() - HOUR)
    tables.dispose("marketing")
    tables.add_contact(7, **again)
    tables.add_contact(8, email="somebody@example.com", phone="0171 3920002")
    tables.add_contact(9, email="", phone="-")
    assert tables.dispose("marketing").gone == 1
    assert tables.ids("contacts", "contact_id") == {"8", "9"}


@pytest.mark.parametrize(
    ("proven_ago", "goes"), [pytest.param(MINUTE, False, id="newer"), pytest.param(2 * HOUR, True, id="older")]
)
def test_only_a_consent_proven_newer_lifts_a_suppression(tables: TableWorld, proven_ago: timedelta, goes: bool) -> None:
    tables.add_contact(1, email="anna@example.com", withdrawn_at=now() - HOUR)
    tables.dispose("marketing")
    tables.add_contact(2, email="anna@example.com", proven_consent_at=now() - proven_ago)
    assert tables.dispose("marketing").gone == goes


def test_two_contacts_with_one_address_go_both(tables: TableWorld) -> None:
    tables.add_contact(1, email="anna@example.com", withdrawn_at=now() - HOUR)
    tables.dispose("marketing")
    tables.add_contact(2, email="anna@example.com")
    tables.add_contact(3, email="ANNA@example.com")
    assert tables.dispose("marketing").gone == 2


@pytest.mark.parametrize(
    ("email_ago", "phone_ago", "created_ago", "proven_ago", "status"),
    [
        pytest.param(90 * DAY, 12 * HOUR, 10 * DAY, None, "overdue", id="a_new_entry_gives_no_more_time"),
        pytest.param(90 * DAY, 12 * HOUR, 10 * DAY, 30 * DAY, "due", id="the_older_one_is_lifted"),
        pytest.param(90 * DAY, 12 * HOUR, 10 * DAY, 6 * HOUR, None, id="both_are_lifted"),
        pytest.param(90 * DAY, 12 * HOUR, 6 * HOUR, None, "due", id="came_back_lately"),
        pytest.param(90 * DAY, 80 * DAY, -3000 * DAY, None, "overdue", id="claims_to_come_in_the_future"),
        pytest.param(12 * HOUR, 11 * HOUR, 100 * DAY, None, "due", id="listed_lately"),
    ],
)
def test_suppressed_contact_is_dated_by_the_oldest_entry_that_stands(
    tables: TableWorld,
    email_ago: timedelta,
    phone_ago: timedelta,
    created_ago: timedelta,
    proven_ago: timedelta | None,
    status: str | None,
) -> None:
    for kind, plain, ago in (("email", "a@example.org", email_ago), ("phone", "+4930901820", phone_ago)):
        tables.own_sql(
            "INSERT INTO retention.suppression_list (kind, hash, key_id, suppressed_at) VALUES (%s, %s, %s, %s)",
            *(kind, HASHER.identifier(kind, plain), HASHER.key_id, now() - ago),  # type: ignore[arg-type]
        )
    tables.add_contact(
        1,
        email="a@example.org",
        phone="+49 30 901820",
        created_at=now() - created_ago,
        proven_consent_at=now() - proven_ago if proven_ago is not None else None,
    )
    said = explain_item(tables.runtime, "contacts", "1", as_of=now(), asked_by="anna")
    assert said["status"] == (status or "retain")


PROVEN_BEFORE = {"created_at": now() - 9 * DAY, "proven_consent_at": now() - 9 * DAY}


@pytest.mark.parametrize(
    ("column", "text"),
    [("email", text) for text in ("k.A.", "-", "unbekannt", "n/a")]
    + [("phone", text) for text in ("0", "+", "0000", "+49", "00000000", "12345")],
)
def test_who_has_no_identifier_has_none_in_common_with_others(tables: TableWorld, column: str, text: str) -> None:
    tables.add_contact(1, **{column: text}, withdrawn_at=now() - HOUR)
    tables.add_contact(2, **{column: text}, **PROVEN_BEFORE)
    assert tables.dispose("marketing").gone == 1
    assert tables.plan("marketing").due == 0
    assert tables.own_sql("SELECT kind FROM retention.suppression_list") == []


def test_one_withdrawal_takes_who_shares_its_own_identifier_and_nobody_else(tables: TableWorld) -> None:
    """2 shares the number that withdrew; 3 shares only an address with 2, who has decided nothing."""
    tables.add_contact(1, phone="030 901820", withdrawn_at=now() - HOUR)
    tables.add_contact(2, phone="030 901820", email="team@example.org", **PROVEN_BEFORE)
    tables.add_contact(3, phone="030 901821", email="team@example.org", **PROVEN_BEFORE)
    assert [tables.dispose("marketing").gone for _ in range(3)] == [1, 1, 0]
    assert tables.ids("contacts", "contact_id") == {"3"}


def test_import_of_a_suppressed_person_leaves_the_date_of_the_withdrawal(tables: TableWorld) -> None:
    """Withdrawn, consented again with proof, then imported again from an old list: the consent is newer than the withdrawal."""
    mail = "mara@example.org"
    tables.add_contact(1, email=mail, created_at=now() - 20 * DAY, withdrawn_at=now() - 10 * DAY)
    tables.dispose("marketing")
    listed = tables.own_sql("SELECT suppressed_at FROM retention.suppression_list")
    tables.add_contact(2, email=mail, created_at=now() - 5 * DAY, proven_consent_at=now() - 5 * DAY)
    tables.add_contact(3, email=mail, created_at=now() - DAY)
    assert [tables.dispose("marketing").gone for _ in range(2)] == [1, 0]
    assert tables.ids("contacts", "contact_id") == {"2"}
    assert tables.own_sql("SELECT suppressed_at FROM retention.suppression_list") == listed


def test_second_withdrawal_moves_the_date(tables: TableWorld) -> None:
    tables.add_contact(1, email="mara@example.org", withdrawn_at=now() - 10 * DAY)
    tables.dispose("marketing")
    tables.add_contact(2, email="mara@example.org", proven_consent_at=now() - 5 * DAY, withdrawn_at=now() - DAY)
    tables.dispose("marketing")
    tables.add_contact(3, email="mara@example.org", proven_consent_at=now() - 5 * DAY)
    assert tables.dispose("marketing").gone == 1


def test_suppression_list_of_another_hash_key_is_unknown_and_never_empty(tables: TableWorld) -> None:
    tables.add_contact(1, email="anna@example.com", withdrawn_at=now() - HOUR)
    tables.dispose("marketing")
    with pytest.raises(UnknownError, match="another hash key"):
        tables.plan("marketing", hasher=ItemHasher(bytes(range(1, 33))))


def test_contact_that_could_not_go_is_suppressed_all_the_same(tables: TableWorld) -> None:
    tables.sql("CREATE TABLE mails (contact_id bigint REFERENCES contacts)")
    tables.add_contact(1, email="anna@example.com", withdrawn_at=now() - HOUR)
    tables.sql("INSERT INTO mails VALUES (1)")
    with pytest.raises(PartlyFailedError):
        tables.dispose("marketing")
    assert len(tables.own_sql("SELECT kind FROM retention.suppression_list")) == 1
