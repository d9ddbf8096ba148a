"""What log files, partitions and Airflow's own records can tell of themselves: their age, and nothing else."""

from __future__ import annotations

from retention.datamap.loader import AnyPlace
from retention.errors import DataMapError, Problem
from retention.policy.model import Action, RetentionRule


def require_age_alone(rule: RetentionRule, place: AnyPlace) -> None:
    """Raise DataMapError for a rule that asks for more: it would be taken for one by age, and what it exempts would go."""
    more = {
        "events": any(event != rule.clock_event for event in rule.events),
        "consents": any(version.exemption is not None for version in rule.versions),
        "a statutory minimum": any(version.minimum is not None for version in rule.versions),
        "duties of single items": any(version.duties for version in rule.versions),
        "anonymous records": rule.action is Action.ANONYMISE,
    }
    asked = ", ".join(what for what, is_asked in more.items() if is_asked)
    if asked:
        found = f"place {place.name!r} of kind {place.spec.kind}, and a rule {rule.category!r} that asks for {asked}"
        expected = "a rule by age alone (one start point, action delete); with kind `table`, rows are judged by more"
        raise DataMapError([Problem("datamap", 1, "unanswerable_rule", found, expected)])
