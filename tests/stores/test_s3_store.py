"""What is special about S3, on the real server."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.conftest import Bucket
from tests.stores.places import FAR_FUTURE, S3Place, fresh_key, s3_connection, s3_store, shown

from retention.connections import Connection
from retention.errors import RequestError, StoreUnreadable
from retention.stores.protocol import PartKind, Removal, RemovalResult, StoredPart, Target
from retention.stores.s3 import S3Store
from retention.stores.s3_client import client_factory


def put_all(place: S3Place, keys: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(place.put, keys))


def test_removing_the_current_version_of_a_key_does_not_bring_an_expired_one_back(s3_place: S3Place) -> None:
    key = fresh_key()
    s3_place.put(key)
    s3_place.put(key)
    s3_place.delete(key)
    s3_place.store.remove([Target(key)], stored_before=FAR_FUTURE)
    with pytest.raises(s3_place.client.exceptions.ClientError):
        s3_place.client.head_object(Bucket=s3_place.bucket.name, Key=key)


def test_a_key_with_more_versions_than_a_page(s3_place: S3Place) -> None:
    key, sibling = fresh_key(), fresh_key()
    put_all(s3_place, [key] * 1_050 + [f"{key}-1", sibling])
    assert len(list(s3_place.store.scan())) == 1_052
    assert s3_place.store.remove([Target(key)], stored_before=FAR_FUTURE)[Target(key)].parts_removed == 1_050
    assert sorted(part.key for part in s3_place.store.scan()) == sorted([f"{key}-1", sibling])


def test_tenants_whose_names_begin_alike_are_listed_completely_over_pages(s3_place: S3Place) -> None:
    keys = [f"p/{tenant}/2026/{number:04}.wav" for tenant in ("acme", "acme-berlin") for number in range(560)]
    put_all(s3_place, keys)
    assert sorted(part.key for part in s3_place.store.scan()) == sorted(keys)
    assert len({key for key, _ in shown(s3_place.store, keys)}) == 1_120
    results = s3_place.store.remove([Target(key) for key in keys], stored_before=FAR_FUTURE)
    assert {result.outcome for result in results.values()} == {Removal.REMOVED}
    assert list(s3_place.store.scan()) == []


@pytest.mark.parametrize("page_entries", [5, 7, 40])
def test_small_pages_change_nothing(s3_place: S3Place, page_entries: int) -> None:
    stems = [
        "a",
        "a-b",
        "a.b",
        "a b",
        "a/b",
        "a/c",
        "ab/c",
        "a-b/c",
        "call-1",
        "call-2",
        "call",
        "call/x",
        "z%41",
        "é",
        "~",
    ]
    keys = [f"p/{stem}" for stem in stems] + [f"p/dir/{number}" for number in range(20)]
    for key in keys:
        s3_place.put(key)
    s3_place.delete("p/a")
    for number in range(9):
        s3_place.begin_upload(f"p/dir/{number}")
    store = s3_store(s3_place.bucket, "p/", page_entries=page_entries)
    expected = sorted((part.key, part.part_id) for part in s3_place.store.scan())
    assert len(expected) == len(keys) + 10
    assert sorted((part.key, part.part_id) for part in store.scan()) == expected
    assert shown(store, keys) == expected


def test_only_the_prefixes_of_the_place_are_scanned_and_nothing_outside_is_removed(s3_place: S3Place) -> None:
    inside, outside = "p/a", "other/a"
    s3_place.put(inside)
    kept = s3_place.put(outside)
    results = s3_place.store.remove([Target(inside), Target(outside)], stored_before=FAR_FUTURE)
    assert results[Target(outside)] == RemovalResult(Removal.FAILED, 0, "OutsidePlace")
    assert list(s3_place.store.scan()) == []
    assert shown(s3_place.store, [outside]) == [(outside, kept)]


@pytest.mark.parametrize("prefixes", [pytest.param([], id="none"), pytest.param("p/", id="a_text")])
def test_a_missing_prefix_never_means_everything(s3_place: S3Place, prefixes: Any) -> None:
    with pytest.raises(RequestError, match="whole bucket"):
        S3Store(client_factory(s3_connection(s3_place.bucket)), s3_place.bucket.name, prefixes)


def test_overlapping_prefixes_list_nothing_twice(s3_place: S3Place) -> None:
    s3_place.put("p/a/1")
    s3_place.begin_upload("p/a/1")
    store = s3_store(s3_place.bucket, "p/a/", "p/", "p/a/1")
    assert len(list(store.scan())) == 2


@pytest.mark.parametrize("key", ["", "p/" + "x" * 1_024, "p/\ud800"], ids=["empty", "too_long", "lone_surrogate"])
def test_a_key_that_no_object_can_have_fails_alone(bucket: Bucket, key: str) -> None:
    store = s3_store(bucket)
    fine = fresh_key()
    results = store.remove([Target(key), Target(fine)], stored_before=FAR_FUTURE)
    assert results[Target(key)] == RemovalResult(Removal.FAILED, 0, "InvalidKey")
    assert results[Target(fine)].outcome is Removal.ABSENT
    assert shown(store, [key, fine]) == []


@pytest.mark.parametrize("key", ["p//double.wav", "p/back\\slash.wav"])
def test_an_object_that_the_server_lists_under_another_name_is_never_called_absent(s3_place: S3Place, key: str) -> None:
    """SeaweedFS stores `a//b` as `a/b`; where a server does not, the object is simply listed and removed."""
    part = s3_place.put(key)
    assert shown(s3_place.store, [key]) == [(key, part)]
    result = s3_place.store.remove([Target(key)], stored_before=FAR_FUTURE)[Target(key)]
    listed = [key for key, _ in shown(s3_place.store, [key])]
    assert (result.outcome, listed) in [(Removal.FAILED, [key]), (Removal.REMOVED, [])]
    assert (
        s3_place.store.remove([Target("p//none")], stored_before=FAR_FUTURE)[Target("p//none")].outcome
        is Removal.ABSENT
    )


HIDDEN = ["p/x.versions/a.wav", "p/.uploads/a.wav"]


@pytest.mark.parametrize("identity", ["app", "disposal"])
@pytest.mark.parametrize("key", HIDDEN)
def test_versions_under_a_delete_marker_that_no_listing_shows_are_never_called_absent(
    s3_place: S3Place, key: str, identity: str
) -> None:
    """Asked for such a key, SeaweedFS answers as if there were nothing; what it keeps comes back with its version's id."""
    version = s3_place.put(key)
    s3_place.delete(key)
    store = s3_store(s3_place.bucket, "p/", identity=identity)
    (part,) = store.parts_of([key])
    assert (part.key, part.kind, part.is_latest) == (key, PartKind.DELETE_MARKER, True)
    assert store.remove([Target(key)], stored_before=FAR_FUTURE) == {
        Target(key): RemovalResult(Removal.FAILED, 0, "ListedElsewhere")
    }
    kept = s3_place.client.get_object(Bucket=s3_place.bucket.name, Key=key, VersionId=version)
    assert kept["Body"].read() == b"RIFF"


