"""The IAM policies of include/iam as they stand, enforced by a real S3 server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from retention.local.s3_identities import for_every_bucket, shipped_policies
from retention.local.s3_server import S3Server
from retention.stores.s3_client import RIGHTS

MAPPED, LOGS, OTHER, EVIDENCE = "call-recordings", "server-logs", "somebody-elses", "retention-evidence"
LOG_KEY = "access/2026-01-01.log.gz"
KEY, OUTSIDE = "recordings/t/2026/01/01/a b+%.wav", "elsewhere/x"


@dataclass
class Thing:
    """One object with an old version and an unfinished upload."""

    bucket: str
    key: str
    version: str
    upload: str

    @property
    def address(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    started = S3Server(tmp_path_factory.mktemp("iam") / "s3", policies=shipped_policies())
    started.start()
    client = started.client()
    for bucket in (MAPPED, LOGS, OTHER):
        client.create_bucket(Bucket=bucket)
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client.create_bucket(Bucket=EVIDENCE, ObjectLockEnabledForBucket=True)
    client.close()
    yield started
    started.stop(patience_s=0)


@pytest.fixture
def make(server: S3Server) -> Iterator[Callable[[str, str], Thing]]:
    client = server.client()

    def put(bucket: str, key: str) -> Thing:
        version = client.put_object(Bucket=bucket, Key=key, Body=b"old")["VersionId"]
        client.put_object(Bucket=bucket, Key=key, Body=b"new")
        return Thing(bucket, key, version, client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"])

    yield put
    client.close()


@pytest.fixture(params=["disposal", "verify"])
def identity(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(server: S3Server, identity: str) -> Iterator[Any]:
    made = server.client(identity)
    yield made
    made.close()


def delete_many(client: Any, thing: Thing) -> None:
    """DeleteObjects answers 200 with an error per key."""
    wanted = {"Objects": [{"Key": thing.key, "VersionId": thing.version}]}
    answer = client.delete_objects(Bucket=thing.bucket, Delete=wanted)
    if errors := answer.get("Errors"):
        raise ClientError({"Error": errors[0]}, "DeleteObjects")


def lifecycle(client: Any, thing: Thing) -> None:
    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    client.put_bucket_lifecycle_configuration(Bucket=thing.bucket, LifecycleConfiguration={"Rules": [rule]})


Act = Callable[[Any, Thing], Any]
SEE: dict[str, Act] = {
    "list_versions": lambda c, t: c.list_object_versions(Bucket=t.bucket),
    "list_objects": lambda c, t: c.list_objects_v2(Bucket=t.bucket),
    "list_uploads": lambda c, t: c.list_multipart_uploads(Bucket=t.bucket),
    "read_versioning": lambda c, t: c.get_bucket_versioning(Bucket=t.bucket),
}
READ: dict[str, Act] = {
    "read_dates": lambda c, t: c.head_object(**t.address),
    "read_attributes": lambda c, t: c.get_object_attributes(**t.address, ObjectAttributes=["ETag"]),
    "read_dates_of_version": lambda c, t: c.head_object(**t.address, VersionId=t.version),
}
REMOVE: dict[str, Act] = {
    "delete_version": lambda c, t: c.delete_object(**t.address, VersionId=t.version),
    "delete_many": delete_many,
    "delete_with_marker": lambda c, t: c.delete_object(**t.address),
    "abort_upload": lambda c, t: c.abort_multipart_upload(**t.address, UploadId=t.upload),
}
NEVER: dict[str, Act] = {
    "list_parts": lambda c, t: c.list_parts(**t.address, UploadId=t.upload),
    "put": lambda c, t: c.put_object(**t.address, Body=b"changed"),
    "copy": lambda c, t: c.copy_object(Bucket=t.bucket, Key="copy", CopySource=t.address),
    "tag": lambda c, t: c.put_object_tagging(**t.address, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
    "begin_upload": lambda c, t: c.create_multipart_upload(**t.address),
    "suspend_versioning": lambda c, t: c.put_bucket_versioning(
        Bucket=t.bucket, VersioningConfiguration={"Status": "Suspended"}
    ),
    "set_lifecycle": lifecycle,
    "make_bucket": lambda c, t: c.create_bucket(Bucket="new-bucket"),
    "remove_bucket": lambda c, t: c.delete_bucket(Bucket=t.bucket),
}


DISPOSAL_NEEDS = {"read_versioning", "read_attributes"}
"""What verification never asks for; attributes only of servers that hide keys from their listings (docs/stores.md)."""


def is_allowed(identity: str, action: str, bucket: str, key: str) -> bool:
    """What include/iam means to say."""
    if bucket not in (MAPPED, LOGS) or action in NEVER:
        return False
    if identity == "verify":
        return action in SEE | READ and action not in DISPOSAL_NEEDS
    if action in SEE:
        return True
    return (bucket, key) in ((MAPPED, KEY), (LOGS, LOG_KEY))


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        pytest.param(MAPPED, KEY, id="mapped"),
        pytest.param(MAPPED, OUTSIDE, id="outside_the_prefix"),
        pytest.param(LOGS, LOG_KEY, id="log_object"),
        pytest.param(LOGS, OUTSIDE, id="beside_log_objects"),
        pytest.param(OTHER, KEY, id="other_bucket"),
    ],
)
@pytest.mark.parametrize("action", [*SEE, *READ, *REMOVE, *NEVER])
def test_identity_may_do_exactly_this(
    client: Any, identity: str, make: Callable[[str, str], Thing], action: str, bucket: str, key: str
) -> None:
    thing, act = make(bucket, key), (SEE | READ | REMOVE | NEVER)[action]
    if is_allowed(identity, action, bucket, key):
        act(client, thing)
    else:
        with pytest.raises(ClientError) as refused:
            act(client, thing)
        assert refused.value.response["Error"]["Code"] in {"AccessDenied", "403"}


def test_local_server_gives_the_same_actions_on_every_bucket() -> None:
    for policy in shipped_policies().values():
        widened = for_every_bucket(policy)
        assert [one["Action"] for one in widened["Statement"]] == [one["Action"] for one in policy["Statement"]]


def test_no_policy_has_a_wildcard_action_or_denies_by_omission_of_a_resource() -> None:
    for policy in shipped_policies().values():
        assert policy["Version"] == "2012-10-17"
        for statement in policy["Statement"]:
            assert statement["Effect"] == "Allow"
            assert [action for action in statement["Action"] if "*" in action] == []
            if statement["Action"] != ["s3:ListAllMyBuckets"]:
                ours = tuple(f"arn:aws:s3:::{bucket}" for bucket in (MAPPED, LOGS, EVIDENCE))
                assert [name for name in statement["Resource"] if not name.startswith(ours)] == []


def test_disposal_has_the_rights_that_its_requests_need_and_no_other() -> None:
    assert granted("disposal") == rights_for(*(RIGHTS.keys() - EVIDENCE_ASKS))


def test_evidence_has_the_rights_that_its_requests_need_and_no_other() -> None:
    assert granted("evidence") == rights_for("head_bucket", "list_object_versions", "get_object", *EVIDENCE_ASKS)


EVIDENCE_ASKS = {"put_object", "get_object_lock_configuration"}
"""What is asked of the locked bucket alone."""


def granted(identity: str) -> set[str]:
    return {action for one in shipped_policies()[identity]["Statement"] for action in one["Action"]}


def rights_for(*requests: str) -> set[str]:
    return {right for request in requests for right in RIGHTS[request].split(" and ")}


LOCK: dict[str, Any] = {
    "ObjectLockMode": "COMPLIANCE",
    "ObjectLockRetainUntilDate": datetime.now(UTC) + timedelta(hours=1),
    "ChecksumAlgorithm": "SHA256",
}


@pytest.fixture
def head(server: S3Server) -> Iterator[tuple[Any, Thing]]:
    """The identity `evidence`, and what it wrote."""
    client = server.client("evidence")
    written = client.put_object(Bucket=EVIDENCE, Key="tree-heads/1.json", Body=b"{}", **LOCK)
    yield client, Thing(EVIDENCE, "tree-heads/1.json", written["VersionId"], "")
    client.close()


def test_evidence_adds_and_reads(head: tuple[Any, Thing]) -> None:
    client, thing = head
    assert client.get_object(**thing.address)["Body"].read() == b"{}"
    assert client.list_object_versions(Bucket=EVIDENCE)["Versions"]


@pytest.mark.parametrize("action", ["delete_version", "delete_many", "delete_with_marker"])
def test_evidence_removes_nothing(head: tuple[Any, Thing], action: str) -> None:
    with pytest.raises(ClientError):
        REMOVE[action](*head)


@pytest.mark.parametrize("bucket", [MAPPED, LOGS, OTHER])
def test_evidence_reaches_no_other_bucket(head: tuple[Any, Thing], bucket: str) -> None:
    client, _ = head
    for act in (
        lambda: client.put_object(Bucket=bucket, Key="x", Body=b""),
        lambda: client.list_objects_v2(Bucket=bucket),
    ):
        with pytest.raises(ClientError):
            act()
