"""The signed tree heads in the locked bucket, read with verification's own identity, to hold the ledger against them.

Whoever can rewrite all of our own database can't rewrite that bucket: checks that look into the database alone would believe it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from retention.connections import Connection, Resolver
from retention.database import OwnConnection
from retention.errors import MissingConnection, RequestError, StoreUnreadable, UnknownError
from retention.verification.bucket_client import HEAD_THREADS, open_client
from retention.verification.listing import VERSION_MARKERS, Unlisted, ask, markers_after

SIGNERS, OURS = "retention_anchor", "retention_anchor_verify"
"""The connections that name the bucket: of what signs, and of what checks, which needs to read alone."""
NEWEST = 24
"""How many heads are read: the last day's. Each is over all entries before it."""
TOLD_FOR = timedelta(days=30)
"""How long checks tell, after a restore was confirmed, which signed heads it lost. So long, all heads since are read, too."""
_WAS_CONNECTED = """
SELECT EXISTS (
    SELECT FROM retention.check_runs
    WHERE
        started_at BETWEEN clock_timestamp() - interval '7 days' AND clock_timestamp()
        AND finished_at IS NOT NULL
        AND summary -> 'checks' @> '[{"kind": "evidence_unanchored", "success": true}]'
) AS was
"""
_RESTORE_CONFIRMED = """
SELECT EXISTS (
    SELECT FROM retention.ledger WHERE kind = 'restore_confirmed' AND at >= clock_timestamp() - %s
) AS was
"""
_PREFIX = "tree-heads/"
_LONGEST_BYTES = 1 << 20
_FIELDS = {"log", "size", "root", "at", "key", "signature", "schema"}


class Anchor(NamedTuple):
    """The bucket that somebody connected; `connection` is None where only what signs may reach it."""

    connection: Connection | None


class AnchoredHeads(NamedTuple):
    """What the bucket says: its newest heads as JSON values, and why it does not say all that it should, if so."""

    heads: list[dict[str, Any]]
    troubles: dict[str, int]


def anchor_of(resolve: Resolver) -> Anchor | None:
    """The bucket, None where nobody connected one."""
    for name in (OURS, SIGNERS):
        with suppress(MissingConnection, UnknownError):  # Airflow can't tell one that is missing
            found = resolve(name)
            return Anchor(found if name == OURS else None)
    return None


def left_unconnected(own: OwnConnection) -> bool:
    """Whether a check of the last week held the ledger against a bucket: that there is none now may be an answer that failed."""
    found = own.execute(_WAS_CONNECTED).fetchone()
    return bool(found and found["was"])


def read_since(own: OwnConnection, now: datetime) -> datetime | None:
    """Since when all heads are to be read: None where the newest are enough, as no restore was confirmed of late.

    Not since the confirmation: its date is the ledger's, so whoever forges one can date it later than it is.
    """
    found = own.execute(_RESTORE_CONFIRMED, (TOLD_FOR,)).fetchone()
    return now - TOLD_FOR if found and found["was"] else None


def read_anchored(anchor: Anchor, since: datetime | None = None) -> AnchoredHeads:
    """The newest heads in the bucket: all since then, and the newest before. What can't be read is a trouble, never an empty
    bucket."""
    if anchor.connection is None:
        return AnchoredHeads([], {"anchor_not_for_checks": 1})
    try:
        texts = _newest(open_client(anchor.connection), _bucket_of(anchor.connection), since)
    except (StoreUnreadable, RequestError):
        return AnchoredHeads([], {"anchor_unreadable": 1})
    heads = [head for head in map(_head, texts) if head is not None]
    foreign = len(texts) - len(heads)
    return AnchoredHeads(heads, {"anchor_holds_foreign": foreign} if foreign else {})


def _newest(client: Any, bucket: str, since: datetime | None) -> list[bytes]:
    """Every version of the newest heads; a delete marker takes nothing away in such a bucket."""
    versions = sorted(_versions(client, bucket), key=lambda one: (_name(one), one["Key"]))
    keys = dict.fromkeys((_name(one), one["Key"]) for one in versions)
    stamp = since.astimezone(UTC).strftime("%Y%m%dT%H%M%S") if since is not None else None
    before = [key for name, key in keys if stamp is None or name < stamp]
    newest = {key for _name, key in keys} - set(before[:-NEWEST])
    with ThreadPoolExecutor(HEAD_THREADS, thread_name_prefix="anchored") as threads:
        return list(threads.map(partial(_content, client, bucket), (one for one in versions if one["Key"] in newest)))


def _name(version: Mapping[str, Any]) -> str:
    """A head's name begins with its date."""
    return str(version["Key"]).rpartition("/")[2]


def _versions(client: Any, bucket: str) -> Iterator[Mapping[str, Any]]:
    where: dict[str, str] = {}
    while True:
        answer = ask(client.list_object_versions, _named(bucket), Bucket=bucket, Prefix=_PREFIX, **where)
        yield from answer.get("Versions", ())
        where = markers_after(_named(bucket), answer, where, VERSION_MARKERS)
        if not where:
            return


def _content(client: Any, bucket: str, version: Mapping[str, Any]) -> bytes:
    """The bytes of what may be a head; nothing of what is too long for one."""
    from botocore.exceptions import BotoCoreError

    if version["Size"] > _LONGEST_BYTES:
        return b""
    got = ask(client.get_object, _named(bucket), Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    try:
        content: bytes = got["Body"].read()
    except (BotoCoreError, OSError) as error:
        raise Unlisted(_named(bucket), type(error).__name__) from None
    return content


def _head(text: bytes) -> dict[str, Any] | None:
    """The head that these bytes are, None where they are none. Who signed it is not asked here."""
    try:
        head = json.loads(text)
        at = datetime.fromisoformat(head["at"])
        is_head = head.keys() == _FIELDS and type(head["size"]) is int and at.tzinfo is not None
        is_head = is_head and all(isinstance(head[name], str) for name in _FIELDS - {"size"})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return {**head, "at": at} if is_head else None


def _bucket_of(connection: Connection) -> str:
    try:
        return str(connection.extra["service_config"]["s3"]["bucket_name"])
    except (KeyError, TypeError):
        raise RequestError(f"connection {connection.connection_id!r}: found no bucket in its extra") from None


def _named(bucket: str) -> str:
    return f"bucket {bucket!r}"