@pytest.mark.parametrize("key", HIDDEN)
def test_a_listed_upload_does_not_stand_for_an_object_that_is_not_listed(s3_place: S3Place, key: str) -> None:
    version, upload = s3_place.put(key), s3_place.begin_upload(key)
    assert shown(s3_place.store, [key]) == sorted([(key, version), (key, upload)])
    results = s3_place.store.remove([Target(key)], stored_before=FAR_FUTURE)
    assert results == {Target(key): RemovalResult(Removal.FAILED, 0, "ListedElsewhere")}
    assert len(shown(s3_place.store, [key])) == 2


@pytest.mark.parametrize("key", HIDDEN)
def test_an_upload_alone_under_a_name_that_may_be_hidden_goes(s3_place: S3Place, key: str) -> None:
    s3_place.begin_upload(key)
    results = s3_place.store.remove([Target(key)], stored_before=FAR_FUTURE)
    assert results == {Target(key): RemovalResult(Removal.REMOVED, 1)}
    assert shown(s3_place.store, [key]) == []


def test_a_folder_object_is_an_item(s3_place: S3Place) -> None:
    part = s3_place.put("p/folder/")
    s3_place.put("p/folder/a")
    assert shown(s3_place.store, ["p/folder/"]) == [("p/folder/", part)]
    assert len(list(s3_place.store.scan())) == 2
    results = s3_place.store.remove([Target("p/folder/")], stored_before=FAR_FUTURE)
    assert results == {Target("p/folder/"): RemovalResult(Removal.REMOVED, 1)}
    assert [part.key for part in s3_place.store.scan()] == ["p/folder/a"]


def test_versions_from_before_versioning_and_from_its_suspension_go(s3_place: S3Place) -> None:
    client, name, key = s3_place.client, f"plain-{uuid.uuid4().hex[:16]}", "p/a"
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key=key, Body=b"1")
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=name, Key=key, Body=b"2")
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    client.put_object(Bucket=name, Key="p/b", Body=b"3")
    store = S3Store(client_factory(s3_connection(s3_place.bucket)), name, ["p/"], page_entries=5)
    assert store.versioning() == "Suspended"
    assert [part_id for _, part_id in shown(store, ["p/b"])] == ["null"]
    results = store.remove([Target("p/a"), Target("p/b")], stored_before=FAR_FUTURE)
    assert results == {Target(key): RemovalResult(Removal.REMOVED, parts) for key, parts in (("p/a", 2), ("p/b", 1))}
    assert list(store.scan()) == []
    client.delete_bucket(Bucket=name)


