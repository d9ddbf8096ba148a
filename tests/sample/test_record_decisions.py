"""What the shipped rules decide about rows of transcripts, leads, contacts, usage events and logs is what their cases expect."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.sample.stores import Stores
from tests.sample.table_facts import TABLES, decisions, is_anonymised

from retention.policy.facts import Basis, Decision
from retention.sample.record_cases import RECORD_CASES
from retention.sample.situation import RecordCase

CASES = [case for case in RECORD_CASES if case.place in TABLES]


@pytest.fixture(scope="module")
def decided(loaded: Stores) -> Mapping[str, Mapping[str, Decision]]:
    """By place and item."""
    return {name: decisions(loaded, place) for name, place in TABLES.items()}


@pytest.fixture(scope="module")
def records(loaded: Stores) -> Mapping[str, list[str]]:
    """By case, the items that show it."""
    found: dict[str, list[str]] = {}
    for name, item_id in loaded.rows("SELECT case_name, item_id FROM sample.records ORDER BY case_name, item_no"):
        found.setdefault(name, []).append(item_id)
    return found


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASES if case.name != "usage_anonymised"]
)
def test_every_row_of_the_case_gets_its_expected_decision(
    decided: Mapping[str, Mapping[str, Decision]], records: Mapping[str, list[str]], case: RecordCase
) -> None:
    found = [decided[case.place][item_id] for item_id in records[case.name]]
    assert {(one.status.value, one.basis is Basis.FALLBACK) for one in found} == {(case.expected, case.fallback)}
    assert len(found) == case.count


def test_anonymised_rows_are_no_items(loaded: Stores, records: Mapping[str, list[str]]) -> None:
    assert set(records["usage_anonymised"]) <= is_anonymised(TABLES["usage_events"], loaded.company)
    assert not set(records["usage_half_anonymised"]) & is_anonymised(TABLES["usage_events"], loaded.company)


@pytest.mark.parametrize("name", TABLES)
def test_nothing_but_named_cases_is_due(
    decided: Mapping[str, Mapping[str, Decision]], loaded: Stores, name: str
) -> None:
    of_customers_with_cases = {"transcripts", "calls", "callers"}
    named = {item_id for (item_id,) in loaded.rows("SELECT item_id FROM sample.records WHERE place = %s", name)}
    due = {item_id for item_id, decision in decided[name].items() if decision.disposable}
    assert name in of_customers_with_cases or due <= named
    assert due


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        pytest.param("transcript_contract_running", {"no_event"}, id="running"),
        pytest.param("transcript_contract_end_ahead", {"not_due"}, id="end_ahead"),
        pytest.param("transcript_contract_ended_before_it_began", {"no_event"}, id="nonsense"),
        pytest.param("transcript_newer_than_request", {"no_event"}, id="newer_than_request"),
        pytest.param("transcript_duty_running", {"statutory_duty"}, id="duty"),
        pytest.param("transcript_requested_4_days_ago", {"deletion_requested"}, id="requested"),
        pytest.param("call_with_duty_on_transcript", {"statutory_duty"}, id="duty_of_the_call"),
        pytest.param("caller_with_duty_on_transcript", {"statutory_duty"}, id="duty_of_the_caller"),
        pytest.param("lead_shorter_limit", {"contract_ended"}, id="shorter_limit"),
    ],
)
def test_decision_says_why(
    decided: Mapping[str, Mapping[str, Decision]], records: Mapping[str, list[str]], name: str, reasons: set[str]
) -> None:
    (place,) = {case.place for case in CASES if case.name == name}
    assert {decided[place][item_id].reason for item_id in records[name]} == reasons
