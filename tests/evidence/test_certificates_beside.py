"""What stands beside a certificate's entries: the check after the run, its rules, and the keys that sealed it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.evidence import test_certificates
from tests.evidence.test_certificates import SIGNER, of_run, wrong

from retention.database import OwnConnection
from retention.disposal.plan import PlanSummary
from retention.evidence.certificate import certify_run
from retention.evidence.entry import instant_text
from retention.evidence.merkle_log import LedgerTree, inclusion
from retention.evidence.noted import note_checks, note_documents
from retention.evidence.sealing import seal
from retention.evidence.signing import PublicKeys, Signer
from retention.evidence.signing_keys import keys_of, rotate
from retention.evidence.tree_head import TreeHead
from retention.evidence.tree_heads import sign_head

own, run = test_certificates.own, test_certificates.run


def note_check(own: OwnConnection, days_ago: int, categories: str = "{audio}", verdict: str = "compliant") -> str:
    check = str(uuid4())
    own.execute(
        "INSERT INTO retention.check_runs (check_run_id, started_at, finished_at, as_of, categories, verdict, policy_version, "
        "promises_digest, map_digest, inventory_digest) SELECT %s, at, at, at, %s, %s, 'x', 'x', 'x', 'x' "
        "FROM (SELECT now() - make_interval(days => %s) AS at) AS moment",
        (check, categories, verdict, days_ago),
    )
    return check


@pytest.mark.parametrize(
    ("days_ago", "categories", "counts"),
    [
        pytest.param(0, "{audio}", True, id="after_the_run"),
        pytest.param(1, "{audio}", False, id="before_the_run"),
        pytest.param(0, "{logs}", False, id="of_another_category"),
    ],
)
def test_the_check_beside_a_run_looked_after_it(
    own: OwnConnection, run: PlanSummary, days_ago: int, categories: str, counts: bool
) -> None:
    note_check(own, days_ago, categories)
    assert note_checks(own) == 1
    document = of_run(own, run)
    assert (document["beside"]["check_after"] is not None) is counts
    assert wrong(seal(document, SIGNER)) == []


def test_a_check_of_before_is_refused_beside_a_run(own: OwnConnection, run: PlanSummary) -> None:
    note_check(own, 1)
    note_checks(own)
    document = of_run(own, run)
    [entry] = own.execute("SELECT seq, at, kind, body, prev_hash FROM retention.ledger WHERE kind = 'check'").fetchall()
    head = TreeHead.from_fields(document["tree_head"])
    proof = inclusion(LedgerTree.read(own, head.size), entry["seq"], head.size)
    document["beside"]["check_after"] = {
        **entry, "at": instant_text(entry["at"]), "prev_hash": bytes(entry["prev_hash"]).hex(), "proof": proof
    }  # fmt: skip
    assert any("check_after" in one for one in wrong(seal(document, SIGNER)))


def test_the_rules_beside_a_run_are_its_own(own: OwnConnection, run: PlanSummary) -> None:
    note_documents(own, {"rules_digest": "of other rules"})
    assert of_run(own, run)["beside"]["documents"] is None
    [plan] = own.execute("SELECT rule_digest FROM retention.plans").fetchall()
    note_documents(own, {"rules_digest": plan["rule_digest"]})
    note_documents(own, {"rules_digest": "of other rules"})
    document = of_run(own, run)
    assert plan["rule_digest"] in document["beside"]["documents"]["body"]
    assert wrong(seal(document, SIGNER)) == []


def test_a_replaced_key_certifies_nothing_more(own: OwnConnection, run: PlanSummary) -> None:
    """Stolen, and replaced: what the thief seals is refused by whoever has the keys as we give them out."""
    second = Signer.new()
    sign_head(own, SIGNER)
    rotate(own, SIGNER, second, by="Mira Example", reason="stolen")
    head = sign_head(own, second)
    document = certify_run(own, head, run.plan_id)
    keys = PublicKeys.from_pem(keys_of(own).to_pem(), "keys.pem")
    assert wrong(seal(document, second), keys) == []
    assert any("had been replaced" in one for one in wrong(seal(document, SIGNER), keys))


def test_a_newer_key_seals_over_an_older_head(own: OwnConnection, run: PlanSummary) -> None:
    head, second = sign_head(own, SIGNER), Signer.new()
    rotate(own, SIGNER, second, by="Mira Example", reason="yearly")
    assert wrong(seal(certify_run(own, head, run.plan_id), second), keys_of(own)) == []
