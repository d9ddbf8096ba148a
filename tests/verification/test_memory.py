"""What an earlier check saw protected, and a later one can't look for, is never taken for unharmed."""

from __future__ import annotations

import psycopg
import pytest
from tests.verification.company import DAY, PLACE, Company, Planted, found, reasons

from retention.connections import postgres_conninfo
from retention.evidence.hashing import ItemHasher
from retention.verification import CheckResult, Verdict, verify

ANOTHER_KEY = ItemHasher(bytes(range(1, 33)))


def _check_under(company: Company, hasher: ItemHasher) -> CheckResult:
    return verify(
        ["audio"],
        resolve=company.connections.__getitem__,
        policies=company.policies,
        datamap=company.datamap,
        own_conninfo=postgres_conninfo(company.connections["retention_db_verify"]),
        hasher=hasher,
    )


def _protected(company: Company) -> Planted:
    company.tenant("nord")
    planted = company.recording("nord", 20 * DAY)
    company.both_consent(planted, 19 * DAY)
    assert company.check().verdict is Verdict.COMPLIANT
    return planted


def _lose(company: Company, planted: Planted) -> None:
    company.remove(planted.key)
    company.forget(planted)


def _rename(company: Company) -> None:
    path = company.datamap / "company.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"  {PLACE}:", "  recordings_of_calls:"), encoding="utf-8")


def test_changed_key_is_no_loss_and_no_proof(company: Company) -> None:
    _protected(company)
    result = _check_under(company, ANOTHER_KEY)
    assert found(result) == {"memory_lost": 1}
    assert reasons(result, "memory_lost") == {"hash_key_changed": 1}
    assert result.verdict is Verdict.UNKNOWN
    assert _check_under(company, ANOTHER_KEY).findings == ()


def test_loss_after_the_key_changed_is_found(company: Company) -> None:
    planted = _protected(company)
    _check_under(company, ANOTHER_KEY)
    _lose(company, planted)
    assert found(_check_under(company, ANOTHER_KEY)) == {"protected_missing": 1}


def test_changed_key_mends_no_loss_that_was_found(company: Company) -> None:
    planted = _protected(company)
    _lose(company, planted)
    assert found(company.check()) == {"protected_missing": 1}
    for _ in range(2):
        assert found(_check_under(company, ANOTHER_KEY)) == {"protected_missing": 1}


def test_check_of_before_the_key_was_noted_is_compared(company: Company) -> None:
    planted = _protected(company)
    company.rewrite("UPDATE retention.check_runs SET hash_key_id = NULL")
    _lose(company, planted)
    assert found(company.check()) == {"protected_missing": 1}


def test_renamed_place_hides_no_loss(company: Company) -> None:
    planted = _protected(company)
    _rename(company)
    _lose(company, planted)
    for _ in range(2):
        result = company.check()
        assert found(result, PLACE) == {"memory_lost": 1}
        assert reasons(result, "memory_lost") == {"place_left_the_map": 1}
        assert result.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("days", "kinds"),
    [pytest.param(29, {"memory_lost": 1}, id="29_days"), pytest.param(31, {}, id="31_days")],
)
def test_place_that_left_the_map_is_told_for_thirty_days(company: Company, days: int, kinds: dict[str, int]) -> None:
    _protected(company)
    _rename(company)
    company.rewrite(
        f"UPDATE retention.check_runs SET (started_at, as_of) = (started_at - interval '{days} days', "
        f"as_of - interval '{days} days')"
    )
    assert found(company.check(), PLACE) == kinds


def test_place_without_anything_protected_may_leave_the_map(company: Company) -> None:
    company.check()
    _rename(company)
    result = company.check()
    assert found(result) == {"place_dropped": 1}
    assert result.verdict is Verdict.COMPLIANT


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        pytest.param({"place": "voicemail", "item_id": "i1"}, "unknown_place", id="place"),
        pytest.param({"category": "videos", "tenant_id": "nord"}, "unknown_category", id="category"),
        pytest.param({"place": "voicemail", "item_id": "i1", "approved_by": None}, "unknown_place", id="unapproved"),
    ],
)
def test_hold_on_what_the_map_does_not_have_is_unknown(company: Company, scope: dict[str, str], reason: str) -> None:
    company.hold(**scope)  # type: ignore[arg-type]
    result = company.check()
    assert reasons(result, "hold_on_nothing") == {reason: 1}
    assert result.verdict is Verdict.UNKNOWN


def test_ended_hold_on_a_former_place_is_no_news(company: Company) -> None:
    company.end_hold(company.hold(place="voicemail", item_id="i1"))
    assert "hold_on_nothing" not in found(company.check())


def test_renamed_place_of_a_held_item_is_unknown(company: Company) -> None:
    company.tenant("nord")
    company.hold_item(company.recording("nord", 40 * DAY))
    company.check()
    _rename(company)
    result = company.check()
    assert {"hold_on_nothing", "memory_lost"} <= found(result).keys()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE retention.check_runs SET verdict = 'compliant'",
        "UPDATE retention.check_runs SET ledger_seq = NULL, ledger_head = NULL",
        "DELETE FROM retention.check_runs",
        "TRUNCATE retention.check_runs CASCADE",
        "UPDATE retention.findings SET severity = 'finding'",
        "DELETE FROM retention.findings",
        "TRUNCATE retention.findings",
    ],
)
def test_what_a_check_said_stays_as_it_was_said(company: Company, statement: str) -> None:
    company.check()
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        company.own_sql(statement)
