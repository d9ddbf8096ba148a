"""Reads all stores of one check into its inventory. What can't be read is noted, and the rest is read all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from uuid import UUID

from retention.connections import Resolver
from retention.database import OwnConnection
from retention.datamap.loader import DataMap, MappedPlace
from retention.errors import StoreUnreadable
from retention.evidence.hashing import ItemHasher
from retention.verification.clocks import Clocks, clock_of
from retention.verification.holds import (
    HoldIndex,
    HoldScope,
    follow,
    holds_on_nothing,
    items_named_by,
    read_hold_scopes,
)
from retention.verification.intake import (
    HIDDEN_OBJECTS,
    REFUSED_METADATA,
    UNREADABLE_VERSIONS,
    BucketIntake,
    PlaceReader,
    Progress,
)
from retention.verification.inventory import Entry, Inventory
from retention.verification.listing import Bucket, bucket_lists, open_client
from retention.verification.memory import dropped_places, last_check_of
from retention.verification.promised import PromisedTerms
from retention.verification.source import RowSource
from retention.verification.territory import BucketPlan, kin_of, unmapped_buckets
from retention.verification.vanished import read_vanished, remembered


def counting(own: OwnConnection, progress: Callable[[int, int], None] | None) -> Progress:
    """Adds up what was read. How much there is nobody knows before the end, so the last check's number stands in."""
    if progress is None:
        return lambda _more: None
    last = own.execute(_LAST_READ).fetchone()
    expected, done = int(last["read"] or 0) if last is not None else 0, 0

    def add(more: int) -> None:
        nonlocal done
        done += more
        progress(done, max(done, expected))

    return add


_LAST_READ = """
SELECT (summary #>> '{counts,parts}')::bigint + (summary #>> '{counts,rows}')::bigint AS read
FROM retention.check_runs
WHERE finished_at IS NOT NULL
ORDER BY started_at DESC
LIMIT 1
"""


