"""Rows that must stay: whether they are gone, or only need no look any more; and consents of rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.history import rewrite
from tests.verification.company import DAY, HOUR, found, reasons
from tests.verification.records import MAP, Records

from retention.database import connect
from retention.evidence.hashing import ItemHasher


def _hold_all(records: Records) -> None:
    records.hold(category="leads")


def _hold_row(records: Records) -> None:
    [(lead,)] = records.sql("SELECT CAST(lead_id AS text) FROM leads")
    records.hold(place="leads", item_id=lead)


@pytest.mark.parametrize("protect", [_hold_all, _hold_row])
def test_held_row_that_vanished_is_found_until_the_hold_ends(
    records: Records, protect: Callable[[Records], None]
) -> None:
    records.customer("nord")
    records.lead("nord")
    protect(records)
    assert found(records.check("leads")) == {}
    assert found(records.check("leads")) == {}
    records.sql("DELETE FROM leads")
    for _ in range(2):
        result = records.check("leads")
        assert (found(result), result.verdict) == ({"protected_missing": 1}, "breach")
        assert reasons(result, "protected_missing") == {"was_there_before": 1}
    [hold] = records.own_sql("SELECT hold_id FROM retention.holds")
    records.own_sql("UPDATE retention.holds SET ended_at = now() WHERE hold_id = %s", hold["hold_id"])
    records.own_sql("SELECT retention.ledger_append('hold_ended', %s)", f'{{"hold": "{hold["hold_id"]}"}}')
    assert found(records.check("leads")) == {}


def test_row_that_needs_no_look_any_more_has_not_vanished(records: Records) -> None:
    records.customer("nord")
    records.lead("nord")
    records.hold(tenant_id="nord")
    records.check("leads")
    with connect(records.own) as own:
        rewrite(own, "DELETE FROM retention.holds")
    result = records.check("leads")
    assert "unexplained_gone" not in found(result)
    assert result.counts["parts"] == 1


def test_row_with_a_duty_that_vanished_is_found_until_the_duty_ends(records: Records) -> None:
    records.customer("nord")
    ids = [records.transcript("nord", duty="§257 HGB", duty_until=until) for until in (-DAY, None, timedelta(0))]
    records.check("transcript")
    records.sql("DELETE FROM transcripts WHERE transcript_id = ANY(%s)", [int(one) for one in ids])
    result = records.check("transcript")
    assert (found(result), result.verdict) == ({"protected_missing": 2}, "breach")
    with connect(records.own) as own:
        rewrite(own, "UPDATE retention.protected_items SET duty_until = now()")
    assert found(records.check("transcript")) == {}


def test_held_row_that_went_on_an_instruction_already_known_is_no_loss(records: Records) -> None:
    """As processor, the customer's word goes before our hold."""
    records.customer("nord", asked=HOUR)
    records.lead("nord")
    records.hold(tenant_id="nord")
    assert found(records.check("leads")) == {}
    records.sql("DELETE FROM leads")
    assert found(records.check("leads")) == {}


def test_rows_seen_under_another_hash_key_can_not_be_compared(records: Records) -> None:
    records.customer("nord")
    records.lead("nord")
    records.hold(tenant_id="nord")
    records.check("leads")
    result = records.check("leads", hasher=ItemHasher(bytes(range(1, 33))))
    assert (found(result), result.verdict) == ({"memory_lost": 1}, "unknown")


EXEMPT = [
    pytest.param("contract", {"exception_consent": 1}, id="contract_end_waits"),
    pytest.param("request", {"past_event": 1, "kept_without_reason": 1}, id="request_does_not"),
]


