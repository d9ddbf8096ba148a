"""Writes one canary into its place, with the identity that may write there. An object or file comes before its row."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from retention.connections import Resolver, path_of, postgres_conninfo
from retention.datamap.canary import Canary
from retention.datamap.loader import AnyPlace, MappedFiles, MappedPartitions, MappedPlace, MappedTable
from retention.datamap.model import SourceConnection
from retention.disposal.canaries.timing import Times
from retention.errors import RequestError, StoreUnreadable
from retention.stores.s3_client import S3Requests, client_factory


@dataclass(frozen=True, slots=True)
class Planted:
    """One canary as it will be in its place: `item_id` is what holds name, `seen_as` what a listing shows, `query` the INSERT of
    its row, if it has one."""

    own_id: UUID
    times: Times
    item_id: str
    seen_as: str
    query: str | None = None

    @property
    def number(self) -> int:
        """The id as a number, for ids that are none other: 62 bits."""
        return self.own_id.int >> 66


def prepare(canary: Canary, own_id: UUID, times: Times, query: str | None) -> Planted:
    """What the canary will be called, before anything of it is written: a hold comes first."""
    key = _key(canary, own_id, times.start_at)
    if query is None:
        assert key is not None  # the model: sql or key
        return Planted(own_id, times, key, key)
    item_id = str(own_id.int >> 66) if "%(number)s" in query else str(own_id)
    return Planted(own_id, times, item_id, key or item_id, query)


def write(place: AnyPlace, canary: Canary, planted: Planted, resolve: Resolver) -> None:
    """Write it. Raises StoreUnreadable or RequestError; nothing that was half written is anybody's."""
    if isinstance(place, MappedPlace):
        _put_object(place, canary, planted, resolve)
        if place.facts_connection is not None:
            where = {"bucket": place.spec.bucket, "key": planted.seen_as}
            _insert(place.name, place.facts_connection, planted, where, resolve)
    elif isinstance(place, MappedTable | MappedPartitions):
        _insert(place.name, place.store, planted, {}, resolve)
    elif isinstance(place, MappedFiles):
        _write_file(place, canary, planted, resolve)


def _key(canary: Canary, own_id: UUID, start_at: datetime) -> str | None:
    if canary.key is None:
        return None
    day = start_at.astimezone(UTC)
    return canary.key.replace("{id}", str(own_id)).replace("{day}", f"{day:%Y/%m/%d}")


def _body(canary: Canary, planted: Planted) -> bytes:
    assert canary.body is not None  # the model: with a key
    return canary.body.replace("{at}", planted.times.start_at.isoformat(timespec="seconds")).encode()


def planting_identity(source: SourceConnection, place: str) -> str:
    """The connection that may write there. Raises RequestError where the map names none."""
    if source.planting is None:
        raise RequestError(
            f"place {place!r}: found a canary, and no `planting` identity of its connection; expected one that may write "
            "(docs/canaries.md)"
        )
    return source.planting


def _put_object(place: MappedPlace, canary: Canary, planted: Planted, resolve: Resolver) -> None:
    requests = S3Requests(client_factory(resolve(planting_identity(place.store, place.name))), place.spec.bucket)
    requests.read("put_object", Key=planted.seen_as, Body=_body(canary, planted))


def _write_file(place: MappedFiles, canary: Canary, planted: Planted, resolve: Resolver) -> None:
    folder = path_of(resolve(planting_identity(place.store, place.name))) / place.spec.folder
    path = folder / planted.seen_as
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_body(canary, planted))
    except OSError as error:
        raise StoreUnreadable(
            f"place {place.name!r}: a canary could not be written ({type(error).__name__}); expected a folder that the "
            "identity `planting` may write to."
        ) from None


def _insert(
    place: str, source: SourceConnection, planted: Planted, where: Mapping[str, Any], resolve: Resolver
) -> None:
    assert planted.query is not None  # the model: rows need sql
    times = {"start_at": planted.times.start_at, "stays_until": planted.times.stays_until}
    values = {"id": planted.own_id, "number": planted.number, **times, **where}
    try:
        with (
            closing(psycopg.connect(postgres_conninfo(resolve(planting_identity(source, place))))) as connection,
            connection,
        ):
            rows = connection.execute(planted.query.encode(), values).fetchall()
            if [str(row[0]) for row in rows] != [planted.item_id]:
                raise RequestError(
                    f"place {place!r}: found {len(rows)} rows from the canary's SQL, or another id than it was given; expected "
                    "it to RETURN one row, %(id)s or %(number)s"
                )
    except psycopg.Error as error:
        raise StoreUnreadable(
            f"place {place!r}: the canary's SQL was refused ({error.sqlstate or type(error).__name__}); expected an INSERT that "
            "the identity `planting` may run (docs/canaries.md).",
            code=error.sqlstate,
        ) from None
