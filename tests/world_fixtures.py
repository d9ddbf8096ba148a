"""Fixtures around `tests.world`, for all tests that act on a small company."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.databases import fresh_database
from tests.log_world import LogWorld, build_log_world
from tests.table_world import TableWorld
from tests.table_world import build as build_tables
from tests.world import World, build_world, create_schemas, next_second, now

from retention.disposal.plan import PlanSummary, make_plan


@pytest.fixture(scope="session")
def templates(postgres_server: Any) -> Iterator[tuple[str, str]]:
    """Names of two databases with the schemas of the company and of our own: copying them is quicker than making them."""
    with fresh_database(postgres_server) as company, fresh_database(postgres_server) as own:
        create_schemas(postgres_server.conninfo(company), postgres_server.conninfo(own))
        yield company, own


@pytest.fixture
def world(postgres_server: Any, templates: tuple[str, str], bucket: Any, tmp_path: Path) -> Iterator[World]:
    with fresh_database(postgres_server, templates[0]) as company, fresh_database(postgres_server, templates[1]) as own:
        yield build_world(postgres_server.conninfo(company), postgres_server.conninfo(own), bucket, tmp_path)


@pytest.fixture
def own(postgres_server: Any, templates: tuple[str, str]) -> Iterator[str]:
    """A database of our own, alone."""
    with fresh_database(postgres_server, templates[1]) as name:
        yield postgres_server.conninfo(name)


@pytest.fixture
def tables(postgres_server: Any, templates: tuple[str, str], tmp_path: Path) -> Iterator[TableWorld]:
    with fresh_database(postgres_server) as company, fresh_database(postgres_server, templates[1]) as own:
        yield build_tables(postgres_server.conninfo(company), postgres_server.conninfo(own), tmp_path)


@pytest.fixture
def log_world(postgres_server: Any, templates: tuple[str, str], bucket: Any, tmp_path: Path) -> Iterator[LogWorld]:
    with fresh_database(postgres_server, templates[1]) as own:
        yield build_log_world(postgres_server.conninfo(own), bucket, tmp_path / "logs")


@pytest.fixture
def settle() -> Callable[[], None]:
    """Calls `next_second`."""
    return next_second


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
