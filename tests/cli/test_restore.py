"""After a restore, by whatever means, nothing is deleted until a second person has confirmed that no hold is missing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.cli.conftest import as_json
from tests.ledger_world import as_superuser
from tests.world import DAY, World
from typer.testing import CliRunner

from retention.backup.client_tools import connection_of, tools_for
from retention.cli import app
from retention.connections import Connection
from retention.evidence.signing import FILE_VARIABLE, VARIABLE, Signer

Run = Callable[..., dict[str, Any]]
BEN, ANNA = ("--by", "ben", "--reason", "drill"), ("--by", "anna", "--reason", "drill")


@pytest.fixture
def anchored(
    run: Run, world: World, locked_bucket: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    """A signing key and a locked bucket, connected."""
    file = tmp_path / "signing.key"
    file.write_text(Signer.new().to_pem(), encoding="ascii")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_ANCHOR", as_json(locked_bucket))
    return world


@pytest.fixture
def backup(run: Run, anchored: World, tmp_path: Path) -> Path:
    """A signed ledger with a hold, backed up."""
    run("hold", "add", "--tenant", "t1", "--approved-by", "ben", "--review", "2099-01-01T00:00:00Z", *ANNA)
    run("ledger", "sign")
    run("backup", "--out", str(tmp_path / "own.backup"))
    return tmp_path / "own.backup"


@pytest.fixture
def put_back(run: Run, backup: Path) -> Callable[[], dict[str, Any]]:
    """Restore the backup in the place of what is there; done by anna."""

    def restore() -> dict[str, Any]:
        asked = run("restore", str(backup), *ANNA, code=4)["message"]
        return run("restore", str(backup), "--replace", asked.split("--replace ")[1][:64], *ANNA)

    return restore


def test_a_restored_database_deletes_nothing_until_confirmed_and_resumed(
    run: Run, anchored: World, put_back: Callable[[], dict[str, Any]], settle: Callable[[], None]
) -> None:
    anchored.add_recording(age=40 * DAY, tenant="t2")
    settle()
    assert put_back()["confirmed"] is False
    for words in (["plan", "audio"], ["dispose", "audio"], ["resume", "--reason", "on"], ["ledger", "sign"]):
        assert "restored, not confirmed" in run(*words, code=4)["message"], words
    status = run("status", code=3)
    assert status["stopped"] and status["stopped_because"] == "restored, not confirmed"
    assert "restored, not confirmed" in CliRunner().invoke(app, ["status"]).stdout
    assert "restored, not confirmed" in run("summary")["text"]
    assert run("restore", "confirm", *ANNA, code=2)["error"] == "RequestError"  # who restored can't confirm
    done = run("restore", "confirm", *BEN)
    assert (done["holds"], done["lost_entries"], done["restored_by"]) == (1, 0, "anna")
    assert "resume" in run("dispose", "audio", code=4)["message"]
    run("resume", "--reason", "on")
    assert run("dispose", "audio")["gone"] == 1
    run("ledger", "sign")
    assert run("ledger", "verify")["first_bad"] is None


def test_the_report_says_that_nobody_confirmed(run: Run, put_back: Any, tmp_path: Path) -> None:
    put_back()
    run("report", "--out", str(tmp_path / "report.html"))
    text = (tmp_path / "report.html").read_text()
    assert "nobody has confirmed yet that no hold is missing" in text and "ob eine Löschsperre fehlt" in text


def test_an_old_backup_lost_holds_which_must_be_set_again(
    run: Run, anchored: World, put_back: Callable[[], dict[str, Any]]
) -> None:
    run("hold", "add", "--tenant", "t2", "--approved-by", "ben", "--review", "2099-01-01T00:00:00Z", *ANNA)
    run("ledger", "sign")
    put_back()
    assert run("ledger", "verify", code=1)["first_bad"] is not None
    refused = run("restore", "confirm", *BEN, code=4)["message"]
    assert "lost" in refused and "hold add" in refused
    run("hold", "add", "--tenant", "t2", "--approved-by", "ben", "--review", "2099-01-01T00:00:00Z", *ANNA)
    done = run("restore", "confirm", "--holds-set-again", *BEN)
    assert done["lost_entries"] > 0 and done["holds"] == 2 and done["proven_until"] is None
    run("ledger", "sign")
    proof = run("ledger", "verify")
    assert proof["first_bad"] is None and proof["anchors"]["lost"] == 1


def test_entries_that_nobody_signed_are_missed_by_what_was_replaced(
    run: Run, put_back: Callable[[], dict[str, Any]]
) -> None:
    run("hold", "add", "--tenant", "t2", "--approved-by", "ben", "--review", "2099-01-01T00:00:00Z", *ANNA)
    put_back()
    assert "lost" in run("restore", "confirm", *BEN, code=4)["message"]
    assert run("restore", "confirm", "--holds-set-again", *BEN)["lost_entries"] >= 1


def test_without_a_locked_bucket_somebody_has_to_vouch(
    run: Run, put_back: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back()
    monkeypatch.delenv("AIRFLOW_CONN_RETENTION_ANCHOR")
    assert "nothing outside" in run("restore", "confirm", *BEN, code=4)["message"]
    assert run("restore", "confirm", "--holds-set-again", *BEN)["lost_entries"] is None


def test_holds_that_differ_from_their_entries_are_not_confirmed(
    run: Run, world: World, put_back: Callable[[], dict[str, Any]]
) -> None:
    put_back()
    with as_superuser(world.own) as connection:
        connection.execute("DELETE FROM retention.holds")
    assert "hold add" in run("restore", "confirm", "--holds-set-again", *BEN, code=4)["message"]


def test_there_is_nothing_to_confirm_without_a_restore(run: Run) -> None:
    assert run("restore", "confirm", *BEN, code=2)["error"] == "RequestError"


@pytest.fixture
def by_hand(anchored: World) -> None:
    """The database restored with PostgreSQL's own programs, past the product."""
    target, environment = connection_of(anchored.own)
    tools = tools_for(18)
    dump = subprocess.run(
        [tools["pg_dump"], "--dbname", target], env=environment, capture_output=True, check=True
    ).stdout
    with psycopg.connect(anchored.own, autocommit=True) as connection:
        connection.execute("DROP SCHEMA inventory CASCADE")
        connection.execute("DROP SCHEMA retention CASCADE")
    command = [tools["psql"], "-q", "-v", "ON_ERROR_STOP=1", "--dbname", target]
    subprocess.run(command, input=dump, env=environment, capture_output=True, check=True)


