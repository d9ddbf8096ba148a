"""What the check rests on in our own database: the ledger's chain, and the holds that it names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger_world import as_superuser, rechain
from tests.verification.company import DAY, HASHER, Company, found, reasons

from retention.database import connect
from retention.evidence import ledger
from retention.evidence.holds import HoldScope, add_hold, approve_hold, end_hold
from retention.evidence.merkle_log import LedgerTree
from retention.evidence.signing import Signer
from retention.evidence.tree_heads import newest_head, sign_head
from retention.verification import Verdict
from retention.verification.signed_heads import SignedHeads

AS_SUPERUSER = "ALTER TABLE retention.ledger DISABLE TRIGGER ALL"


def _set_hold(company: Company, approved_by: str | None = "compliance") -> None:
    with connect(company.own) as own:
        add_hold(
            own,
            HASHER,
            HoldScope(category="audio", tenant_id="nord"),
            reason="dispute",
            requested_by="legal",
            approved_by=approved_by,
            ends_at=company.now + 30 * DAY,
            review_at=None,
        )


def _hold_deleted(company: Company) -> None:
    company.own_sql("DELETE FROM retention.holds")


def _hold_cut_short(company: Company) -> None:
    company.own_sql("UPDATE retention.holds SET ends_at = now()")


def _hold_ended_without_an_entry(company: Company) -> None:
    company.own_sql("UPDATE retention.holds SET ended_at = now(), ended_by = 'x'")


def _approver_changed(company: Company) -> None:
    company.own_sql("UPDATE retention.holds SET approved_by = 'somebody'")


def _approver_taken_away(company: Company) -> None:
    company.own_sql("UPDATE retention.holds SET approved_by = NULL")


def _begins_tomorrow(company: Company) -> None:
    company.own_sql("UPDATE retention.holds SET effective_at = now() + interval '1 day'")


def _requester_changed(company: Company) -> None:
    company.own_sql("UPDATE retention.holds SET requested_by = approved_by")


def _widened(company: Company) -> None:
    company.own_sql("UPDATE retention.holds SET tenant_id = NULL")


def _meant_for_another(company: Company) -> None:
    company.own_sql("UPDATE retention.holds SET tenant_id = 'sued'")


def _began_earlier(company: Company) -> None:
    company.own_sql("UPDATE retention.holds SET effective_at = effective_at - interval '1 day'")


def _entry_changed(company: Company) -> None:
    company.own_sql(AS_SUPERUSER)
    company.own_sql("UPDATE retention.ledger SET body = replace(body, 'legal', 'other') WHERE seq = 1")


def _entry_cut_out(company: Company) -> None:
    company.own_sql(AS_SUPERUSER)
    company.own_sql("DELETE FROM retention.ledger WHERE seq = 1")


def _tail_cut_off(company: Company) -> None:
    company.own_sql(AS_SUPERUSER)
    company.own_sql("DELETE FROM retention.ledger WHERE seq = (SELECT max(seq) FROM retention.ledger)")


TAMPERING = [
    pytest.param(_hold_deleted, "holds_changed_behind_the_ledger", id="hold_deleted"),
    pytest.param(_hold_cut_short, "holds_changed_behind_the_ledger", id="hold_cut_short"),
    pytest.param(_hold_ended_without_an_entry, "holds_changed_behind_the_ledger", id="hold_ended_without_an_entry"),
    pytest.param(_approver_changed, "holds_changed_behind_the_ledger", id="approver_changed"),
    pytest.param(_approver_taken_away, "holds_changed_behind_the_ledger", id="approver_taken_away"),
    pytest.param(_begins_tomorrow, "holds_changed_behind_the_ledger", id="begins_tomorrow"),
    pytest.param(_requester_changed, "holds_changed_behind_the_ledger", id="requester_changed"),
    pytest.param(_widened, "holds_changed_behind_the_ledger", id="widened"),
    pytest.param(_meant_for_another, "holds_changed_behind_the_ledger", id="meant_for_another"),
    pytest.param(_began_earlier, "holds_changed_behind_the_ledger", id="began_earlier"),
    pytest.param(_entry_changed, "ledger_does_not_fit", id="entry_changed"),
    pytest.param(_entry_cut_out, "ledger_does_not_fit", id="entry_cut_out"),
    pytest.param(_tail_cut_off, "ledger_ends_too_early", id="tail_cut_off"),
]


@pytest.mark.parametrize(("tamper", "reason"), TAMPERING)
def test_changed_evidence_makes_the_verdict_unknown(
    company: Company, tamper: Callable[[Company], None], reason: str
) -> None:
    company.tenant("nord")
    _set_hold(company)
    with connect(company.own) as own:
        ledger.append(own, "note", {})
    assert company.check().verdict is Verdict.COMPLIANT
    tamper(company)
    result = company.check()
    assert reason in reasons(result, "evidence_changed")
    assert result.verdict is Verdict.UNKNOWN


def test_hold_that_was_ended_and_holds_again_is_no_evidence(company: Company) -> None:
    company.tenant("nord")
    _set_hold(company)
    [row] = company.own_sql("SELECT hold_id FROM retention.holds")
    with connect(company.own) as own:
        end_hold(own, row["hold_id"], ended_by="legal", reason="settled")
    company.own_sql("UPDATE retention.holds SET ended_at = NULL, ended_by = NULL")
    assert reasons(company.check(), "evidence_changed") == {"holds_changed_behind_the_ledger": 1}


def test_hold_that_is_recorded_twice_is_no_evidence(company: Company) -> None:
    """A second entry and an UPDATE would date a hold anew."""
    company.tenant("nord")
    _set_hold(company)
    [row] = company.own_sql("SELECT body FROM retention.ledger WHERE kind = 'hold_set'")
    later = json.loads(row["body"]) | {"ends_at": (company.now + 300 * DAY).isoformat()}
    with connect(company.own) as own:
        ledger.append(own, "hold_set", later)
    company.own_sql("UPDATE retention.holds SET ends_at = %s", company.now + 300 * DAY)
    assert reasons(company.check(), "evidence_changed") == {"holds_changed_behind_the_ledger": 1}


def test_hold_that_is_approved_twice_is_no_evidence(company: Company) -> None:
    """A second approval and an UPDATE would put another approver and another beginning in the first one's place."""
    company.tenant("nord")
    _set_hold(company)
    [row] = company.own_sql("SELECT hold_id FROM retention.holds")
    with connect(company.own) as own:
        ledger.append(own, "hold_approved", {"hold": row["hold_id"], "by": "somebody", "reason": "x"})
    company.own_sql("UPDATE retention.holds SET approved_by = 'somebody'")
    assert reasons(company.check(), "evidence_changed") == {"holds_changed_behind_the_ledger": 1}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"hold": "x", "ends_at": "soon"}', id="no_instant"),
        pytest.param('["hold"]', id="no_object"),
        pytest.param('{"hold": "x", "effective_at": "2026-01-01T00:00:00"}', id="no_offset"),
    ],
)
def test_entry_that_nobody_can_read_is_a_finding_and_ends_no_check(company: Company, body: str) -> None:
    company.tenant("nord")
    company.own_sql("SELECT retention.ledger_append('hold_set', %s)", body)
    assert reasons(company.check(), "evidence_changed") == {"holds_changed_behind_the_ledger": 1}


