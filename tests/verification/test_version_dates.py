"""Each version is asked once for its own date, and judged by it in every check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
from tests.verification.company import DAY, Company, found, reasons

from retention.verification.listing import Bucket, Metadata
from retention.verification.walk import StoredEntry


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of all versions that the store was asked for."""
    keys: list[str] = []
    ask = Bucket.recorded_at

    def noting(self: Bucket, wanted: Sequence[StoredEntry]) -> list[datetime | Metadata]:
        keys.extend(one.key for one in wanted)
        return ask(self, wanted)

    monkeypatch.setattr(Bucket, "recorded_at", noting)
    return keys


def _orphan(company: Company, age_days: int) -> str:
    key = f"recordings/nord/{company.now:%Y/%m/%d}/{age_days}.wav"
    company.put(key, recorded_at=(company.now - age_days * DAY).isoformat())
    return key


def _without_date(company: Company) -> str:
    key = f"recordings/nord/{company.now:%Y/%m/%d}/none.wav"
    company.put(key)
    return key


def test_second_check_asks_for_new_versions_alone_and_judges_all(company: Company, asked: list[str]) -> None:
    company.tenant("nord")
    old, none = _orphan(company, 40), _without_date(company)
    before = company.check()
    assert sorted(asked) == sorted([old, none])
    asked.clear()
    new = _orphan(company, 50)
    after = company.check()
    assert asked == [new]
    assert (found(before)["past_cap"], found(after)["past_cap"]) == (1, 2)


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_date_beyond_what_can_be_read_in_utc_ends_no_check(company: Company, said: str) -> None:
    company.tenant("nord")
    _orphan(company, 40)
    company.put(f"recordings/nord/{company.now:%Y/%m/%d}/beyond.wav", recorded_at=said)
    first, second = company.check(), company.check()
    assert (first.verdict, found(first)) == (second.verdict, found(second))


def test_what_is_gone_is_forgotten(company: Company) -> None:
    company.tenant("nord")
    key = _orphan(company, 10)
    company.check()
    assert len(company.own_sql("SELECT place FROM retention.version_dates")) == 1
    company.remove(key)
    company.check()
    assert company.own_sql("SELECT place FROM retention.version_dates") == []


def test_what_lies_in_a_place_that_left_the_map_is_forgotten(company: Company) -> None:
    company.tenant("nord")
    _orphan(company, 10)
    company.check()
    path = company.datamap / "company.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("  call_recordings:", "  calls_recorded:"), encoding="utf-8"
    )
    company.check()
    assert {row["place"] for row in company.own_sql("SELECT place FROM retention.version_dates")} == {"calls_recorded"}


def test_object_that_can_be_overwritten_is_asked_each_time(company: Company, asked: list[str]) -> None:
    company.s3.put_bucket_versioning(Bucket=company.bucket, VersioningConfiguration={"Status": "Suspended"})
    company.tenant("nord")
    key = _orphan(company, 10)
    company.check()
    company.put(key, recorded_at=(company.now - 40 * DAY).isoformat())  # the same bytes, the same id
    assert found(company.check())["past_cap"] == 1
    assert asked == [key, key]


def test_refusal_is_not_remembered(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.tenant("nord")
    _orphan(company, 40)
    with monkeypatch.context() as patched:
        patched.setattr(Bucket, "recorded_at", lambda _self, wanted: [Metadata.REFUSED] * len(wanted))
        assert reasons(company.check(), "unreadable_place") == {"HeadObject refused": 1}
    assert found(company.check())["past_cap"] == 1
