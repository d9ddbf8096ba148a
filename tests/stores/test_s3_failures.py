"""Per-key errors, broken answers and races, injected into the HTTP exchange; and what may not leave in logs and exceptions."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from tests.conftest import Bucket
from tests.stores.places import FAR_FUTURE, S3Place, fresh_key, s3_connection, s3_store, shown

from retention.errors import StoreUnreadable
from retention.stores.protocol import PartKind, Removal, RemovalResult, Target
from retention.stores.s3 import S3Store
from retention.stores.s3_client import client_factory


class Raw:
    """What urllib3 would hand to botocore."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self.body]


def answer(body: str, status: int = 200) -> AWSResponse:
    return AWSResponse("http://injected", status, {"Content-Type": "application/xml"}, Raw(body.encode()))


def store_with(place: S3Place, event: str, reaction: Callable[..., AWSResponse | None], **options: Any) -> S3Store:
    """A store whose client lets `reaction` answer or change requests before they are sent."""
    make = client_factory(s3_connection(place.bucket))

    def factory() -> Any:
        client = make()
        client.meta.events.register(f"before-send.s3.{event}", reaction)
        return client

    return S3Store(factory, place.bucket.name, ["p/"], **options)


def errors(key: str, version: str, code: str) -> str:
    text = f"{code} happened to {key}"
    entry = (
        f"<Error><Key>{key}</Key><VersionId>{version}</VersionId><Code>{code}</Code><Message>{text}</Message></Error>"
    )
    return f"<DeleteResult>{entry}</DeleteResult>"


def test_a_part_refused_inside_a_successful_answer_fails_with_its_code(s3_place: S3Place) -> None:
    kept, gone = fresh_key(), fresh_key()
    versions = {key: s3_place.put(key) for key in (kept, gone)}

    def refuse(request: Any, **_: Any) -> AWSResponse:
        s3_place.client.delete_object(Bucket=s3_place.bucket.name, Key=gone, VersionId=versions[gone])
        return answer(errors(kept, versions[kept], "AccessDenied"))

    store = store_with(s3_place, "DeleteObjects", refuse)
    results = store.remove([Target(kept), Target(gone)], stored_before=FAR_FUTURE)
    assert results == {
        Target(kept): RemovalResult(Removal.FAILED, 0, "AccessDenied"),
        Target(gone): RemovalResult(Removal.REMOVED, 1),
    }
    assert shown(store, [kept, gone]) == [(kept, versions[kept])]


@pytest.mark.parametrize("code", ["SlowDown", "InternalError"])
def test_a_part_refused_for_a_passing_reason_is_tried_again(
    s3_place: S3Place, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retention.stores.s3_removal._PAUSE_S", 0.01)
    key = fresh_key()
    version = s3_place.put(key)
    refusals = [answer(errors(key, version, code))]
    store = store_with(s3_place, "DeleteObjects", lambda **_: refusals.pop() if refusals else None)
    assert store.remove([Target(key)], stored_before=FAR_FUTURE) == {Target(key): RemovalResult(Removal.REMOVED, 1)}
    assert shown(store, [key]) == []


def test_a_part_refused_twice_fails_and_its_delete_marker_stays(
    s3_place: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retention.stores.s3_removal._PAUSE_S", 0.01)
    key = fresh_key()
    version, marker = s3_place.put(key), s3_place.delete(key)
    requests: list[bytes] = []

    def refuse(request: Any, **_: Any) -> AWSResponse:
        requests.append(request.body)
        return answer(errors(key, version, "SlowDown"))

    store = store_with(s3_place, "DeleteObjects", refuse)
    results = store.remove([Target(key)], stored_before=FAR_FUTURE)
    assert results == {Target(key): RemovalResult(Removal.FAILED, 0, "SlowDown")}
    assert len(requests) == 2
    assert not any(marker.encode() in body for body in requests)


def test_a_refusal_that_names_no_known_part_counts_for_all_of_them(s3_place: S3Place) -> None:
    keys = [fresh_key(), fresh_key()]
    for key in keys:
        s3_place.put(key)
    store = store_with(s3_place, "DeleteObjects", lambda **_: answer(errors("other", "1", "AccessDenied")))
    results = store.remove([Target(key) for key in keys], stored_before=FAR_FUTURE)
    assert {result.error_code for result in results.values()} == {"AccessDenied_in_part"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(
            "<Error><Code>AccessDenied</Code><Message>secret</Message></Error>", 403, "AccessDenied", id="denied"
        ),
        pytest.param("<Delete", 200, "500", id="cut_off"),
    ],
)
def test_a_deletion_that_fails_as_a_whole_fails_all_its_parts(
    s3_place: S3Place, body: str, status: int, code: str
) -> None:
    key = fresh_key()
    s3_place.put(key)
    store = store_with(s3_place, "DeleteObjects", lambda **_: answer(body, status))
    result = store.remove([Target(key)], stored_before=FAR_FUTURE)[Target(key)]
    assert result == RemovalResult(Removal.FAILED, 0, code)


LISTING = "<ListVersionsResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>{}</ListVersionsResult>"
VERSION = (
    "<Version><Key>p/a</Key><VersionId>1</VersionId><IsLatest>true</IsLatest><LastModified>{}</LastModified></Version>"
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("<ListVersionsResult>", id="cut_off"),
        pytest.param("<html/>", id="another_document"),
        pytest.param(LISTING.format(""), id="no_word_about_the_end"),
        pytest.param(LISTING.format("<IsTruncated>maybe</IsTruncated>"), id="no_clear_word_about_the_end"),
        pytest.param(LISTING.format("<IsTruncated>true</IsTruncated>"), id="no_marker_to_go_on_from"),
        pytest.param(LISTING.format("<IsTruncated>false</IsTruncated>" + VERSION.format("")), id="no_time"),
        pytest.param(LISTING.format("<IsTruncated>false</IsTruncated>" + VERSION.format("yesterday")), id="no_instant"),
        pytest.param(LISTING.format("<IsTruncated>false</IsTruncated><Version><Key>p/a</Key></Version>"), id="no_id"),
        pytest.param(
            LISTING.format("<IsTruncated>true</IsTruncated><NextKeyMarker>p/a</NextKeyMarker>"),
            id="the_same_page_forever",
        ),
    ],
)
@pytest.mark.parametrize("page_server", ["AmazonS3", "other"])
def test_a_listing_that_can_not_be_trusted_is_unreadable(s3_place: S3Place, body: str, page_server: str) -> None:
    store = store_with(s3_place, "ListObjectVersions", lambda **_: answer(body))
    store._requests._sorts_by_key = page_server == "AmazonS3"
    with pytest.raises(StoreUnreadable):
        list(store.scan())
    with pytest.raises(StoreUnreadable):
        list(store.parts_of(["p/a"]))


