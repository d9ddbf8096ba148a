"""A check whose source is a replica: one that follows is as good as its primary, one that lags proves nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.verification.company import found
from tests.verification.conftest import postgres_connection
from tests.verification.records import SCHEMA, Records
from tests.verification.standby import Pair, standby_of_a_primary

from retention.verification import Verdict, replica


@pytest.fixture
def pair(records: Records, verifier: tuple[str, str], tmp_path: Path) -> Iterator[Pair]:
    """The records' source on a primary of its own, and the verifying connection on its standby."""
    with standby_of_a_primary(tmp_path) as servers:
        with psycopg.connect(servers.primary.conninfo(), autocommit=True) as connection:
            login = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE retention_verify")
            connection.execute("CREATE ROLE retention_verify")
            connection.execute(login.format(sql.Identifier(verifier[0]), sql.Literal(verifier[1])))
        records.source = servers.primary.conninfo()
        records.sql(SCHEMA)
        records.connections["company_db_verify"] = postgres_connection(  # type: ignore[index]
            "company_db_verify", servers.standby.conninfo(), verifier
        )
        yield servers


def test_a_replica_that_follows_is_read_and_one_that_lags_is_unknown(
    records: Records, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "LAG_ALLOWED", timedelta(seconds=1))
    records.customer("nord")
    records.lead("nord")
    pair.catch_up()
    time.sleep(1.1)  # the last commit is older than what a replica may be behind; but it is the last
    result = records.check("leads")
    assert (result.verdict, result.places_read, result.counts["parts"]) == (Verdict.COMPLIANT, ("leads",), 1)

    pair.ask("SELECT pg_wal_replay_pause()")
    records.lead("nord")  # written, received, and not to be seen
    pair.wait_for("SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()")
    _is_unknown(records)

    pair.ask("SELECT pg_wal_replay_resume()")
    pair.catch_up()
    assert records.check("leads").counts["parts"] == 2

    pair.primary.stop()  # all that was received has been replayed, but nobody knows what came since
    pair.wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_get_wal_receiver() AS r WHERE r.pid IS NOT NULL)")
    time.sleep(1.1)
    _is_unknown(records)


def _is_unknown(records: Records) -> None:
    result = records.check("leads")
    assert (result.verdict, result.places_read) == (Verdict.UNKNOWN, ())
    assert result.places_failed == {"leads": "ReplicaLags"}
    assert found(result) == {"replica_lags": 1}
    assert "behind its primary" in result.explanations["leads"]
