"""Who withdrew stays away: how entries of the suppression list are dated, and which consents lift them."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.table_world import MAP, SQL, TableWorld
from tests.world import DAY, HOUR, INCLUDE, now

from retention.disposal.execute import DisposalSummary, execute_plan
from retention.errors import ModeError, PartlyFailedError

MINUTE = timedelta(minutes=1)
MAIL = "mara@example.org"
CONTACTS = """
CREATE TABLE marketing_contacts (contact_id uuid PRIMARY KEY, email text, phone text, created_at timestamptz NOT NULL);
CREATE TABLE marketing_consents (
    consent_id uuid PRIMARY KEY, contact_id uuid NOT NULL, given_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL,
    proof_reference text, withdrawn_at timestamptz);
"""
TOLD_BY_A_FLAG = """
SELECT contact_id AS item_id, 'self'::text AS tenant_id, NULL::text AS person_id, created_at AS start_contact_created,
    is_withdrawn AS happened_consent_withdrawn, withdrawn_at AS start_consent_withdrawn, NULL::timestamptz AS evidence_at,
    proven_consent_at
FROM contacts
"""


@pytest.fixture
def shipped(tables: TableWorld, tmp_path: Path) -> TableWorld:
    """The shipped SQL over contacts and their consents."""
    tables.sql(CONTACTS)
    text = (INCLUDE / "datamap/sql/marketing_contacts.sql").read_text(encoding="utf-8")
    tables.remap(tmp_path / "shipped", MAP.replace("public.contacts", "public.marketing_contacts"), contacts=text)
    return tables


def add_contact(tables: TableWorld, *consents: tuple[timedelta, timedelta | None], created: timedelta) -> None:
    """A contact with proven consents: each given, and withdrawn, so long ago."""
    contact_id, at = uuid.uuid4(), now()
    tables.sql("INSERT INTO marketing_contacts VALUES (%s, %s, NULL, %s)", contact_id, MAIL, at - created)
    for given, withdrawn in consents:
        tables.sql(
            "INSERT INTO marketing_consents VALUES (%s, %s, %s, %s, 'form 7', %s)",
            *(uuid.uuid4(), contact_id, at - given, at - given, at - withdrawn if withdrawn is not None else None),
        )


def listed_at(tables: TableWorld) -> list[datetime]:
    return [row["suppressed_at"] for row in tables.own_sql("SELECT suppressed_at FROM retention.suppression_list")]


@pytest.mark.parametrize(
    "consents",
    [
        pytest.param([(290 * DAY, 200 * DAY), (100 * DAY, HOUR)], id="consented_again_and_withdrawn_again"),
        pytest.param([(290 * DAY, 200 * DAY), (290 * DAY, HOUR)], id="withdrawn_for_one_channel_after_the_other"),
    ],
)
def test_list_that_is_older_than_the_last_withdrawal_brings_nobody_back(
    shipped: TableWorld, consents: list[tuple[timedelta, timedelta]]
) -> None:
    """The last withdrawal dates the entry, whichever made the contact fall due."""
    add_contact(shipped, *consents, created=300 * DAY)
    assert shipped.dispose("marketing").gone == 1
    [at] = listed_at(shipped)
    assert abs(now() - HOUR - at) < MINUTE
    add_contact(shipped, (100 * DAY, None), created=MINUTE)
    assert shipped.dispose("marketing").gone == 1
    add_contact(shipped, (MINUTE, None), created=MINUTE)
    assert shipped.dispose("marketing").gone == 0


def test_withdrawal_that_a_proven_consent_had_answered_makes_nobody_overdue(shipped: TableWorld) -> None:
    add_contact(shipped, (290 * DAY, 200 * DAY), (100 * DAY, None), created=300 * DAY)
    assert shipped.plan("marketing").due == 0
    shipped.sql("UPDATE marketing_consents SET withdrawn_at = now() - interval '1 hour' WHERE withdrawn_at IS NULL")
    planned = shipped.plan("marketing")
    assert planned.due == 1
    assert planned.breaches_at is not None and planned.breaches_at > now() + 22 * HOUR


@pytest.mark.parametrize("at", [None, "1970-01-01Z", "1900-01-01Z", "2999-01-01Z"])
def test_no_earlier_consent_lifts_a_withdrawal_that_nobody_dated(
    tables: TableWorld, tmp_path: Path, at: str | None
) -> None:
    tables.sql("ALTER TABLE contacts ADD is_withdrawn boolean NOT NULL DEFAULT false")
    tables.remap(tmp_path / "flag", MAP, contacts=TOLD_BY_A_FLAG)
    before = {"email": MAIL, "proven_consent_at": now() - DAY}
    tables.add_contact(1, **before, created_at=now() - 300 * DAY, is_withdrawn=True, withdrawn_at=at)
    assert tables.dispose("marketing").gone == 1
    tables.add_contact(2, **before)
    assert tables.dispose("marketing").gone == 1
    tables.add_contact(3, email=MAIL, proven_consent_at=now())
    assert tables.dispose("marketing").gone == 0


@pytest.mark.parametrize("at", ["1970-01-01Z", "1900-01-01Z"])
def test_no_earlier_consent_lifts_a_withdrawal_at_a_date_that_is_none(tables: TableWorld, at: str) -> None:
    before = {"email": MAIL, "proven_consent_at": now() - DAY}
    tables.add_contact(1, **before, created_at=now() - 300 * DAY, withdrawn_at=at)
    assert tables.dispose("marketing").gone == 1
    tables.add_contact(2, **before)
    assert tables.dispose("marketing").gone == 1


@pytest.mark.parametrize(
    ("last", "lifted_after"),
    [
        pytest.param("(now() - interval '2 hours')", 2 * HOUR, id="known"),
        pytest.param("NULL", 5 * DAY, id="not_told"),
        pytest.param("'1970-01-01Z'", timedelta(0), id="no_date"),
        pytest.param("'2999-01-01Z'", timedelta(0), id="dated_ahead"),
        pytest.param("'infinity'", timedelta(0), id="never"),
    ],
)
def test_entry_is_dated_by_the_last_withdrawal_that_the_source_tells(
    tables: TableWorld, tmp_path: Path, last: str, lifted_after: timedelta
) -> None:
    contacts = TOLD_BY_A_FLAG.replace(
        "is_withdrawn AS happened_consent_withdrawn", f"{last}::timestamptz AS last_withdrawn_at"
    )
    tables.remap(tmp_path / "last", MAP, contacts=contacts)
    tables.add_contact(1, email=MAIL, created_at=now() - 300 * DAY, withdrawn_at=now() - 5 * DAY)
    assert tables.dispose("marketing").gone == 1
    [at] = listed_at(tables)
    assert abs(now() - lifted_after - at) < MINUTE


@pytest.mark.parametrize(
    ("column", "text", "again"),
    [
        pytest.param("email", "„mara@example.org“", MAIL, id="quotes"),
        pytest.param("email", "mara@example.org!", MAIL, id="mark_behind"),
        pytest.param("phone", "0171 3920001  0171 3920002", "0171 3920001", id="first_of_two_numbers"),
        pytest.param("phone", "0171 3920001 0171 3920002", "0171 3920002", id="second_of_two_numbers"),
    ],
)
def test_import_is_recognised_whatever_marks_the_withdrawal_stood_in(
    tables: TableWorld, column: str, text: str, again: str
) -> None:
    tables.add_contact(1, **{column: text}, withdrawn_at=now() - HOUR)
    tables.dispose("marketing")
    tables.add_contact(2, **{column: again})
    assert tables.dispose("marketing").gone == 1


@pytest.mark.parametrize(
    ("column", "text"),
    [("email", text) for text in ("mara(at)example.org", "mara@firma", "mara.example.org", "mara at example org")]
    + [("phone", text) for text in ("901820", "0171_3920001", "Tel0171 3920001")],
)
def test_withdrawal_that_would_leave_no_entry_stays_until_it_is_mended(
    tables: TableWorld, column: str, text: str
) -> None:
    other = {"email": {"phone": "030 901821"}, "phone": {"email": MAIL}}[column]
    tables.add_contact(1, **{column: text}, **other, withdrawn_at=now() - HOUR)
    tables.add_contact(2, email="otto@example.org", phone="k.A.", withdrawn_at=now() - HOUR)
    with pytest.raises(PartlyFailedError) as raised:
        tables.dispose("marketing")
    summary = raised.value.summary
    assert isinstance(summary, DisposalSummary)
    assert (summary.gone, summary.failures) == (1, {"unreadable_identifier": 1})
    assert text not in str(raised.value)
    assert len(listed_at(tables)) == 2  # what can be read stops at once
    tables.sql(f"UPDATE contacts SET {column} = NULL")
    assert tables.dispose("marketing").gone == 1
    assert tables.count("contacts") == 0


def test_rehearsal_tells_what_can_not_be_read_and_lists_nobody(tables: TableWorld) -> None:
    tables.add_contact(1, email="mara(at)example.org", phone="030 901820", withdrawn_at=now() - HOUR)
    with pytest.raises(PartlyFailedError):
        tables.dispose("marketing", dry_run=True)
    assert listed_at(tables) == []


def noted(tables: TableWorld) -> list[dict[str, Any]]:
    """What the ledger says of who was listed although the row stays."""
    return [
        json.loads(row["body"]) for row in tables.own_sql("SELECT body FROM retention.ledger WHERE kind = 'suppressed'")
    ]


def test_marketing_stops_at_once_for_whom_a_hold_keeps(tables: TableWorld) -> None:
    tables.add_contact(1, email=MAIL, phone="030 901820", withdrawn_at=now() - 2 * DAY)
    tables.add_contact(2, email="otto@example.org")
    tables.add_hold(category="marketing", place="contacts", item_id="1")
    tables.dispose("marketing")
    assert (len(listed_at(tables)), [entry["rows"] for entry in noted(tables)]) == (2, [1])
    tables.add_contact(3, email=MAIL)
    assert tables.dispose("marketing").gone == 1
    assert (tables.ids("contacts", "contact_id"), len(noted(tables))) == ({"1", "2"}, 1)


@pytest.mark.parametrize("kept_by", ["restricted", "waits"])
def test_marketing_stops_at_once_for_whoever_is_kept(tables: TableWorld, tmp_path: Path, kept_by: str) -> None:
    columns = f"proven_consent_at, contact_id = 1 AS {kept_by}"
    tables.remap(tmp_path / "kept", MAP, contacts=SQL["contacts.sql"].replace("proven_consent_at", columns))
    tables.add_contact(1, email=MAIL, withdrawn_at=now() - HOUR)
    tables.add_contact(2, email=MAIL)
    assert [tables.dispose("marketing").gone for _ in range(2)] == [0, 1]
    assert len(listed_at(tables)) == 1


def test_marketing_stops_for_whom_a_hold_keeps_that_came_after_the_plan(tables: TableWorld) -> None:
    tables.add_contact(1, email=MAIL, withdrawn_at=now() - HOUR)
    plan = tables.plan("marketing")
    tables.add_hold(category="marketing", place="contacts", item_id="1")
    assert execute_plan(tables.runtime, plan.plan_id, plan.digest).spared == {"legal_hold": 1}
    assert len(listed_at(tables)) == 1


def test_who_is_kept_and_can_not_be_read_holds_up_nobody(tables: TableWorld) -> None:
    tables.add_contact(1, email="mara(at)example.org", phone="030 901820", withdrawn_at=now() - HOUR)
    tables.add_contact(2, email=MAIL, withdrawn_at=now() - HOUR)
    tables.add_hold(category="marketing", place="contacts", item_id="1")
    assert tables.dispose("marketing").gone == 1
    assert len(listed_at(tables)) == 2


def test_nobody_is_listed_where_nothing_may_be_done(tables: TableWorld) -> None:
    tables.add_contact(1, email=MAIL, withdrawn_at=now() - HOUR)
    tables.add_hold(category="marketing", place="contacts", item_id="1")
    tables.dispose("marketing", dry_run=True)
    plan = tables.plan("marketing")
    tables.own_sql(
        "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES ('marketing', 'observe', 'a', 't')"
    )
    with pytest.raises(ModeError):
        execute_plan(tables.runtime, plan.plan_id, plan.digest)
    assert (listed_at(tables), noted(tables)) == ([], [])


def test_last_withdrawal_of_somebody_who_stays_lists_nobody(tables: TableWorld, tmp_path: Path) -> None:
    """It was answered since; the contact goes for another's entry."""
    contacts = TOLD_BY_A_FLAG.replace("is_withdrawn AS happened_consent_withdrawn", "created_at AS last_withdrawn_at")
    tables.remap(tmp_path / "answered", MAP, contacts=contacts)
    tables.add_contact(1, email=MAIL, withdrawn_at=now() - 5 * DAY, created_at=now() - 10 * DAY)
    tables.dispose("marketing")
    tables.add_contact(2, email=MAIL, phone="030 901820", created_at=now() - HOUR)
    assert tables.dispose("marketing").gone == 1
    assert len(listed_at(tables)) == 1


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"email": "MARA(AT)EXAMPLE(DOT)ORG"}, id="capitals"),
        pytest.param({"email": "max_at_example_org"}, id="between_strokes"),
        pytest.param({"phone": "mara@example.org"}, id="address_in_the_phone_column"),
        pytest.param({"email": "030 1234567"}, id="number_in_the_email_column"),
    ],
)
def test_a_withdrawal_told_in_a_way_that_nobody_reads_stays(tables: TableWorld, told: dict[str, str]) -> None:
    tables.add_contact(1, withdrawn_at=now() - HOUR, **told)
    with pytest.raises(PartlyFailedError):
        tables.dispose("marketing")
    assert tables.ids("contacts", "contact_id") == {"1"}
