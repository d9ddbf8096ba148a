"""Memory does not grow with the number of versions listed."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retention.connections import Connection
from retention.stores.s3 import S3Store
from retention.stores.s3_client import client_factory


@contextmanager
def listing_of(versions: int, server: str) -> Iterator[S3Store]:
    """A store on a server that lists this many versions in a directory."""
    command = [sys.executable, str(Path(__file__).with_name("paging_server.py")), str(versions), server]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        extra = {"endpoint_url": f"http://127.0.0.1:{process.stdout.readline().strip()}", "region_name": "us-east-1"}
        try:
            factory = client_factory(Connection("paging", "aws", login="a", password="b", extra=extra))
            yield S3Store(factory, "bucket", ["p/"])
        finally:
            process.kill()


def peak_bytes(versions: int, server: str) -> int:
    with listing_of(versions, server) as store:
        store.check()  # imports and the client's own data are not the listing's
        tracemalloc.start()
        try:
            assert sum(1 for _ in store.scan()) == versions
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("server", ["AmazonS3", "SeaweedFS"])
def test_ten_times_as_many_versions_take_no_more_memory(server: str) -> None:
    few, many = peak_bytes(3_000, server), peak_bytes(30_000, server)
    assert many < 1.5 * few
