"""Rows that describe no object of any place: a bucket that was mistyped, a prefix that nobody mapped.

Nobody can tell whose object such a row was meant for. While there are any, what looks like an orphan may be an object with
consents and holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from retention.disposal.checked import CheckedObjects
from retention.disposal.place_sql import reviewed
from retention.disposal.runtime import Runtime

_QUERY = (
    "SELECT count(*) AS found FROM ({items}\n) AS f WHERE NOT EXISTS (SELECT 1 "
    "FROM unnest(%(buckets)s::text[], %(prefixes)s::text[]) AS mapped (bucket, prefix) "
    "WHERE mapped.bucket = f.bucket AND f.object_key ^@ mapped.prefix)"
)


def count_unmapped_rows(runtime: Runtime, places: Sequence[CheckedObjects]) -> int:
    """Count the rows of these places' SQL whose bucket and key belong to no place of the map; SQL that places share, once."""
    claims = [
        (place.spec.bucket, prefix) for place in runtime.datamap.objects.values() for prefix in place.spec.prefixes
    ]
    parameters = {"buckets": [bucket for bucket, _ in claims], "prefixes": [prefix for _, prefix in claims]}
    count = 0
    for place in {(one.place.facts.disposal, one.place.items_sql): one.place for one in places}.values():
        with runtime.source(place) as source:
            query = sql.SQL(_QUERY).format(items=reviewed(place.items_sql))
            row = source.execute(query, parameters).fetchone()
        assert row is not None  # an aggregate always gives one row
        count += row["found"]
    return count
