"""Airflow's own folder for these tests, set before anything imports Airflow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
