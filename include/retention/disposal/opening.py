"""A runtime from the environment: documents, connections, stores. The command line and Airflow both come through here."""

from __future__ import annotations

from retention.connections import Resolver, from_environment, postgres_conninfo
from retention.datamap.loader import MappedPlace, load_datamap
from retention.disposal.runtime import PlaceStores, Runtime
from retention.evidence.hashing import ItemHasher
from retention.policy.loader import load_policy
from retention.settings import OWN_CONNECTION, datamap_folder, policies_folder
from retention.stores.postgres import PostgresRowStore
from retention.stores.s3 import S3Store
from retention.stores.s3_client import client_factory


def open_stores(place: MappedPlace, resolve: Resolver) -> PlaceStores:
    """The place's stores with the disposal identity."""
    objects = S3Store(client_factory(resolve(place.store.disposal)), place.spec.bucket, place.spec.prefixes)
    row = place.row
    if row is None:
        return PlaceStores(objects, None)
    conninfo = postgres_conninfo(resolve(place.facts.disposal))
    rows = PostgresRowStore(
        conninfo, row.table, row.id_column, bucket_column=row.bucket_column, key_column=row.key_column
    )
    return PlaceStores(objects, rows)


def open_runtime(resolve: Resolver = from_environment, *, actor: str = "unattended") -> Runtime:
    """Load policy and data map and resolve our own connection. Raises PolicyError, DataMapError or RequestError."""
    return Runtime(
        policy=load_policy(policies_folder()),
        datamap=load_datamap(datamap_folder()),
        resolve=resolve,
        own_conninfo=postgres_conninfo(resolve(OWN_CONNECTION)),
        hasher=ItemHasher.from_environment(),
        open_stores=open_stores,
        actor=actor,
    )
