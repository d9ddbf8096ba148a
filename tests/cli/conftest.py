"""The command line's tests verify, too: on the shared S3 server, other tests' buckets would be findings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from tests.audio_alone import audio_policies
from tests.world import HASHER, World
from typer.testing import CliRunner

from retention.cli import app
from retention.connections import Connection, parse
from retention.local.s3_server import S3Server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server of one worker's own."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop(patience_s=0)


def as_json(connection: Connection) -> str:
    return json.dumps({**asdict(connection), "extra": dict(connection.extra)})


def verifying(world: World) -> dict[str, Connection]:
    """The identities of verification; that they can only read is shown in tests/local."""
    return {
        "company_db_verify": replace(world.connections["company_db"], connection_id="company_db_verify"),
        "company_s3_verify": parse("company_s3_verify", world.s3_server.airflow_connection("verify")),
        "retention_db_verify": replace(world.connections["retention_db"], connection_id="retention_db_verify"),
    }


@pytest.fixture
def run(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Run a command with --json in the world's environment; gives the document."""
    key = tmp_path / "hash.key"
    key.write_text(HASHER.key.hex(), encoding="ascii")
    monkeypatch.setenv("RETENTION_HASH_KEY_FILE", str(key))
    monkeypatch.setenv("RETENTION_DATAMAP", str(tmp_path / "datamap"))
    monkeypatch.setenv("RETENTION_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("RETENTION_POLICIES", str(audio_policies(tmp_path / "shipped")))
    monkeypatch.delenv("RETENTION_ENVIRONMENT", raising=False)
    world.connections |= verifying(world)
    for name, connection in world.connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", as_json(connection))

    def invoke(*words: str, code: int = 0) -> dict[str, Any]:
        result = CliRunner().invoke(app, [*words, "--json"])
        assert result.exit_code == code, (result.exit_code, result.stdout, result.stderr)
        document: dict[str, Any] = json.loads(result.stdout)
        assert document["schema"].startswith("retention/") and document["schema"].endswith("/1")
        return document

    return invoke
