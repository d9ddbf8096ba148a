"""Our own listing sees everything in a bucket, whatever the keys and wherever pages end."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from retention.local.s3_server import S3Server
from retention.verification import listing
from retention.verification.listing import Bucket, Metadata, Unlisted
from retention.verification.walk import StoredEntry

ODD_KEYS = [
    pytest.param("a b", id="space"),
    pytest.param("a+b", id="plus"),
    pytest.param("100%25/%41", id="percent"),
    pytest.param("grüße/日本", id="unicode"),
    pytest.param("line\nfeed\ttab", id="control"),
    pytest.param("<&>\"'", id="xml"),
]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_odd_keys_come_back_as_they_are(bucket: Any, key: str) -> None:
    client = bucket.client()
    client.put_object(Bucket=bucket.name, Key=key, Body=b"1", Metadata={"recorded-at": "2026-01-02T03:04:05Z"})
    client.create_multipart_upload(Bucket=bucket.name, Key=key)
    verifying = Bucket(bucket.client("verify"), bucket.name)
    found = [entry for page in verifying.pages() for entry in page]
    assert [(entry.key, entry.entry) for entry in found] == [(key, "version"), (key, "upload")]
    assert sorted(verifying.entries_of(key)) == sorted(found)
    assert verifying.recorded_at(found[:1]) == [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)]


NAMES = [
    pytest.param(
        [f"{folder}/{n}" for folder in ("acme", "acme-berlin") for n in range(30)] + ["acme"],
        id="one_folder_begins_like_another",
    ),
    pytest.param([f"in/call-{n:04d}.wav" for n in range(40)] + ["in/call"], id="one_name_begins_all_others"),
    pytest.param([f"d/{uuid.UUID(int=n * 7**40 % 2**128)}.wav" for n in range(1, 60)], id="many_in_one_folder"),
    pytest.param([f"t{t}/2026/{d:02d}/x.wav" for t in range(6) for d in range(8)], id="a_tree"),
    pytest.param(["a", "a b+%", "b/1", "b/ü", "z\n", "a.b", "a.b/c", "a-b", "ä/é", "a/b", "0"], id="a_mixture"),
]


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("page", [7, 20])
def test_nothing_is_lost_and_nothing_comes_twice_wherever_pages_end(
    bucket: Any, monkeypatch: pytest.MonkeyPatch, names: list[str], page: int
) -> None:
    monkeypatch.setattr(listing, "PAGE", page)
    client = bucket.client()
    expected: Counter[tuple[str, str]] = Counter()
    for number, key in enumerate(names):
        versions = 1 + (number % 5 == 0)
        for _ in range(versions):
            client.put_object(Bucket=bucket.name, Key=key, Body=b"1")
        expected[key, "version"] = versions
        if number % 6 == 0:
            client.delete_object(Bucket=bucket.name, Key=key)
            client.create_multipart_upload(Bucket=bucket.name, Key=key)
            expected |= {(key, "delete_marker"): 1, (key, "upload"): 1}
    found = [entry for entries in Bucket(bucket.client("verify"), bucket.name).pages() for entry in entries]
    assert Counter((entry.key, entry.entry) for entry in found) == expected
    assert len({(entry.key, entry.part_id) for entry in found}) == len(found)


def test_name_that_was_asked_for_by_itself_does_not_come_again_with_the_last_group(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 7)
    names = ["!", "!!!", "!!éé!", "!!ééé!", "!éééé", "é", "é!é!", "ééé!!!"]
    for key in names:
        bucket.client().put_object(Bucket=bucket.name, Key=key, Body=b"1")
    found = [entry.key for entries in Bucket(bucket.client("verify"), bucket.name).pages() for entry in entries]
    assert sorted(found) == sorted(names)


def test_order_that_cannot_be_decided_is_no_complete_listing(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    client = bucket.client()
    for _ in range(9):
        client.put_object(Bucket=bucket.name, Key="a", Body=b"1")
        client.put_object(Bucket=bucket.name, Key=f"a.{_}", Body=b"1")
    with pytest.raises(Unlisted, match="UndecidedOrder"):
        list(Bucket(bucket.client("verify"), bucket.name).pages())


def test_entries_of_a_key_leave_out_longer_keys(bucket: Any) -> None:
    client = bucket.client()
    for key in ("a", "a/b", "ab"):
        client.put_object(Bucket=bucket.name, Key=key, Body=b"1")
    assert [entry.key for entry in Bucket(bucket.client("verify"), bucket.name).entries_of("a")] == ["a"]


def test_object_that_went_since_it_was_listed_is_told_apart_from_one_without_a_date(bucket: Any) -> None:
    client = bucket.client()
    client.put_object(Bucket=bucket.name, Key="bare", Body=b"1")
    client.put_object(Bucket=bucket.name, Key="bad", Body=b"1", Metadata={"recorded-at": "yesterday"})
    client.put_object(Bucket=bucket.name, Key="gone", Body=b"1")
    verifying = Bucket(bucket.client("verify"), bucket.name)
    found = [entry for page in verifying.pages() for entry in page]
    [gone] = [entry for entry in found if entry.key == "gone"]
    client.delete_object(Bucket=bucket.name, Key="gone", VersionId=gone.part_id)
    assert dict(zip([entry.key for entry in found], verifying.recorded_at(found), strict=True)) == {
        "bad": Metadata.NONE,
        "bare": Metadata.NONE,
        "gone": Metadata.GONE,
    }


def test_listing_that_does_not_move_on_is_broken_off() -> None:
    class Stuck:
        """Answers every page as truncated, with the same marker."""

        def list_object_versions(self, **_: object) -> dict[str, object]:
            headers = {"HTTPHeaders": {"server": "AmazonS3"}}
            return {"IsTruncated": True, "NextKeyMarker": "a", "Versions": [], "ResponseMetadata": headers}

    with pytest.raises(Unlisted, match="TruncatedWithoutMarker"):
        list(Bucket(Stuck(), "any").pages())


def test_bucket_without_versions_is_read_like_any_other(s3_server: S3Server) -> None:
    client, name = s3_server.client(), "without-versions"
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="a/b", Body=b"1", Metadata={"recorded-at": "2026-01-02T03:04:05Z"})
    try:
        unversioned = Bucket(s3_server.client("verify"), name)
        found = [entry for page in unversioned.pages() for entry in page]
        assert [(entry.key, entry.entry, entry.is_latest) for entry in found] == [("a/b", "version", True)]
        assert unversioned.recorded_at(found) == [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)]
    finally:
        client.delete_object(Bucket=name, Key="a/b")
        client.delete_bucket(Bucket=name)


def test_date_without_an_offset_or_beyond_all_years_states_nothing() -> None:
    assert listing._parse_instant("2026-01-02T03:04:05") is listing.Metadata.NONE
    for beyond in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert listing._parse_instant(beyond) is listing.Metadata.NONE
    assert listing._parse_instant("2026-01-02T03:04:05Z") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_stored_entries_hold_no_payload() -> None:
    assert StoredEntry._fields == ("key", "part_id", "entry", "stored_at", "is_latest", "content")
