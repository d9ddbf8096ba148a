"""Before a run: does the real store look as the data map says? Anything else is an error, and nothing is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NoReturn

import psycopg
from psycopg import sql

from retention.connections import Resolver
from retention.datamap.loader import DataMap, MappedPlace
from retention.disposal.clocks import current_time
from retention.disposal.fact_columns import FactColumns, read_columns
from retention.disposal.guard import require_holds_placed, require_holds_unaltered
from retention.disposal.place_sql import reviewed
from retention.disposal.runtime import PlaceStores, Runtime
from retention.errors import DataMapError, Problem
from retention.evidence.holds import read_holds
from retention.policy.model import RetentionRule
from retention.stores.s3_client import server_of


@dataclass(frozen=True, slots=True)
class CheckedPlace:
    """A place whose stores answered and whose SQL returns what the rule needs."""

    place: MappedPlace
    stores: PlaceStores
    columns: FactColumns


def check_places(runtime: Runtime, rule: RetentionRule) -> list[CheckedPlace]:
    """Check every place of the rule's category, that holds can be read, name what the map has and are as they were set, and that
    no other place claims the same objects.

    Raises DataMapError (missing table or column, wrong type, objects of two places), StoreUnreadable (missing bucket, no access),
    HoldsUnreadable or GuardError.
    """
    with runtime.own() as own:
        holds, now = read_holds(own), current_time(runtime, own)
        require_holds_placed(holds, runtime.datamap, now)
        require_holds_unaltered(own, runtime.hasher, holds, now)
    refuse_shared_objects(runtime.datamap, runtime.resolve)
    places = [place for place in runtime.datamap.of_category(rule.category) if isinstance(place, MappedPlace)]
    return [check_place(runtime, rule, place) for place in places]


def check_place(runtime: Runtime, rule: RetentionRule, place: MappedPlace) -> CheckedPlace:
    """Check one place; raises as `check_places`."""
    # The map's SQL first: a missing table is then named as a fault of the map, not as a store that doesn't answer.
    with runtime.source(place) as source:
        columns = read_columns(source, place, rule)
        _refuse_cascades(source, place)
        _require_unique_id(source, place)
    stores = runtime.open_stores(place, runtime.resolve)
    stores.objects.check()
    if stores.rows is not None:
        stores.rows.check()
    return CheckedPlace(place, stores, columns)


def refuse_shared_objects(datamap: DataMap, resolve: Resolver) -> None:
    """Raise DataMapError where two places claim the same objects through different connections to one server.

    Within one connection the loader sees that; where connections lead is known only here. Places of all categories are looked
    at: what another rule keeps must not go by this one.
    """
    problems = []
    for one, other in combinations(datamap.objects.values(), 2):
        if (
            one.spec.bucket == other.spec.bucket
            and one.store.disposal != other.store.disposal
            and any(a.startswith(b) or b.startswith(a) for a in one.spec.prefixes for b in other.spec.prefixes)
            and server_of(resolve(one.store.disposal)) == server_of(resolve(other.store.disposal))
        ):
            found = (
                f"places {one.name!r} (connection {one.store.disposal!r}) and {other.name!r} (connection "
                f"{other.store.disposal!r}), which reach the same bucket on the same server under prefixes that overlap"
            )
            problems.append(Problem("datamap", 1, "shared_objects", found, "objects that one place alone claims"))
    if problems:
        raise DataMapError(problems)


_CASCADES = """
SELECT conrelid::regclass::text AS child, conname FROM pg_catalog.pg_constraint
WHERE contype = 'f' AND confrelid = to_regclass(%s) AND confdeltype IN ('c', 'n', 'd') ORDER BY 1, 2
"""


def _refuse_cascades(source: psycopg.Connection[dict[str, Any]], place: MappedPlace) -> None:
    """Raise DataMapError where deleting a mapped row would silently delete or change rows of other tables.

    Those have a category and a rule of their own, and nothing would be noted about them.
    """
    row = place.row
    if row is None:
        return
    found = source.execute(_CASCADES, (row.table,)).fetchall()
    problems = [
        Problem(
            "datamap",
            1,
            "cascading_delete",
            f"place {place.name!r}: deleting from {row.table} also changes {one['child']} (constraint {one['conname']})",
            "foreign keys that refuse (NO ACTION): what depends on the row is disposed of by its own rule, first",
        )
        for one in found
    ]
    if problems:
        raise DataMapError(problems)


def require_distinct_ids(runtime: Runtime, places: Sequence[CheckedPlace]) -> None:
    """Raise DataMapError where one item's id stands for several objects: a plan could not tell them apart.

    Only a place without a row is asked. Where one is mapped, its id is unique in its table, and the plan itself refuses what
    the map's SQL makes of it.
    """
    for checked in places:
        place = checked.place
        if place.row is not None:
            continue
        query = sql.SQL(
            "SELECT 1 FROM ({items}\n) AS f WHERE f.bucket = %(bucket)s AND f.object_key ^@ ANY(%(prefixes)s::text[]) "
            "GROUP BY f.item_id HAVING min(f.object_key) <> max(f.object_key) LIMIT 1"
        ).format(items=reviewed(place.items_sql))
        parameters = {"bucket": place.spec.bucket, "prefixes": list(place.spec.prefixes)}
        with runtime.source(place) as source:
            if source.execute(query, parameters).fetchone() is not None:
                refuse_repeated_ids(place)


def refuse_repeated_ids(place: MappedPlace) -> NoReturn:
    """Raise the DataMapError for an id that stands for several objects; it names no id."""
    found = f"place {place.name!r}: the same item_id for several objects"
    expected = "an item_id that no two objects share: select the primary key of the table that describes them"
    raise DataMapError([Problem(str(place.sql_files.items), 1, "repeated_id", found, expected)])


_UNIQUE = """
SELECT 1 FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = i.indrelid AND i.indnkeyatts = 1 AND a.attnum = i.indkey[0]
WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND a.attname = %s
"""


def _require_unique_id(source: psycopg.Connection[dict[str, Any]], place: MappedPlace) -> None:
    """Raise DataMapError unless one id means one row: otherwise another item's row would go along."""
    row = place.row
    if row is None or source.execute(_UNIQUE, (row.table, row.id_column)).fetchone() is not None:
        return
    found = f"place {place.name!r}: {row.table}.{row.id_column} without a unique index of its own"
    raise DataMapError([Problem("datamap", 1, "id_not_unique", found, "an id_column that is a primary key or unique")])
