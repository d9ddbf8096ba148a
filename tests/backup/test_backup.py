"""Our own database, backed up and restored: the whole of it or nothing, and everything stopped afterwards."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.ledger_world import as_superuser

from retention import database as own_database
from retention import locks
from retention.backup import dump
from retention.backup.archive import Manifest, read_archive
from retention.backup.client_tools import FOLDER, connection_of, tools_for
from retention.backup.dump import back_up
from retention.backup.restore import Restored, restore
from retention.errors import BlockedError, EvidenceError, RequestError, UnknownError
from retention.evidence import ledger
from retention.evidence.controls import Mode, set_mode, set_stop, stop_of
from retention.evidence.homes import is_at_home

ODD = "ä'\\\n$do$ \\restrict"
TABLES = ("ledger", "holds", "mode_changes", "homes")


def put_back(target: str, path: Path, replace: str | None = None) -> Restored:
    return restore(target, path, by="anna", reason="drill", replace=replace)


def contents(conninfo: str) -> dict[str, list[Any]]:
    with psycopg.connect(conninfo) as connection:
        return {
            name: connection.execute(f"SELECT * FROM retention.{name} ORDER BY 1").fetchall()  # type: ignore[arg-type]
            for name in TABLES
        }


@pytest.fixture
def backup(own: str, tmp_path: Path) -> Path:
    """A backup of three entries, a hold, and an open plan with an item."""
    with own_database.connect(own) as connection:
        for number in range(2):
            ledger.append(connection, "note", {"n": number, "text": ODD})
        set_mode(connection, "audio", Mode.ENFORCE, changed_by="ben", reason="test")
        connection.execute(
            "INSERT INTO retention.holds (tenant_id, reason, requested_by, review_at) VALUES ('t1', %s, 'anna', now())",
            (ODD,),
        )
        connection.execute(
            "WITH p AS (INSERT INTO retention.plans (plan_id, run_id, category, coverage, as_of, expires_at, requested_by, mode, "
            "state, rule_sentence, rule_digest, map_digest, policy_version) VALUES (gen_random_uuid(), 'r', 'audio', 'rows', "
            "now(), now(), 'anna', 'enforce', 'executing', '', '', '', '') RETURNING plan_id) "
            "INSERT INTO retention.plan_items (plan_id, batch_no, place, item_id, basis, reason, due_at, deadline_at) "
            "SELECT plan_id, 1, 'p', 'somebody', 'b', 'r', now(), now() FROM p"
        )
    back_up(own, tmp_path / "own.backup")
    return tmp_path / "own.backup"


def test_a_backup_comes_back_whole_and_stopped(own: str, backup: Path, database: str) -> None:
    done = put_back(database, backup)
    assert (done.manifest.entries, done.manifest.holds, done.replaced) == (3, 1, None)
    before, after = contents(own), contents(database)
    assert after["ledger"][:3] == before["ledger"]
    assert [row[2] for row in after["ledger"][3:]] == ["restored", "stop"]
    assert all(after[name] == before[name] for name in TABLES[1:])
    with own_database.connect(database) as connection:
        assert ledger.verify(connection).first_bad is None
        assert not is_at_home(connection)
        assert stop_of(connection).is_restored


def test_items_ids_are_in_no_backup_and_open_plans_are_over(backup: Path, database: str) -> None:
    assert b"somebody" not in backup.read_bytes()
    put_back(database, backup)
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT state FROM retention.plans").fetchall()
        assert rows == [("abandoned",)]
        assert connection.execute("SELECT count(*) FROM retention.plan_items").fetchone() == (0,)


def test_the_backup_is_for_its_owner_alone_and_replaces_no_file(own: str, backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    before = backup.read_bytes()
    with pytest.raises(RequestError, match="Nothing is replaced"):
        back_up(own, backup)
    assert backup.read_bytes() == before


def test_what_comes_after_the_snapshot_is_in_neither_dump_nor_manifest(
    own: str, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = dump._describe

    def describe(connection: Any) -> Manifest:
        manifest = described(connection)
        with own_database.connect(own) as other:
            ledger.append(other, "note", {"n": "meanwhile"})
        return manifest

    monkeypatch.setattr(dump, "_describe", describe)
    assert back_up(own, tmp_path / "b").entries == 0
    assert put_back(database, tmp_path / "b").manifest.entries == 0


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2_000])


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def rewritten(**changes: Any) -> Callable[[Path], None]:
    """Another manifest beside the same dump, without its digest made anew."""

    def change(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            dump, manifest = archive.read("retention.dump"), json.loads(archive.read("manifest.json"))
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("retention.dump", dump)
            archive.writestr("manifest.json", json.dumps(manifest | changes))

    return change


def no_backup(path: Path) -> None:
    path.write_text("not a backup")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(truncated, id="truncated"),
        pytest.param(cut_short, id="cut_short"),
        pytest.param(flipped, id="flipped"),
        pytest.param(rewritten(entries=2), id="manifest_changed"),
        pytest.param(no_backup, id="no_backup"),
        pytest.param(Path.unlink, id="missing"),
    ],
)
def test_a_damaged_backup_is_refused_before_anything_is_touched(
    own: str, backup: Path, damage: Callable[[Path], None]
) -> None:
    before = contents(own)
    with own_database.connect(own) as connection:
        head = ledger.head(connection).hash
    damage(backup)
    with pytest.raises(RequestError):
        put_back(own, backup, replace=head)
    assert contents(own) == before


def test_a_manifest_of_another_ledger_leaves_no_half_restore(own: str, backup: Path, database: str) -> None:
    manifest = read_archive(backup)
    other = json.loads(Manifest(**{**vars_of(manifest), "entries": 2}).to_json())
    rewritten(**other)(backup)
    with pytest.raises(UnknownError, match="another ledger"):
        put_back(database, backup)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regnamespace('retention')").fetchone() == (None,)
    with own_database.connect(own) as connection:
        head = ledger.head(connection).hash
    before = contents(own)
    with pytest.raises(UnknownError, match="another ledger"):
        put_back(own, backup, replace=head)
    assert contents(own) == before


def vars_of(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in Manifest.__slots__}


def test_what_is_there_is_replaced_only_by_its_name(own: str, backup: Path) -> None:
    with own_database.connect(own) as connection:
        head = ledger.append(connection, "note", {"n": "later"}).hash
    with pytest.raises(BlockedError, match=f"1 entries more than the backup.*--replace {head}"):
        put_back(own, backup)
    with pytest.raises(BlockedError):
        put_back(own, backup, replace="0" * 64)
    done = put_back(own, backup, replace=head)
    assert done.replaced is not None and (done.replaced.entries, done.replaced.head) == (4, head)
    with own_database.connect(own) as connection:
        assert ledger.head(connection).seq == 5  # three, the restore and the stop
        assert not is_at_home(connection)


def test_an_empty_database_has_nothing_to_replace(backup: Path, database: str) -> None:
    with pytest.raises(BlockedError):
        put_back(database, backup, replace="0" * 64)


def test_a_broken_ledger_is_not_backed_up(own: str, backup: Path, tmp_path: Path) -> None:
    with as_superuser(own) as connection:
        connection.execute("DELETE FROM retention.ledger WHERE seq = 2")
    with pytest.raises(EvidenceError):
        back_up(own, tmp_path / "broken")
    assert not (tmp_path / "broken").exists()


def test_a_backup_of_an_unknown_schema_is_refused(own: str, tmp_path: Path, database: str) -> None:
    with psycopg.connect(own) as connection:
        connection.execute("UPDATE retention.schema_version SET version_num = '9999'")
    back_up(own, tmp_path / "newer")
    with pytest.raises(RequestError, match="9999"):
        put_back(database, tmp_path / "newer")


def test_missing_client_programs_are_named(own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with pytest.raises(RequestError, match="postgresql-client-18"):
        back_up(own, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_programs_older_than_the_server_are_not_used() -> None:
    with pytest.raises(RequestError, match="PostgreSQL 999"):
        tools_for(999)


def test_no_password_stands_on_a_command_line() -> None:
    target, environment = connection_of("host=h dbname=d password=secret")
    assert "secret" not in target and environment["PGPASSWORD"] == "secret"


def test_resume_alone_ends_no_restore(backup: Path, database: str) -> None:
    put_back(database, backup)
    with own_database.connect(database) as connection:
        with pytest.raises(BlockedError, match="restore confirm"):
            set_stop(connection, False, changed_by="ben", reason="go on")
        with suppress(psycopg.Error):
            connection.execute(
                "INSERT INTO retention.stop_changes (stopped, changed_by, reason) VALUES (FALSE, 'ben', 'by hand')"
            )
        assert stop_of(connection).value == "stopped"


def test_a_restore_waits_for_a_running_batch_and_replaces_nothing_that_it_did_not_name(own: str, backup: Path) -> None:
    ended: list[BaseException | Restored] = []

    def replace(head: str) -> None:
        try:
            ended.append(put_back(own, backup, replace=head))
        except UnknownError as error:
            ended.append(error)

    with own_database.connect(own) as batch:
        batch.execute(f"SELECT pg_advisory_lock_shared({locks.RESULTS})")
        restoring = threading.Thread(target=replace, args=(ledger.head(batch).hash,))
        restoring.start()
        restoring.join(3)
        assert restoring.is_alive(), "the batch still runs"
        ledger.append(batch, "result", {"gone": 1})
        batch.execute(f"SELECT pg_advisory_unlock_shared({locks.RESULTS})")
    restoring.join(30)
    assert isinstance(ended[0], UnknownError) and "went on meanwhile" in str(ended[0])
    with own_database.connect(own) as connection:
        assert ledger.head(connection).seq == 4 and is_at_home(connection)
