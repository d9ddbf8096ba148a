"""Rows as items: what is past an event, what must stay, and what nobody can tell, each at its boundary."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.verification.company import DAY, HOUR, MINUTE, found, reasons
from tests.verification.records import CHECKS, MAP, Records

MONTH = 30 * DAY
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        pytest.param(None, {}, id="contract_open"),
        pytest.param(MONTH - MINUTE, {}, id="within_30_days"),
        pytest.param(MONTH, {}, id="ends_exactly"),
        pytest.param(MONTH + TICK, {"past_event": 1}, id="beyond_30_days"),
        pytest.param(-90 * DAY, {}, id="ends_in_90_days"),
        pytest.param(timedelta(0), {}, id="ended_now"),
    ],
)
def test_leads_go_30_days_after_the_contract_ended(
    records: Records, ended: timedelta | None, expected: dict[str, int]
) -> None:
    records.customer("nord", contract_ended=ended)
    records.lead("nord")
    result = records.check("leads", as_of=records.now)
    assert found(result) == expected
    assert result.places_read == ("leads",)
    assert (result.counts["parts"], result.counts["items"]) == (1, 1)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(72 * HOUR, {}, id="ends_exactly"),
        pytest.param(72 * HOUR + TICK, {"past_event": 1}, id="beyond_72_hours"),
    ],
)
def test_leads_go_72_hours_after_the_instruction(records: Records, asked: timedelta, expected: dict[str, int]) -> None:
    records.customer("nord", asked=asked)
    records.lead("nord")
    result = records.check("leads", as_of=records.now)
    assert found(result) == expected
    if expected:
        assert reasons(result, "past_event") == {"instruction_received": 1}


def test_age_alone_ends_nothing_and_the_next_end_is_known(records: Records) -> None:
    records.customer("nord", contract_ended=-20 * DAY)
    records.customer("süd")
    records.lead("nord", 3000 * DAY)
    records.lead("süd", 4000 * DAY)
    result = records.check("leads", as_of=records.now)
    assert found(result) == {}
    room = result.headroom["leads"]
    assert room.next_deadline_at == records.now + 50 * DAY
    assert room.headroom_s == 50 * 86_400
    assert room.oldest_age_s == 4000 * 86_400


def test_without_any_event_nothing_ever_ends(records: Records) -> None:
    records.customer("nord")
    records.lead("nord")
    room = records.check("leads").headroom["leads"]
    assert (room.headroom_s, room.next_deadline_at) == (None, None)


@pytest.mark.parametrize(
    ("agreed", "ended", "expected"),
    [
        pytest.param("P7D", 7 * DAY, {}, id="shorter_ends_exactly"),
        pytest.param("P7D", 7 * DAY + TICK, {"past_event": 1}, id="beyond_shorter"),
        pytest.param("P60D", MONTH + TICK, {"past_event": 1}, id="longer_changes_nothing"),
    ],
)
def test_limit_agreed_with_one_customer_counts_for_its_rows_alone(
    records: Records, agreed: str, ended: timedelta, expected: dict[str, int]
) -> None:
    records.agree("nord", f"{{leads: [{{event: contract_ended, limit: {agreed}}}]}}")
    for tenant in ("nord", "süd"):
        records.customer(tenant, contract_ended=ended if tenant == "nord" else 29 * DAY)
        records.lead(tenant)
    result = records.check("leads", as_of=records.now)
    assert found(result) == expected
    assert result.counts["overdue_items"] == len(expected)


def test_agreements_are_part_of_what_the_digest_of_the_promises_covers(records: Records) -> None:
    records.customer("nord")
    before = records.check("leads").promises_digest
    records.agree("nord", "{leads: [{event: contract_ended, limit: P7D}]}")
    assert records.check("leads").promises_digest != before


HELD = [
    pytest.param("leads", "processor", {"past_event": 1, "kept_without_reason": 1}, id="processor"),
    pytest.param("leads", "controller", {"exception_hold": 1}, id="controller"),
]


@pytest.mark.parametrize(("category", "role", "expected"), HELD)
def test_instruction_goes_before_our_hold_where_we_are_the_processor(
    records: Records, category: str, role: str, expected: dict[str, int]
) -> None:
    records.write_map(MAP.replace("role: processor", f"role: {role}"))
    records.customer("nord", asked=73 * HOUR)
    records.lead("nord")
    records.hold(tenant_id="nord", effective_at=records.now - 20 * DAY)
    result = records.check(category, as_of=records.now)
    assert found(result) == expected
    if "kept_without_reason" in expected:
        assert reasons(result, "kept_without_reason") == {"request_goes_first": 1}


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({"tenant_id": "nord"}, id="customer"),
        pytest.param({"person_id": "anna"}, id="person"),
        pytest.param({"category": "leads"}, id="category"),
        pytest.param({"tenant_id": "nord", "person_id": "anna"}, id="customer_and_person"),
    ],
)
def test_hold_keeps_a_lead_past_the_end_of_its_contract(records: Records, scope: dict[str, str]) -> None:
    records.customer("nord", contract_ended=31 * DAY)
    records.lead("nord")
    records.hold(effective_at=records.now - 20 * DAY, **scope)
    assert found(records.check("leads", as_of=records.now)) == {"exception_hold": 1}


@pytest.mark.parametrize(
    ("known", "approved_by", "expected"),
    [
        pytest.param(False, "compliance", {"kept_in_doubt": 1, "owner_unknown": 1}, id="row_of_anybody"),
        pytest.param(
            True,
            "legal",
            {"past_event": 1, "kept_without_reason": 1, "invalid_hold": 1},
            id="approved_by_its_requester",
        ),
    ],
)
def test_hold_that_may_not_mean_a_row_or_holds_nothing_is_told_apart(
    records: Records, known: bool, approved_by: str, expected: dict[str, int]
) -> None:
    records.customer("nord", contract_ended=31 * DAY)
    records.lead("nord", person="anna" if known else None, person_known=known)
    records.hold(person_id="anna", approved_by=approved_by, effective_at=records.now - 20 * DAY)
    assert found(records.check("leads", as_of=records.now)) == expected


def test_hold_on_one_row_keeps_that_row_alone(records: Records) -> None:
    records.customer("nord", contract_ended=31 * DAY)
    held, _other = records.lead("nord"), records.lead("nord")
    records.hold(place="leads", item_id=held, effective_at=records.now - 20 * DAY)
    assert found(records.check("leads", as_of=records.now)) == {"exception_hold": 1, "past_event": 1}


@pytest.mark.parametrize(
    ("ended_ago", "expected"),
    [
        pytest.param(48 * HOUR, {}, id="time_to_delete_ends_exactly"),
        pytest.param(
            48 * HOUR + TICK, {"past_event", "kept_without_reason", "invalid_hold"}, id="beyond_time_to_delete"
        ),
    ],
)
def test_after_a_hold_ended_there_are_48_hours(records: Records, ended_ago: timedelta, expected: set[str]) -> None:
    records.customer("nord", contract_ended=40 * DAY)
    records.lead("nord")
    records.hold(tenant_id="nord", effective_at=records.now - 20 * DAY, ends_at=records.now - ended_ago)
    assert set(found(records.check("leads", as_of=records.now))) == set(expected)


def test_restricted_row_is_an_exception_until_the_instruction_too(records: Records) -> None:
    records.customer("nord", contract_ended=31 * DAY, asked=80 * HOUR)
    records.lead("nord", restricted=True)
    assert found(records.check("leads", as_of=records.now)) == {"exception_restriction": 1}


@pytest.mark.parametrize(
    ("duty", "until", "expected"),
    [
        pytest.param("§147 Abs. 3 AO", -DAY, {"exception_duty": 1}, id="in_force"),
        pytest.param("§147 Abs. 3 AO", None, {"exception_duty": 1, "duty_without_end": 1}, id="without_end"),
        pytest.param("  ", -DAY, {"past_event": 1}, id="without_paragraph"),
        pytest.param("§147 Abs. 3 AO", 48 * HOUR, {}, id="time_to_delete_ends_exactly"),
        pytest.param("§147 Abs. 3 AO", 48 * HOUR + TICK, {"past_event": 1}, id="beyond_time_to_delete"),
        pytest.param("§147 Abs. 3 AO", timedelta(0), {}, id="ends_now"),
    ],
)
def test_duty_on_one_row_keeps_it_even_from_a_request(
    records: Records, duty: str, until: timedelta | None, expected: dict[str, int]
) -> None:
    records.customer("nord", contract_ended=40 * DAY, asked=5 * DAY)
    records.transcript("nord", duty=duty, duty_until=until)
    result = records.check("transcript", as_of=records.now)
    assert {kind: count for kind, count in found(result).items() if kind != "past_event"} == {
        kind: count for kind, count in expected.items() if kind != "past_event"
    }
    assert ("past_event" in found(result)) == ("past_event" in expected)
    if "exception_duty" in expected:
        assert reasons(result, "exception_duty") == {"§147 Abs. 3 AO": 1}


def test_duty_where_the_promise_knows_none_keeps_nothing(records: Records) -> None:
    records.promise((records.policies / "promises.yaml").read_text(encoding="utf-8").replace("    duties: true\n", ""))
    records.customer("nord", contract_ended=40 * DAY)
    records.transcript("nord", duty="§147 Abs. 3 AO")
    assert found(records.check("transcript", as_of=records.now)) == {"past_event": 1}


def test_what_stands_where_a_paragraph_should_is_not_repeated(records: Records) -> None:
    records.customer("nord", contract_ended=40 * DAY)
    records.transcript("nord", duty="ask Anna Beispiel", duty_until=-DAY)
    result = records.check("transcript", as_of=records.now)
    assert reasons(result, "exception_duty") == {"a duty in other words": 1}


def test_customer_without_any_contract_known_is_unknown(records: Records) -> None:
    records.transcript("nobody")
    result = records.check("transcript", as_of=records.now)
    assert (found(result), result.verdict) == ({"event_unknown": 1}, "unknown")


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        pytest.param((None, 5 * DAY), {"fallback_dated": 1}, id="missing"),
        pytest.param((-2 * DAY, 5 * DAY), {"fallback_dated": 1, "future_dated": 1}, id="future"),
        pytest.param((20_000 * DAY, 5 * DAY), {"fallback_dated": 1}, id="before_1990"),
        pytest.param((3 * DAY, 5 * DAY), {"fallback_dated": 1}, id="contradicted"),
        pytest.param((4 * DAY, 5 * DAY), {}, id="a_day_later_is_none"),
    ],
)
def test_rows_are_dated_as_objects_are(
    records: Records, dates: tuple[timedelta | None, timedelta], expected: dict[str, int]
) -> None:
    records.customer("nord")
    records.lead("nord", dates[0], stored=dates[1])
    assert found(records.check("leads", as_of=records.now)) == expected


def test_usage_record_without_any_date_is_unknown(records: Records) -> None:
    records.usage(None)
    result = records.check("usage", as_of=records.now)
    assert (found(result), result.verdict) == ({"undated": 1, "fallback_dated": 1}, "unknown")


def test_rows_of_nobody_are_findings_counted_without_being_read(records: Records) -> None:
    records.customer("nord")
    records.lead(None)
    records.lead("nord", person_known=False)
    records.lead("nord", person_known=False)
    result = records.check("leads", as_of=records.now)
    assert found(result) == {"owner_unknown": 3}
    assert reasons(result, "owner_unknown") == {"no_tenant": 1, "no_person": 2}


def test_parts_that_outlived_their_rows_are_breaches_counted_by_table(records: Records) -> None:
    records.customer("nord")
    lead = records.lead("nord")
    records.sql("INSERT INTO lead_notes (lead_id) VALUES (%s), (gen_random_uuid()), (NULL)", lead)
    records.sql("INSERT INTO note_files (note_id) SELECT note_id FROM lead_notes")
    records.sql("INSERT INTO note_files (note_id) VALUES (999)")
    result = records.check("leads", as_of=records.now)
    assert (found(result), result.verdict) == ({"orphan_dependent": 3}, "breach")
    assert reasons(result, "orphan_dependent") == {"crm.lead_notes": 2, "crm.note_files": 1}
    [check] = [one for one in result.checks if one.kind == "orphan_dependent"]
    assert (check.looked_at, check.found) == (7, 3)


def test_rows_that_the_check_sql_leaves_out_are_unknown(records: Records) -> None:
    records.customer("nord")
    records.lead("nord")
    records.lead("süd")
    (records.datamap / "sql" / "leads.sql").write_text(CHECKS["leads"].replace("LEFT JOIN", "JOIN"), encoding="utf-8")
    result = records.check("leads", as_of=records.now)
    assert (found(result), result.verdict) == ({"unseen_row": 1}, "unknown")


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        pytest.param("leads", "LEFT JOIN crm.customers AS cust ON lead.tenant_id = cust.tenant_id",
                     "CROSS JOIN crm.customers AS cust", "RepeatedId", id="repeated_id"),
        pytest.param("leads", "lead.lead_id AS item_id", "CAST(NULL AS uuid) AS item_id", "RepeatedId", id="id_without_value"),
        pytest.param("leads", "cust.asked_at AS start_instruction_received,", "", "42703", id="event_missing"),
        pytest.param("leads", "lead.created_at AS", "CAST(lead.created_at AS date) AS", "WrongType", id="date_without_time"),
        pytest.param("leads", "AS evidence_at", "AS other", "42703", id="evidence_missing"),
        pytest.param("leads", "crm.leads", "crm.no_such_table", "42P01", id="no_table"),
    ],
)  # fmt: skip
def test_sql_that_can_not_be_trusted_makes_its_place_unknown(
    records: Records, file: str, old: str, new: str, code: str
) -> None:
    for tenant in ("nord", "süd"):
        records.customer(tenant)
    records.lead("nord")
    text = CHECKS[file].replace(old, new)
    assert text != CHECKS[file]
    (records.datamap / "sql" / f"{file}.sql").write_text(text, encoding="utf-8")
    result = records.check("leads", as_of=records.now)
    assert (dict(result.places_failed), result.verdict) == ({"leads": code}, "unknown")


def test_rows_that_a_policy_hides_make_their_place_unknown(records: Records) -> None:
    records.lead("nord")
    records.sql("ALTER TABLE leads ENABLE ROW LEVEL SECURITY")
    assert dict(records.check("leads").places_failed) == {"leads": "42501"}


@pytest.mark.parametrize("tenant", ["gone", "t ", "T"])
def test_row_of_a_customer_whom_nobody_knows_is_unknown(records: Records, tenant: str) -> None:
    known = CHECKS["leads"].replace("lead.tenant_id,", "lead.tenant_id, cust.tenant_id IS NOT NULL AS tenant_known,", 1)
    (records.datamap / "sql" / "leads.sql").write_text(known, encoding="utf-8")
    records.customer("t", contract_ended=DAY)
    records.lead("t")
    assert found(records.check("leads")) == {}
    records.lead(tenant)
    result = records.check("leads")
    assert (found(result), result.verdict) == ({"unknown_tenant": 1}, "unknown")


def test_agreement_with_a_customer_of_whom_there_is_nothing_is_found(records: Records) -> None:
    records.customer("acme-gmbh", contract_ended=DAY)
    records.lead("acme-gmbh")
    records.agree("acme_gmbh", "{leads: [{event: contract_ended, limit: P7D}]}")
    assert found(records.check("leads")) == {"agreement_binds_nobody": 1}
    assert found(records.check("usage")) == {}
    records.lead("acme_gmbh")
    assert found(records.check("leads")) == {}
