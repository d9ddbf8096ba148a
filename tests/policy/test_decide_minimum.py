"""Statutory minima: calendar years in Berlin, never early, never by a guess, never without the release."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.policy.situations import DAY, HOUR, TICK, decided, hold, item, rule, said, version

from retention.policy.facts import ItemFacts, Start, Status
from retention.policy.model import Minimum

# An invoice arose and is due to go after 30 days, were it not for the statute: 8 years and a released fiscal year.
INVOICES = rule(
    version(
        day=date(2020, 1, 1),
        minimum=Minimum(event="document_arose", years="P8Y", paragraph="§147 Abs. 3 AO", release="year_released"),
    )
)
AROSE = datetime(2025, 8, 15, 10, 0, tzinfo=UTC)
FREE = datetime(2033, 12, 31, 23, 0, tzinfo=UTC)  # 2034-01-01 00:00 in Berlin


def invoice(arose: datetime | None = AROSE, *, released: bool = True, **facts: object) -> ItemFacts:
    starts = {"document_arose": Start(arose, arose is not None), "year_released": Start(None, released)}
    return item(recorded=AROSE, starts=starts, **facts)


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        pytest.param(AROSE + DAY, Status.RETAIN, id="not_due_by_any_maximum"),
        pytest.param(datetime(2033, 12, 31, 12, 0, tzinfo=UTC), Status.KEPT_BY_MINIMUM, id="2033_12_31"),
        pytest.param(FREE - TICK, Status.KEPT_BY_MINIMUM, id="last_microsecond_of_2033_in_berlin"),
        pytest.param(FREE, Status.OVERDUE, id="2034_01_01_in_berlin"),
    ],
)
def test_invoice_of_2025_08_15_is_kept_until_2033_12_31(as_of: datetime, status: Status) -> None:
    assert decided(invoice(), as_of, by=INVOICES).status is status


@pytest.mark.parametrize(
    ("arose", "free"),
    [
        pytest.param(
            datetime(2025, 12, 31, 22, 59, 59, tzinfo=UTC),
            datetime(2033, 12, 31, 23, tzinfo=UTC),
            id="last_second_of_2025",
        ),
        pytest.param(
            datetime(2025, 12, 31, 23, 0, tzinfo=UTC), datetime(2034, 12, 31, 23, tzinfo=UTC), id="first_second_of_2026"
        ),
        pytest.param(datetime(2025, 1, 1, 0, 0, tzinfo=UTC), datetime(2033, 12, 31, 23, tzinfo=UTC), id="first_day"),
        pytest.param(datetime(2024, 2, 29, 12, 0, tzinfo=UTC), datetime(2032, 12, 31, 23, tzinfo=UTC), id="leap_day"),
    ],
)
def test_year_counts_in_berlin(arose: datetime, free: datetime) -> None:
    assert decided(invoice(arose), free - TICK, by=INVOICES).status is Status.KEPT_BY_MINIMUM
    assert decided(invoice(arose), free, by=INVOICES).disposable


LONG_AFTER = datetime(2060, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(invoice(released=False), id="never_released"),
        pytest.param(invoice(None), id="unknown_start"),
        pytest.param(invoice(None, evidence_at=AROSE - 3000 * DAY), id="unknown_start_with_other_evidence"),
        pytest.param(invoice(LONG_AFTER + DAY), id="start_in_the_future"),
        pytest.param(invoice(datetime.max.replace(tzinfo=UTC)), id="sentinel_9999_12_31"),
        pytest.param(item(recorded=AROSE), id="no_facts_about_it_at_all"),
    ],
)
def test_what_is_not_known_never_leads_to_deletion(facts: ItemFacts) -> None:
    assert said(decided(facts, LONG_AFTER, by=INVOICES))[::2] == ("kept_by_minimum", "statutory_minimum")


def test_minimum_goes_before_everything_else() -> None:
    facts = invoice(restricted=True)
    assert decided(facts, FREE - DAY, hold(), by=INVOICES).status is Status.KEPT_BY_MINIMUM


def test_minimum_counts_at_execution_not_at_planning() -> None:
    assert decided(invoice(), FREE - HOUR, by=INVOICES, now=FREE - TICK).status is Status.KEPT_BY_MINIMUM
    assert decided(invoice(), FREE - HOUR, by=INVOICES, now=FREE).disposable


def test_ambiguous_items_stay_after_the_minimum_too() -> None:
    assert decided(invoice(twins=2), FREE + timedelta(days=1), by=INVOICES).reason == "ambiguous"
