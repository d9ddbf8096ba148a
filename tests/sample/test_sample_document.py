"""`docs/sample.md` says what the code does, and its examples run."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.sample.stores import Stores

from retention.local.s3_server import S3Server
from retention.sample import document
from retention.settings import INCLUDE

PAGE = Path(__file__).parents[2] / "docs" / "sample.md"
TEXT = PAGE.read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_generated_parts_are_up_to_date() -> None:
    assert document.render(TEXT) == TEXT, "run: python -m retention.sample.document docs/sample.md"


def test_document_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="found no marks of the generated part 'cases'"):
        document.render("# The sample company")


def test_sql_examples_run(loaded: Stores) -> None:
    (by_case,) = examples("sql")
    shown = loaded.rows("SELECT case_name FROM sample.items UNION SELECT case_name FROM sample.records")
    assert len(loaded.rows(by_case)) == len(shown)


def test_python_examples_plant_what_they_say(
    stores: Stores, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores.load(calls=1)
    before = stores.parts()
    write_environment(stores, s3_server, tmp_path)
    monkeypatch.setenv("RETENTION_STATE", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(INCLUDE))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "")  # the example sets it; this restores it
    names: dict[str, Any] = {}
    for block in examples("python"):
        block = block.replace("call-recordings", stores.bucket).replace("server-logs", stores.log_bucket)
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102
    for opened in ("company", "own", "s3"):
        names[opened].close()

    planted = {(kind, key.rpartition("/")[2]) for kind, key, _ in set(stores.parts()) - set(before)}
    assert planted == {
        ("version", f"{names['call_id']}.wav"),
        ("version", "orphan.wav"),
        ("version", "hidden.wav"),
        ("marker", "hidden.wav"),
        ("upload", "unfinished.wav"),
    }
    assert stores.rows("SELECT party FROM consents WHERE call_id = %s", names["call_id"]) == [("caller",)]
    rows = {
        f"SELECT call_id FROM transcripts WHERE transcript_id = '{names['transcript_id']}'": [(None,)],
        "SELECT count(*) FROM transcript_segments LEFT JOIN transcripts AS t USING (transcript_id) WHERE t IS NULL": [
            (1,)
        ],
        "SELECT count(*) FROM crm_leads WHERE email = 'a.b@example.com'": [(1,)],
        "SELECT device_id FROM usage_events WHERE device_id = 'd-1'": [("d-1",)],
        f"SELECT channel FROM marketing_consents WHERE contact_id = '{names['contact_id']}'": [("email",)],
    }
    assert {query: stores.rows(query) for query in rows} == rows
    assert ("version", "access/planted.log") in {(kind, key) for kind, key, _ in stores.parts(stores.log_bucket)}
    assert (stores.folder / "planted.log").read_text(encoding="utf-8").count("GET") == 2
    (hold,) = stores.own_rows(
        "SELECT requested_by, approved_by FROM retention.holds WHERE item_id = %s", str(names["recording_id"])
    )
    assert hold == ("legal", "legal")


def write_environment(stores: Stores, s3_server: S3Server, state: Path) -> None:
    """The state folder's `env.json`, as `make run` writes it, for these stores."""
    access_key, secret_key = s3_server.keys("app")
    profiles = configparser.ConfigParser()
    profiles["app"] = {"aws_access_key_id": access_key, "aws_secret_access_key": secret_key}
    with (state / "credentials").open("w", encoding="utf-8") as file:
        profiles.write(file)
    fields = {
        "pg_dsn_app": stores.company,
        "pg_dsn_retention": stores.own_writer,
        "s3_endpoint": s3_server.endpoint_url,
        "s3_credentials_file": str(state / "credentials"),
        "server_files_dir": str(stores.folder),
    }
    (state / "env.json").write_text(json.dumps(fields), encoding="utf-8")
