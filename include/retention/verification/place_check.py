"""What every intake gets: one place of a check, and what the whole check shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from retention.connections import Connection, Resolver
from retention.datamap.loader import AnyPlace, DataMap
from retention.evidence.hashing import ItemHasher
from retention.verification.clocks import Clocks
from retention.verification.holds import Covered, HoldScope
from retention.verification.inventory import Entry, Inventory
from retention.verification.promised import PromisedTerms
from retention.verification.row_queries import ConsentFacts, RequestFacts

Progress = Callable[[int], None]
"""Called with how many more parts and rows have been read. Raises StoreUnreadable once the check's time is over."""


_NEEDED = frozenset({"version", "record", "partition", "file"})
"""What can be needed until an event comes."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all places of one check share. `sessions` are closed when all stores have been read; `buckets` are those that the
    stores' own lists name, `unqualified` open holds on partitions that are named without their schema, and so mean none."""

    datamap: DataMap
    resolve: Resolver
    inventory: Inventory
    hasher: ItemHasher
    clocks: Clocks
    scopes: Sequence[HoldScope]
    as_of: datetime
    progress: Progress
    sessions: ExitStack
    buckets: set[str]
    unqualified: set[UUID]

    def verifier(self, connection: str) -> Connection:
        """The verifying identity of one of the map's connections."""
        return self.resolve(self.datamap.connections[connection].verification)


def _no_consents(_ids: Sequence[str]) -> Iterator[ConsentFacts]:
    return iter(())


@dataclass(slots=True)
class PlaceCheck:
    """One place of this check. `looked_at` counts what was read of it (kinds.py: `looks_at`); `trouble` is why it can't be
    vouched for, although it was read to its end; `consents_by_id` reads consents of items that are gone, `requests_of` what
    these customers decided (None: the place's source doesn't tell). `canaries` are those that had been planted before the place
    was read; `sighted` those that were looked for by themselves and are there, by their hash, with the holds that cover each."""

    place: AnyPlace
    terms: PromisedTerms
    around: Surroundings
    looked_at: Counter[str] = field(default_factory=Counter)
    trouble: str | None = None
    consents_by_id: Callable[[Sequence[str]], Iterator[ConsentFacts]] = _no_consents
    requests_of: Callable[[Sequence[str]], Iterator[RequestFacts]] | None = None
    canaries: list[dict[str, Any]] = field(default_factory=list)
    sighted: dict[bytes, Covered] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The place's name in the data map."""
        return self.place.name

    @property
    def inventory(self) -> Inventory:
        """Where entries go."""
        return self.around.inventory

    def item_hash(self, item_id: str) -> bytes:
        """The keyed hash of one of the place's items: the same in every check."""
        return self.around.hasher.item(self.name, item_id)

    def entry(self, kind: str, *, holds: Covered | None = None, **known: Any) -> Entry:
        """One entry of this place; what the fields mean stands in inventory.sql."""
        covered = holds if holds is not None else Covered([], [])
        if kind in _NEEDED and "event_happened" not in known:
            # An intake that can't tell says that it doesn't know.
            nobody_says = [None] * len(self.terms.events)
            known |= {"event_happened": nobody_says, "event_at": nobody_says}
        return Entry(
            category=self.terms.category,
            place=self.name,
            entry=kind,
            mapped=True,
            is_processor=self.place.spec.role == "processor",
            hold_ids=covered.all,
            sure_hold_ids=covered.surely,
            **known,
        )

    def read_more(self, counter: str, count: int) -> None:
        """Note that so many more things were looked at."""
        self.looked_at[counter] += count
        self.around.progress(count)
