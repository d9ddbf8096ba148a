"""What nobody dated of a withdrawal counts from when it was first seen: never from each run anew, past every new consent."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from tests.table_world import MAP, TableWorld
from tests.world import DAY, now

from retention.disposal.execute import execute_plan
from retention.errors import PartlyFailedError

MAIL, PHONE = "mara@example.org", "030 901820"
TOLD_BY_A_FLAG = """
SELECT contact_id AS item_id, 'self'::text AS tenant_id, NULL::text AS person_id, created_at AS start_contact_created,
    is_withdrawn AS happened_consent_withdrawn, withdrawn_at AS start_consent_withdrawn, NULL::timestamptz AS evidence_at,
    proven_consent_at, last_withdrawn_at
FROM contacts
"""


@pytest.fixture
def flagged(tables: TableWorld, tmp_path: Path) -> TableWorld:
    """Contacts of whom a flag says that they withdrew, and a time when, or none."""
    tables.sql(
        "ALTER TABLE contacts ADD is_withdrawn boolean NOT NULL DEFAULT false, ADD last_withdrawn_at timestamptz"
    )
    tables.remap(tmp_path / "flag", MAP, contacts=TOLD_BY_A_FLAG)
    return tables


def add_withdrawn(tables: TableWorld, **columns: object) -> None:
    """Somebody of long ago who withdrew, nobody says when."""
    tables.add_contact(1, created_at=now() - 300 * DAY, is_withdrawn=True, **({"email": MAIL} | columns))


def hold(tables: TableWorld) -> None:
    tables.add_hold(category="marketing", place="contacts", item_id="1")


def pass_days(tables: TableWorld, days: int) -> None:
    """As if what was noted until now had been noted so many days ago."""
    for table, column in (
        ("suppression_list", "suppressed_at"),
        ("undated_withdrawals", "first_seen_at"),
        ("undated_withdrawals", "last_seen_at"),
    ):
        tables.own_sql(f"UPDATE retention.{table} SET {column} = {column} - interval '{days} days'")


def gone(tables: TableWorld) -> int:
    """How many rows a run removes, whether or not others fail."""
    before = tables.count("contacts")
    with suppress(PartlyFailedError):
        tables.dispose("marketing")
    return before - tables.count("contacts")


def dates(tables: TableWorld) -> list[object]:
    return [
        row["suppressed_at"]
        for row in tables.own_sql("SELECT suppressed_at FROM retention.suppression_list ORDER BY kind")
    ]


NO_DATE = [pytest.param(None, id="no_date"), pytest.param("1970-01-01Z", id="no_possible_date")]


@pytest.mark.parametrize("at", NO_DATE)
def test_a_kept_row_keeps_the_date_of_its_entry(flagged: TableWorld, at: str | None) -> None:
    add_withdrawn(flagged, withdrawn_at=at)
    hold(flagged)
    gone(flagged)
    pass_days(flagged, 5)
    first = dates(flagged)
    flagged.add_contact(2, email=MAIL, created_at=now() - 2 * DAY)
    flagged.add_contact(3, email=MAIL, created_at=now() - 2 * DAY, proven_consent_at=now() - 2 * DAY)
    assert [gone(flagged) for _ in range(2)] == [1, 0]
    assert flagged.ids("contacts", "contact_id") == {"1", "3"}
    assert dates(flagged) == first


@pytest.mark.parametrize("at", NO_DATE)
@pytest.mark.parametrize("fails", ["unreadable", "refused"])
def test_a_row_that_fails_in_every_run_keeps_the_date_of_its_entry(
    flagged: TableWorld, at: str | None, fails: str
) -> None:
    if fails == "unreadable":
        add_withdrawn(flagged, email="mara(at)example.org", phone=PHONE, withdrawn_at=at)
    else:
        add_withdrawn(flagged, phone=PHONE, withdrawn_at=at)
        flagged.sql("CREATE TABLE payments (contact_id bigint REFERENCES contacts DEFERRABLE INITIALLY DEFERRED)")
        flagged.sql("INSERT INTO payments VALUES (1)")
    assert gone(flagged) == 0
    pass_days(flagged, 5)
    first = dates(flagged)
    flagged.add_contact(2, phone=PHONE, created_at=now() - 2 * DAY, proven_consent_at=now() - 2 * DAY)
    assert [gone(flagged) for _ in range(2)] == [0, 0]
    assert flagged.ids("contacts", "contact_id") == {"1", "2"}
    assert dates(flagged) == first


def test_a_row_whose_hold_ends_keeps_the_date_of_its_entry(flagged: TableWorld) -> None:
    add_withdrawn(flagged)
    hold(flagged)
    gone(flagged)
    pass_days(flagged, 5)
    first = dates(flagged)
    flagged.add_contact(2, email=MAIL, created_at=now() - 2 * DAY, proven_consent_at=now() - 2 * DAY)
    flagged.own_sql("UPDATE retention.holds SET ended_at = now(), ended_by = 'ben'")
    assert [gone(flagged) for _ in range(2)] == [1, 0]
    assert flagged.ids("contacts", "contact_id") == {"2"}
    assert dates(flagged) == first


@pytest.mark.parametrize("is_held", [False, True])
def test_it_counts_although_an_older_one_is_on_the_list(flagged: TableWorld, is_held: bool) -> None:
    """The person had consented in between."""
    add_withdrawn(flagged, withdrawn_at=now() - 200 * DAY)
    gone(flagged)
    flagged.sql("DELETE FROM contacts")
    add_withdrawn(flagged)
    flagged.add_contact(2, email=MAIL, proven_consent_at=now() - 100 * DAY)
    if is_held:
        hold(flagged)
    gone(flagged)
    gone(flagged)
    assert flagged.ids("contacts", "contact_id") == ({"1"} if is_held else set())


def test_what_was_taken_back_and_is_said_again_is_another_withdrawal(flagged: TableWorld) -> None:
    add_withdrawn(flagged)
    hold(flagged)
    gone(flagged)
    flagged.sql("UPDATE contacts SET is_withdrawn = false")
    gone(flagged)
    pass_days(flagged, 5)
    flagged.add_contact(2, email=MAIL, created_at=now() - 2 * DAY, proven_consent_at=now() - 2 * DAY)
    assert gone(flagged) == 0
    flagged.sql("UPDATE contacts SET is_withdrawn = true WHERE contact_id = 1")
    gone(flagged)
    gone(flagged)
    assert flagged.ids("contacts", "contact_id") == {"1"}


def test_a_later_date_counts_beside_what_has_none(flagged: TableWorld) -> None:
    add_withdrawn(flagged)
    hold(flagged)
    gone(flagged)
    pass_days(flagged, 5)
    flagged.add_contact(2, email=MAIL, created_at=now() - 2 * DAY, proven_consent_at=now() - 2 * DAY)
    flagged.sql("UPDATE contacts SET last_withdrawn_at = now() - interval '1 day' WHERE contact_id = 1")
    gone(flagged)
    gone(flagged)
    assert flagged.ids("contacts", "contact_id") == {"1"}


def test_a_row_that_we_removed_and_an_import_brings_back_says_nothing_new(flagged: TableWorld) -> None:
    """Each night, with the same flag and without a date."""
    add_withdrawn(flagged)
    gone(flagged)
    pass_days(flagged, 5)
    first = dates(flagged)
    flagged.add_contact(2, email=MAIL, created_at=now() - 2 * DAY, proven_consent_at=now() - 2 * DAY)
    for _ in range(2):
        assert gone(flagged) == 0
        add_withdrawn(flagged)
        assert [gone(flagged) for _ in range(2)] == [1, 0]
    assert flagged.ids("contacts", "contact_id") == {"2"}
    assert dates(flagged) == first


def test_a_row_that_comes_back_without_its_flag_and_gets_it_again_says_something_new(flagged: TableWorld) -> None:
    add_withdrawn(flagged)
    gone(flagged)
    pass_days(flagged, 5)
    for consented in (1, 2):
        flagged.add_contact(consented, email=MAIL, created_at=now() - 2 * DAY, proven_consent_at=now() - 2 * DAY)
    assert gone(flagged) == 0
    flagged.sql("UPDATE contacts SET is_withdrawn = true WHERE contact_id = 1")
    gone(flagged)
    gone(flagged)
    assert flagged.ids("contacts", "contact_id") == set()


@pytest.mark.parametrize("is_held", [pytest.param(True, id="kept"), pytest.param(False, id="due")])
def test_without_memory_the_list_keeps_its_dates(flagged: TableWorld, is_held: bool) -> None:
    """As in the first run of this version, after others have listed people; and where the memory is lost."""
    add_withdrawn(flagged, phone=PHONE)
    hold(flagged)
    gone(flagged)
    pass_days(flagged, 5)
    flagged.own_sql(
        "UPDATE retention.suppression_list SET suppressed_at = suppressed_at - interval '1 day' WHERE kind = 'phone'"
    )
    first = dates(flagged)
    flagged.add_contact(2, email=MAIL, created_at=now() - 2 * DAY, proven_consent_at=now() - 2 * DAY)
    flagged.own_sql("DELETE FROM retention.undated_withdrawals")
    if not is_held:
        flagged.own_sql("UPDATE retention.holds SET ended_at = now(), ended_by = 'ben'")
    assert [gone(flagged) for _ in range(2)] == [0 if is_held else 1, 0]
    assert "2" in flagged.ids("contacts", "contact_id")
    assert dates(flagged) == first


def test_without_memory_whoever_is_not_listed_is_listed_from_now_on(flagged: TableWorld) -> None:
    add_withdrawn(flagged)
    flagged.add_contact(2, email=MAIL, created_at=now() - 2 * DAY, proven_consent_at=now() - 2 * DAY)
    gone(flagged)
    gone(flagged)
    assert flagged.ids("contacts", "contact_id") == set()


def test_the_memory_names_nobody_and_outlives_the_row(flagged: TableWorld) -> None:
    add_withdrawn(flagged)
    plan = flagged.plan("marketing")
    assert execute_plan(flagged.runtime, plan.plan_id, plan.digest, dry_run=True).gone == 1
    remembered = "SELECT * FROM retention.undated_withdrawals"
    assert flagged.own_sql(remembered) == []
    assert gone(flagged) == 1
    rows = flagged.own_sql(remembered)
    assert {tuple(sorted(row)) for row in rows} == {("first_seen_at", "item_hash", "last_seen_at", "place")}
    gone(flagged)
    assert len(flagged.own_sql(remembered)) == len(rows) == 2  # the row, and that all were read
