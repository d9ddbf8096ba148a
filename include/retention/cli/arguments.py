"""Arguments that name something: a wrong one is a fault of the command, not of the file that doesn't know it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from retention.datamap.loader import load_datamap
from retention.errors import RequestError
from retention.policy.loader import load_policy
from retention.settings import datamap_folder, policies_folder


def require_rule(category: str, argument: str = "CATEGORY") -> None:
    """Raise RequestError unless the category has a rule."""
    _require_one_of(argument, category, load_policy(policies_folder()).rules, "a data category that has a rule")


def require_mapped(categories: Sequence[str], argument: str = "CATEGORY") -> None:
    """Raise RequestError unless each category has a place. The rules are not asked: verification can do without them."""
    mapped = {place.spec.category for place in load_datamap(datamap_folder()).places.values()}
    for category in categories:
        _require_one_of(argument, category, mapped, "a data category that has a place in the data map")


def require_place(place: str, argument: str) -> None:
    """Raise RequestError unless it is a place of the data map."""
    _require_one_of(argument, place, load_datamap(datamap_folder()).places, "a place of the data map")


def _require_one_of(argument: str, found: str, known: Collection[str], what: str) -> None:
    if found not in known:
        raise RequestError(
            f"{argument}: found {found!r}; expected {what}: {', '.join(sorted(known)) or 'there is none'}"
        )
