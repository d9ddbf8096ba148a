"""A quiet, quick S3 client, and one way of calling it in which no key can leave through a log or an exception."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from retention.connections import Connection
from retention.errors import RequestError, StoreUnreadable
from retention.stores import s3_pages

THREADS = 8
"""Requests that one call of the store has in flight at most; up to 8 such calls may run at once."""

_MISSING = frozenset({"404", "NoSuchBucket"})
_NO_OBJECT = frozenset({"404", "NoSuchKey"})
_DENIED = frozenset({"403", "AccessDenied", "AllAccessDisabled", "Forbidden"})
_BAD_LOGIN = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired"}
)

_SORTED_SERVERS = frozenset({"AmazonS3"})
"""Values of the `Server` header that stand for S3's own habits: keys in the order of their bytes, encoded when asked for."""

_AWS = ".amazonaws.com"
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104  # compared, not listened on

T = TypeVar("T")
R = TypeVar("R")

ClientFactory = Callable[[], Any]
"""Makes a boto3 S3 client; called once, at the first request."""


def silence_loggers() -> None:
    """Keep keys out of the logs, whatever level the root logger has.

    At DEBUG, botocore logs whole responses and urllib3 every path; urllib3's warnings name the path, too.
    """
    for name in ("boto3", "botocore", "s3transfer", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


def client_factory(connection: Connection) -> ClientFactory:
    """How to reach the S3 server of an Airflow connection of type `aws`; without a login, boto3's own chain applies.

    Raises RequestError for a connection of another type or with settings that are not understood here.
    """
    problem = None
    if connection.conn_type not in {"aws", "s3"}:
        problem = f"found type {connection.conn_type!r}; expected 'aws'"
    elif connection.extra.get("role_arn"):
        problem = "found role_arn; expected keys, or AWS_PROFILE with a profile that assumes the role"
    if problem is not None:
        raise RequestError(f"connection {connection.connection_id!r}: {problem}.")
    return partial(_make_client, connection, _config(connection))


def server_of(connection: Connection) -> str:
    """Which server a connection reaches, so that two can be compared: host and port, as boto3 resolves them.

    All of AWS is one server, because a bucket's name stands there once. The names of this machine are one host; that two other
    names mean one host can't be seen. Raises RequestError for a connection that boto3 can't use.
    """
    from botocore.exceptions import BotoCoreError

    problem = None
    try:
        url = urlsplit(str(client_factory(connection)().meta.endpoint_url))
        host, port = (url.hostname or "").rstrip("."), url.port or (80 if url.scheme == "http" else 443)
    except (BotoCoreError, ValueError) as error:
        problem = type(error).__name__
    if problem is not None:
        raise RequestError(
            f"connection {connection.connection_id!r}: found {problem}; expected an endpoint and a region that boto3 can use."
        )
    if host.endswith(_AWS):
        return "AWS"
    return f"{'localhost' if host in _THIS_MACHINE else host}:{port}"


def _config(connection: Connection) -> Any:
    from botocore.config import Config

    defaults: dict[str, Any] = {
        "max_pool_connections": THREADS * 8,
        "retries": {"mode": "standard", "total_max_attempts": 4},
        "connect_timeout": 10,
        "read_timeout": 60,
        # A fifth of the CPU of a large DeleteObjects; S3Store checks keys itself.
        "parameter_validation": False,
        # DeleteObjects always carries a checksum; nothing else here is worth the time for one.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    try:
        return Config(**(defaults | dict(connection.extra.get("config_kwargs") or {})))
    except (TypeError, ValueError):
        pass
    raise RequestError(
        f"connection {connection.connection_id!r}: found config_kwargs that botocore does not know; expected an object with "
        "the fields of botocore.config.Config."
    )


def _make_client(connection: Connection, config: Any) -> Any:
    import boto3
    import botocore.session

    silence_loggers()
    extra = connection.extra
    # Botocore's descriptions of the service take 50 ms to read: once per process is enough.
    basis = botocore.session.get_session()
    basis.register_component("data_loader", _descriptions())
    session = boto3.session.Session(
        botocore_session=basis,
        aws_access_key_id=connection.login,
        aws_secret_access_key=connection.password,
        aws_session_token=extra.get("aws_session_token"),
        region_name=extra.get("region_name"),
    )
    return session.client("s3", endpoint_url=extra.get("endpoint_url"), verify=extra.get("verify"), config=config)


@cache
def _descriptions() -> Any:
    from botocore.session import get_session

    return get_session().get_component("data_loader")


RIGHTS = {
    "head_bucket": "s3:ListBucket",
    "get_bucket_versioning": "s3:GetBucketVersioning",
    "list_object_versions": "s3:ListBucketVersions",
    "list_multipart_uploads": "s3:ListBucketMultipartUploads",
    "get_object": "s3:GetObject and s3:GetObjectVersion",
    "head_object": "s3:GetObject and s3:GetObjectVersion",
    "get_object_attributes": "s3:GetObjectAttributes",
    "delete_object": "s3:DeleteObject and s3:DeleteObjectVersion",
    "delete_objects": "s3:DeleteObject and s3:DeleteObjectVersion",
    "abort_multipart_upload": "s3:AbortMultipartUpload",
    "get_object_lock_configuration": "s3:GetBucketObjectLockConfiguration",
    "put_object": "s3:PutObject and s3:PutObjectRetention",
}
"""By request, what an identity needs for it: all of include/iam/disposal.json and of include/iam/evidence.json."""


class S3Requests:
    """Requests on one bucket. Whatever goes wrong becomes StoreUnreadable, or a code where the caller asks for one."""

    def __init__(self, factory: ClientFactory, bucket: str) -> None:
        silence_loggers()
        self.bucket = bucket
        self._factory = factory
        self._client: Any = None
        self._sorts_by_key: bool | None = None
        self._lock = threading.Lock()

    def read(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """One request; raises StoreUnreadable with the error's code, never with its message, which may hold a key."""
        response, code = self.attempt(operation, **arguments)
        if response is None:
            self.fail(operation, str(code))
        return response

    def attempt(self, operation: str, **arguments: Any) -> tuple[dict[str, Any] | None, str | None]:
        """One request: its response, or the code of its failure.

        Nothing is raised inside an `except`, so that no exception drags botocore's own, with its message, behind it.
        """
        response, code = self._answer(operation, **arguments)
        return (response, None) if code is None else (None, code)

    def is_delete_marker(self, key: str) -> bool:
        """Whether the object's current version is a delete marker; raises StoreUnreadable when the server does not tell."""
        response, code = self._answer("get_object_attributes", Key=key, ObjectAttributes=["ETag"])
        if headers_of(response).get("x-amz-delete-marker") == "true":
            return True
        if code is not None and code not in _NO_OBJECT:
            self.fail("get_object_attributes", code)
        return False

    def _answer(self, operation: str, **arguments: Any) -> tuple[dict[str, Any], str | None]:
        """One request: what was answered, with the code if that is an error; an empty answer where none came."""
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from botocore.parsers import ResponseParserError

        try:
            return getattr(self.client, operation)(Bucket=self.bucket, **arguments), None
        except ClientError as error:
            return dict(error.response), str(error.response.get("Error", {}).get("Code") or "NoCode")
        except (BotoCoreError, HTTPClientError, ResponseParserError, ValueError) as error:
            return {}, type(error).__name__

    def read_page(self, operation: str, **arguments: Any) -> s3_pages.Page:
        """One page of a listing; raises StoreUnreadable also when it can't be understood."""
        page = self.read(operation, **arguments).get(s3_pages.PAGE)
        if isinstance(page, s3_pages.Page):
            return page
        raise self.unreadable(str(page or "no page"), "a complete listing. Look at the store's version and logs")

    def unreadable(self, found: str, expected: str) -> StoreUnreadable:
        """The error for a listing that can't be trusted."""
        return StoreUnreadable(f"bucket {self.bucket!r}: found {found}; expected {expected}.")

    @property
    def sorts_by_key(self) -> bool:
        """Whether this server is known to list in the order of keys; asked for once."""
        if self._sorts_by_key is None:
            headers = headers_of(self.read("head_bucket"))
            self._sorts_by_key = headers.get("server") in _SORTED_SERVERS
        return self._sorts_by_key

    @property
    def client(self) -> Any:
        """The client, made at first use (boto3 clients may be used by many threads, but not made by many)."""
        with self._lock:
            if self._client is None:
                made = self._factory()
                s3_pages.install(made)
                self._client = made
            return self._client

    def fail(self, operation: str, code: str) -> NoReturn:
        """Raise StoreUnreadable for a request that failed with this code."""
        if code in _MISSING:
            hint = "the bucket is missing; expected it to exist. Correct the data map, or create it"
        elif code in _DENIED:
            hint = f"access is denied; expected the right {RIGHTS[operation]}. Grant it to the connection's identity"
        elif code in _BAD_LOGIN:
            hint = "the login was refused. Correct the connection's access key, secret key or session token"
        else:
            hint = "the store did not answer as expected. Run again, and look at the store when it lasts"
        raise StoreUnreadable(f"bucket {self.bucket!r}, {operation}: found error {code}: {hint}.")


def headers_of(response: Mapping[str, Any]) -> Mapping[str, str]:
    """The HTTP headers of a response, names in lower case."""
    headers: Mapping[str, str] = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers


def in_parallel(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """The results of `work` for all items, up to `THREADS` at a time; the first error is raised when all have ended."""
    if len(items) <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(THREADS, len(items))) as pool:
        return list(pool.map(work, items))
