"""Before a run: does the real store look as the data map says? Anything else is an error, and nothing is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NoReturn

from psycopg import sql

from retention.connections import Resolver
from retention.database import OwnConnection, database_time
from retention.datamap.loader import AnyPlace, DataMap, MappedPlace, MappedTable
from retention.disposal.checked import CheckedObjects, CheckedPlace
from retention.disposal.clocks import current_time, source_time
from retention.disposal.guard import require_holds_placed, require_holds_unaltered
from retention.disposal.kinds import disposable_places, kind_of
from retention.disposal.place_sql import reviewed
from retention.disposal.runtime import Runtime
from retention.errors import DataMapError, GuardError, Problem
from retention.evidence.holds import read_holds
from retention.evidence.homes import require_confirmed
from retention.policy.model import RetentionRule
from retention.stores.s3_client import server_of


def check_places(runtime: Runtime, rule: RetentionRule) -> list[CheckedPlace]:
    """Check every place of the rule's category, that holds can be read, name what the map has and are as they were set, and that
    no other place claims the same objects.

    Raises DataMapError (missing table or column, wrong type, objects of two places), StoreUnreadable (missing bucket, no access),
    HoldsUnreadable, GuardError, or StoppedError where our own database was restored and nobody has confirmed its holds.
    """
    with runtime.own() as own:
        require_confirmed(own)
        holds, now = read_holds(own), current_time(runtime, own)
        require_holds_placed(holds, runtime.datamap, now)
        require_holds_unaltered(own, runtime.hasher, holds, now)
    refuse_shared_objects(runtime.datamap, runtime.resolve)
    return [kind_of(place).check(runtime, rule, place) for place in disposable_places(runtime.datamap, rule.category)]


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


def require_distinct_ids(runtime: Runtime, places: Sequence[CheckedPlace]) -> None:
    """Raise DataMapError where one item's id stands for several objects: a plan could not tell them apart.

    Only a place without a row is asked. Where one is mapped, its id is unique in its table, and the plan itself refuses what
    the map's SQL makes of it.
    """
    for checked in places:
        if not isinstance(checked, CheckedObjects) or checked.place.row is not None or not checked.place.has_rows:
            continue
        place = checked.place
        query = sql.SQL(
            "SELECT 1 FROM ({items}\n) AS f WHERE f.bucket = %(bucket)s AND f.object_key ^@ ANY(%(prefixes)s::text[]) "
            "GROUP BY f.item_id HAVING min(f.object_key) <> max(f.object_key) LIMIT 1"
        ).format(items=reviewed(place.items_sql))
        parameters = {"bucket": place.spec.bucket, "prefixes": list(place.spec.prefixes)}
        with runtime.source(place) as source:
            if source.execute(query, parameters).fetchone() is not None:
                refuse_repeated_ids(place)


def refuse_repeated_ids(place: AnyPlace) -> NoReturn:
    """Raise the DataMapError for an id that stands for several items; it names no id."""
    found = f"place {place.name!r}: the same item_id several times"
    expected = "an item_id that no two items share: select the primary key of the table that describes them"
    file = str(place.sql_files.items) if isinstance(place, MappedPlace | MappedTable) else "datamap"
    raise DataMapError([Problem(file, 1, "repeated_id", found, expected)])


def require_clocks_agree(
    runtime: Runtime, own: OwnConnection, rule: RetentionRule, places: Sequence[CheckedPlace]
) -> None:
    """Raise GuardError where two clocks differ by more than the rule's `clock_skew`: a wrong clock makes items due too early."""
    clocks = {"this machine": runtime.now(), "our own database": database_time(own)}
    clocks |= {f"the store of {one.place.name}": kind_of(one.place).clock(runtime, one) for one in places}
    clocks |= {
        f"the database of {one.place.name}": source_time(runtime, one.place)
        for one in places
        if isinstance(one, CheckedObjects)
    }
    earliest, latest = min(clocks, key=lambda name: clocks[name]), max(clocks, key=lambda name: clocks[name])
    apart = clocks[latest] - clocks[earliest]
    if apart > rule.schedule.clock_skew:
        raise GuardError(
            f"the clocks of {earliest} and {latest} are {apart} apart; the rule allows {rule.schedule.clock_skew}. "
            "Nothing was planned. Set the wrong clock right."
        )
