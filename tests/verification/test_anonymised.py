"""Rows that are anonymised instead of deleted: wholly, by halves, or not at all."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from tests.verification.company import DAY, MINUTE, found
from tests.verification.records import MAP, Records

GONE = ("192.0.2.0", "50% gone", None)
AGE = 14 * DAY


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(AGE, {}, id="ends_exactly"),
        pytest.param(AGE + timedelta(microseconds=1), {"past_cap": 1}, id="beyond_14_days"),
    ],
)
def test_usage_that_names_anybody_after_14_days_is_a_breach(
    records: Records, age: timedelta, expected: dict[str, int]
) -> None:
    records.usage(age)
    assert found(records.check("usage", as_of=records.now)) == expected


def test_wholly_anonymised_rows_are_no_items_any_more(records: Records) -> None:
    records.usage(400 * DAY, *GONE)
    records.usage(3 * DAY)
    result = records.check("usage", as_of=records.now)
    assert (found(result), result.counts["items"]) == ({}, 1)
    assert result.headroom["usage"].oldest_age_s == 3 * 86_400


@pytest.mark.parametrize(
    ("ip", "agent", "device", "expected"),
    [
        pytest.param("192.0.2.0", "Firefox", "phone", 1, id="first"),
        pytest.param("192.0.2.7", "50% gone", None, 1, id="all_but_one"),
        pytest.param("192.0.2.0", "50% gone", "phone", 1, id="what_should_be_null_is_not"),
        pytest.param("192.0.2.0", None, None, 1, id="text_is_null"),
        pytest.param(None, None, None, 0, id="all_are_null"),
        pytest.param("192.0.2.7", "50 gone", "nothing", 0, id="none"),
    ],
)
def test_half_anonymised_row_is_a_breach_at_any_age(
    records: Records, ip: str | None, agent: str | None, device: str | None, expected: int
) -> None:
    records.usage(MINUTE, ip, agent, device)
    result = records.check("usage", as_of=records.now)
    assert found(result) == ({"half_anonymised": 1} if expected else {})
    [check] = [one for one in result.checks if one.kind == "half_anonymised"]
    assert (check.looked_at, check.found) == (1, expected)


def test_half_anonymised_row_is_found_where_the_check_sql_leaves_it_out(records: Records) -> None:
    """A condition on one column alone would hide just those rows."""
    records.usage(MINUTE, ip="192.0.2.0")
    file = records.datamap / "sql" / "usage.sql"
    file.write_text(file.read_text(encoding="utf-8") + "WHERE ip <> '192.0.2.0'", encoding="utf-8")
    assert found(records.check("usage", as_of=records.now)) == {"half_anonymised": 1, "unseen_row": 1}


def test_old_row_that_is_half_anonymised_is_both(records: Records) -> None:
    records.usage(20 * DAY, ip="192.0.2.0")
    result = records.check("usage", as_of=records.now)
    assert found(result) == {"half_anonymised": 1, "past_cap": 1}


def test_columns_that_the_role_may_not_read_make_the_place_unknown(records: Records) -> None:
    records.usage(MINUTE)
    records.sql("REVOKE SELECT ON usage_events FROM retention_verify")
    records.sql("GRANT SELECT (event_no, tenant_id, at) ON usage_events TO retention_verify")
    assert dict(records.check("usage").places_failed) == {"usage": "42501"}


def test_rights_on_the_named_columns_are_enough(records: Records) -> None:
    records.usage(MINUTE)
    records.sql("ALTER TABLE usage_events ADD COLUMN secret text")
    records.sql("REVOKE SELECT ON usage_events FROM retention_verify")
    records.sql("GRANT SELECT (event_no, tenant_id, at, ip, agent, device) ON usage_events TO retention_verify")
    assert records.check("usage").places_read == ("usage",)


def test_text_that_the_column_can_not_hold_makes_the_place_unknown(records: Records) -> None:
    records.write_map(MAP.replace('ip: "192.0.2.0"', 'ip: "no address"'))
    records.usage(MINUTE)
    assert dict(records.check("usage").places_failed) == {"usage": psycopg.errors.InvalidTextRepresentation.sqlstate}
