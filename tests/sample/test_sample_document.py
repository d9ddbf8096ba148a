"""`docs/sample.md` says what the code does, and its examples run."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
from tests.sample.stores import Stores

from retention.local.s3_server import S3Server
from retention.sample import document

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
    assert len(loaded.rows(by_case)) == len({row[0] for row in loaded.rows("SELECT case_name FROM sample.items")})


def test_python_examples_plant_what_they_say(
    stores: Stores, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores.load(calls=1)
    before = stores.parts()
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "")  # the example sets it; this restores it
    blocks = examples("python")
    assert "retention" in blocks[0]
    names: dict[str, Any] = {"env": environment(stores, s3_server, tmp_path)}
    for block in blocks[1:]:
        exec(compile(block.replace("call-recordings", stores.bucket), str(PAGE), "exec"), names)  # noqa: S102
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
    (hold,) = stores.own_rows(
        "SELECT requested_by, approved_by FROM retention.holds WHERE item_id = %s", str(names["recording_id"])
    )
    assert hold == ("legal", "legal")


def environment(stores: Stores, s3_server: S3Server, folder: Path) -> dict[str, str]:
    """What `env --json` says of these stores."""
    access_key, secret_key = s3_server.keys("app")
    profiles = configparser.ConfigParser()
    profiles["app"] = {"aws_access_key_id": access_key, "aws_secret_access_key": secret_key}
    with (folder / "credentials").open("w", encoding="utf-8") as file:
        profiles.write(file)
    return {
        "pg_dsn_app": stores.company,
        "pg_dsn_retention": stores.own,
        "s3_endpoint": s3_server.endpoint_url,
        "s3_credentials_file": str(folder / "credentials"),
    }
