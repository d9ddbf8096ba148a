"""Memory does not grow with the number of versions listed."""

from __future__ import annotations

import tracemalloc

import pytest
from benchmarks.memory import listing_of


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
