"""The nightly backup, reached as in Airflow: both files are there, old ones go, and that none is made is seen."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.dags.test_steps import as_json
from tests.world import DAY, HASHER, World, now

from retention import database
from retention.backup import nightly
from retention.backup.archive import read_archive
from retention.backup.series import BACKUPS, LISTS
from retention.errors import EvidenceError
from retention.orchestration import backup_steps, words
from retention.replay.list_file import KEPT, read_header
from retention.reports.backups import read_backups

CONNECTION = "AIRFLOW_CONN_RETENTION_BACKUP"


@pytest.fixture
def folder(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A connected folder for backups; those of the sources are kept for 35 days."""
    made = tmp_path / "backups"
    made.mkdir()
    key = tmp_path / "hash.key"
    key.write_text(HASHER.key.hex(), encoding="ascii")
    monkeypatch.setenv("RETENTION_HASH_KEY_FILE", str(key))
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_DB", as_json(world.connections["retention_db"]))
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "fs", "extra": {"path": str(made), "kept": "P35D"}}))
    monkeypatch.delenv(KEPT, raising=False)
    return made


def warnings(world: World, at: datetime | None = None) -> tuple[str, ...]:
    with database.connect(world.own) as own:
        return read_backups(own, at or now()).warnings


def test_both_files_are_written_and_noted_and_the_warning_ends(world: World, folder: Path) -> None:
    assert len(warnings(world)) == 2 and all("none is known" in one for one in warnings(world))
    backup, listed = backup_steps.back_up("back_up"), backup_steps.export_list("back_up")
    assert {path.name for path in folder.iterdir()} == {backup["file"], listed["file"]}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    assert read_archive(folder / backup["file"]).entries == backup["counted"]
    assert read_header(folder / listed["file"], HASHER).backups_kept == "P35D"
    noted = world.own_sql("SELECT kind, counted, made_by FROM retention.copies ORDER BY kind")
    assert [tuple(row.values()) for row in noted] == [
        ("backup", 0, "airflow:back_up"),
        ("replay_list", 0, "airflow:back_up"),
    ]
    assert words.of_writing(listed, "items") == "0 items written"
    assert warnings(world) == ()
    assert len(warnings(world, now() + timedelta(hours=27))) == 2


@pytest.mark.parametrize("step", [backup_steps.back_up, backup_steps.export_list])
def test_without_a_folder_the_task_is_skipped_and_says_so(
    world: World, folder: Path, step: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    monkeypatch.delenv(CONNECTION)
    with pytest.raises(AirflowSkipException, match="NOTHING IS BACKED UP"):
        step("back_up")
    assert list(folder.iterdir()) == [] and len(warnings(world)) == 2


def test_how_long_backups_live_has_to_be_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "fs", "extra": {"path": str(folder)}}))
    with pytest.raises(AirflowFailException, match="no default"):
        backup_steps.back_up("back_up")


def test_what_is_over_goes_and_the_newest_never_does(tmp_path: Path) -> None:
    at = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    stamps = [at - days * DAY for days in (36, 35, 34)]
    for one in stamps:
        (tmp_path / f"retention-{one:%Y%m%dT%H%M%SZ}.backup").touch()
    others = (
        "replay-20200101T000000Z.list",
        "retention-20200101T000000Z.backup.old",
        "retention-20201301T000000Z.backup",
    )
    for name in others:
        (tmp_path / name).touch()
    assert BACKUPS.let_go(tmp_path, 35 * DAY, at) == 2
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*others, "retention-20261020T033000Z.backup"}
    assert BACKUPS.let_go(tmp_path, timedelta(seconds=1), at) == LISTS.let_go(tmp_path, timedelta(seconds=1), at) == 0
    assert {path.name for path in tmp_path.iterdir()} == left


def test_what_failed_notes_nothing_and_lets_nothing_go(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [f"retention-2020010{day}T000000Z.backup" for day in (1, 2)]
    for name in old:
        (folder / name).touch()

    def fail(_conninfo: str, path: Path) -> None:
        path.touch()
        raise EvidenceError("a chain with a gap")

    monkeypatch.setattr(nightly, "back_up", fail)
    with pytest.raises(EvidenceError):
        nightly.back_up_tonight(world.own, folder, 35 * DAY, by="anna")
    assert {path.name for path in folder.iterdir() if path.suffix == ".backup"} == set(old)
    assert world.own_sql("SELECT kind FROM retention.copies") == []


def test_what_a_killed_run_left_goes(tmp_path: Path) -> None:
    left = tmp_path / "retention-20261120T033000Z.0a1b2c3d.part"
    left.write_text("in part", encoding="utf-8")
    os.utime(left, ((now() - 3 * DAY).timestamp(),) * 2)
    with BACKUPS.new(tmp_path, now()) as (part, whole):
        part.write_text("whole", encoding="utf-8")
    assert list(tmp_path.iterdir()) == [whole] and whole.read_text(encoding="utf-8") == "whole"


def test_a_run_that_was_given_up_and_is_still_at_work_spoils_no_file_of_the_next(tmp_path: Path) -> None:
    next_run = BACKUPS.new(tmp_path, now() + timedelta(minutes=5))
    with BACKUPS.new(tmp_path, now()) as (given_up, first):
        given_up.write_text("first", encoding="utf-8")
        part, second = next_run.__enter__()
        part.write_text("half", encoding="utf-8")
    assert first.read_text(encoding="utf-8") == "first"
    part.write_text("second", encoding="utf-8")
    next_run.__exit__(None, None, None)
    assert second.read_text(encoding="utf-8") == "second"
    assert {path.name for path in tmp_path.iterdir()} == {first.name, second.name}


@pytest.mark.parametrize("kept", [35, True, "35 days", ""])
def test_a_period_that_cannot_be_read_is_refused_and_never_replaced(
    folder: Path, kept: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a shorter one out of the environment, say, files that are still needed would go."""
    from airflow.sdk.exceptions import AirflowFailException

    monkeypatch.setenv(KEPT, "P7D")
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "fs", "extra": {"path": str(folder), "kept": kept}}))
    with pytest.raises(AirflowFailException, match="expected how long the oldest backup"):
        backup_steps.back_up("back_up")
    assert list(folder.iterdir()) == []
