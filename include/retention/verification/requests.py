"""What customers decided, read for protected items that are gone: it goes before a consent and, as processor, before a hold.

The item's own row can't say any more whether it was instructed, and that disposal says so is no proof. So the requests are read
from their source by a query of their own (`check_requests` of the data map), for the customer and the time that the last check
noted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from retention.datamap.loader import MappedPlace, MappedTable
from retention.verification.promised import PromisedTerms
from retention.verification.row_queries import RequestFacts, probe, requests_query, storable
from retention.verification.source import Source

UNKNOWN = "requests_unknown"
"""Nobody can look for a decision: no query, or nothing that says which decisions mean the item."""


RequestsOf = Callable[[Sequence[str]], Iterator[RequestFacts]]
"""What these customers, or persons there, decided; raises StoreUnreadable."""


def requests_of(source: Source, place: MappedPlace | MappedTable) -> RequestsOf | None:
    """How to ask for it; None where the map names no SQL for it. Raises StoreUnreadable for SQL that can't be trusted."""
    if place.check_requests_sql is None:
        return None
    file, query = str(place.sql_files.check_requests), requests_query(place.check_requests_sql)
    source.require_instants(file, probe(["received_at"], place.check_requests_sql))

    def ask(tenants: Sequence[str]) -> Iterator[RequestFacts]:
        for row in source.ask(file, query, (storable(tenants),)):
            yield RequestFacts(*row)

    return ask


class Gone(NamedTuple):
    """What is known of an item that is gone: whose it was, when it arose, and when a check first missed it (now, if this one)."""

    tenant_id: str | None
    arose_at: datetime | None
    missed_at: datetime


class Decisions:
    """What these customers decided about one place's items. `facts` is None where nobody tells."""

    def __init__(self, terms: PromisedTerms, facts: Collection[RequestFacts] | None) -> None:
        self._events = [event.name if event.on_request else None for event in terms.events]
        self._is_told = facts is not None
        self._received: defaultdict[tuple[str | None, str | None], list[datetime]] = defaultdict(list)
        for tenant_id, event, received_at in facts or ():
            if received_at is not None:
                self._received[tenant_id, event].append(received_at)

    def about(self, gone: Gone) -> tuple[str | None, Sequence[bool], Sequence[datetime | None]]:
        """Whether it is unknown what was decided (`UNKNOWN`), and of each of the promise's events whether and when it came.

        A decision means what there was when it came in; one that came after the item was missed excuses nothing.
        """
        at = [self._first(event, gone) for event in self._events]
        is_unknown = any(self._events) and not (
            self._is_told and gone.tenant_id is not None and gone.arose_at is not None
        )
        return UNKNOWN if is_unknown else None, [one is not None for one in at], at

    def _first(self, event: str | None, gone: Gone) -> datetime | None:
        if event is None or gone.tenant_id is None or gone.arose_at is None:
            return None
        received = self._received[gone.tenant_id, event]
        return min((at for at in received if gone.arose_at <= at <= gone.missed_at), default=None)
