"""The places that the contract is tested on: each kind of store as it is, and behind a dry run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Bucket
from tests.stores.places import DirectoryPlace, MemoryPlace, Place, PostgresPlace, S3Place

from retention.local.s3_server import S3Server
from retention.stores.dry_run import DryRunStore

KINDS = ["memory", "s3", "postgres", "directory"]
WITHOUT_VERSIONS = ("postgres", "directory")


@pytest.fixture(params=[*KINDS, *(f"dry_run_{kind}" for kind in KINDS)])
def place(request: pytest.FixtureRequest, open_place: Callable[[str], Place]) -> Place:
    """Each kind of store, and a dry run over each."""
    return open_place(request.param)


@pytest.fixture(
    params=[kind for kind in (*KINDS, *(f"dry_run_{kind}" for kind in KINDS)) if not kind.endswith(WITHOUT_VERSIONS)]
)
def objects(request: pytest.FixtureRequest, open_place: Callable[[str], Place]) -> Place:
    """The places that know versions, delete markers and uploads."""
    return open_place(request.param)


@pytest.fixture
def open_place(request: pytest.FixtureRequest) -> Callable[[str], Place]:
    """Opens a place by its kind; servers start only for the kinds that need them."""

    def open_kind(kind: str) -> Place:
        plain = kind.removeprefix("dry_run_")
        opened: Place
        if plain == "memory":
            opened = MemoryPlace()
        elif plain == "s3":
            opened = request.getfixturevalue("s3_place")
        elif plain == "directory":
            opened = request.getfixturevalue("directory_place")
        else:
            opened = PostgresPlace(request.getfixturevalue("database"))
        if kind != plain:
            opened.store = DryRunStore(opened.store)
        return opened

    return open_kind


@pytest.fixture
def s3_place(bucket: Bucket) -> Iterator[S3Place]:
    """A fresh versioned bucket with its writer."""
    place = S3Place(bucket)
    yield place
    place.tidy()


@pytest.fixture
def directory_place(tmp_path: Path) -> Iterator[DirectoryPlace]:
    """A fresh folder with its writer."""
    place = DirectoryPlace(tmp_path / "logs")
    yield place
    place.tidy()


@pytest.fixture
def lockable_place(s3_server: S3Server) -> Iterator[S3Place]:
    """A bucket in which versions can be locked; emptied afterwards, locked versions included."""
    client: Any = s3_server.client()
    name = f"locked-{uuid.uuid4().hex[:16]}"
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    place = S3Place(Bucket(name, s3_server))
    yield place
    place.tidy()
    client.delete_bucket(Bucket=name)
