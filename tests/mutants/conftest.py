"""Servers of the mutants' own: what the connections see besides their buckets would be findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.mutants.company import Company, fresh_company
from tests.mutants.observe import observe
from tests.mutants.scenes import SCENES
from tests.mutants.weak import weak_policies

from retention.local.s3_server import S3Server

Fresh = Callable[[], AbstractContextManager[Company]]


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop(patience_s=0)


@pytest.fixture(scope="session")
def fresh(
    postgres_server: Any, s3_server: S3Server, templates: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Fresh:
    """A company without data, gone afterwards."""
    return lambda: fresh_company(postgres_server, s3_server, templates, tmp_path_factory.mktemp("company") / "one")


@pytest.fixture(scope="session")
def control(fresh: Fresh) -> Callable[[str], set[str]]:
    """What verification finds in a scene after disposal without a fault; once for each scene."""

    @cache
    def look(scene: str) -> set[str]:
        with fresh() as company:
            return observe(company, SCENES[scene])

    return look


@pytest.fixture(scope="session")
def weak(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weak promises."""
    return weak_policies(tmp_path_factory.mktemp("weak") / "policies")
