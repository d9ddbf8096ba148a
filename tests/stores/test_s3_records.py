"""Records of log objects on the real server: every version, plain and gz, and connections that break."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from tests.stores.places import S3Place, fresh_key, s3_connection

from retention.errors import StoreUnreadable
from retention.stores.dry_run import DryRunRecordStore
from retention.stores.protocol import PartKind
from retention.stores.record_times import RecordTimes
from retention.stores.s3 import S3Store
from retention.stores.s3_client import client_factory

OLD, YOUNG = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)
CONTENT = b"2026-01-02T00:00:00Z a\n" + b"  none \n" * 100_000 + b"2026-01-03T00:00:00Z b\n"
ALL = RecordTimes(OLD, YOUNG, 2)


def put(place: S3Place, key: str, content: bytes) -> str:
    version = str(place.client.put_object(Bucket=place.bucket.name, Key=key, Body=content)["VersionId"])
    place.written.append((key, version))
    return version


def store_with(place: S3Place, reaction: Callable[..., AWSResponse | None]) -> S3Store:
    make = client_factory(s3_connection(place.bucket))

    def factory() -> Any:
        client = make()
        client.meta.events.register("before-send.s3.GetObject", reaction)
        return client

    return S3Store(factory, place.bucket.name, ["p/"])


def times_by_part(store: S3Store) -> dict[str, RecordTimes]:
    parts = list(store.scan())
    return {part.part_id: times for part, times in store.times_of(parts, now=datetime.now(UTC)).items()}


def test_every_version_is_read_and_nothing_else_has_records(s3_place: S3Place) -> None:
    assert isinstance(s3_place.store, S3Store)
    key = fresh_key()
    plain, packed, empty = (
        put(s3_place, key, CONTENT),
        put(s3_place, key, gzip.compress(CONTENT)),
        put(s3_place, key, b""),
    )
    s3_place.delete(key)
    s3_place.begin_upload(key)
    assert times_by_part(s3_place.store) == {plain: ALL, packed: ALL, empty: RecordTimes(None, None, 0)}
    dry = DryRunRecordStore(s3_place.store)
    assert set(dry.times_of(list(dry.scan()), now=datetime.now(UTC)).values()) == {ALL, RecordTimes(None, None, 0)}


def test_a_version_that_went_since_it_was_listed_has_no_times(s3_place: S3Place) -> None:
    assert isinstance(s3_place.store, S3Store)
    key = fresh_key()
    version = put(s3_place, key, CONTENT)
    [part] = [part for part in s3_place.store.scan() if part.kind is PartKind.VERSION]
    s3_place.client.delete_object(Bucket=s3_place.bucket.name, Key=key, VersionId=version)
    assert s3_place.store.times_of([part], now=datetime.now(UTC)) == {}


class Breaking:
    """A connection that gives so many bytes of an object, from where it was asked to, and then ends."""

    def __init__(self, content: bytes, start: int, length: int) -> None:
        self.left = content[start : start + length]

    def read(self, amount: int) -> bytes:
        piece, self.left = self.left[:amount], self.left[amount:]
        return piece

    def close(self) -> None:
        pass


def broken_after(length: int, asked: list[str]) -> Callable[..., AWSResponse]:
    """Answers as S3 does, with Content-Length and ETag, but every connection breaks after `length` bytes."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        said = request.headers.get("Range", b"bytes=0-")
        text = said.decode() if isinstance(said, bytes) else said
        asked.append(text)
        start = int(text.removeprefix("bytes=").rstrip("-"))
        headers = {"ETag": '"e"', "Content-Length": str(len(CONTENT) - start)}
        return AWSResponse("http://injected", 206, headers, Breaking(CONTENT, start, length))

    return answer


def test_a_connection_that_breaks_is_taken_up_where_it_broke(s3_place: S3Place) -> None:
    version = put(s3_place, fresh_key(), CONTENT)
    asked: list[str] = []
    store = store_with(s3_place, broken_after(300_001, asked))
    assert times_by_part(store) == {version: ALL}
    assert asked == ["bytes=0-", "bytes=300001-", "bytes=600002-"]


def test_a_connection_that_gives_nothing_more_makes_the_place_unreadable(s3_place: S3Place) -> None:
    put(s3_place, fresh_key(), CONTENT)
    asked: list[str] = []
    with pytest.raises(StoreUnreadable, match="get_object: found error IncompleteRead"):
        times_by_part(store_with(s3_place, broken_after(0, asked)))
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("InvalidObjectState", 403, RecordTimes(None, None, 0, unread=True), id="archived"),
        pytest.param("NoSuchVersion", 404, None, id="gone"),
    ],
)
def test_what_can_not_be_had_stops_no_other(
    s3_place: S3Place, code: str, status: int, expected: RecordTimes | None
) -> None:
    refused, other = fresh_key(), fresh_key()
    versions = [put(s3_place, key, CONTENT) for key in (refused, other)]
    body = f"<Error><Code>{code}</Code><Message>about {refused}</Message></Error>"

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        return error_answer(body, status) if refused.rpartition("/")[2] in request.url else None

    found = times_by_part(store_with(s3_place, answer))
    assert found.pop(versions[1]) == ALL
    assert found == ({versions[0]: expected} if expected else {})


def test_a_refusal_makes_the_place_unreadable_and_names_the_right_and_no_key(s3_place: S3Place) -> None:
    key = fresh_key()
    put(s3_place, key, CONTENT)
    body = f"<Error><Code>AccessDenied</Code><Message>about {key}</Message></Error>"
    with pytest.raises(StoreUnreadable, match="the right s3:GetObject and s3:GetObjectVersion") as raised:
        times_by_part(store_with(s3_place, lambda **_: error_answer(body, 403)))
    assert key not in repr(raised.value) and raised.value.__context__ is None


class Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self.body]


def error_answer(body: str, status: int) -> AWSResponse:
    return AWSResponse("http://injected", status, {"Content-Type": "application/xml"}, Raw(body.encode()))
