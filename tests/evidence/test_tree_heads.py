"""Signed tree heads: whatever is changed in a ledger that was signed is noticed, and nothing is signed over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger_world import as_superuser, rechain
from tests.world import World

from retention import database
from retention.database import OwnConnection
from retention.errors import EvidenceError, RequestError
from retention.evidence import ledger
from retention.evidence.entry import canonical
from retention.evidence.hashing import merkle_root
from retention.evidence.merkle_log import LedgerTree, ReadLedger, consistency, inclusion
from retention.evidence.merkle_proofs import proves_consistency, proves_inclusion
from retention.evidence.signing import PublicKeys, Signer, pem_of
from retention.evidence.signing_keys import keys_of, rotate
from retention.evidence.tree_head import TreeHead
from retention.evidence.tree_heads import BadHead, check_heads, heads_of, log_of, newest_head, sign_head

SIGNER = Signer.new()


@pytest.fixture
def own(world: World) -> Iterator[OwnConnection]:
    with database.connect(world.own) as connection:
        yield connection


@pytest.fixture
def signed(own: OwnConnection) -> OwnConnection:
    """Seven entries, the first of them the key's, signed after three and after seven."""
    for number in range(2):
        ledger.append(own, "note", {"n": number})
    sign_head(own, SIGNER)
    for number in range(4):
        ledger.append(own, "note", {"n": number})
    sign_head(own, SIGNER)
    return own


def check(own: OwnConnection) -> BadHead | None:
    return check_heads(LedgerTree.read(own), heads_of(own), log_of(own), keys_of(own))


def test_an_untouched_ledger_fits_all_its_heads(signed: OwnConnection) -> None:
    assert check(signed) is None
    assert [head.size for head in heads_of(signed)] == [3, 7]


CHANGES = [
    pytest.param("UPDATE retention.ledger SET body = '{\"n\":9}' WHERE seq = 2", 1, id="body"),
    pytest.param("UPDATE retention.ledger SET kind = 'other' WHERE seq = 5", 4, id="kind"),
    pytest.param("UPDATE retention.ledger SET at = at + interval '1 s' WHERE seq = 5", 4, id="instant"),
    pytest.param("DELETE FROM retention.ledger WHERE seq = 5", 4, id="removed"),
    pytest.param("DELETE FROM retention.ledger WHERE seq = 7", 4, id="truncated"),
    pytest.param(
        "UPDATE retention.ledger SET seq = CASE seq WHEN 4 THEN 105 ELSE 104 END WHERE seq IN (4, 5);"
        "UPDATE retention.ledger SET seq = seq - 100 WHERE seq > 100",
        4,
        id="reordered",
    ),
]


@pytest.mark.parametrize(("change", "first_bad"), CHANGES)
def test_a_change_is_noticed_even_when_the_chain_is_made_to_fit(
    world: World, signed: OwnConnection, change: str, first_bad: int
) -> None:
    with as_superuser(world.own) as connection:
        connection.execute(change.encode())
        rechain(connection)
    assert ledger.verify(signed).first_bad is None
    found = check(signed)
    assert found is not None and found.first_bad == first_bad


@pytest.mark.parametrize(("change", "first_bad"), CHANGES)
def test_nothing_is_signed_over_a_changed_ledger(
    world: World, signed: OwnConnection, change: str, first_bad: int
) -> None:
    with as_superuser(world.own) as connection:
        connection.execute(change.encode())
        rechain(connection)
    with pytest.raises(EvidenceError, match=f"entry {first_bad}: "):
        sign_head(signed, SIGNER)
    assert len(heads_of(signed)) == 2


def test_nothing_is_signed_over_a_broken_chain(world: World, own: OwnConnection) -> None:
    ledger.append(own, "note", {"n": 1})
    with as_superuser(world.own) as connection:
        connection.execute("UPDATE retention.ledger SET kind = 'other' WHERE seq = 1")
    with pytest.raises(EvidenceError, match="entry 1 of the ledger"):
        sign_head(own, SIGNER)


