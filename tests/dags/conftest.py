"""Airflow's own folder for these tests, set before anything imports Airflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.audio_alone import audio_policies
from tests.dags.company import as_json
from tests.declared import declare_rest
from tests.world import HASHER, World

from retention.local.s3_server import S3Server


@pytest.fixture(scope="session", autouse=True)
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Airflow reads its configuration once per process, so it is the same for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        import airflow.sdk  # noqa: F401  # it sets up logging when first imported: not in the middle of a test

        yield


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server of one worker's own: verification would find other tests' buckets on the shared one."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop(patience_s=0)


@pytest.fixture
def company(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    key = tmp_path / "hash.key"
    key.write_text(HASHER.key.hex(), encoding="ascii")
    monkeypatch.setenv("RETENTION_HASH_KEY_FILE", str(key))
    monkeypatch.setenv("RETENTION_DATAMAP", str(tmp_path / "datamap"))
    monkeypatch.setenv("RETENTION_POLICIES", str(audio_policies(tmp_path / "policies")))
    declare_rest(tmp_path / "datamap" / "company.yaml", world.company)
    own, company = world.connections["retention_db"], world.connections["company_db"]
    known = world.connections | {"retention_db_verify": own, "company_db_verify": company}
    for connection_id, connection in known.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{connection_id.upper()}", as_json(connection))
    verify = world.s3_server.airflow_connection("verify")
    monkeypatch.setenv("AIRFLOW_CONN_COMPANY_S3_VERIFY", verify)
    return world