@pytest.mark.parametrize(("event", "expected"), EXEMPT)
def test_consent_of_all_parties_keeps_a_row_but_not_from_a_request(
    records: Records, event: str, expected: dict[str, int]
) -> None:
    text = (records.policies / "promises.yaml").read_text(encoding="utf-8")
    records.promise(text.replace("    duties: true\n", "    exemption: audio-consent\n"))
    records.customer("nord", contract_ended=31 * DAY, asked=4 * DAY if event == "request" else None)
    ids = [records.transcript("nord"), records.transcript("nord")]
    for party in ("caller", "customer"):
        records.sql("INSERT INTO agreements VALUES (%s, %s, %s, %s)", party, ids[0], party, records.ago(90 * DAY))
    result = found(records.check("transcript", as_of=records.now))
    result["past_event"] -= 1  # the other one
    assert {kind: count for kind, count in result.items() if count} == expected


def test_exempt_row_that_vanished_is_found_until_its_consent_ends(records: Records) -> None:
    text = (records.policies / "promises.yaml").read_text(encoding="utf-8")
    records.promise(text.replace("    duties: true\n", "    exemption: audio-consent\n"))
    records.customer("nord")
    transcript = records.transcript("nord")
    for party in ("caller", "customer"):
        records.sql("INSERT INTO agreements VALUES (%s, %s, %s, %s)", party, transcript, party, records.ago(90 * DAY))
    assert found(records.check("transcript")) == {}
    records.sql("DELETE FROM transcripts")
    assert found(records.check("transcript")) == {"protected_missing": 1}
    records.sql("UPDATE agreements SET ends_at = now() WHERE party = 'caller'")
    assert found(records.check("transcript")) == {}


def _checked_while_held(records: Records, age: timedelta = 100 * DAY) -> None:
    records.customer("nord")
    records.customer("sued", asked=HOUR)
    records.lead("nord", age)
    records.hold(tenant_id="nord")
    assert found(records.check("leads")) == {}


MISSING = {"protected_missing": 1}


@pytest.mark.parametrize(
    ("asked", "age", "expected"),
    [
        pytest.param(timedelta(0), 100 * DAY, {}, id="instructed_since_the_last_check"),
        pytest.param(5 * DAY, 100 * DAY, {}, id="instructed_before_and_entered_late"),
        pytest.param(5 * DAY, 3 * DAY, MISSING, id="instructed_before_the_row_arose"),
        pytest.param(-HOUR, 100 * DAY, MISSING, id="instruction_yet_to_come"),
        pytest.param(None, 100 * DAY, MISSING, id="another_customer_instructed"),
    ],
)
def test_held_row_that_went_between_checks_is_no_loss_if_its_customer_instructed_it(
    records: Records, asked: timedelta | None, age: timedelta, expected: dict[str, int]
) -> None:
    _checked_while_held(records, age)
    if asked is not None:
        records.sql("UPDATE customers SET asked_at = %s WHERE tenant_id = 'nord'", records.ago(asked))
    records.sql("DELETE FROM leads")
    for _ in range(2):
        assert found(records.check("leads")) == expected


def test_instruction_that_came_after_the_row_was_missed_excuses_nothing(records: Records) -> None:
    _checked_while_held(records)
    records.sql("DELETE FROM leads")
    assert found(records.check("leads")) == MISSING
    records.sql("UPDATE customers SET asked_at = now()")
    assert found(records.check("leads")) == MISSING


def test_instruction_excuses_nothing_where_we_are_the_controller(records: Records) -> None:
    records.write_map(MAP.replace("role: processor", "role: controller"))
    _checked_while_held(records)
    records.sql("UPDATE customers SET asked_at = now()")
    records.sql("DELETE FROM leads")
    assert found(records.check("leads")) == MISSING