@pytest.mark.parametrize(
    "field",
    [
        pytest.param({"log": "0" * 64}, id="log"),
        pytest.param({"size": 6}, id="size"),
        pytest.param({"root": "0" * 64}, id="root"),
        pytest.param({"at": timedelta(seconds=1)}, id="at"),
        pytest.param({"key": "0" * 16}, id="key"),
        pytest.param({"signature": "A" * 86 + "=="}, id="signature"),
    ],
)
def test_each_field_of_a_head_is_signed(signed: OwnConnection, field: dict[str, Any]) -> None:
    head = newest_head(signed)
    assert head is not None
    changed = replace(head, at=head.at + field["at"]) if "at" in field else replace(head, **field)
    tree, keys = LedgerTree.read(signed), keys_of(signed)
    assert check_heads(tree, [head], log_of(signed), keys) is None
    assert check_heads(tree, [changed], log_of(signed), keys) is not None


def test_a_head_of_a_foreign_key_counts_for_nothing(signed: OwnConnection) -> None:
    head, foreign = newest_head(signed), Signer.new()
    assert head is not None
    forged = replace(head, key=foreign.key_id)
    forged = replace(forged, signature=foreign.sign(forged.statement))
    found = check_heads(LedgerTree.read(signed), [forged], log_of(signed), keys_of(signed))
    assert found is not None and "signature" in found.reason


def test_a_head_is_the_same_after_being_written_and_read(signed: OwnConnection) -> None:
    import json

    for head in heads_of(signed):
        assert TreeHead.from_fields(json.loads(head.to_json())) == head