def test_the_recording_date_in_the_metadata_is_read_for_versions_that_state_one(s3_place: S3Place) -> None:
    stated = {
        "p/utc": "2026-03-01T10:00:00+00:00",
        "p/offset": "2026-03-01T12:00:00+02:00",
        "p/naive": "2026-03-01T10:00:00",
        "p/nonsense": "yesterday",
        "p/before_all_years": "0001-01-01T00:00:00+14:00",
        "p/after_all_years": "9999-12-31T23:59:59-14:00",
    }
    for key, text in stated.items():
        response = s3_place.client.put_object(
            Bucket=s3_place.bucket.name, Key=key, Body=b"RIFF", Metadata={"recorded-at": text}
        )
        s3_place.written.append((key, response["VersionId"]))
    s3_place.put("p/silent")
    s3_place.delete("p/utc")
    s3_place.begin_upload("p/utc")
    found = s3_place.store.stated_at(list(s3_place.store.scan()))
    instant = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert {part.key: at for part, at in found.items()} == {"p/utc": instant, "p/offset": instant}
    assert {part.kind for part in found} == {PartKind.VERSION}


def test_a_version_that_went_meanwhile_states_nothing(s3_place: S3Place) -> None:
    s3_place.put("p/a")
    gone = StoredPart("p/a", "00000000000000000000000000000000", PartKind.VERSION, datetime.now(UTC), False, 1)
    assert s3_place.store.stated_at([gone]) == {}


def test_eight_threads_share_one_store(s3_place: S3Place) -> None:
    keys = [fresh_key(f"p/{number % 8}") for number in range(160)]
    put_all(s3_place, keys)
    parts = [keys[at::8] for at in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for results in pool.map(
            lambda part: s3_place.store.remove([*map(Target, part)], stored_before=FAR_FUTURE), parts
        ):
            assert {result.outcome for result in results.values()} == {Removal.REMOVED}
    assert list(s3_place.store.scan()) == []


def test_many_unfinished_uploads_are_listed_over_pages_and_found_one_by_one(
    s3_place: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"p/dir/{number:03}" for number in range(23)]
    for key in keys:
        s3_place.begin_upload(key)
    store = s3_store(s3_place.bucket, "p/", page_entries=4)
    assert sorted(part.key for part in store.scan()) == keys
    # With more uploads than are read at once, each wanted key is listed by itself.
    monkeypatch.setattr("retention.stores.s3._UPLOADS_READ_AT_ONCE", 0)
    assert [key for key, _ in shown(store, keys[:1])] == keys[:1]


@pytest.mark.parametrize(
    ("name", "identity", "found"),
    [
        pytest.param("no-such-bucket", "app", "the bucket is missing", id="missing_bucket"),
        pytest.param(None, "nobody", "the login was refused", id="wrong_login"),
    ],
)
def test_a_bucket_that_can_not_be_read_is_never_empty(
    bucket: Bucket, name: str | None, identity: str, found: str
) -> None:
    connection = s3_connection(bucket)
    if identity == "nobody":
        connection = Connection("x", "aws", login="NOBODY", password="wrong", extra=connection.extra)
    store = S3Store(client_factory(connection), name or bucket.name, ["p/"])
    readings = [store.check, store.clock, lambda: list(store.scan()), lambda: list(store.parts_of(["p/a"]))]
    for read in [*readings, lambda: store.remove([Target("p/a")], stored_before=FAR_FUTURE)]:
        with pytest.raises(StoreUnreadable):
            read()
    with pytest.raises(StoreUnreadable, match=found):
        store.check()


def test_a_server_that_does_not_answer_is_unreadable(bucket: Bucket) -> None:
    connection = s3_connection(bucket)
    extra = {
        **connection.extra,
        "endpoint_url": "http://127.0.0.1:1",
        "config_kwargs": {"retries": {"total_max_attempts": 1}},
    }
    store = S3Store(
        client_factory(Connection("x", "aws", "127.0.0.1", extra=extra, login="a", password="b")), "b", ["p/"]
    )
    with pytest.raises(StoreUnreadable, match="EndpointConnectionError"):
        store.check()


@pytest.mark.parametrize(
    ("conn_type", "extra", "expected"),
    [
        pytest.param("postgres", {}, "expected 'aws'", id="another_type"),
        pytest.param("aws", {"role_arn": "arn:aws:iam::1:role/x"}, "AWS_PROFILE", id="role"),
        pytest.param("aws", {"config_kwargs": {"no_such_field": 1}}, "botocore.config.Config", id="unknown_setting"),
        pytest.param("aws", {"config_kwargs": "text"}, "botocore.config.Config", id="no_object"),
    ],
)
def test_a_connection_that_is_not_understood_is_refused(conn_type: str, extra: dict[str, Any], expected: str) -> None:
    with pytest.raises(RequestError, match=expected):
        client_factory(Connection("x", conn_type, extra=extra))


def test_a_role_that_may_only_read_removes_nothing(s3_place: S3Place) -> None:
    key = fresh_key()
    part = s3_place.put(key)
    reader = s3_store(s3_place.bucket, "p/", identity="verify")
    results = reader.remove([Target(key)], stored_before=FAR_FUTURE)
    assert results == {Target(key): RemovalResult(Removal.FAILED, 0, "AccessDenied")}
    assert shown(reader, [key]) == [(key, part)]