_EXPLAINED = {
    REFUSED_METADATA: "the store refused objects' metadata (HeadObject), which say how old an object without a row is; "
    "expected the right to read objects and their versions for the verifying identity (include/iam).",
    HIDDEN_OBJECTS: "the store holds objects that none of its listings shows, so that nobody can say what else it hides; "
    "expected a complete listing. Look at the keys that begin like the server's own folders.",
    UNREADABLE_VERSIONS: "the store lists versions that it does not find when asked for them; expected both to agree. Run the "
    "check again; if it stays, the bucket needs repair.",
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
    ) -> None:
        self._clocks = clocks
        self._map = datamap
        self._terms = terms
        self._resolve = resolve
        self._inventory = inventory
        self._hasher = hasher
        self._progress = progress
        self._scopes: list[HoldScope] = read_hold_scopes(inventory.own)
        self.looked_at: dict[tuple[str, str], Counter[str]] = {}
        self.places_read: list[str] = []
        self.places_failed: dict[str, str] = {}
        self.explanations: dict[str, str] = {}
        self.last_checks: dict[str, UUID] = {}
        self._buckets: set[str] = set()

    def holds_on_nothing(self) -> dict[str, int]:
        """Open holds on a place or a category that the map doesn't have, by what is unknown."""
        known = {(place.name, place.spec.category) for place in self._map.places.values()}
        return holds_on_nothing(self._scopes, known, self._clocks.now())

    @property
    def rows_read(self) -> int:
        """Rows read in all places."""
        return sum(counters["rows"] for counters in self.looked_at.values())

    def read(self, plans: Sequence[BucketPlan]) -> None:
        """Which buckets there are, then those of the map with their places, and which places left it."""
        self._inventory.add_approvals(self._scopes)
        self._remember_dropped(next(iter(self._terms)))
        for store in dict.fromkeys(plan.store for plan in plans):
            self._read_bucket_list(store, next(plan.category for plan in plans if plan.store == store))
        readers: list[tuple[PlaceReader, BucketIntake]] = []
        with ExitStack() as sessions:
            for plan in plans:
                readers += self._read_bucket(plan, sessions)
            self._inventory.index()
            for reader, intake in readers:
                self._read_rows(reader, intake)
        for plan in plans:
            for name in plan.checked.difference(self.places_read, self.places_failed):
                self._unreadable(plan.category, name, "Skipped")  # no place may drop out of a check unnoticed

    def _remember_dropped(self, category: str) -> None:
        """Places that an earlier check read and that the map has no more: what was protected there is out of sight."""
        for name, protected in dropped_places(self._inventory.own, list(self._terms), list(self._map.places)).items():
            self._count(category, name, remembered=len(protected), read_before=1)
            self._inventory.add(
                [remembered(category, name, item_hash, "place_left_the_map") for item_hash in protected]
                or [Entry(category, name, "place", mapped=False)]
            )

    def _read_bucket(self, plan: BucketPlan, sessions: ExitStack) -> list[tuple[PlaceReader, BucketIntake]]:
        """The bucket's listing; gives the readers of the places that were listed to their end."""
        self._count(plan.category, plan.label, stored=0, places=1)
        places = [place for place in plan.places if place.name in plan.checked]
        readers = {}
        for place in places:
            try:
                readers[place.name] = self._open(place, sessions)
            except StoreUnreadable as error:
                self._failed(place, error)
        if not readers:
            return []
        try:
            client = open_client(self._resolve(self._map.connections[plan.store].verification))
            sessions.callback(client.close)
            intake = BucketIntake(plan, Bucket(client, plan.bucket), readers, self._inventory, self._hasher)
            intake.read_listing(self._progress)
        except StoreUnreadable as error:
            for reader in readers.values():
                self._failed(reader.place, error)
            return []
        finally:
            for reader in readers.values():
                self.looked_at[reader.terms.category, reader.name].update(reader.looked_at)
        self._count(plan.category, plan.label, stored=intake.looked_at)
        return [(reader, intake) for reader in readers.values()]

    def _open(self, place: MappedPlace, sessions: ExitStack) -> PlaceReader:
        category = place.spec.category
        self._count(category, place.name, parts=0, rows=0, protected=0, remembered=0, places=1, read_before=1)
        rows = RowSource(self._resolve(place.facts.verification), place, self._terms[category])
        sessions.callback(rows.close)
        return PlaceReader(place, self._terms[category], rows, self._holds(place, rows), self._hasher)

    def _holds(self, place: MappedPlace, rows: RowSource) -> HoldIndex:
        """The holds that may cover something here. An item's hold follows its row to every place of the same table.

        An item that was held here must have its row here: what a row elsewhere speaks of are other bytes.
        """
        kin = kin_of(self._map, place)
        holds = HoldIndex(follow(self._scopes, place, kin), place.spec.category)
        here, elsewhere = (items_named_by(self._scopes, places) for places in (kin[:1], kin[1:]))
        holds.lose((here - rows.known(here, kin[:1])) | (elsewhere - rows.known(elsewhere, kin)))
        return holds

    def _read_rows(self, reader: PlaceReader, intake: BucketIntake) -> None:
        before = Counter(reader.looked_at)
        try:
            intake.read_rows(reader, self._map, self._buckets, self._progress)
            last = last_check_of(self._inventory.own, reader.name)
            if last is not None:
                read_vanished(self._inventory, reader, last)
                self.last_checks[reader.name] = last.check_run_id
        except StoreUnreadable as error:
            self._failed(reader.place, error)
        else:
            if reader.trouble is not None:
                self._unreadable(reader.terms.category, reader.name, reader.trouble)
            else:
                self.places_read.append(reader.name)
        self.looked_at[reader.terms.category, reader.name].update(reader.looked_at - before)

    def _read_bucket_list(self, store: str, category: str) -> None:
        self._count(category, store, buckets=0, places=1)
        try:
            client = open_client(self._resolve(self._map.connections[store].verification))
            names = []
            for answer in bucket_lists(client):
                self._clocks.note(store, clock_of(answer))
                names += [str(found["Name"]) for found in answer.get("Buckets", ())]
            client.close()
        except StoreUnreadable as error:
            self._unreadable(category, store, f"ListBuckets {error.code}", str(error))
            return
        self._buckets.update(names)
        self._count(category, store, buckets=len(names))
        unmapped = set(unmapped_buckets(self._map, store, names))
        self._inventory.add([Entry(category, store, "bucket", mapped=True) for name in names if name not in unmapped])
        # A bucket's name is a place: without it nobody could look what lies there.
        self._inventory.add([Entry(category, f"{store}/{name}", "bucket", mapped=False) for name in sorted(unmapped)])

    def _failed(self, place: MappedPlace, error: StoreUnreadable) -> None:
        self._unreadable(place.spec.category, place.name, error.code, str(error))

    def _unreadable(self, category: str, place: str, reason: str, explanation: str | None = None) -> None:
        self.places_failed[place] = reason
        self.explanations[place] = explanation or f"{place}: {_EXPLAINED.get(reason, reason)}"
        self._inventory.add([Entry(category, place, "place", mapped=True, note=reason)])

    def _count(self, category: str, place: str, **counts: int) -> None:
        counters = self.looked_at.setdefault((category, place), Counter())
        for name, count in counts.items():
            counters[name] += count