@pytest.mark.parametrize("table", ["ledger", "tree_heads"])
def test_entries_and_heads_are_only_ever_added(world: World, signed: OwnConnection, table: str) -> None:
    for statement in (f"DELETE FROM retention.{table}", f"UPDATE retention.{table} SET at = now()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            signed.execute(statement.encode())


def test_another_key_signs_only_once_it_was_announced(signed: OwnConnection) -> None:
    new = Signer.new()
    with pytest.raises(EvidenceError, match=new.key_id):
        sign_head(signed, new)
    rotate(signed, SIGNER, new, by="Mira Example", reason="yearly rotation")
    sign_head(signed, new)
    with pytest.raises(EvidenceError, match=SIGNER.key_id):
        sign_head(signed, SIGNER)
    assert check(signed) is None


def test_a_key_that_nobody_handed_over_to_is_not_trusted(world: World, signed: OwnConnection) -> None:
    foreign = Signer.new()
    body = {
        "key": foreign.key_id,
        "public": pem_of(foreign.public),
        "signed_by": foreign.key_id,
        "replaces": SIGNER.key_id,
    }
    ledger.append(signed, "signing_key", body | {"signature": foreign.sign(canonical(body).encode())})
    assert keys_of(signed).keys.keys() == {SIGNER.key_id}
    last = newest_head(signed)
    assert last is not None
    head = replace(last, key=foreign.key_id)
    head = replace(head, signature=foreign.sign(head.statement))
    assert check_heads(LedgerTree.read(signed), [head], log_of(signed), keys_of(signed)) is not None


@pytest.mark.parametrize(("by", "reason"), [("", "because"), ("Mira Example", "")], ids=["nobody", "no_reason"])
def test_a_rotation_names_who_and_why(signed: OwnConnection, by: str, reason: str) -> None:
    with pytest.raises(RequestError):
        rotate(signed, SIGNER, Signer.new(), by=by, reason=reason)


@given(leaves=st.lists(st.binary(max_size=9), min_size=1, max_size=40), data=st.data())
def test_proofs_hold_for_what_they_prove_and_for_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    tree = LedgerTree()
    for leaf in leaves:
        tree.append_entry(leaf)
    size = data.draw(st.integers(1, len(leaves)))
    seq = data.draw(st.integers(1, size))
    root = tree.get_root(size)
    assert root == merkle_root(leaves[:size])
    proof = inclusion(tree, seq, size)
    assert proves_inclusion(leaves[seq - 1], seq, size, root, proof)
    assert not proves_inclusion(leaves[seq - 1] + b"!", seq, size, root, proof)
    assert not proves_inclusion(leaves[seq - 1], seq, size, bytes(32), proof)
    assert not proves_inclusion(leaves[seq - 1], seq + 1, size, root, proof)
    earlier = (seq, tree.get_root(seq))
    between = consistency(tree, seq, size)
    assert proves_consistency(earlier, (size, root), between)
    assert not proves_consistency((seq, bytes(32)), (size, root), between)
    assert not proves_consistency(earlier, (size, bytes(32)), between)


@pytest.mark.parametrize("proof", [None, [], {}, {"type": "inclusion"}, "text"], ids=str)
def test_what_is_no_proof_proves_nothing(proof: object) -> None:
    assert not proves_inclusion(b"", 1, 1, merkle_root([b""]), proof)


def test_keys_come_from_a_file_of_several(tmp_path: Any) -> None:
    one, other = Signer.new(), Signer.new()
    keys = PublicKeys.from_pem(pem_of(one.public) + "text between\n" + pem_of(other.public), "keys.pem")
    assert keys.fits(other.key_id, b"m", other.sign(b"m"))
    assert not keys.fits(one.key_id, b"m", other.sign(b"m"))
    assert Signer.from_pem(one.to_pem(), "key.pem").key_id == one.key_id


@pytest.mark.parametrize("text", ["", "nothing", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_a_file_without_a_usable_key_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"keys\.pem: found"):
        PublicKeys.from_pem(text, "keys.pem")
    with pytest.raises(RequestError, match=r"key\.pem: found no Ed25519 private key"):
        Signer.from_pem(text, "key.pem")


def test_a_key_that_was_replaced_hands_over_to_nobody(signed: OwnConnection) -> None:
    second, thief = Signer.new(), Signer.new()
    rotate(signed, SIGNER, second, by="Mira Example", reason="stolen")
    for replaces in (second.key_id, SIGNER.key_id, None):
        body = {"key": thief.key_id, "public": pem_of(thief.public), "signed_by": SIGNER.key_id, "replaces": replaces}
        ledger.append(signed, "signing_key", body | {"signature": SIGNER.sign(canonical(body).encode())})
    assert keys_of(signed).keys.keys() == {SIGNER.key_id, second.key_id}
    sign_head(signed, second)


def test_a_head_of_a_key_that_did_not_sign_then_counts_for_nothing(signed: OwnConnection) -> None:
    second = Signer.new()
    rotate(signed, SIGNER, second, by="Mira Example", reason="stolen")
    head = sign_head(signed, second)
    forged = replace(head, key=SIGNER.key_id)
    forged = replace(forged, signature=SIGNER.sign(forged.statement))
    found = check_heads(LedgerTree.read(signed), [forged], log_of(signed), keys_of(signed))
    assert found is not None and "did not sign then" in found.reason


@pytest.mark.parametrize(
    "body", [{}, {"key": "x", "public": None, "replaces": None, "signed_by": "x", "signature": None}], ids=str
)
def test_an_announcement_of_another_form_announces_nothing(own: OwnConnection, body: dict[str, Any]) -> None:
    ledger.append(own, "signing_key", body)
    sign_head(own, SIGNER)
    assert check(own) is None


def test_what_was_added_since_it_was_read_is_signed_too(signed: OwnConnection) -> None:
    read = ReadLedger(signed)
    added = ledger.append(signed, "note", {})
    head = sign_head(signed, SIGNER, read)
    assert (head.size, head.root) == (added.seq, LedgerTree.read(signed).get_root().hex())
    assert read.check == ledger.verify(signed)


def test_a_break_in_what_was_added_since_it_was_read_is_refused(signed: OwnConnection, world: World) -> None:
    read = ReadLedger(signed)
    added = ledger.append(signed, "note", {})
    with as_superuser(world.own) as connection:
        connection.execute("UPDATE retention.ledger SET body = '{}' || ' ' WHERE seq = %s", (added.seq,))
    with pytest.raises(EvidenceError, match=f"entry {added.seq} of the ledger"):
        sign_head(signed, SIGNER, read)
