"""What is written to a bucket under object lock stays readable, whatever is done to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.ledger_world import anchor_connection

from retention.connections import Connection
from retention.errors import RequestError, StoreUnreadable
from retention.local.s3_server import S3Server
from retention.stores.locked_bucket import LockedBucket, LockedText

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def app(locked_server: S3Server) -> Iterator[Any]:
    client = locked_server.client()
    yield client
    client.close()


@pytest.fixture
def locked(locked_bucket: Connection) -> LockedBucket:
    return LockedBucket(locked_bucket)


def test_what_was_written_is_read_again(locked: LockedBucket) -> None:
    locked.require_lock()
    locked.write("heads/1.json", "{}", until=LATER)
    assert locked.keys("heads/") == {"heads/1.json"}
    assert list(locked.read("heads/")) == [LockedText("heads/1.json", "{}")]
    assert locked.keys("other/") == set()


@pytest.mark.parametrize("identity", ["app", "evidence"])
def test_nobody_can_remove_a_version_before_its_date(
    locked_server: S3Server, locked: LockedBucket, app: Any, identity: str
) -> None:
    locked.write("heads/1.json", "{}", until=LATER)
    client = locked_server.client(identity)
    [version] = app.list_object_versions(Bucket=locked.name)["Versions"]
    with pytest.raises(ClientError):
        client.delete_object(Bucket=locked.name, Key="heads/1.json", VersionId=version["VersionId"])
    client.close()
    assert list(locked.read("heads/")) == [LockedText("heads/1.json", "{}")]


def test_a_delete_marker_and_a_new_version_hide_nothing(locked: LockedBucket, app: Any) -> None:
    locked.write("heads/1.json", "first", until=LATER)
    app.put_object(Bucket=locked.name, Key="heads/1.json", Body=b"second")
    app.delete_object(Bucket=locked.name, Key="heads/1.json")
    assert {found.text for found in locked.read("heads/")} == {"first", "second"}


@pytest.mark.parametrize(
    "body", [pytest.param(b"\xff", id="no_text"), pytest.param(b"x" * ((1 << 20) + 1), id="too_long")]
)
def test_what_is_no_text_of_ours_is_none(locked: LockedBucket, app: Any, body: bytes) -> None:
    app.put_object(Bucket=locked.name, Key="heads/1.json", Body=body)
    assert list(locked.read("heads/")) == [LockedText("heads/1.json", None)]


def test_a_bucket_without_object_lock_is_refused(s3_server: S3Server, bucket: Any) -> None:
    with pytest.raises(RequestError, match="no object lock"):
        LockedBucket(anchor_connection(s3_server, bucket.name)).require_lock()


def test_a_bucket_that_is_missing_is_unreadable(s3_server: S3Server) -> None:
    missing = LockedBucket(anchor_connection(s3_server, "nowhere-to-be-found"))
    for act in (missing.require_lock, lambda: missing.keys("heads/"), lambda: list(missing.read("heads/"))):
        with pytest.raises(StoreUnreadable):
            act()


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"service_config": "s3"}, id="no_object"),
        pytest.param({"service_config": {"s3": {}}}, id="no_name"),
        pytest.param({"service_config": {"s3": {"bucket_name": "../x"}}}, id="no_bucket_name"),
    ],
)
def test_a_connection_that_names_no_bucket_is_refused(extra: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="found no bucket in its extra"):
        LockedBucket(Connection("retention_anchor", "aws", extra=json.loads(json.dumps(extra))))
