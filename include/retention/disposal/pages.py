"""What a store lists, in pages: as much as is looked at before any of it is decided on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from retention.stores.protocol import StoredPart


def pages_of(parts: Iterable[StoredPart], size: int) -> Iterator[list[StoredPart]]:
    """The parts in lists of `size`, the last one perhaps shorter; none is empty."""
    iterator = iter(parts)
    while page := list(islice(iterator, size)):
        yield page
