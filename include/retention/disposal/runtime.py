"""Everything one disposal works with, opened once at the edge: policy, data map, connections, keys, clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from retention import database
from retention.connections import Resolver, postgres_conninfo
from retention.datamap.loader import DataMap, MappedPartitions, MappedPlace, RowPlace
from retention.errors import StoreUnreadable
from retention.evidence.hashing import ItemHasher
from retention.policy.loader import Policy
from retention.stores.protocol import Store


def utc_now() -> datetime:
    """The clock, read at the edge and nowhere else."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class PlaceStores:
    """What disposal deletes in one place: the bytes first, then the rows that describe them (None: no rows are mapped)."""

    objects: Store
    rows: Store | None


StoreOpener = Callable[[MappedPlace, Resolver], PlaceStores]
"""Opens a place's stores with the disposal identity."""


@dataclass(frozen=True)
class Runtime:
    """One disposal's surroundings. Connections are opened per thread, because a batch holds its own locks.

    `actor` is who executes, as the ledger names it. `on_step` is told every boundary between steps.
    """

    policy: Policy
    datamap: DataMap
    resolve: Resolver
    own_conninfo: str
    hasher: ItemHasher
    open_stores: StoreOpener
    actor: str = "unattended"
    now: Callable[[], datetime] = utc_now
    on_step: Callable[[str], None] = lambda _step: None

    @contextmanager
    def own(self) -> Iterator[database.OwnConnection]:
        """A connection to our own database, closed at the end; session locks go with it."""
        with database.connect(self.own_conninfo) as connection:
            yield connection

    @contextmanager
    def source(self, place: RowPlace | MappedPartitions) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """A connection to the place's facts as the disposal identity, time zone UTC. Raises StoreUnreadable."""
        connection = self.resolve(place.facts.disposal)
        try:
            source = psycopg.connect(postgres_conninfo(connection), row_factory=dict_row, autocommit=True)
            database.prepare_session(source)
        except psycopg.OperationalError as error:
            raise StoreUnreadable(
                f"connection {connection.connection_id!r} did not answer ({str(error).strip().splitlines()[0]}); expected a "
                "running PostgreSQL. Nothing was deleted."
            ) from None
        with source:
            yield source
