"""Our own records go once their time is over, none earlier, and each batch stands in the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.ledger_world import as_superuser
from tests.world import HASHER

from retention import database
from retention.database import OwnConnection
from retention.errors import PolicyError, RequestError, StoppedError
from retention.evidence import ledger
from retention.evidence.altered_holds import altered_holds
from retention.evidence.certificate import certify_customer
from retention.evidence.controls import set_stop
from retention.evidence.holds import read_holds
from retention.evidence.signing import Signer
from retention.evidence.tree_heads import sign_head
from retention.records.prune import prune
from retention.records.rules import PASSING, PRUNED, TABLES, WHOLE, load_records
from retention.settings import records_file
from retention.verification.hold_entries import compare_holds

RECORDS = load_records(records_file())
THIS_YEAR = datetime.now(UTC).year
OVER = datetime(THIS_YEAR - 4, 12, 31, 22, 59, tzinfo=UTC)
"""In the last minute of its year (Europe/Berlin), three full years ago."""
NOT_OVER = datetime(THIS_YEAR - 4, 12, 31, 23, 0, tzinfo=UTC)
"""A minute later, which is the next year there."""


@pytest.fixture
def records(own: str) -> Iterator[OwnConnection]:
    with database.connect(own) as connection:
        yield connection


def add(own: OwnConnection, at: datetime) -> None:
    """One of each record."""
    check = own.execute(
        "INSERT INTO retention.check_runs (check_run_id, started_at, finished_at, as_of, categories, verdict, policy_version, "
        "promises_digest, map_digest) VALUES (gen_random_uuid(), %(at)s, %(at)s, %(at)s, '{audio}', 'compliant', 'v', 'd', 'd') "
        "RETURNING check_run_id AS id",
        {"at": at},
    ).fetchone()
    assert check is not None
    own.execute(
        "INSERT INTO retention.findings (finding_id, check_run_id, kind, category, place, severity, count) "
        "VALUES ('f', %s, 'k', 'audio', 'p', 'finding', 1)",
        (check["id"],),
    )
    own.execute(
        "INSERT INTO retention.reports (report_id, check_run_id, created_at, verdict, document, html) "
        "VALUES (gen_random_uuid(), %s, %s, 'compliant', '{}', '')",
        (check["id"], at),
    )
    own.execute(
        "INSERT INTO retention.disposed_items (plan_id, batch_no, place, item_hash, key_id, category, outcome, trigger_at, "
        "gone_at) VALUES (gen_random_uuid(), 1, 'p', 'h', 'k', 'audio', 'gone', %(at)s, %(at)s)",
        {"at": at},
    )
    own.execute(
        "WITH p AS (INSERT INTO retention.plans (plan_id, run_id, category, coverage, as_of, planned_at, expires_at, "
        "requested_by, mode, state, rule_sentence, rule_digest, map_digest, policy_version) VALUES (gen_random_uuid(), "
        "gen_random_uuid(), 'audio', 'rows', %(at)s, %(at)s, %(at)s, 'anna', 'enforce', 'done', '', '', '', '') RETURNING "
        "plan_id) INSERT INTO retention.approvals (plan_id, digest, approved_by, reason) SELECT plan_id, 'd', 'ben', 'r' FROM p",
        {"at": at},
    )
    hold = own.execute(
        "INSERT INTO retention.holds (tenant_id, reason, requested_by, approved_by, effective_at, review_at, ended_at, ended_by) "
        "VALUES ('t1', 'r', 'anna', 'ben', %(at)s, %(at)s, %(at)s, 'anna') RETURNING hold_id AS id",
        {"at": at},
    ).fetchone()
    assert hold is not None
    said = {"hold": hold["id"], "requested_by": "anna", "approved_by": "ben", "effective_at": at, "review_at": at}
    ledger.append(own, "hold_set", said | {"scope": ["tenant_id"]})
    ledger.append(own, "hold_ended", {"hold": hold["id"], "by": "anna", "ended_at": at})


def note_all(own: OwnConnection) -> None:
    """As each check is noted when the ledger is signed."""
    for row in own.execute("SELECT check_run_id AS check FROM retention.check_runs").fetchall():
        ledger.append(own, "check", row)


def rows(own: OwnConnection) -> dict[str, int]:
    tables = ("check_runs", "findings", "reports", "disposed_items", "plans", "approvals", "holds")
    counted = {}
    for name in tables:
        row = own.execute(f"SELECT count(*) AS n FROM retention.{name}").fetchone()  # type: ignore[arg-type]
        counted[name] = row["n"] if row else -1
    return counted


def pruned(own: OwnConnection, **options: Any) -> dict[str, int]:
    return {one.record: one.rows for one in prune(own, RECORDS, by="anna", **options)}


def test_what_is_over_goes_and_what_is_a_minute_younger_stays(records: OwnConnection) -> None:
    for at in (OVER, NOT_OVER, datetime.now(UTC)):
        add(records, at)
    note_all(records)
    assert pruned(records) == dict.fromkeys(PRUNED, 1)
    assert rows(records) == dict.fromkeys(rows(records), 2)
    assert pruned(records) == dict.fromkeys(PRUNED, 0)


def test_every_table_of_ours_has_a_retention_rule(records: OwnConnection) -> None:
    """A migration that makes a table has to say how long it is kept."""
    found = records.execute(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'retention'::regnamespace AND relkind IN ('r', 'p') "
        "AND NOT relispartition"
    ).fetchall()
    named = [table for tables in TABLES.values() for table in tables]
    assert {row["name"] for row in found} - {"schema_version"} == set(named) and len(named) == len(set(named))
    assert set(TABLES) == set(RECORDS.records) == {*PRUNED, *WHOLE, *PASSING}


def test_each_batch_stands_in_the_ledger_which_stays_whole(records: OwnConnection) -> None:
    for _ in range(3):
        add(records, OVER)
    note_all(records)
    before = ledger.head(records).seq
    pruned(records, batch_rows=2)
    said = [
        json.loads(row["body"])
        for row in records.execute("SELECT body FROM retention.ledger WHERE kind = 'records_pruned'")
    ]
    assert [(one["record"], one["rows"]) for one in said if one["record"] == "disposed_items"] == [
        ("disposed_items", 2),
        ("disposed_items", 1),
    ]
    assert all(one["paragraph"] and one["keep"] == "P3Y" and one["by"] == "anna" for one in said)
    check = ledger.verify(records)
    assert (check.first_bad, check.entries) == (None, before + len(said))


def test_no_certificate_speaks_of_a_period_whose_records_have_gone(records: OwnConnection) -> None:
    add(records, OVER)
    pruned(records)
    sign_head(records, signer := Signer.new())
    head = sign_head(records, signer)
    with pytest.raises(RequestError, match="has gone in its time"):
        certify_customer(records, HASHER, head, "t1", OVER, datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(RequestError, match="nothing that went"):
        certify_customer(
            records, HASHER, head, "t1", NOT_OVER + timedelta(days=365), datetime.now(UTC) - timedelta(days=1)
        )


def test_holds_that_went_in_their_time_are_not_missed_and_others_are(own: str, records: OwnConnection) -> None:
    for at in (OVER, NOT_OVER):
        add(records, at)
    pruned(records)
    assert compare_holds(records, HASHER).changed == 0
    assert altered_holds(records, HASHER, read_holds(records), datetime.now(UTC)) == []
    with as_superuser(own) as connection:
        connection.execute("DELETE FROM retention.holds")
    assert compare_holds(records, HASHER).changed == 1


def test_an_entry_that_lets_go_of_young_holds_excuses_nothing(own: str, records: OwnConnection) -> None:
    add(records, NOT_OVER)
    ledger.append(records, "records_pruned", {"record": "holds", "before": datetime.now(UTC), "rows": 1})
    ledger.append(records, "records_pruned", {"record": "holds", "before": "soon"})
    with as_superuser(own) as connection:
        connection.execute("DELETE FROM retention.holds")
    assert compare_holds(records, HASHER).changed == 1


def test_a_check_that_the_ledger_has_not_noted_stays(records: OwnConnection) -> None:
    add(records, OVER)
    assert pruned(records)["checks"] == 0
    note_all(records)
    assert pruned(records)["checks"] == 1


def test_an_open_plan_and_a_hold_in_force_stay(records: OwnConnection) -> None:
    add(records, OVER)
    records.execute("UPDATE retention.plans SET state = 'executing'")
    records.execute("UPDATE retention.holds SET ended_at = NULL, review_at = now() + interval '1 day'")
    found = pruned(records)
    assert (found["plans"], found["holds"]) == (0, 0)


def test_nothing_goes_while_everything_is_stopped(records: OwnConnection) -> None:
    add(records, OVER)
    set_stop(records, True, changed_by="anna", reason="test")
    with pytest.raises(StoppedError):
        pruned(records)
    assert rows(records)["disposed_items"] == 1


@pytest.mark.parametrize("record", [*PRUNED, *WHOLE])
def test_the_database_itself_lets_nothing_younger_go(records: OwnConnection, record: str) -> None:
    add(records, datetime.now(UTC))
    with pytest.raises(psycopg.Error):
        records.execute("SELECT retention.prune_records(%s, now() - interval '2 years', 10)", (record,))


@pytest.mark.parametrize("table", ["check_runs", "findings"])
def test_what_a_check_said_stays_as_it_was_said(records: OwnConnection, table: str) -> None:
    add(records, NOT_OVER)
    records.execute("SET retention.pruning = 'on'")  # which anybody may say
    for statement in (f"DELETE FROM retention.{table}", f"TRUNCATE retention.{table} CASCADE"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            records.execute(statement)  # type: ignore[arg-type]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(old: str, new: str) -> Path:
        text = records_file().read_text(encoding="utf-8")
        assert old in text
        (tmp_path / "own.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
        return tmp_path / "own.yaml"

    return write


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("    keep: P3Y", "    keep: P2Y", "P3Y or more", id="too_short"),
        pytest.param("    keep: P3Y", "    keep: 3", "P8Y", id="bare_number"),
        pytest.param("    keep: P3Y", "    keep: whole", "a period", id="personal_data_for_ever"),
        pytest.param("keep: whole", "keep: P3Y", "whole", id="part_of_a_chain"),
        pytest.param("    keep: passing", "    keep: whole", "passing", id="working_memory_for_ever"),
        pytest.param("    keep: P3Y", "    keep: passing", "a period", id="evidence_that_goes_by_itself"),
        pytest.param("  checks:", "  cheques:", "no rule for checks", id="record_without_rule"),
        pytest.param(
            "    paragraph: Art. 5 (2), 17 GDPR; §§ 195, 199 BGB; § 31 OWiG\n", "", "paragraph", id="no_paragraph"
        ),
    ],
)
def test_a_rule_that_can_t_be_is_refused(written: Callable[[str, str], Path], old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        load_records(written(old, new))