def test_instruction_excuses_nothing_that_a_duty_kept(records: Records) -> None:
    records.write_map(MAP.replace("category: transcript, role: controller", "category: transcript, role: processor"))
    records.customer("nord")
    records.transcript("nord", duty="§257 HGB")
    records.check("transcript")
    records.sql("UPDATE customers SET asked_at = now()")
    records.sql("DELETE FROM transcripts")
    assert found(records.check("transcript")) == MISSING


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        pytest.param("processor", {"protected_gone_unproven": 1}, id="processor"),
        pytest.param("controller", MISSING, id="controller"),
    ],
)
def test_where_nobody_can_look_for_an_instruction_a_loss_is_unknown_until_the_hold_ends(
    records: Records, role: str, expected: dict[str, int]
) -> None:
    text = MAP.replace(", check_requests: sql/lead_requests.sql", "").replace("role: processor", f"role: {role}")
    records.write_map(text)
    _checked_while_held(records)
    records.sql("DELETE FROM leads")
    for _ in range(2):
        result = records.check("leads")
        assert found(result) == expected
        assert result.verdict == ("unknown" if role == "processor" else "breach")
    [hold] = records.own_sql("UPDATE retention.holds SET ended_at = now() RETURNING hold_id")
    records.own_sql("SELECT retention.ledger_append('hold_ended', %s)", f'{{"hold": "{hold["hold_id"]}"}}')
    assert found(records.check("leads")) == {}


def test_requests_that_can_not_be_read_make_the_place_unknown(records: Records) -> None:
    (records.datamap / "sql" / "lead_requests.sql").write_text("SELECT 1 AS tenant_id", encoding="utf-8")
    records.customer("nord")
    result = records.check("leads")
    assert (dict(result.places_failed), result.verdict) == ({"leads": "42703"}, "unknown")


@pytest.mark.parametrize(
    "ended", [pytest.param(None, id="before_its_end"), pytest.param(31 * DAY, id="past_its_promised_end")]
)
def test_restricted_row_that_vanished_is_unknown_for_30_days(records: Records, ended: timedelta | None) -> None:
    """Restricted is kept, not deleted; that the restriction was lifted before, nobody can look up."""
    records.customer("nord", contract_ended=ended)
    records.lead("nord", restricted=True)
    kept = {} if ended is None else {"exception_restriction": 1}
    for _ in range(2):
        assert found(records.check("leads")) == kept
    records.sql("DELETE FROM leads")
    for _ in range(2):
        result = records.check("leads")
        assert (found(result), result.verdict) == ({"protected_gone_unproven": 1}, "unknown")
        assert reasons(result, "protected_gone_unproven") == {"restriction": 1}
    with connect(records.own) as own:
        rewrite(own, "UPDATE retention.protected_items SET missing_since = missing_since - interval '30 days'")
    for _ in range(2):
        assert found(records.check("leads")) == {}


def test_restriction_that_a_check_saw_lifted_lets_the_row_go(records: Records) -> None:
    records.customer("nord")
    records.lead("nord", restricted=True)
    records.check("leads")
    records.sql("UPDATE leads SET restricted = false")
    assert found(records.check("leads")) == {}
    records.sql("DELETE FROM leads")
    assert found(records.check("leads")) == {}


def test_row_that_waited_may_go(records: Records) -> None:
    records.customer("nord", contract_ended=31 * DAY)
    records.lead("nord", waits=True)
    records.check("leads")
    records.sql("DELETE FROM leads")
    assert found(records.check("leads")) == {}


def test_restricted_row_that_a_hold_kept_too_is_missing_while_that_holds(records: Records) -> None:
    records.customer("nord")
    records.lead("nord", restricted=True)
    records.hold(category="leads")
    records.check("leads")
    records.sql("DELETE FROM leads")
    assert found(records.check("leads")) == MISSING
    [hold] = records.own_sql("UPDATE retention.holds SET ended_at = now() RETURNING hold_id")
    records.own_sql("SELECT retention.ledger_append('hold_ended', %s)", f'{{"hold": "{hold["hold_id"]}"}}')
    assert found(records.check("leads")) == {"protected_gone_unproven": 1}


def test_what_belongs_to_a_restricted_row_is_restricted_with_it(records: Records) -> None:
    records.customer("nord")
    lead = records.lead("nord", restricted=True)
    for _ in range(2):
        records.sql("INSERT INTO lead_notes (lead_id) VALUES (%s)", lead)
    records.check("leads")
    records.sql("DELETE FROM lead_notes WHERE note_id = (SELECT min(note_id) FROM lead_notes)")
    assert found(records.check("leads")) == {"protected_shrunk": 1}