def test_hold_approved_as_it_should_be_is_no_finding(company: Company) -> None:
    company.tenant("nord")
    _set_hold(company, approved_by=None)
    [row] = company.own_sql("SELECT hold_id FROM retention.holds")
    with connect(company.own) as own:
        approve_hold(own, HASHER, row["hold_id"], approved_by="compliance", reason="checked")
    assert found(company.check()) == {}
    company.own_sql("UPDATE retention.holds SET effective_at = effective_at - interval '1 hour'")
    assert reasons(company.check(), "evidence_changed") == {"holds_changed_behind_the_ledger": 1}


def test_hold_without_an_entry_protects_and_is_a_finding(company: Company) -> None:
    company.tenant("nord")
    kept = company.recording("nord", 40 * DAY)
    company.hold_item(kept, recorded=False)
    result = company.check()
    assert found(result) == {"exception_hold": 1, "unrecorded_hold": 1}
    assert reasons(result, "unrecorded_hold") == {"no_ledger_entry": 1}
    assert result.verdict is Verdict.COMPLIANT


def test_hold_that_was_ended_as_it_should_be_is_no_finding(company: Company) -> None:
    company.tenant("nord")
    _set_hold(company)
    [row] = company.own_sql("SELECT hold_id FROM retention.holds")
    with connect(company.own) as own:
        end_hold(own, row["hold_id"], ended_by="legal", reason="settled")
    result = company.check()
    assert found(result) == {}
    [check] = [one for one in result.checks if one.kind == "evidence_changed"]
    assert (check.looked_at, check.success) == (3, True)


