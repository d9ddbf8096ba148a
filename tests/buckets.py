"""Buckets that tests make and remove again, by the thousand."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from retention.local.s3_server import S3Server

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@cache
def writer(server: S3Server) -> Any:
    """One client with all rights for all tests of a process: making one takes longer than what a test does with it."""
    return server.client()


@contextmanager
def fresh_bucket(server: S3Server) -> Iterator[str]:
    """The name of a new versioned bucket, emptied and removed afterwards."""
    client, name = writer(server), f"test-{uuid.uuid4().hex[:16]}"
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    _give_volume(server, name)
    yield name
    _empty(client, name)
    client.delete_bucket(Bucket=name)


def _give_volume(server: S3Server, bucket: str) -> None:
    """Room for the bucket's bytes. Without it the first object asks for room, and then waits 200 ms until it looks again."""
    master = json.loads((server.folder / "ports.json").read_text(encoding="utf-8"))["master"]
    address = f"http://127.0.0.1:{master}/vol/grow?collection={bucket}&replication=000&count=1"
    with _OPENER.open(address, data=b"", timeout=10) as answer:
        answer.read()


def _empty(client: Any, name: str) -> None:
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for upload in page.get("Uploads", []):
            client.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        versions = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in found]
        if versions:
            client.delete_objects(Bucket=name, Delete={"Objects": versions, "Quiet": True})
