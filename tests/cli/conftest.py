"""The command line's tests verify, too: on the shared S3 server, other tests' buckets would be findings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from retention.local.s3_server import S3Server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server of one worker's own."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop(patience_s=0)
