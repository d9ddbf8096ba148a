"""The restore drill of a source: rows and objects come back from the dead, are found, go again, and the proof is whole."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.world import DAY, HOUR, World

from retention.backup.client_tools import connection_of, tools_for

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def bring_back(world: World) -> Callable[[list[str]], None]:
    """Take a backup of the company's database now; gives what restores it, with objects of these keys."""
    tools, (target, environment) = tools_for(18), connection_of(world.company)
    dump = [tools["pg_dump"], "--clean", "--if-exists", "--dbname", target]
    backup = subprocess.run(dump, env=environment, capture_output=True, check=True).stdout

    def restore(keys: list[str]) -> None:
        psql = [tools["psql"], "-q", "-v", "ON_ERROR_STOP=1", "--dbname", target]
        subprocess.run(psql, env=environment, input=backup, capture_output=True, check=True)
        for key in keys:
            world.put(key)

    return restore


def test_what_came_back_is_found_goes_again_and_is_proven_gone(
    run: Run, world: World, settle: Callable[[], None], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    old = [world.add_recording(age=40 * DAY) for _ in range(2)]
    kept = world.add_recording(age=DAY)
    settle()
    bring_back = request.getfixturevalue("bring_back")
    assert run("dispose", "audio")["gone"] == 2
    replay = str(tmp_path / "replay.list")
    assert run("replay", "export", "--out", replay, "--backups-kept", "P35D")["items"] == 2
    assert run("verify", "audio")["verdict"] == "compliant"
    assert run("replay", "check", replay)["came_back"] == 0

    bring_back([one.key for one in old])
    settle()
    assert run("verify", "audio", code=1)["verdict"] == "breach"
    items = tmp_path / "items.jsonl"
    found = run("replay", "check", replay, "--items-out", str(items), code=1)
    assert (found["came_back"], found["goes_again"], found["fact_lost"]) == (2, 2, 0)
    named = {json.loads(line)["item_id"] for line in items.read_text().splitlines()}
    assert named == {one.recording_id for one in old} and items.stat().st_mode & 0o777 == 0o600

    assert run("dispose", "audio")["gone"] == 2
    assert run("replay", "check", replay)["came_back"] == 0
    assert run("verify", "audio")["verdict"] == "compliant"
    with psycopg.connect(world.company) as connection:
        assert connection.execute("SELECT recording_id::text FROM recordings").fetchall() == [(kept.recording_id,)]


def test_an_object_that_came_back_without_its_row_is_found(
    run: Run, world: World, settle: Callable[[], None], tmp_path: Path
) -> None:
    old = world.add_recording(age=40 * DAY)
    for _ in range(3):
        world.add_recording(age=DAY)
    settle()
    run("dispose", "audio")
    replay = str(tmp_path / "replay.list")
    run("replay", "export", "--out", replay, "--backups-kept", "P35D")
    world.put(old.key)
    settle()
    found = run("replay", "check", replay, code=1)
    assert [(one["place"], one["reason"], one["count"]) for one in found["found"]] == [("call_recordings", "no_row", 1)]


def test_what_lost_its_fact_goes_by_a_plan_of_the_list(
    run: Run, world: World, settle: Callable[[], None], tmp_path: Path
) -> None:
    """The transcription that made it due is lost in the restore: by its age alone it stays for weeks."""
    old = world.add_recording(age=DAY, transcribed_ago=HOUR)
    for _ in range(3):
        world.add_recording(age=DAY)
    [row] = world.sql("SELECT * FROM recordings WHERE recording_id = %s", old.recording_id)
    settle()
    assert run("dispose", "audio")["gone"] == 1
    replay = str(tmp_path / "replay.list")
    run("replay", "export", "--out", replay, "--backups-kept", "P35D")
    world.sql("DELETE FROM transcriptions")
    world.sql(f"INSERT INTO recordings VALUES ({', '.join(['%s'] * len(row))})", *row)
    world.put(old.key)
    settle()
    assert run("replay", "check", replay, code=1)["fact_lost"] == 1
    planned = run("replay", "plan", replay, "audio")
    assert (planned["due"], planned["coverage"]) == (1, "replay")
    assert run("dispose", "--plan", planned["plan_id"], "--digest", planned["digest"])["gone"] == 1
    assert run("replay", "check", replay)["came_back"] == 0
    assert run("verify", "audio")["verdict"] == "compliant"


def test_a_list_needs_the_life_of_backups(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETENTION_BACKUPS_KEPT", raising=False)
    assert "no default" in run("replay", "export", "--out", str(tmp_path / "l"), code=2)["message"]


def test_both_files_are_written_before_a_migration_that_brings_where_to_note_them(
    run: Run, world: World, tmp_path: Path
) -> None:
    """The docs ask for a backup before every `migrate`."""
    world.own_sql("DROP TABLE retention.copies")
    for command in (("backup",), ("replay", "export", "--backups-kept", "P35D")):
        file = tmp_path / command[0]
        run(*command, "--out", str(file))
        assert file.exists()
