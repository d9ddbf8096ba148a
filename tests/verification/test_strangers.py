"""What nobody mapped is named by its place, so that somebody can look there; nobody is named along with it."""

from __future__ import annotations

import pytest
from tests.verification.company import DAY, PLACE, Company, found, reasons

from retention.verification import Verdict
from retention.verification.strangers import MOST_FOLDERS, folder_of, named_bucket


@pytest.mark.parametrize(
    ("key", "folder"),
    [
        pytest.param("exports/2026/x.csv", "exports", id="word"),
        pytest.param("call-exports_2024.old/x", "call-exports_2024.old", id="words_and_a_year"),
        pytest.param("x.csv", None, id="no_folder"),
        pytest.param("/x.csv", None, id="empty"),
        pytest.param("anna@example.com/x", None, id="address"),
        pytest.param("+4930231250/x", None, id="telephone_number"),
        pytest.param("tel-030-23125/x", None, id="digits_of_a_number"),
        pytest.param("0d3adb33-90f1/x", None, id="digits_of_an_id"),
        pytest.param("Anna Beispiel/x", None, id="name"),
        pytest.param("a" * 41 + "/x", None, id="long"),
        pytest.param("exports\n/x", None, id="line_break"),
    ],
)
def test_only_a_plain_folder_name_is_said(key: str, folder: str | None) -> None:
    assert folder_of(key) == folder


@pytest.mark.parametrize(
    ("bucket", "said"),
    [
        pytest.param("old-recordings.2024", "old-recordings.2024", id="bucket"),
        pytest.param("Anna Beispiel", "no bucket's name", id="no_bucket_can_be_called_so"),
        pytest.param(None, "no bucket's name", id="none"),
    ],
)
def test_a_row_names_buckets_only(bucket: str | None, said: str) -> None:
    assert named_bucket(bucket) == said


def test_unmapped_folders_are_places_of_their_own(company: Company) -> None:
    for key in ("exports/1.csv", "exports/2.csv", "tmp/x", "at-the-top.wav", "anna@example.com/x.wav"):
        company.put(key)
    result = company.check()
    bucket = f"company_s3/{company.bucket}"
    assert {one.place: one.count for one in result.findings} == {f"{bucket}/exports": 2, f"{bucket}/tmp": 1, bucket: 2}
    [check] = [one for one in result.checks if one.kind == "unmapped_prefix"]
    assert (check.place, check.looked_at, check.found, check.success) == (bucket, 5, 5, False)
    assert result.verdict is Verdict.UNKNOWN


def test_a_folder_that_is_a_customers_id_is_not_named(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    company.put("nord/x.wav")
    assert found(company.check(), f"company_s3/{company.bucket}") == {"unmapped_prefix": 1}


def test_one_folder_each_per_customer_is_no_list_of_places(company: Company) -> None:
    for number in range(MOST_FOLDERS + 1):
        company.put(f"customer-{number}/x.wav")
    result = company.check()
    assert found(result) == found(result, f"company_s3/{company.bucket}") == {"unmapped_prefix": MOST_FOLDERS + 1}


def test_no_folder_is_named_while_the_rows_could_not_be_read(company: Company) -> None:
    company.put("exports/1.csv")
    company.sql("ALTER TABLE recordings ADD COLUMN note text DEFAULT 'x'")
    company.tenant("nord")
    company.recording("nord", DAY)
    path = company.datamap / "sql" / "check_recordings.sql"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("rec.recorded_at AS", "CAST(rec.note AS timestamptz) AS"), encoding="utf-8")
    assert found(company.check(), f"company_s3/{company.bucket}/exports") == {}


def test_rows_say_which_bucket_they_name(company: Company) -> None:
    company.tenant("nord")
    company.recording("nord", DAY, bucket="old-recordings", stored=False)
    company.recording("nord", DAY, bucket="old-recordings", stored=False)
    company.recording("nord", DAY, key="old/x.wav", stored=False)
    result = company.check()
    assert reasons(result, "unmapped_row") == {"old-recordings": 2, company.bucket: 1}
    assert found(result, PLACE)["unmapped_row"] == 3
