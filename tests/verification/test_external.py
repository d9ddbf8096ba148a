"""Copies that somebody else keeps: only the holder's attestation speaks for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.verification.company import found
from tests.verification.records import Records

MAP = """
system: vendors
owner: Procurement
connections:
  crm: {{kind: postgres, disposal: crm_db, verification: company_db_verify}}
places:
  vendor: {{kind: external, category: audio, role: processor, owner: Sales, holder: Telephony Ltd, what: copies of calls{rest}}}
"""
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attested_on", "expected", "verdict", "reads"),
    [
        pytest.param(None, {"external_unattested": 1}, "unknown", 0, id="never"),
        pytest.param("2025-10-01", {}, "compliant", 1, id="a_year_ends_this_day"),
        pytest.param("2025-09-30", {"attestation_old": 1}, "compliant", 1, id="a_day_older"),
        pytest.param("2026-10-01", {}, "compliant", 1, id="today"),
        pytest.param("2026-10-03", {"external_unattested": 1}, "unknown", 0, id="day_to_come"),
    ],
)
def test_copies_elsewhere_are_unknown_unless_attested_within_a_year(
    records: Records, attested_on: str | None, expected: dict[str, int], verdict: str, reads: int
) -> None:
    rest = (
        f", attestation: {{attested_on: {attested_on}, attested_by: Vendor, document: Annex 3}}" if attested_on else ""
    )
    records.write_map(MAP.format(rest=rest))
    result = records.check("audio", as_of=NOW - timedelta(hours=12) + timedelta(microseconds=reads - 1))
    assert (found(result), result.verdict, len(result.places_read)) == (expected, verdict, reads)
    assert len(result.places_failed) == 1 - reads
    if not reads:
        [finding] = result.findings
        assert "attestation" in finding.detail["explanation"]
