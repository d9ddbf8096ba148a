"""A bucket under object lock (WORM): what was written stays as it is until its date, for its owner and for us, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from retention.connections import Connection
from retention.errors import RequestError
from retention.stores.protocol import PartKind, StoredPart
from retention.stores.s3_client import S3Requests, client_factory
from retention.stores.s3_content import Gone, read_content
from retention.stores.s3_listing import VersionListing

_NO_LOCK = frozenset({"ObjectLockConfigurationNotFoundError", "ObjectLockConfigurationNotFound", "404"})
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MODE = "COMPLIANCE"
"""Nobody can shorten or lift it, whatever his rights; in mode GOVERNANCE some could."""
LONGEST_BYTES = 1 << 20
"""What is written here is short; more is none of ours."""


class LockedText(NamedTuple):
    """One version of one object: its key, and its text, or None where that is no text of ours."""

    key: str
    text: str | None


class LockedBucket:
    """The bucket of an Airflow connection of type `aws` whose extra names it: `service_config.s3.bucket_name`, as for S3Hook."""

    def __init__(self, connection: Connection) -> None:
        self.name = _bucket_of(connection)
        self._requests = S3Requests(client_factory(connection), self.name)

    def require_lock(self) -> None:
        """Raise RequestError for a bucket without object lock, StoreUnreadable where it does not answer."""
        response, code = self._requests.attempt("get_object_lock_configuration")
        if response is None and code not in _NO_LOCK:
            self._requests.fail("get_object_lock_configuration", str(code))
        lock = (response or {}).get("ObjectLockConfiguration", {}).get("ObjectLockEnabled")
        if lock != "Enabled":
            raise RequestError(
                f"bucket {self.name!r}: found no object lock; expected a bucket that was made with it. Make another one "
                "(`--object-lock-enabled-for-bucket`) and name it in the connection."
            )

    def write(self, key: str, text: str, *, until: datetime) -> None:
        """Write one object that stays until then. Raises StoreUnreadable."""
        self._requests.read(
            "put_object",
            Key=key,
            Body=text.encode(),
            ContentType="application/json",
            ObjectLockMode=_MODE,
            ObjectLockRetainUntilDate=until,
            ChecksumAlgorithm="SHA256",  # S3 wants one where a lock is set
        )

    def keys(self, prefix: str) -> set[str]:
        """The keys of all objects under the prefix, of those beneath a delete marker, too."""
        return {part.key for part in self._versions(prefix)}

    def read(self, prefix: str) -> Iterator[LockedText]:
        """Every version of every object under the prefix; raises StoreUnreadable for one that can't be read.

        A delete marker takes nothing away in such a bucket, and an object that was written again has its first version still.
        """
        for part in self._versions(prefix):
            yield LockedText(part.key, self._text(part))

    def _versions(self, prefix: str) -> Iterator[StoredPart]:
        for part in VersionListing(self._requests).scan(prefix):
            if part.kind is PartKind.VERSION:
                yield part

    def _text(self, part: StoredPart) -> str | None:
        if part.size_bytes > LONGEST_BYTES:
            return None
        gone = False
        try:
            return b"".join(read_content(self._requests, part)).decode()
        except UnicodeDecodeError:
            return None
        except Gone:
            gone = True
        if gone:
            self._requests.fail("get_object", "NoSuchVersion")
        return None


def _bucket_of(connection: Connection) -> str:
    config = connection.extra.get("service_config")
    s3 = config.get("s3") if isinstance(config, dict) else None
    name = s3.get("bucket_name") if isinstance(s3, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RequestError(
            f"connection {connection.connection_id!r}: found no bucket in its extra; expected "
            '{"service_config": {"s3": {"bucket_name": "…"}}} with the name of a bucket under object lock.'
        )
    return name
