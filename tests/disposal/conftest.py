"""Fixtures of several files of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.databases import fresh_database
from tests.disposal.partition_log import Logs
from tests.logs import PARTITIONS, LogsWorld
from tests.stores.partitioned import LogTable


@pytest.fixture
def logs(postgres_server: Any, templates: tuple[str, str], tmp_path: Path) -> Iterator[Logs]:
    with fresh_database(postgres_server) as source, fresh_database(postgres_server, templates[1]) as own:
        conninfo = postgres_server.conninfo(source)
        world = LogsWorld(conninfo, postgres_server.conninfo(own), tmp_path, "request_log", PARTITIONS).build()
        yield Logs(LogTable(conninfo).create(), world)
