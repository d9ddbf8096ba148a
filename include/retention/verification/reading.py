"""Reads all stores of one check into its inventory. What can't be read is noted, and the rest is read all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from retention.connections import Resolver
from retention.datamap.loader import (
    AnyPlace,
    DataMap,
    MappedAirflow,
    MappedPartitions,
    MappedPlace,
    MappedTable,
)
from retention.datamap.model import ConnectionKind
from retention.errors import RequestError, StoreUnreadable
from retention.evidence.hashing import ItemHasher
from retention.verification.bucket_client import open_client
from retention.verification.canaries import note_planted, read_canaries
from retention.verification.clocks import Clocks, clock_of
from retention.verification.coverage.intake import cover
from retention.verification.holds import HoldScope, holds_on_nothing, read_hold_scopes
from retention.verification.intake import BucketIntake, ObjectReader
from retention.verification.intakes import object_reader, read_place
from retention.verification.inventory import Entry, Inventory
from retention.verification.kept import recall_kept
from retention.verification.listing import Bucket, bucket_lists
from retention.verification.log_files import MOVING_FILES, UNREADABLE_FILES
from retention.verification.memory import dropped_places, last_check_of
from retention.verification.place_check import PlaceCheck, Progress, Surroundings
from retention.verification.promised import PromisedTerms
from retention.verification.row_objects import HIDDEN_OBJECTS, REFUSED_METADATA, UNREADABLE_VERSIONS
from retention.verification.source import Source
from retention.verification.territory import BucketPlan, declared_buckets, plan_buckets, store_of, unmapped_buckets
from retention.verification.vanished import read_vanished, remembered
from retention.verification.version_dates import forget_unmapped


def _database_of(place: AnyPlace) -> str | None:
    """The map's connection to the database that the place's rows are in; None where it has none."""
    if isinstance(place, MappedPlace):
        return place.spec.facts.connection if place.spec.facts is not None else None
    return place.spec.connection if isinstance(place, MappedTable | MappedPartitions | MappedAirflow) else None


_EXPLAINED = {
    REFUSED_METADATA: "the store refused objects' metadata (HeadObject), which say how old an object without a row is; "
    "expected the right to read objects and their versions for the verifying identity (include/iam).",
    HIDDEN_OBJECTS: "the store holds objects that none of its listings shows, so that nobody can say what else it hides; "
    "expected a complete listing. Look at the keys that begin like the server's own folders.",
    UNREADABLE_VERSIONS: "the store lists versions that it does not find when asked for them; expected both to agree. Run the "
    "check again; if it stays, the bucket needs repair.",
    UNREADABLE_FILES: "there are log files that the verifying identity may not read, so that nobody can say how old their "
    "records are; expected the right to read every file that the place's patterns fit.",
    MOVING_FILES: "log files got other names as often as they were listed; expected rotation to end. Run the check again.",
    "Skipped": "no part of the check read it; expected one to. Run the check again; if it stays, it is an error of the check.",
}


class Reading:
    """Reads all stores of one check. What can't be read is noted, and the rest is read all the same."""

    def __init__(
        self,
        datamap: DataMap,
        terms: dict[str, PromisedTerms],
        resolve: Resolver,
        inventory: Inventory,
        hasher: ItemHasher,
        clocks: Clocks,
        progress: Progress,
        as_of: datetime,
    ) -> None:
        self._map = datamap
        self._terms = terms
        self._inventory = inventory
        self._clocks = clocks
        self._scopes: list[HoldScope] = read_hold_scopes(inventory.own)
        self._sessions = ExitStack()
        self._clients: dict[str, Any] = {}
        self._around = Surroundings(
            datamap, resolve, inventory, hasher, clocks, self._scopes, as_of, progress, self._sessions, set(), set()
        )
        self.looked_at: dict[tuple[str, str], Counter[str]] = {}
        self.places_read: list[str] = []
        self.places_failed: dict[str, str] = {}
        self.explanations: dict[str, str] = {}
        self.last_checks: dict[str, UUID] = {}
        self.totals: dict[str, int] = {}

    def holds_on_nothing(self) -> dict[str, int]:
        """Open holds on a place or a category that the map doesn't have, by what is unknown, and on partitions without their
        schema."""
        known = {(place.name, place.spec.category) for place in self._map.places.values()}
        unqualified = len(self._around.unqualified)
        found = holds_on_nothing(self._scopes, known, self._clocks.now())
        return found | ({"partition_without_schema": unqualified} if unqualified else {})

    @property
    def rows_read(self) -> int:
        """Rows read in all places."""
        return sum(counters["rows"] for counters in self.looked_at.values())

    def read(self, *, coverage: bool) -> None:
        """Which buckets there are, then those of the map with their places, then all other places, and which places left the map;
        with `coverage` also whatever else the map's connections can see.

        Raises DataMapError where a category has no place.
        """
        places = [place for category in self._terms for place in self._map.of_category(category)]
        plans = plan_buckets(self._map, tuple(self._terms))
        self._inventory.add_approvals(self._scopes)
        self._remember_dropped(next(iter(self._terms)))
        forget_unmapped(self._inventory.own, list(self._map.places))
        stores = {plan.store: plan.category for plan in reversed(plans)}
        with self._sessions:
            for store, category in (self._all_stores(stores) if coverage else stores).items():
                self._read_bucket_list(store, category)
            self._read_source_clocks(places)
            readers = [reader for plan in plans for reader in self._read_bucket(plan)]
            self._inventory.index()
            for reader in readers:
                self._read_place(reader.check, reader.finish)
            for place in places:
                if not isinstance(place, MappedPlace):
                    check = self._check_of(place)
                    self._read_place(check, partial(read_place, check))
        if coverage:
            self._cover()
        for place in places:
            if place.name not in {*self.places_read, *self.places_failed}:
                self._unreadable(place.spec.category, place.name, "Skipped")  # none may drop out of a check unnoticed

    def _all_stores(self, planned: dict[str, str]) -> dict[str, str]:
        """Every store that the map's connections lead to, with the category that its findings belong to."""
        names = dict.fromkeys(store_of(self._map, name) for name in self._map.connections)
        s3 = [name for name in names if self._map.connections[name].kind is ConnectionKind.S3]
        return planned | {name: next(iter(self._terms)) for name in s3 if name not in planned}

    def _cover(self) -> None:
        """Tables, columns and files that nobody mapped, and what is declared."""
        covered = cover(self._around, tuple(self._terms))
        for (category, place), counts in covered.looked_at.items():
            self._count(category, place, **counts)
        for place, (category, reason, explanation) in covered.failed.items():
            self._unreadable(category, place, reason, explanation)
        self.totals = covered.totals

    def _remember_dropped(self, category: str) -> None:
        """Places that an earlier check read and that the map has no more: what was protected there is out of sight."""
        for name, protected in dropped_places(self._inventory.own, list(self._terms), list(self._map.places)).items():
            self._count(category, name, remembered=len(protected), read_before=1)
            self._inventory.add(
                [remembered(category, name, item_hash, "place_left_the_map") for item_hash in protected]
                or [Entry(category, name, "place", mapped=False)]
            )

    def _check_of(self, place: AnyPlace) -> PlaceCheck:
        category = place.spec.category
        self._count(category, place.name, parts=0, protected=0, remembered=0, places=1, read_before=1)
        check = PlaceCheck(place, self._terms[category], self._around)
        note_planted(check)
        return check

    def _read_bucket(self, plan: BucketPlan) -> list[ObjectReader]:
        """The bucket's listing; gives the readers of the places that were listed to their end."""
        self._count(plan.category, plan.label, stored=0, places=1)
        checks = [self._check_of(place) for place in plan.places if place.name in plan.checked]
        try:
            self._around.progress(0)  # is there time?
            bucket = Bucket(self._client(plan.store), plan.bucket)
        except StoreUnreadable as error:
            return self._all_failed(checks, error)
        readers = {reader.check.name: reader for reader in self._open(checks, plan, bucket)}
        if not readers:
            return []
        intake = BucketIntake(plan, bucket, readers, self._around)
        try:
            intake.read_listing()
        except StoreUnreadable as error:
            return self._all_failed([reader.check for reader in readers.values()], error)
        self._count(plan.category, plan.label, stored=intake.looked_at)
        return list(readers.values())

    def _client(self, store: str) -> Any:
        """The check's one client of a store: making one takes longer than listing a small bucket."""
        if store not in self._clients:
            client = open_client(self._around.verifier(store))
            self._sessions.callback(client.close)
            self._clients[store] = client
        return self._clients[store]

    def _open(self, checks: Sequence[PlaceCheck], plan: BucketPlan, bucket: Bucket) -> Iterator[ObjectReader]:
        for check in checks:
            try:
                yield object_reader(check, plan, bucket)
            except StoreUnreadable as error:
                self._failed(check, error)

    def _all_failed(self, checks: Sequence[PlaceCheck], error: StoreUnreadable) -> list[ObjectReader]:
        for check in checks:
            self._failed(check, error)
        return []

    def _read_place(self, check: PlaceCheck, read: Callable[[], None]) -> None:
        """The rest of one place: its rows or files, and what was protected there before."""
        try:
            self._around.progress(0)  # is there time?
            read()
            read_canaries(check)
            last = last_check_of(self._inventory.own, check.name)
            if last is not None:
                read_vanished(check, last)
                if last.is_comparable(self._around.hasher.key_id):
                    recall_kept(self._inventory, check.name, last.check_run_id)
                self.last_checks[check.name] = last.check_run_id
        except StoreUnreadable as error:
            self._failed(check, error)
            return
        self._keep_count(check)
        if check.trouble is not None:
            self._unreadable(check.terms.category, check.name, check.trouble)
        else:
            self.places_read.append(check.name)

    def _read_source_clocks(self, places: Sequence[AnyPlace]) -> None:
        """The time of each database that these places' rows are in: it dated what the rows say."""
        for connection in sorted({name for place in places if (name := _database_of(place)) is not None}):
            # Where it doesn't answer, whoever reads its rows says so.
            with (
                suppress(StoreUnreadable, RequestError),
                closing(Source(self._around.verifier(connection), connection, "its clock")) as source,
            ):
                self._clocks.note(connection, source.clock())

    def _read_bucket_list(self, store: str, category: str) -> None:
        self._count(category, store, buckets=0, places=1)
        try:
            names = []
            for answer in bucket_lists(self._client(store)):
                self._clocks.note(store, clock_of(answer))
                names += [str(found["Name"]) for found in answer.get("Buckets", ())]
        except StoreUnreadable as error:
            self._unreadable(category, store, f"ListBuckets {error.code}", str(error))
            return
        self._around.buckets.update(names)
        self._count(category, store, buckets=len(names))
        unmapped = set(unmapped_buckets(self._map, self._on_server_of(store), names))
        self._inventory.add([Entry(category, store, "bucket", mapped=True) for name in names if name not in unmapped])
        # A bucket's name is a place: without it nobody could look what lies there.
        self._inventory.add([Entry(category, f"{store}/{name}", "bucket", mapped=False) for name in sorted(unmapped)])
        declared = declared_buckets(self._map, store)
        self._count(category, store, declared_names=len(declared))
        missing = sorted(declared.difference(names))
        self._inventory.add(
            [Entry(category, f"{store}/{name}", "named", mapped=False, note=f"{name}: no bucket") for name in missing]
        )

    def _on_server_of(self, store: str) -> set[str]:
        """The map's connections to the same server (or to AWS), where a bucket's name means the same bucket."""
        server = self._server(store)
        s3 = {name for name, one in self._map.connections.items() if one.kind is ConnectionKind.S3}
        return {name for name in s3 if self._server(name) == server}

    def _server(self, connection: str) -> tuple[str, str | None]:
        try:
            return "at", self._around.verifier(connection).extra.get("endpoint_url")
        except RequestError:  # one that is not set is not needed, unless a place of this check lies there
            return "unset", connection

    def _failed(self, check: PlaceCheck, error: StoreUnreadable) -> None:
        self._keep_count(check)
        self._unreadable(check.terms.category, check.name, error.code, str(error))

    def _unreadable(self, category: str, place: str, reason: str, explanation: str | None = None) -> None:
        self.places_failed[place] = reason
        self.explanations[place] = explanation or f"{place}: {_EXPLAINED.get(reason, reason)}"
        self._inventory.add([Entry(category, place, "place", mapped=True, note=reason)])

    def _keep_count(self, check: PlaceCheck) -> None:
        self.looked_at[check.terms.category, check.name].update(check.looked_at)

    def _count(self, category: str, place: str, **counts: int) -> None:
        counters = self.looked_at.setdefault((category, place), Counter())
        for name, count in counts.items():
            counters[name] += count
