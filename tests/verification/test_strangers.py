"""What nobody mapped is counted where it is; what it is called may name somebody, and is not repeated."""

from __future__ import annotations

import json

import pytest
from tests.verification.company import DAY, PLACE, Company, found, reasons

from retention.verification import Verdict


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param("exports", id="word"),
        pytest.param("anna-beispiel", id="persons_name"),
        pytest.param("beispiel.anna", id="name_the_other_way_round"),
        pytest.param("mueller-immobilien", id="customers_name"),
        pytest.param("anna@example.com", id="address"),
    ],
)
def test_no_folder_is_named(company: Company, folder: str) -> None:
    company.put(f"{folder}/call.wav")
    result = company.check()
    assert [(one.kind, one.place) for one in result.findings] == [("unmapped_prefix", f"company_s3/{company.bucket}")]
    assert folder not in json.dumps(result.to_json())


def test_all_that_lies_outside_the_map_is_counted(company: Company) -> None:
    for key in ("exports/1.csv", "exports/2.csv", "tmp/x", "at-the-top.wav", "anna@example.com/x.wav"):
        company.put(key)
    result = company.check()
    [check] = [one for one in result.checks if one.kind == "unmapped_prefix"]
    assert (check.looked_at, check.found, check.success) == (5, 5, False)
    assert result.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("old-recordings", id="plain_name"),
        pytest.param("493023125000", id="telephone_number"),
        pytest.param("Anna Beispiel", id="persons_name"),
    ],
)
def test_bucket_that_nobody_knows_is_not_named(company: Company, said: str) -> None:
    company.tenant("nord")
    company.recording("nord", DAY, bucket=said, stored=False)
    company.recording("nord", DAY, key="old/x.wav", stored=False)
    result = company.check()
    assert reasons(result, "unmapped_row") == {"unknown bucket": 1, company.bucket: 1}
    assert said not in json.dumps(result.to_json())
    assert found(result, PLACE)["unmapped_row"] == 2


def test_bucket_that_the_store_lists_is_named(company: Company) -> None:
    company.tenant("nord")
    company.s3.create_bucket(Bucket="forgotten-recordings")
    try:
        company.recording("nord", DAY, bucket="forgotten-recordings", stored=False)
        assert reasons(company.check(), "unmapped_row") == {"forgotten-recordings": 1}
    finally:
        company.s3.delete_bucket(Bucket="forgotten-recordings")
