"""Fixtures of disposal's tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.world import World, build_world, now

from retention.disposal.plan import PlanSummary, make_plan


@pytest.fixture
def world(database: str, bucket: Any, tmp_path: Path) -> Iterator[World]:
    own = _sibling(database)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(own.name)))
    yield build_world(database, own.conninfo, bucket, tmp_path)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(own.name)))


class _Sibling:
    def __init__(self, conninfo: str) -> None:
        facts = psycopg.conninfo.conninfo_to_dict(conninfo)
        self.name = f"{facts['dbname']}_own"
        self.conninfo = psycopg.conninfo.make_conninfo(conninfo, dbname=self.name)


def _sibling(conninfo: str) -> _Sibling:
    return _Sibling(conninfo)


@pytest.fixture
def settle() -> Callable[[], None]:
    """Wait until the store's clock shows a later second: objects put before are then older than any plan made after."""

    def wait() -> None:
        second = int(time.time())
        while int(time.time()) == second:
            time.sleep(0.02)

    return wait


@pytest.fixture
def plan(world: World, settle: Callable[[], None]) -> Callable[..., PlanSummary]:
    """Make a plan of category audio, after all objects put so far."""

    def make(coverage: str = "rows", run_id: str | None = None, **runtime: Any) -> PlanSummary:
        settle()
        run = run_id or f"test/{time.monotonic_ns()}"
        return make_plan(
            world.runtime(**runtime), "audio", as_of=now(), run_id=run, requested_by="anna", coverage=coverage
        )

    return make