@pytest.mark.usefixtures("by_hand")
def test_a_restore_by_hand_is_noticed(run: Run) -> None:
    assert "restored, not confirmed" in run("dispose", "audio", code=4)["message"]
    assert "restored, not confirmed" in run("resume", "--reason", "on", code=4)["message"]
    assert "--restored-by" in run("restore", "confirm", *BEN, "--holds-set-again", code=2)["message"]
    run("restore", "confirm", *BEN, "--holds-set-again", "--restored-by", "ben", code=2)
    run("restore", "confirm", *BEN, "--holds-set-again", "--restored-by", "anna")
    assert run("status", code=3)["stopped_because"].startswith("restore confirmed")
    run("resume", "--reason", "on")
    assert run("status", code=3)["stopped"] is False


def test_an_old_copy_of_the_disk_is_noticed_at_the_next_signing(run: Run, anchored: World, backup: Path) -> None:
    run("hold", "add", "--tenant", "t2", "--approved-by", "ben", "--review", "2099-01-01T00:00:00Z", *ANNA)
    run("ledger", "sign")
    with as_superuser(anchored.own) as connection:  # nothing inside says that it was there
        connection.execute("DELETE FROM retention.ledger WHERE seq > (SELECT min(size) FROM retention.tree_heads)")
        connection.execute("DELETE FROM retention.tree_heads WHERE size > (SELECT min(size) FROM retention.tree_heads)")
        connection.execute("DELETE FROM retention.holds WHERE tenant_id = 't2'")
    assert run("plan", "audio")["due"] == 0
    assert "old copy" in run("ledger", "sign", code=4)["message"]
    assert "restored, not confirmed" in run("dispose", "audio", code=4)["message"]
    assert "lost" in run("restore", "confirm", *BEN, "--restored-by", "anna", code=4)["message"]
    run("restore", "confirm", *BEN, "--restored-by", "anna", "--holds-set-again")
    run("ledger", "sign")
    assert run("ledger", "verify")["first_bad"] is None
