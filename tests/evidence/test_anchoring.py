"""Tree heads in a locked bucket: whoever rewrites our whole database is found out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.evidence.test_certificates_beside import note_check
from tests.ledger_world import anchor_connection, as_superuser, rechain
from tests.policy.situations import POLICIES
from tests.world import World

from retention import database
from retention.anchored_heads import PREFIX, anchor_heads
from retention.anchoring import AnchorCheck, check_anchors, prove_ledger, require_anchored
from retention.connections import Connection
from retention.database import OwnConnection
from retention.errors import EvidenceError, RequestError, StoppedError
from retention.evidence import ledger
from retention.evidence.controls import stop_of
from retention.evidence.merkle_log import LedgerTree
from retention.evidence.noted import note_checks
from retention.evidence.signing import Signer
from retention.evidence.signing_keys import keys_of
from retention.evidence.tree_heads import check_heads, heads_of, log_of, sign_head
from retention.local.s3_server import S3Server
from retention.notary import notarise
from retention.policy.loader import load_policy
from retention.stores.locked_bucket import LockedBucket

SIGNER = Signer.new()


@pytest.fixture
def own(world: World) -> Iterator[OwnConnection]:
    """Four entries, signed after two and after four."""
    with database.connect(world.own) as connection:
        for number in (1, 3):
            ledger.append(connection, "note", {"n": number})
            sign_head(connection, SIGNER)
        yield connection


@pytest.fixture
def locked(locked_bucket: Connection) -> LockedBucket:
    return LockedBucket(locked_bucket)


def check(own: OwnConnection, locked: LockedBucket) -> AnchorCheck:
    return check_anchors(own, LedgerTree.read(own), locked)


def test_each_head_is_written_once(own: OwnConnection, locked: LockedBucket) -> None:
    assert check(own, locked) == AnchorCheck(0, 2, None)
    assert [anchor_heads(own, locked) for _ in range(2)] == [2, 0]
    assert check(own, locked) == AnchorCheck(2, 0, None)
    sign_head(own, SIGNER)
    assert check(own, locked) == AnchorCheck(2, 1, None)


def test_a_ledger_that_was_rewritten_with_its_heads_and_key_is_found_out(
    world: World, own: OwnConnection, locked: LockedBucket
) -> None:
    anchor_heads(own, locked)
    forger = Signer.new()
    with as_superuser(world.own) as connection:
        connection.execute("DELETE FROM retention.ledger WHERE kind = 'signing_key'")
        connection.execute("DELETE FROM retention.tree_heads")
        connection.execute("UPDATE retention.ledger SET body = '{\"n\":9}' WHERE body = '{\"n\":3}'")
        rechain(connection)
    sign_head(own, forger)
    assert ledger.verify(own).first_bad is None
    assert check_heads(LedgerTree.read(own), heads_of(own), log_of(own), keys_of(own)) is None
    assert check(own, locked).bad is not None


def test_a_ledger_that_was_cut_off_is_found_out(world: World, own: OwnConnection, locked: LockedBucket) -> None:
    anchor_heads(own, locked)
    with as_superuser(world.own) as connection:
        connection.execute("DELETE FROM retention.ledger WHERE seq > 2")
        connection.execute("DELETE FROM retention.tree_heads WHERE size > 2")
    found = check(own, locked).bad
    assert found is not None and "ends before" in found.reason


def test_a_ledger_that_was_emptied_is_found_out(world: World, own: OwnConnection, locked: LockedBucket) -> None:
    anchor_heads(own, locked)
    with as_superuser(world.own) as connection:
        connection.execute("DELETE FROM retention.ledger")
        connection.execute("DELETE FROM retention.tree_heads")
    assert check(own, locked).bad is not None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[1]", id="no_object"),
        pytest.param(b'{"schema": "retention/tree-head/1"}', id="fields_missing"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_what_is_no_head_is_found(
    own: OwnConnection, locked: LockedBucket, locked_server: S3Server, body: bytes
) -> None:
    anchor_heads(own, locked)
    client: Any = locked_server.client()
    client.put_object(Bucket=locked.name, Key=f"{PREFIX}x.json", Body=body)
    client.close()
    assert check(own, locked).bad is not None


def test_nothing_is_written_to_a_bucket_without_lock(own: OwnConnection, s3_server: S3Server, bucket: Any) -> None:
    unlocked = LockedBucket(anchor_connection(s3_server, bucket.name))
    with pytest.raises(RequestError):
        anchor_heads(own, unlocked)
    assert unlocked.keys(PREFIX) == set()


def test_nothing_is_signed_over_a_ledger_that_contradicts_the_bucket(
    world: World, own: OwnConnection, locked: LockedBucket
) -> None:
    """Whoever owns our database, without any key, takes the heads away and changes what they were over."""
    policy, datamap = load_policy(POLICIES), world.datamap
    notarise(own, SIGNER, policy, datamap, locked)
    with as_superuser(world.own) as connection:
        connection.execute("DELETE FROM retention.tree_heads")
        connection.execute("UPDATE retention.ledger SET body = '{\"n\":9}' WHERE body = '{\"n\":3}'")
        rechain(connection)
    with pytest.raises(EvidenceError, match="lies in the locked bucket"):
        notarise(own, SIGNER, policy, datamap, locked)
    assert heads_of(own) == []
    with pytest.raises(StoppedError):
        notarise(own, SIGNER, policy, datamap, locked)


def test_a_foreign_object_in_the_bucket_is_refused_but_stops_no_deletion(
    world: World, own: OwnConnection, locked: LockedBucket, locked_server: S3Server
) -> None:
    anchor_heads(own, locked)
    client: Any = locked_server.client()
    client.put_object(Bucket=locked.name, Key=f"{PREFIX}x/99990101T000000.000000Z-9.json", Body=b"{}")
    client.close()
    with pytest.raises(EvidenceError, match="who writes there"):
        require_anchored(own, locked, LedgerTree.read(own))
    assert stop_of(own).value == "running"


def test_a_bucket_that_lost_its_lock_or_its_heads_proves_nothing(
    own: OwnConnection, locked: LockedBucket, s3_server: S3Server, bucket: Any
) -> None:
    anchor_heads(own, locked)
    assert check(own, locked).missing == 0
    with pytest.raises(RequestError, match="no object lock"):
        check(own, LockedBucket(anchor_connection(s3_server, bucket.name)))


def test_a_head_under_another_head_s_name_is_found(
    own: OwnConnection, locked: LockedBucket, locked_server: S3Server
) -> None:
    """It would hide that the head of that name is missing."""
    anchor_heads(own, locked)
    client: Any = locked_server.client()
    first, second = sorted(locked.keys(PREFIX))
    body = client.get_object(Bucket=locked.name, Key=first)["Body"].read()
    client.put_object(Bucket=locked.name, Key=second, Body=body)
    client.close()
    assert check(own, locked).bad is not None


def test_a_check_whose_result_was_changed_since_is_found(world: World, own: OwnConnection) -> None:
    note_check(own, 0, verdict="breach")
    assert note_checks(own) == 1
    assert prove_ledger(own, None).first_bad is None
    with as_superuser(world.own) as connection:
        connection.execute("UPDATE retention.check_runs SET verdict = 'compliant'")
    [noted] = own.execute("SELECT seq FROM retention.ledger WHERE kind = 'check'").fetchall()
    assert prove_ledger(own, None).first_bad == noted["seq"]
    with pytest.raises(EvidenceError, match="says something else"):
        note_checks(own)


def test_a_check_that_somebody_else_noted_is_found(own: OwnConnection) -> None:
    check_id = note_check(own, 0, verdict="breach")
    ledger.append(own, "check", {"check": check_id, "verdict": "compliant"})
    with pytest.raises(EvidenceError, match="says something else"):
        note_checks(own)


def test_an_entry_of_an_older_version_may_say_less_but_not_otherwise(own: OwnConnection) -> None:
    note_check(own, 0, verdict="breach")
    note_checks(own)
    [said] = [json.loads(row["body"]) for row in own.execute("SELECT body FROM retention.ledger WHERE kind = 'check'")]
    del said["started_at"]
    ledger.append(own, "check", said)
    assert note_checks(own) == 0
    ledger.append(own, "check", {"check": said["check"]})
    with pytest.raises(EvidenceError, match="says something else"):
        note_checks(own)
