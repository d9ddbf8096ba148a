"""What every act of a person must say, and what its reason must not."""

from __future__ import annotations

import pytest

from retention.errors import RequestError
from retention.evidence.people import require_person_and_reason


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("asked by anna@example.org", id="address"),
        pytest.param("call +49 30 23125000 back", id="international_number"),
        pytest.param("Rückruf (030) 23 12 50 00", id="number_with_brackets"),
        pytest.param("0171/1234567", id="number_with_slash"),
    ],
)
def test_a_reason_that_names_somebody_is_refused(reason: str) -> None:
    with pytest.raises(RequestError, match="e-mail address or a telephone number") as refused:
        require_person_and_reason("legal", reason)
    assert reason not in str(refused.value)


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("dispute 4 O 123/26, hearing on 2026-12-01", id="case_and_date"),
        pytest.param("Frist bis 01.12.2026", id="german_date"),
        pytest.param("until 2026-12-01 and 2027-01-15", id="two_dates"),
        pytest.param("ticket OPS-20261123-0042", id="ticket"),
        pytest.param("1200 items of backlog", id="count"),
        pytest.param("INC 2026-00123, Az. 12 345/2024", id="case_numbers"),
        pytest.param("ticket 1234567890", id="long_number"),
        pytest.param("host 10.20.30.40 is down", id="machine"),
    ],
)
def test_a_reason_with_numbers_that_are_nobodys_is_taken(reason: str) -> None:
    require_person_and_reason("legal", reason)


@pytest.mark.parametrize(
    ("person", "reason"), [pytest.param(" ", "r", id="person"), pytest.param("p", " ", id="reason")]
)
def test_blank_is_missing(person: str, reason: str) -> None:
    with pytest.raises(RequestError, match="expected both"):
        require_person_and_reason(person, reason)


def test_a_stop_is_never_refused_for_its_words() -> None:
    require_person_and_reason("oncall", "call 030 23125000", is_urgent=True)
