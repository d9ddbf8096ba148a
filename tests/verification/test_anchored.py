"""The ledger held against the locked bucket: a database that was rewritten whole shows there alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.ledger_world import anchor_connection, as_superuser, rechain
from tests.skewed_clock import skew
from tests.verification import test_trail
from tests.verification.company import DAY, HOUR, Company, found, reasons

from retention.anchored_heads import anchor_heads
from retention.connections import Connection
from retention.database import connect
from retention.errors import MissingConnection
from retention.evidence import ledger
from retention.evidence.signing import Signer
from retention.evidence.tree_heads import sign_head
from retention.local.s3_server import S3Server
from retention.stores.locked_bucket import LockedBucket
from retention.verification import Verdict
from retention.verification.anchored import NEWEST, Anchor, anchor_of

signed, SIGNER = test_trail.signed, test_trail.SIGNER


@pytest.fixture
def anchored(signed: Company, locked_bucket: Connection, locked_server: S3Server) -> tuple[Company, Anchor]:
    """The heads of a signed ledger lie in a locked bucket, which checks may read, and nothing else."""
    bucket = LockedBucket(locked_bucket)
    with connect(signed.own) as own:
        anchor_heads(own, bucket)
    return signed, Anchor(anchor_connection(locked_server, bucket.name, "verify"))


def _all_rewritten(company: Company) -> None:
    """Ledger, heads and keys: nothing inside of the database says so."""
    with as_superuser(company.own) as connection:
        connection.execute("DELETE FROM retention.tree_heads")
        connection.execute("DELETE FROM retention.ledger WHERE kind = 'signing_key'")
        rechain(connection)
    with connect(company.own) as own:
        sign_head(own, Signer.new())


def test_a_ledger_that_is_what_lies_in_the_locked_bucket_fits(anchored: tuple[Company, Anchor]) -> None:
    company, anchor = anchored
    result = company.check(anchor=anchor)
    assert not found(result).keys() & {"evidence_changed", "evidence_unanchored"}
    [check] = [one for one in result.checks if one.kind == "evidence_unanchored"]
    assert check.success


def test_a_database_that_was_rewritten_whole_is_found(anchored: tuple[Company, Anchor]) -> None:
    company, anchor = anchored
    _all_rewritten(company)
    assert "evidence_changed" not in found(company.check())
    result = company.check(anchor=anchor)
    assert result.verdict is Verdict.UNKNOWN
    assert reasons(result, "evidence_changed") == {"anchored_head_does_not_fit": 1}


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_what_a_restore_lost_is_no_change_once_it_was_confirmed(
    anchored: tuple[Company, Anchor], *, is_confirmed: bool
) -> None:
    company, anchor = anchored
    with as_superuser(company.own) as connection:
        connection.execute("DELETE FROM retention.tree_heads")
        connection.execute("DELETE FROM retention.ledger WHERE seq > 1")
    with connect(company.own) as own:
        ledger.append(own, "restore_confirmed", {"fits": 1 if is_confirmed else None})
    kinds = found(company.check(anchor=anchor))
    assert (kinds.get("evidence_changed", 0) > 0) is not is_confirmed
    assert (kinds.get("evidence_lost", 0) > 0) is is_confirmed  # told, as a restore can be claimed


def _restored(company: Company, bucket: LockedBucket, ago: timedelta, *, dated: timedelta, heads: int) -> None:
    """So long ago a restore lost what was signed, and so many heads were signed since; `dated` is what its confirmation says."""
    skew(company.own, -ago)
    with connect(company.own) as own:
        for number in range(2):
            ledger.append(own, "note", {"n": number})
        sign_head(own, SIGNER)
        anchor_heads(own, bucket)
    with as_superuser(company.own) as connection:
        connection.execute("DELETE FROM retention.tree_heads")
        connection.execute("DELETE FROM retention.ledger WHERE seq > 1")
    with connect(company.own) as own:
        ledger.append(own, "restore_confirmed", {"fits": 1})
    with as_superuser(company.own) as connection:
        connection.execute("UPDATE retention.ledger SET at = at - %s WHERE seq = 2", (dated,))
        rechain(connection)
    with connect(company.own) as own:
        for _ in range(heads):
            sign_head(own, SIGNER)
        anchor_heads(own, bucket)
    skew(company.own, timedelta(0))


@pytest.mark.parametrize(
    "heads", [pytest.param(1, id="then_not_signed"), pytest.param(NEWEST + 1, id="then_signed_for_more_than_a_day")]
)
@pytest.mark.parametrize(
    ("ago", "dated", "is_told"),
    [
        pytest.param(29, 29, True, id="day_29"),
        pytest.param(31, 31, False, id="day_31"),
        pytest.param(20, 10, True, id="dated_later_than_it_is"),
        pytest.param(20, -10, True, id="dated_ahead"),
    ],
)
def test_what_a_restore_lost_is_told_for_30_days(
    company: Company,
    locked_bucket: Connection,
    locked_server: S3Server,
    ago: int,
    dated: int,
    heads: int,
    *,
    is_told: bool,
) -> None:
    bucket = LockedBucket(locked_bucket)
    _restored(company, bucket, ago * DAY, dated=dated * DAY, heads=heads)
    result = company.check(anchor=Anchor(anchor_connection(locked_server, bucket.name, "verify")))
    assert found(result).get("evidence_lost", 0) == int(is_told)
    assert not found(result).keys() & {"evidence_changed", "evidence_unanchored"}


def test_heads_that_a_restore_lost_hide_none_that_is_not_anchored(
    company: Company, locked_bucket: Connection, locked_server: S3Server
) -> None:
    bucket = LockedBucket(locked_bucket)
    _restored(company, bucket, DAY, dated=DAY, heads=0)
    skew(company.own, -4 * HOUR)
    with connect(company.own) as own:
        sign_head(own, SIGNER)
    skew(company.own, timedelta(0))
    result = company.check(anchor=Anchor(anchor_connection(locked_server, bucket.name, "verify")))
    assert reasons(result, "evidence_unanchored") == {"anchor_lacks_heads": 1}


def _gone(bucket: Connection) -> Anchor:
    return Anchor(replace(bucket, extra={**bucket.extra, "service_config": {"s3": {"bucket_name": "no-such-bucket"}}}))


@pytest.mark.parametrize(
    ("anchor", "reason"),
    [
        pytest.param(_gone, "anchor_unreadable", id="no_bucket"),
        pytest.param(lambda bucket: Anchor(replace(bucket, extra={})), "anchor_unreadable", id="unnamed"),
        pytest.param(lambda _bucket: Anchor(None), "anchor_not_for_checks", id="not_for_checks"),
    ],
)
def test_a_locked_bucket_that_cannot_be_read_is_unknown(
    signed: Company, locked_bucket: Connection, anchor: Callable[[Connection], Anchor], reason: str
) -> None:
    result = signed.check(anchor=anchor(locked_bucket))
    assert result.verdict is Verdict.UNKNOWN
    assert reasons(result, "evidence_unanchored") == {reason: 1}


def test_what_is_no_head_in_the_locked_bucket_is_unknown(
    anchored: tuple[Company, Anchor], locked_bucket: Connection
) -> None:
    company, anchor = anchored
    until = datetime.now(UTC) + timedelta(minutes=1)
    LockedBucket(locked_bucket).write("tree-heads/0/9.json", "[]", until=until)
    assert reasons(company.check(anchor=anchor), "evidence_unanchored") == {"anchor_holds_foreign": 1}


def test_heads_that_were_signed_long_ago_and_are_not_anchored_are_unknown(
    signed: Company, locked_bucket: Connection
) -> None:
    assert "evidence_unanchored" not in found(signed.check(anchor=Anchor(locked_bucket)))
    with as_superuser(signed.own) as connection:
        connection.execute("UPDATE retention.tree_heads SET at = at - interval '4 hours'")
    result = signed.check(anchor=Anchor(locked_bucket))
    assert reasons(result, "evidence_unanchored") == {"anchor_lacks_heads": 1}


def test_the_bucket_for_checks_is_the_one_that_is_named_for_them(locked_bucket: Connection) -> None:
    def of(*names: str) -> Anchor | None:
        def resolve(name: str) -> Connection:
            if name not in names:
                raise MissingConnection(name)
            return locked_bucket

        return anchor_of(resolve)

    assert of() is None
    assert of("retention_anchor") == Anchor(None)
    assert of("retention_anchor", "retention_anchor_verify") == Anchor(locked_bucket)


def test_a_bucket_that_is_connected_no_more_is_unknown_for_a_week(anchored: tuple[Company, Anchor]) -> None:
    company, anchor = anchored
    company.check(anchor=anchor)
    for _ in range(2):  # an unknown one makes none of it known
        result = company.check()
        assert result.verdict is Verdict.UNKNOWN
        assert reasons(result, "evidence_unanchored") == {"anchor_not_connected": 1}
    with as_superuser(company.own) as connection:
        connection.execute("UPDATE retention.check_runs SET started_at = started_at - interval '8 days'")
    assert "evidence_unanchored" not in found(company.check())
