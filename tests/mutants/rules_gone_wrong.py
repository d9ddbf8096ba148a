"""Faults in rules, promises and the data map, as YAML: each refused when it is loaded, before anything can be planned by it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.company import INCLUDE

from retention.datamap.loader import load_datamap
from retention.errors import DataMapError, PolicyError
from retention.policy.loader import load_policy


@dataclass(frozen=True)
class WrongDocument:
    """Each `right` text of the file is in it, and becomes `wrong`; the loader has to say `code`."""

    name: str
    fault: str
    code: str
    changes: tuple[tuple[str, str, str], ...]


def _one(name: str, fault: str, code: str, file: str, right: str, wrong: str) -> WrongDocument:
    return WrongDocument(name, fault, code, ((file, right, wrong),))


DOCUMENTS = (
    _one(
        "rule_weaker_than_its_promise",
        "The rule leaves 60 days where 30 are promised.",
        "weaker_than_promise", "policies/audio.yaml", "limit: P30D", "limit: P60D",
    ),
    WrongDocument(
        "months_for_days_in_rule_and_promise",
        "Rule and promise both say one month, so that they agree, and mean up to 31 days.",
        "bad_value",
        (("policies/audio.yaml", "limit: P30D", "limit: P1M"), ("policies/promises.yaml", "limit: P30D", "limit: P1M")),
    ),
    _one(
        "bare_number_for_a_period",
        "The limit is 30, of whatever unit the reader thinks of.",
        "bad_value", "policies/audio.yaml", "limit: P30D", "limit: 30",
    ),
    _one(
        "start_point_left_out",
        "The rule knows the age alone; that a recording goes with its transcription is left out.",
        "weaker_than_promise",
        "policies/audio.yaml",
        "      - event: transcription_succeeded\n        allowed_latency: PT2H\n",
        "",
    ),
    _one(
        "consent_of_one_party_in_the_rule",
        "The rule asks for the caller's consent alone.",
        "weaker_than_promise", "policies/audio.yaml", "[caller, customer]", "[caller]",
    ),
    _one(
        "consent_to_training_in_the_rule",
        "The rule takes consent to training for consent to archiving.",
        "weaker_than_promise", "policies/audio.yaml", "scope: archiving", "scope: ai_training",
    ),
    _one(
        "schedule_that_can_not_keep_the_limit",
        "Runs come too seldom for what they leave between due and deadline.",
        "schedule_breaks_promise", "policies/audio.yaml", "longest_interval: PT1H", "longest_interval: P7D",
    ),
    _one(
        "limit_twice",
        "The limit stands twice in the file, and the second, longer one wins.",
        "duplicate_key", "policies/audio.yaml", "limit: P30D", "limit: P30D\n        limit: P90D",
    ),
    _one(
        "misspelt_key",
        "A misspelt key is passed over, and with it what it was to limit.",
        "unknown_key", "policies/audio.yaml", "lead: PT49H", "leed: PT49H",
    ),
    _one(
        "customers_limit_lengthened",
        "An agreement with one customer lengthens what everybody was promised.",
        "lengthens_limit", "policies/tenants/eiltempo-logistik.yaml", "limit: P14D", "limit: P90D",
    ),
    _one(
        "rule_of_an_older_policy",
        "The policy was rewritten; the rule was never looked at again.",
        "stale_policy_version", "policies/promises.yaml", 'policy_version: "2025-08-03"', 'policy_version: "2026-05-01"',
    ),
    _one(
        "no_prefix_means_the_whole_bucket",
        "A place without a prefix would be the whole bucket.",
        "bad_value", "datamap/company.yaml", 'prefixes: ["recordings/"]', "prefixes: []",
    ),
    _one(
        "column_without_what_it_becomes",
        "A column is to be anonymised, and nobody says to what.",
        "empty_value", "datamap/company.yaml", "user_agent: anonymised", "user_agent:",
    ),
)  # fmt: skip


def codes_of(document: WrongDocument | None, folder: Path) -> set[str]:
    """What the loaders say of a copy of the shipped documents with this fault."""
    for name in ("policies", "datamap"):
        shutil.copytree(INCLUDE / name, folder / name)
    for file, right, wrong in document.changes if document is not None else ():
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert right in text
        path.write_text(text.replace(right, wrong), encoding="utf-8")
    codes: set[str] = set()
    try:
        load_policy(folder / "policies")
    except PolicyError as error:
        codes |= {problem.code for problem in error.problems}
    try:
        load_datamap(folder / "datamap")
    except DataMapError as error:
        codes |= {problem.code for problem in error.problems}
    return codes