def test_nothing_is_removed_when_the_items_can_not_be_listed(s3_place: S3Place) -> None:
    key = fresh_key()
    version = s3_place.put(key)
    store = store_with(s3_place, "ListMultipartUploads", lambda **_: answer("<ListMultipartUploadsResult/>"))
    with pytest.raises(StoreUnreadable):
        store.remove([Target(key)], stored_before=FAR_FUTURE)
    assert shown(s3_place.store, [key]) == [(key, version)]


def test_encoded_listings_are_decoded(s3_place: S3Place) -> None:
    encoded = "p/with+space%2Bplus%25%01%0A%C3%BC"
    key = "p/with space+plus%\x01\nü"
    end = "<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>"
    versions = LISTING.format(end + VERSION.format("2026-01-01T00:00:00.000Z").replace("p/a", encoded))
    upload = (
        f"<Upload><Key>{encoded}</Key><UploadId>1</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>"
    )
    uploads = f"<ListMultipartUploadsResult>{end}{upload}</ListMultipartUploadsResult>"
    store = store_with(s3_place, "ListMultipartUploads", lambda **_: answer(uploads))
    store._requests.client.meta.events.register("before-send.s3.ListObjectVersions", lambda **_: answer(versions))
    store._requests._sorts_by_key = True
    found = [(part.key, part.kind) for part in store.parts_of([key])]
    assert found == [(key, PartKind.VERSION), (key, PartKind.UPLOAD)]


def test_an_unversioned_object_that_was_overwritten_meanwhile_stays(bucket: Bucket) -> None:
    client: Any = bucket.client()
    client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Suspended"})
    place = S3Place(bucket)
    place.put("p/a")

    def overwrite(**_: Any) -> None:
        client.put_object(Bucket=bucket.name, Key="p/a", Body=b"something else")

    store = store_with(place, "DeleteObjects", overwrite)
    results = store.remove([Target("p/a")], stored_before=FAR_FUTURE)
    assert results == {Target("p/a"): RemovalResult(Removal.FAILED, 0, "PreconditionFailed")}
    assert client.get_object(Bucket=bucket.name, Key="p/a")["Body"].read() == b"something else"


SECRET = "anna-schmidt"


def test_no_key_gets_into_a_log_at_any_level(s3_place: S3Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = f"p/{SECRET}.wav"
    s3_place.put(key)
    s3_place.delete(key)
    s3_place.begin_upload(key)
    store = s3_store(s3_place.bucket, "p/")
    logging.getLogger("botocore.endpoint").debug("the level of the root logger is DEBUG: %s", logging.getLogger().level)
    caplog.clear()
    store.check()
    parts = [*store.scan(), *store.parts_of([key, f"p//{SECRET}"])]
    store.stated_at(parts)
    store.remove([Target(key), Target(f"p/{SECRET}\x01")], stored_before=FAR_FUTURE)
    assert logging.getLogger().level == logging.DEBUG
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"<Error><Code>InternalError</Code><Message>{SECRET}</Message></Error>", id="message"),
        pytest.param(f"<ListVersionsResult><Key>{SECRET}", id="cut_off"),
        pytest.param(LISTING.format(VERSION.format(SECRET)), id="content"),
    ],
)
def test_no_key_gets_into_an_exception(s3_place: S3Place, body: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    status = 403 if "<Error>" in body else 200
    store = store_with(s3_place, "ListObjectVersions", lambda **_: answer(body, status))
    with pytest.raises(StoreUnreadable) as caught:
        list(store.parts_of([f"p/{SECRET}.wav"]))
    error: BaseException | None = caught.value
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    while error is not None:
        assert SECRET not in repr(error)
        error = error.__context__
    assert SECRET not in caplog.text


def test_a_name_that_may_be_hidden_is_unreadable_when_the_server_does_not_tell(s3_place: S3Place) -> None:
    """Neither listed nor answered for: nothing says that it is absent."""
    store = store_with(
        s3_place, "GetObjectAttributes", lambda **_: answer("<Error><Code>NotImplemented</Code></Error>", 501)
    )
    for read in (
        lambda: list(store.parts_of(["p/x.versions/a"])),
        lambda: store.remove([Target("p/x.versions/a")], stored_before=FAR_FUTURE),
    ):
        with pytest.raises(StoreUnreadable, match="NotImplemented"):
            read()
