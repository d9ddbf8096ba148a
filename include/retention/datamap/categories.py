"""Which data categories there are, for whoever means all of them."""

from __future__ import annotations

from pathlib import Path

from retention.datamap.loader import DataMap
from retention.documents import Document, read_folder
from retention.errors import DataMapError, PolicyError, Problem
from retention.policy.loader import PROMISES_FILE, Policy
from retention.policy.words import WORDS_FILE


def known_categories(policy: Policy, datamap: DataMap) -> list[str]:
    """Every category that has a rule or a place, sorted: one that has only one of the two must not go unseen."""
    return sorted(policy.rules.keys() | {place.spec.category for place in datamap.places.values()})


def unmatched_categories(policy: Policy, datamap: DataMap, policies: Path, maps: Path) -> list[Problem]:
    """A rule without a place deletes nothing, a place without a rule is kept for ever, and one without the consents that its rule
    asks for is not planned: all named with file and line.

    `policies` and `maps` are the folders that both were loaded from.
    """
    mapped = {place.spec.category for place in datamap.places.values()}
    rules, _ = read_folder(policies, PolicyError, without=(PROMISES_FILE, WORDS_FILE))
    systems, _ = read_folder(maps, DataMapError)
    problems = [
        rule.problem(("category",), "rule_without_place", repr(rule.data["category"]), "a place of it in the data map")
        for rule in rules
        if rule.data["category"] not in mapped
    ]
    problems += [problem for system in systems for problem in _without_rule(system, policy)]
    return problems + [problem for system in systems for problem in _without_consents(system, policy)]


def _without_rule(system: Document, policy: Policy) -> list[Problem]:
    return [
        system.problem(
            ("places", name, "category"), "place_without_rule", repr(place["category"]), "a rule for it in the policies"
        )
        for name, place in system.data["places"].items()
        if place["category"] not in policy.rules
    ]


def _without_consents(system: Document, policy: Policy) -> list[Problem]:
    return [
        system.problem(
            ("places", name, "facts"),
            "no_consents",
            f"no {wanted!r}, while the rule for {place['category']!r} has an exemption by consent",
            f"the SQL file that reads the consents (docs/data-map.md, `{wanted}`)",
        )
        for name, place in system.data["places"].items()
        if place["category"] in policy.rules
        and any(version.exemption is not None for version in policy.rule(place["category"]).versions)
        for wanted in ("consents", "check_consents")
        if "facts" in place and wanted not in place["facts"]
    ]
