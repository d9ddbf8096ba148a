"""`hold add` on a partition of a log: by its whole name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import as_json
from tests.disposal.conftest import logs  # noqa: F401 - a fixture
from tests.disposal.partition_log import Logs
from tests.world import DAY, HASHER, now
from typer.testing import CliRunner

from retention.cli import app


def add(item: str) -> tuple[int, str]:
    """Exit code and message."""
    ends = (now() + DAY).isoformat()
    words = ["--place", "request_log", "--item", item, "--reason", "dispute", "--by", "anna", "--ends", ends, "--json"]
    result = CliRunner().invoke(app, ["hold", "add", *words])
    return result.exit_code, json.loads(result.stdout).get("message", "")


@pytest.fixture
def world(logs: Logs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Logs:  # noqa: F811
    """The log and what is around it, as commands find it."""
    key = tmp_path / "hash.key"
    key.write_text(HASHER.key.hex(), encoding="ascii")
    settings = {
        "HASH_KEY_FILE": key,
        "DATAMAP": logs.world.datamap,
        "POLICIES": logs.world.policies,
        "STATE": tmp_path / "state",
    }
    for setting, path in settings.items():
        monkeypatch.setenv(f"RETENTION_{setting}", str(path))
    for name, connection in logs.world.connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", as_json(connection))
    return logs


def test_a_partition_is_held_by_its_schema_and_name(world: Logs) -> None:
    name = world.table.add_partition(now() - 20 * DAY, now() - 19 * DAY)
    code, message = add(name.split(".")[1])
    assert (code, name in message) == (2, True)
    assert world.world.own_sql("SELECT 1 FROM retention.holds") == []
    assert add(name)[0] == 0


def test_the_whole_log_is_held_by_its_schema_and_name(world: Logs) -> None:
    world.add(20)
    code, message = add("request_log")
    assert (code, "'public.request_log'" in message) == (2, True)
    assert add("public.request_log")[0] == 0
    assert world.dispose().gone == 1  # nobody approved it yet
    world.add(25)
    [row] = world.world.own_sql("SELECT hold_id FROM retention.holds")
    words = ["hold", "approve", str(row["hold_id"]), "--by", "ben", "--reason", "checked", "--json"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert world.dispose().gone == 0
