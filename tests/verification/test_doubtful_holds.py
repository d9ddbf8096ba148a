"""Holds that may mean an item, and may not: disposal keeps it, and the check says that nobody can tell."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from tests.verification.company import DAY, PLACE, Company, Planted, found

from retention.verification import Verdict


@pytest.mark.parametrize("held", ["nord", "süd"])
def test_row_and_key_that_name_two_customers(company: Company, held: str) -> None:
    company.tenant("nord")
    company.tenant("süd")
    day = company.now - 40 * DAY
    company.recording("nord", 40 * DAY, key=f"recordings/süd/{day:%Y/%m/%d}/x.wav")
    company.hold(tenant_id=held)
    result = company.check()
    assert found(result) == {"kept_in_doubt": 1}
    assert result.verdict is Verdict.UNKNOWN


def test_item_named_by_the_hold_is_meant_whatever_its_key_says(company: Company) -> None:
    company.tenant("nord")
    day = company.now - 40 * DAY
    company.hold_item(company.recording("nord", 40 * DAY, key=f"recordings/süd/{day:%Y/%m/%d}/x.wav"))
    assert "kept_in_doubt" not in found(company.check())


def _without_call(company: Company) -> Planted:
    company.tenant("nord")
    planted = company.recording("nord", 40 * DAY)
    company.sql("UPDATE recordings SET call_id = NULL WHERE recording_id = %s", planted.recording_id)
    return planted


def test_row_without_its_call_could_be_anybodys(company: Company) -> None:
    _without_call(company)
    company.hold(person_id=str(uuid.uuid4()))
    result = company.check()
    assert found(result)["kept_in_doubt"] == 1
    assert "past_cap" not in found(result)


def test_call_without_a_caller_is_nobodys(company: Company) -> None:
    company.tenant("nord")
    planted = company.recording("nord", 40 * DAY)
    company.sql("UPDATE calls SET caller_id = NULL WHERE call_id = %s", planted.call_id)
    company.hold(person_id=str(uuid.uuid4()))
    assert found(company.check())["past_cap"] == 1


def test_sql_need_not_say_whether_a_person_is_known(company: Company) -> None:
    path = company.datamap / "sql" / "check_recordings.sql"
    path.write_text(path.read_text(encoding="utf-8").replace("AS person_known", "AS somebody"), encoding="utf-8")
    _without_call(company)
    company.hold(person_id=str(uuid.uuid4()))
    assert found(company.check())["past_cap"] == 1


MOVED = [
    pytest.param("bucket = 'elsewhere'", id="other_bucket"),
    pytest.param("object_key = 'old/x.wav'", id="other_prefix"),
    pytest.param("bucket = '', object_key = ''", id="nowhere"),
]


@pytest.mark.parametrize("change", MOVED)
def test_held_item_whose_row_leads_elsewhere_may_be_any_object_without_a_row(company: Company, change: str) -> None:
    company.tenant("nord")
    company.recording("nord", DAY)
    planted = company.recording("nord", 40 * DAY)
    company.hold_item(planted)
    company.sql(f"UPDATE recordings SET {change} WHERE recording_id = %s", planted.recording_id)
    result = company.check()
    assert found(result)["kept_in_doubt"] == 1
    assert "past_cap" not in found(result)


def _map_archive(datamap: Path) -> None:
    path = datamap / "company.yaml"
    text = path.read_text(encoding="utf-8")
    place = text[text.index("  call_recordings:") :]
    second = place.replace("call_recordings:", "archive:", 1).replace('"recordings/"', '"archive/"')
    second = second.replace("^recordings/", "^archive/")
    path.write_text(text + second, encoding="utf-8")


def test_hold_follows_its_item_to_another_place_of_the_same_table(company: Company) -> None:
    _map_archive(company.datamap)
    company.tenant("nord")
    day = company.now - 40 * DAY
    planted = company.recording("nord", 40 * DAY, key=f"archive/nord/{day:%Y/%m/%d}/x.wav")
    company.hold(place=PLACE, item_id=str(planted.recording_id))
    result = company.check()
    assert found(result) == {"exception_hold": 1}
    assert result.verdict is Verdict.COMPLIANT
