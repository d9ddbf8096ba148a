"""What commands say to people: which argument is wrong, what was found and what to do about it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import as_json
from tests.world import DAY, World
from typer.testing import CliRunner

from retention.cli import app


def words(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        pytest.param(("plan", "voicemail"), "CATEGORY", id="plan"),
        pytest.param(("dispose", "voicemail"), "CATEGORY", id="dispose"),
        pytest.param(("verify", "voicemail"), "CATEGORY", id="verify"),
        pytest.param(("mode", "voicemail", "observe", "--reason", "r"), "CATEGORY", id="mode"),
        pytest.param(("policy", "show", "voicemail"), "CATEGORY", id="policy_show"),
        pytest.param(("hold", "add", "--category", "voicemail", "--reason", "r"), "--category", id="hold"),
    ],
)
def test_a_wrong_category_is_named_as_an_argument(run: Any, arguments: tuple[str, ...], argument: str) -> None:
    message = run(*arguments, code=2)["message"]
    assert message.startswith(f"{argument}: found 'voicemail'; expected") and message.endswith(": audio")


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        pytest.param(("explain", "nowhere", "x"), "PLACE", id="explain"),
        pytest.param(("hold", "add", "--place", "nowhere", "--item", "x", "--reason", "r"), "--place", id="hold"),
    ],
)
def test_so_is_a_wrong_place(run: Any, arguments: tuple[str, ...], argument: str) -> None:
    assert run(*arguments, code=2)["message"].startswith(f"{argument}: found 'nowhere'; expected")


def test_verify_says_what_was_found_in_words_and_what_to_do(run: Any, world: World) -> None:
    world.add_recording(age=31 * DAY)
    world.s3.put_object(Bucket=world.bucket, Key="exports/x.csv", Body=b"x")
    text = words("verify", "audio").stdout
    assert text.startswith("verdict: breach\n")
    assert "breach: 1 × Past the limit of age (past_cap) in call_recordings\n    Look at the last disposal run" in text
    assert f"(unmapped_prefix) in company_s3/{world.bucket}\n    List the bucket" in text


def test_verify_says_why_a_place_could_not_be_read(run: Any, world: World) -> None:
    world.sql("ALTER TABLE recordings DROP COLUMN recorded_at")
    result = words("verify", "audio")
    assert result.exit_code == 3
    assert "sql/check_recordings.sql" in result.stdout and "rec.recorded_at does not exist" in result.stdout


def test_one_is_no_plural(run: Any) -> None:
    assert words("policy", "check").stdout.startswith("1 rule keeps ")


class TestEnforce:
    def test_before_the_first_proof_it_warns(self, run: Any, world: World) -> None:
        enforce = ("mode", "audio", "enforce", "--reason", "r")
        result = words(*enforce)
        assert result.exit_code == 0
        assert (
            "warning: no verification has ever read call_recordings" in result.stderr
            and "verify audio" in result.stderr
        )
        assert run(*enforce)["never_verified"] == ["call_recordings"]
        assert words("mode", "audio", "observe", "--reason", "r").stderr == ""

    def test_a_check_that_could_not_read_the_place_is_none(self, run: Any, world: World) -> None:
        world.sql("ALTER TABLE recordings RENAME COLUMN recorded_at TO at")
        run("verify", "audio", code=3)
        assert run("mode", "audio", "enforce", "--reason", "r")["never_verified"] == ["call_recordings"]

    def test_afterwards_it_is_silent(self, run: Any, world: World) -> None:
        run("verify", "audio")
        result = words("mode", "audio", "enforce", "--reason", "r")
        assert (result.exit_code, result.stderr) == (0, "")
        assert run("mode", "audio", "enforce", "--reason", "r")["never_verified"] == []


def test_help_says_first_what_it_is_for() -> None:
    usage, _, first, *_rest = words("--help").stdout.splitlines()
    assert usage.startswith("Usage:") and first.strip().startswith(
        "Delete personal data when the privacy policy says so"
    )
    assert "Exit codes" in words("--help").stdout


def test_a_report_says_which_folder_it_made(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "new" / "report.json"
    result = words("report", "--format", "json", "--out", str(file))
    assert (result.exit_code, file.is_file()) == (0, True)
    assert f"made the folder {file.parent}" in result.stderr
    assert words("report", "--format", "json", "--out", str(file)).stderr == ""


def test_a_missing_right_names_the_script_that_grants_it(
    run: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    role, password = f"no_rights_{secrets.token_hex(6)}", secrets.token_hex(8)
    world.own_sql(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
    try:
        monkeypatch.setenv(
            "AIRFLOW_CONN_RETENTION_DB",
            as_json(replace(world.connections["retention_db"], login=role, password=password)),
        )
        message = run("stop", "--reason", "r", code=3)["message"]
        assert "SQLSTATE 42501" in message and "own.sql" in message and "migrate" in message
    finally:
        world.own_sql(f"DROP ROLE {role}")


@pytest.mark.usefixtures("run")
class TestPlansAndReasons:
    def test_a_plan_says_its_reasons_in_words_and_what_comes_next(
        self, world: World, settle: Callable[[], None]
    ) -> None:
        world.add_recording(age=40 * DAY)
        world.add_recording(age=DAY)
        settle()
        said = words("plan", "audio").stdout
        assert "1 of 2 are due; stay: 1 not due yet (not_due)" in said
        [(plan, digest)] = re.findall(r"plan (\S+), digest (\S+), valid until \S+ \d\d:\d\d UTC", said)
        assert f"dispose --plan {plan} --digest {digest}" in said
        done = words("dispose", "--plan", plan, "--digest", digest).stdout
        assert "1 planned, 1 gone" in done and "\nnot planned: 1 not due yet (not_due)\n" in done

    def test_what_failed_and_what_stayed_are_said_beside_what_went(
        self, world: World, settle: Callable[[], None]
    ) -> None:
        locked, _ = world.add_recording(age=40 * DAY), world.add_recording(age=40 * DAY)
        world.add_recording(age=DAY)
        world.sql("CREATE TABLE notes (recording_id uuid REFERENCES recordings)")
        world.sql("INSERT INTO notes VALUES (%s)", locked.recording_id)
        settle()
        said = words("dispose", "audio")
        assert said.exit_code == 5
        assert "failed: 1 rows of another table point to it (23503); ledger" in said.stdout
        assert "\nnot planned: 1 not due yet (not_due)\n" in said.stdout

    def test_an_item_that_went_is_explained_in_words(self, world: World, settle: Callable[[], None]) -> None:
        old = world.add_recording(age=40 * DAY)
        settle()
        words("dispose", "audio", "--by", "otto")
        for name in (old.recording_id, old.key):
            said = words("explain", "call_recordings", name)
            assert said.exit_code == 2 and "any more: it went 20" in said.stderr and "of run cli/" in said.stderr
            assert said.stdout.startswith("gone: age since the recording started (recording_started)\nCall recordings ")
            assert "of the ledger, executed by otto" in said.stdout
            assert name not in said.stdout + said.stderr

    def test_a_plan_in_observe_says_that_nothing_of_it_goes(self, world: World, settle: Callable[[], None]) -> None:
        world.add_recording(age=40 * DAY)
        settle()
        words("mode", "audio", "observe", "--reason", "r")
        assert "mode observe: nothing of it is deleted" in words("plan", "audio").stdout

    def test_an_item_is_explained_in_words(self, world: World) -> None:
        young = world.add_recording(age=DAY)
        said = words("explain", "call_recordings", str(young.recording_id)).stdout
        assert said.startswith("retain: not due yet (not_due); dates rest on the start point\n")
        assert "Call recordings are deleted" in said and str(young.recording_id) not in said

    @pytest.mark.parametrize(
        ("columns", "said"),
        [
            pytest.param(", 2::bigint AS waits_for_call_recordings", "2 items of place call_recordings", id="counted"),
            pytest.param("", "what the place's SQL doesn't count", id="not_counted"),
        ],
    )
    def test_what_has_to_go_first_is_said(self, world: World, tmp_path: Path, columns: str, said: str) -> None:
        file = tmp_path / "datamap" / "sql" / "recordings.sql"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("AS evidence_at", f"AS evidence_at, TRUE AS waits{columns}"), encoding="utf-8")
        waiting = world.add_recording(age=40 * DAY)
        lines = words("explain", "call_recordings", waiting.recording_id).stdout
        assert re.search(rf"^has to go first: {re.escape(said)}", lines, re.MULTILINE)

    def test_a_hold_is_explained_with_its_end(self, world: World) -> None:
        held = world.add_recording(age=40 * DAY)
        world.add_hold(tenant_id=held.tenant)
        said = words("explain", "call_recordings", str(held.recording_id)).stdout
        assert re.search(r"^held by [0-9a-f-]{36} until 20\d\d-", said, re.MULTILINE)
