"""Canaries through every store of the sample's map: they go and stay on time, and a wrong one is a breach before any real one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.canaries.company import CATEGORIES, CanaryCompany, empty_company
from tests.verification.company import found
from tests.world import next_second, now

from retention.disposal.canaries.planting import plant_canaries
from retention.disposal.canaries.timing import rhythm_of
from retention.local.postgres_server import PostgresServer
from retention.local.s3_server import S3Server
from retention.policy.loader import load_policy
from retention.settings import INCLUDE
from retention.verification import CheckResult, Verdict

PLACES = {
    "call_recordings": "audio",
    "transcripts": "transcript",
    "calls": "transcript",
    "callers": "transcript",
    "crm_leads": "leads",
    "marketing_contacts": "marketing",
    "usage_events": "usage",
    "audit_log": "logs",
    "server_log_objects": "logs",
    "server_log_files": "logs",
}
IN_PARTITIONS = {"request_log": "logs"}
"""Where a canary is due with its partition, in days, and none is held."""
CANARY_KINDS = ("canary_late", "canary_lost", "canary_missing")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def company(
    postgres_server: PostgresServer, s3_server: S3Server, templates: tuple[str, str], tmp_path: Path
) -> Iterator[CanaryCompany]:
    with empty_company(postgres_server, s3_server, templates, tmp_path) as fresh:
        yield fresh


def wrong(result: CheckResult) -> dict[tuple[str, str], int]:
    """Of canaries, by kind and place; no check may have failed."""
    assert "check_failed" not in found(result)
    return {(one.kind, one.place): one.count for one in result.findings if one.kind in CANARY_KINDS}


def breaches(result: CheckResult) -> set[str]:
    return {one.kind for one in result.findings if one.severity == "breach"}


def test_canaries_go_and_stay_on_time(company: CanaryCompany) -> None:
    planted = plant_canaries(company.world.runtime())
    expected = dict.fromkeys(PLACES, 2) | {"call_recordings": 3} | dict.fromkeys(IN_PARTITIONS, 1)
    assert (planted.planted, planted.failed) == (expected, {})
    assert planted.not_planted == {"telephony_recordings": "kind"}

    again = plant_canaries(company.world.runtime())
    assert (again.planted, again.failed) == ({}, {})
    assert set(again.not_planted.values()) == {"kind", "not_yet"}

    # Late, one category after the other: the breach of a canary comes before that of anything real.
    for category in CATEGORIES:
        places = [place for place, of in PLACES.items() if of == category]
        due = company.canaries(places[0])[None]
        late = company.check(category, later=due["gone_by"] - due["planted_at"] + MINUTE)
        assert wrong(late) == {("canary_late", place): 1 for place in places}
        assert (late.verdict, breaches(late)) == (Verdict.BREACH, {"canary_late"})
        [said] = [one for one in late.findings if one.place == places[0] and one.kind == "canary_late"]
        assert said.detail["earliest_end"] == due["breach_at"].isoformat()
        assert said.detail["reasons"] == {"canary_late": 1}
        assert due["breach_at"] > late.as_of

    company.dispose()
    after = company.check(later=timedelta(hours=29))  # all that was due is gone, and would be late by now
    assert ("canary_late", "transcripts") not in wrong(after)
    at_last = company.check()
    assert (wrong(at_last), breaches(at_last)) == ({}, set())
    looked_at = {one.place: one.looked_at for one in at_last.checks if one.kind == "canary_late"}
    assert looked_at == expected

    _lose_what_is_held(company)
    lost = company.check()
    assert wrong(lost) == {
        ("canary_lost", place): 2 if place == "call_recordings" else 1
        for place in ("crm_leads", "call_recordings", "server_log_objects", "server_log_files")
    }
    [said] = [one for one in lost.findings if (one.kind, one.place) == ("canary_lost", "call_recordings")]
    assert said.detail["reasons"] == {"canary_held_and_gone": 1, "canary_consented_and_gone": 1}


def _lose_what_is_held(company: CanaryCompany) -> None:
    """Somebody deletes past every guard."""
    company.world.sql("DELETE FROM crm_leads")
    for bucket in (company.world.bucket, company.log_bucket):
        for one in company.world.s3.list_object_versions(Bucket=bucket)["Versions"]:
            company.world.s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    for path in (company.logs / "canary").glob("*.log"):
        path.unlink()


def test_held_canary_that_stays_after_its_hold_is_late(company: CanaryCompany) -> None:
    plant_canaries(company.world.runtime())
    company.dispose()
    held = company.canaries("crm_leads")["hold"]
    later = held["gone_by"] - held["planted_at"]
    assert ("canary_late", "crm_leads") not in wrong(company.check("leads", later=later - MINUTE))
    result = company.check("leads", later=later + MINUTE)
    assert wrong(result)["canary_late", "crm_leads"] == 1
    assert breaches(result) == {"canary_late"}


def test_consented_canary_goes_when_its_consents_end(company: CanaryCompany) -> None:
    """And is late where it doesn't: neither its own call's consents nor their end are those of another canary."""
    plant_canaries(company.world.runtime())
    consented = company.canaries("call_recordings")["consent"]
    next_second()  # the store's dates have whole seconds, and what came after the plan stays
    company.dispose()
    assert wrong(company.check("audio")) == {}
    later = company.check("audio", later=consented["gone_by"] - consented["planted_at"] + MINUTE)
    assert breaches(later) == {"canary_late"}
    [said] = [one for one in later.findings if one.kind == "canary_late"]
    assert said.detail["reasons"] == {"canary_late_after_hold": 1, "canary_late_after_consent": 1}
    company.world.sql("UPDATE consents SET ends_at = now() - interval '1 second'")
    company.dispose()
    left = company.check("audio", later=consented["gone_by"] - consented["planted_at"] + MINUTE)
    [said] = [one for one in left.findings if one.kind == "canary_late"]
    assert said.detail["reasons"] == {"canary_late_after_hold": 1}


def test_without_new_canaries_the_check_says_so(company: CanaryCompany) -> None:
    plant_canaries(company.world.runtime())
    company.dispose()
    due = company.canaries("marketing_contacts")[None]
    later = due["next_by"] - due["planted_at"]
    assert ("canary_missing", "marketing_contacts") not in wrong(company.check("marketing", later=later - MINUTE))
    assert wrong(company.check("marketing", later=later + MINUTE))["canary_missing", "marketing_contacts"] == 1


def test_canary_that_a_wide_hold_keeps_is_not_late(company: CanaryCompany) -> None:
    plant_canaries(company.world.runtime())
    company.world.add_hold(category="usage", ends_at=company.planted_at() + timedelta(days=10))
    result = company.check("usage", later=timedelta(hours=3))
    assert wrong(result) == {}
    assert "exception_hold" not in found(result)  # its promised end has not come


def test_nothing_is_planted_where_nothing_would_be_deleted(company: CanaryCompany) -> None:
    company.world.own_sql(
        "INSERT INTO retention.mode_changes (category, mode, changed_by, reason) VALUES ('logs', 'observe', 'anna', 'test')"
    )
    planted = plant_canaries(company.world.runtime())
    assert {place for place, why in planted.not_planted.items() if why == "mode"} == {
        place for place, category in (PLACES | IN_PARTITIONS).items() if category == "logs"
    }
    company.world.own_sql(
        "INSERT INTO retention.stop_changes (stopped, changed_by, reason) VALUES (true, 'anna', 'test')"
    )
    assert "stopped" in plant_canaries(company.world.runtime()).not_planted.values()


@pytest.mark.parametrize("category", CATEGORIES)
def test_disposal_that_ends_is_noticed_before_anything_real_is_late(category: str) -> None:
    """The worst case: it ends right after it took a canary, and the next one is planted as late as may be."""
    rule = load_policy(INCLUDE / "policies").rule(category)
    for start in rule.versions[-1].start_points:
        rhythm = rhythm_of(rule, start.event, now())
        if rhythm is None:
            continue
        times = rhythm.times(now(), is_kept=False)
        noticed_after = rhythm.every + (times.gone_by - times.stays_until)
        assert noticed_after < times.breach_at - times.stays_until
        held = rhythm.times(now(), is_kept=True)
        assert times.stays_until < times.gone_by < times.breach_at
        assert held.stays_until < held.gone_by < held.breach_at
