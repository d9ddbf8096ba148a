"""What a store lists, in pages: as much as is looked at before any of it is decided on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Listed = TypeVar("Listed")


def pages_of(listed: Iterable[Listed], size: int) -> Iterator[list[Listed]]:
    """What is listed in lists of `size`, the last one perhaps shorter; none is empty."""
    iterator = iter(listed)
    while page := list(islice(iterator, size)):
        yield page
