"""Shorter limits that were agreed with a customer of whom nothing is there: they bind nobody, and nobody would be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from retention.datamap.loader import DataMap, MappedPlace, MappedTable
from retention.verification.inventory import Entry
from retention.verification.promised import Limits, PromisedTerms
from retention.verification.reading import Reading


def compare_agreements(
    reading: Reading, agreed: Mapping[str, Limits], terms: Mapping[str, PromisedTerms], datamap: DataMap
) -> list[Entry]:
    """One entry for each customer with limits of their own (`agreed`, by category) whom no place of this check met; after all
    places were read. It stands under a place of the first category.

    Of a customer with limits for categories that this check doesn't read, or not to their end, nothing is said.
    """
    places = [place for place in datamap.places.values() if isinstance(place, MappedPlace | MappedTable)]
    first = {place.spec.category: place.name for place in reversed(places)}
    unread = {place.spec.category for place in places if place.name in reading.places_failed}
    for category in agreed.keys() & terms.keys() & first.keys():
        counters = reading.looked_at.setdefault((category, first[category]), Counter())
        counters["agreements"] += len(agreed[category])
    return [
        Entry(categories[0], first[categories[0]], "agreement", mapped=False)
        for tenant, categories in _by_tenant(agreed)
        if all(one in terms and one in first and one not in unread for one in categories)
        and not any(tenant in terms[one].met for one in categories)
    ]


def _by_tenant(agreed: Mapping[str, Limits]) -> Iterator[tuple[str, list[str]]]:
    for tenant in sorted({tenant for limits in agreed.values() for tenant in limits}):
        yield tenant, [category for category, limits in agreed.items() if tenant in limits]