@pytest.fixture
def signed(company: Company) -> Company:
    """Its ledger has entries that were signed, and one more."""
    _set_hold(company)
    with connect(company.own) as own:
        sign_head(own, SIGNER)
        ledger.append(own, "note", {})
    return company


def _rewritten(company: Company) -> None:
    with as_superuser(company.own) as connection:
        connection.execute("UPDATE retention.ledger SET kind = 'other' WHERE seq = 2")
        rechain(connection)


def _cut_off(company: Company) -> None:
    with as_superuser(company.own) as connection:
        connection.execute("DELETE FROM retention.ledger WHERE seq > 1")


def _head_changed(company: Company) -> None:
    with as_superuser(company.own) as connection:
        connection.execute("UPDATE retention.tree_heads SET at = at - interval '1 hour'")


def _foreign_head(company: Company) -> None:
    with as_superuser(company.own) as connection, connect(company.own) as own:
        head, foreign = newest_head(own), Signer.new()
        assert head is not None
        forged = replace(head, key=foreign.key_id)
        connection.execute(
            "UPDATE retention.tree_heads SET key = %s, signature = %s", (forged.key, foreign.sign(forged.statement))
        )


SIGNER = Signer.new()


def test_a_ledger_that_was_signed_fits(signed: Company) -> None:
    result = signed.check()
    assert not found(result).keys() & {"evidence_changed", "evidence_unsigned"}


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        pytest.param(_rewritten, "signed_head_does_not_fit", id="rewritten"),
        pytest.param(_cut_off, "signed_head_does_not_fit", id="cut_off"),
        pytest.param(_head_changed, "signature_does_not_fit", id="head_changed"),
        pytest.param(_foreign_head, "signature_does_not_fit", id="foreign_key"),
    ],
)
def test_a_ledger_that_is_not_what_was_signed_is_found(
    signed: Company, tamper: Callable[[Company], None], reason: str
) -> None:
    tamper(signed)
    result = signed.check()
    assert result.verdict is Verdict.UNKNOWN
    assert reason in reasons(result, "evidence_changed")


@pytest.mark.parametrize("hours", [2, 4])
def test_entries_that_nobody_signed_for_hours_are_found(signed: Company, hours: int) -> None:
    with as_superuser(signed.own) as connection:
        connection.execute(
            "UPDATE retention.ledger SET at = at - make_interval(hours => %s) WHERE kind = 'note'", (hours,)
        )
        rechain(connection)
    assert found(signed.check()).get("evidence_unsigned", 0) == (1 if hours == 4 else 0)


@given(st.lists(st.binary(max_size=5), min_size=1, max_size=70))
def test_the_root_is_that_of_the_library(entries: list[bytes]) -> None:
    class Nothing:
        def execute(self, _query: str) -> Nothing:
            return self

        def fetchall(self) -> list[Any]:
            return []

    heads, tree = SignedHeads(cast("Any", Nothing())), LedgerTree()
    for entry in entries:
        heads.take({"kind": "note", "at": None}, entry)
        tree.append_entry(entry)
        assert heads._root() == tree.get_root()
