"""What somebody should know of a table beyond its rows: times without a zone, and triggers on what goes."""

from __future__ import annotations

import pytest
from tests.verification.company import HOUR, found, reasons
from tests.verification.records import CHECKS, Records


@pytest.mark.parametrize(
    ("instant", "is_told"),
    [
        pytest.param("created_at", False, id="with_a_zone"),
        pytest.param("local_at::timestamptz", True, id="without_a_zone"),
        pytest.param("CAST(local_at AS timestamptz)", True, id="without_a_zone_by_standard_sql"),
        pytest.param("CAST(local_at AS date)::timestamptz", True, id="a_date"),
        pytest.param("coalesce(local_at, created_at)", True, id="without_a_zone_by_itself"),
        pytest.param("local_at AT TIME ZONE 'Europe/Berlin'", False, id="zone_named"),
        pytest.param("greatest(created_at, '2020-01-01 00:00:00+00'::timestamptz)", False, id="a_constant"),
    ],
)
def test_time_that_counts_as_utc_without_anybody_having_said_so_is_told(
    records: Records, instant: str, is_told: bool
) -> None:
    records.sql("ALTER TABLE contacts ADD local_at timestamp")
    text = CHECKS["contacts"].replace("created_at AS start_contact_created", f"{instant} AS start_contact_created")
    (records.datamap / "sql" / "contacts.sql").write_text(text, encoding="utf-8")
    records.contact("7", email="anna@example.com", age=HOUR)
    records.sql("UPDATE contacts SET local_at = created_at")
    result = records.check("marketing")
    assert (found(result), result.verdict) == ({"zoneless_time": 1} if is_told else {}, "compliant")


def test_triggers_that_run_when_rows_go_are_told(records: Records) -> None:
    records.sql("CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    for name, when, table in (
        ("keep", "BEFORE DELETE", "leads"),
        ("copy_note", "AFTER INSERT OR DELETE", "lead_notes"),
        ("stamp", "BEFORE UPDATE", "leads"),
        ("stamp", "BEFORE UPDATE", "usage_events"),
        ("off", "BEFORE DELETE", "leads"),
    ):
        records.sql(f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION note()")
    records.sql("ALTER TABLE leads DISABLE TRIGGER off")
    result = records.check("leads")
    assert (found(result), result.verdict) == ({"trigger_on_disposal": 2}, "compliant")
    assert set(reasons(result, "trigger_on_disposal")) == {"crm.leads.keep", "crm.lead_notes.copy_note"}
    assert set(reasons(records.check("usage"), "trigger_on_disposal")) == {"crm.usage_events.stamp"}
