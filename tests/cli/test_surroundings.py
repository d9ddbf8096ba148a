"""What every command shares: connections of the local stack, exit codes of bad surroundings, usage errors as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from retention.cli import app
from retention.cli.output import os_user


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETENTION_STATE", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("AIRFLOW_CONN_")]:
        monkeypatch.delenv(name)
    return tmp_path


def invoke(*words: str) -> Any:
    before = dict(os.environ)
    try:
        return CliRunner().invoke(app, list(words))
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_a_local_stack_never_fills_the_gaps_of_real_connections(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = "postgres://u:p@127.0.0.1:1/retention"
    (state / "connections.env").write_text(f"AIRFLOW_CONN_COMPANY_DB={local}\nAIRFLOW_CONN_RETENTION_DB={local}\n")
    assert "did not answer" in invoke("stop", "--reason", "r").stderr
    monkeypatch.setenv("AIRFLOW_CONN_COMPANY_DB", "postgres://u:p@db.example/real")
    result = invoke("stop", "--reason", "r")
    assert result.exit_code == 2
    first, second = result.stderr.strip().splitlines()
    assert "AIRFLOW_CONN_COMPANY_DB" in first and "connections.env" in first and "none" in first
    assert "AIRFLOW_CONN_RETENTION_DB" in second


def test_connections_of_ones_own_beside_a_local_stack_are_no_news(
    state: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (state / "connections.env").write_text("AIRFLOW_CONN_COMPANY_DB=postgres://u:p@127.0.0.1:1/company\n")
    monkeypatch.setenv("RETENTION_STATE", str(state))
    result = invoke("hold", "list")
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_local_owner_never_migrates_beside_real_connections(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = "postgres://u:p@127.0.0.1:1/retention"
    (state / "connections.env").write_text(f"AIRFLOW_CONN_RETENTION_DB={local}\n")
    (state / "owner.env").write_text(f"AIRFLOW_CONN_RETENTION_DB_OWNER={local}\n")
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_DB", "postgres://u:p@127.0.0.1:2/real")
    result = invoke("migrate")
    assert "owner.env" in result.stderr and "port 2 failed" in result.stderr


def test_migrate_says_that_the_database_is_down_and_ends_with_3(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RETENTION_DB", "postgres://u:geheim@127.0.0.1:1/retention")
    result = invoke("migrate", "--json")
    assert result.exit_code == 3
    assert "did not answer" in json.loads(result.stdout)["message"] and "geheim" not in result.stdout


@pytest.mark.parametrize("broken", ["connections.env", "env.json"])
def test_files_of_other_bytes_are_bad_configuration(state: Path, broken: str) -> None:
    (state / broken).write_bytes(b"\xff\xfe=")
    result = invoke("env", "--json")
    assert result.exit_code == 2
    assert broken in json.loads(result.stdout)["message"]
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_user_without_a_name_is_known_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: {}["uid"])
    assert os_user() == f"uid:{os.getuid()}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user that has no name")
def test_the_command_line_starts_for_a_user_without_a_name(tmp_path: Path) -> None:
    code = "import os; os.setuid(54321); from retention.cli.output import os_user; print(os_user())"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "RETENTION_STATE": str(tmp_path),
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    if "Permission denied" in done.stderr or "ModuleNotFoundError" in done.stderr:
        pytest.skip("the checkout can't be read by other users")
    assert done.stdout.strip() == "uid:54321"


@pytest.mark.parametrize(
    ("words", "schema", "message"),
    [
        pytest.param(("plan",), "retention/plan/1", "category", id="missing_argument"),
        pytest.param(("hold", "list", "--nonsense"), "retention/hold list/1", "--nonsense", id="unknown_option"),
        pytest.param(("nonsense",), "retention/usage/1", "nonsense", id="unknown_command"),
        pytest.param(("mode", "audio", "delete", "--reason", "r"), "retention/mode/1", "enforce", id="unknown_choice"),
    ],
)
def test_usage_errors_are_json_where_json_was_asked_for(
    state: Path, words: tuple[str, ...], schema: str, message: str
) -> None:
    result = invoke(*words, "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["schema"], document["error"]) == (2, schema, "RequestError")
    assert message in document["message"]
    assert message in result.stderr


def test_usage_errors_in_words_stay_off_standard_output(state: Path) -> None:
    result = invoke("plan")
    assert (result.exit_code, result.stdout) == (2, "") and "category" in result.stderr
