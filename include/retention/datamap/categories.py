"""Which data categories there are, for whoever means all of them."""

from __future__ import annotations

from retention.datamap.loader import DataMap
from retention.policy.loader import Policy


def known_categories(policy: Policy, datamap: DataMap) -> list[str]:
    """Every category that has a rule or a place, sorted: one that has only one of the two must not go unseen."""
    return sorted(policy.rules.keys() | {place.spec.category for place in datamap.places.values()})
