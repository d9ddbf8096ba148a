"""What a hold's scope covers in the sources now: a mistyped id must not look like a hold that holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from retention.database import OwnConnection
from retention.datamap.loader import MappedPartitions, MappedPlace, MappedTable, RowPlace
from retention.disposal.item_holds import reaches
from retention.disposal.keys import key_facts
from retention.disposal.partitions.explain import opened
from retention.disposal.place_sql import reviewed
from retention.disposal.runtime import Runtime
from retention.errors import RequestError, RetentionError
from retention.evidence.already_gone import count_gone
from retention.evidence.hashing import ItemHasher
from retention.evidence.holds import HoldScope

_PATIENCE_MS = 60_000
"""How long one place is counted; a hold does not wait for more."""


@dataclass(frozen=True, slots=True)
class Covered:
    """`rows` that the scope covers now, None where a source could not be read; `has_object`: its item is the key of an object
    that is stored, with or without a row."""

    rows: int | None
    has_object: bool = False

    @property
    def nothing(self) -> bool:
        """Whether all sources answered, and nothing is covered."""
        return self.rows == 0 and not self.has_object


def look_up(open_runtime: Callable[[], Runtime], scope: HoldScope) -> Covered:
    """Count what the scope covers in every place that it concerns. Raises nothing: a hold can be set while a source is down.

    Counted are the rows that name the scope's ids, in the row or, for tenants, in the key; those that say nothing are held, too,
    but would make any id look like a right one. A period counts by the row's own start.
    """
    try:
        runtime = open_runtime()
        places = [place for place in runtime.datamap.places.values() if reaches(scope, runtime.datamap, place)]
        described = [place for place in places if isinstance(place, MappedPlace | MappedTable) and _has_rows(place)]
        rows = sum(_rows(runtime, place, scope) for place in described)
        if not rows and len(described) < len(places):
            return Covered(None)  # log files and partitions: nobody counts what may be in them
        objects = [place for place in described if isinstance(place, MappedPlace)]
        return Covered(rows, any(_has_object(runtime, place, scope.item_id) for place in objects))
    except (RetentionError, psycopg.Error):
        return Covered(None)


def require_there(
    open_runtime: Callable[[], Runtime],
    own: OwnConnection,
    hasher: Callable[[], ItemHasher],
    scope: HoldScope,
    given: HoldScope,
) -> Covered | None:
    """What the scope of a hold on one item covers; None for any other scope, which may be meant for what comes.

    Raises RequestError for a partition's name without its schema, by which rules and checks know it, and for an item that is
    nowhere, and was nowhere that we know of: nothing but a mistyped id. `given` is the scope as it was asked for.
    """
    if scope.item_id is None:
        return None
    meant = partition_meant_by(open_runtime, scope)
    if meant is not None:
        raise RequestError(f"--item: found a partition's name without its schema; expected {meant!r}. No hold was set.")
    covered = look_up(open_runtime, scope)
    gone = count_gone(own, hasher(), scope) if covered.nothing else None
    if gone is not None and not gone.already_gone and not gone.under_way:
        raise RequestError(
            "--item: found no row and no stored object for it in place "
            f"{scope.place!r} (within the other options given); expected the id that the data map's SQL returns as item_id, "
            f"or the object's whole key, without s3:// and bucket. No hold was set.{about_capitals(scope, given)}"
        )
    return covered


def about_capitals(scope: HoldScope, given: HoldScope) -> str:
    """What to do about a source that keeps UUIDs as text in capitals: holds know them in lower case alone."""
    if scope == given:
        return ""
    return (
        " UUIDs are looked for in lower case, as PostgreSQL writes them. Where the source keeps them as text in capitals, name "
        "an item by its object's key, and let the data map's SQL return lower(…) as tenant_id and person_id."
    )


def partition_meant_by(open_runtime: Callable[[], Runtime], scope: HoldScope) -> str | None:
    """The whole name of a partition, or of the log, that the scope names without its schema; None where there is none, or nobody
    answers."""
    try:
        runtime = open_runtime()
        place = runtime.datamap.places.get(scope.place or "")
        if not isinstance(place, MappedPartitions):
            return None
        store = opened(runtime, place).store
        names = [*store.names(), *(one.name for one in store.partitions())]
    except RetentionError:
        return None
    return next((name for name in names if name.partition(".")[2] == scope.item_id), None)


def _has_rows(place: RowPlace) -> bool:
    return not isinstance(place, MappedPlace) or place.has_rows


def _rows(runtime: Runtime, place: RowPlace, scope: HoldScope) -> int:
    start = sql.Identifier(f"start_{runtime.policy.rule(place.spec.category).clock_event}")
    parameters: dict[str, Any] = {
        "item_id": scope.item_id,
        "tenant_id": scope.tenant_id,
        "person_id": scope.person_id,
        "started_from": scope.started_from,
        "started_before": scope.started_before,
    }
    query = sql.SQL(
        "SELECT count(*) AS found FROM ({items}\n) AS f {key_facts}"
        "AND (%(person_id)s::text IS NULL OR f.person_id = %(person_id)s) "
        "AND (%(started_from)s::timestamptz IS NULL OR f.{start} IS NULL OR f.{start} >= %(started_from)s) "
        "AND (%(started_before)s::timestamptz IS NULL OR f.{start} IS NULL OR f.{start} < %(started_before)s)"
    ).format(items=reviewed(place.items_sql), key_facts=_named(place, parameters), start=start)
    with runtime.source(place) as source:
        source.execute(f"SET statement_timeout = {_PATIENCE_MS}")
        row = source.execute(query, parameters).fetchone()
    assert row is not None  # an aggregate always gives one row
    found: int = row["found"]
    return found


def _named(place: RowPlace, parameters: dict[str, Any]) -> sql.Composed:
    """The condition that a row names the scope's item and tenant, itself or, of objects, by its key."""
    if not isinstance(place, MappedPlace):
        return sql.SQL(
            "WHERE (%(item_id)s::text IS NULL OR %(item_id)s = f.item_id::text) "
            "AND (%(tenant_id)s::text IS NULL OR %(tenant_id)s = f.tenant_id) "
        ).format()
    parameters |= {"bucket": place.spec.bucket, "prefixes": list(place.spec.prefixes)}
    return sql.SQL(
        "CROSS JOIN LATERAL {key_facts} AS k "
        "WHERE f.bucket = %(bucket)s AND f.object_key ^@ ANY(%(prefixes)s::text[]) "
        "AND (%(item_id)s::text IS NULL OR %(item_id)s IN (f.item_id, f.object_key)) "
        "AND (%(tenant_id)s::text IS NULL OR %(tenant_id)s IN (f.tenant_id, k.key_tenant)) "
    ).format(key_facts=key_facts(place, parameters))


def _has_object(runtime: Runtime, place: MappedPlace, item_id: str | None) -> bool:
    """Whether the item is named by the key of an object that has any part in this place."""
    if item_id is None or not item_id.startswith(place.spec.prefixes):
        return False
    return any(True for _ in runtime.open_stores(place, runtime.resolve).objects.parts_of([item_id]))
