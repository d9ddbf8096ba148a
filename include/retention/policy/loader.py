"""Promises and rules from YAML: every problem is named with file, line, what was found and what was expected."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from retention.documents import Document, read_document, read_folder
from retention.errors import PolicyError, Problem
from retention.policy.model import Promises, RetentionRule
from retention.policy.strength import check_rule, promised_consents

PROMISES_FILE = "promises.yaml"
CLAUSES = frozenset({
    "audio", "audio-consent", "no-training", "encryption", "contract", "transcript", "marketing", "leads", "logs", "usage",
    "cookies", "erasure", "rights", "recipients", "transfers", "role", "backups", "minors", "reminder", "version",
    "no-autodecision",
})  # fmt: skip
"""The clauses of the privacy policy that this project knows (clauses.md)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """All promises and rules of one folder; the digests name exactly what was loaded."""

    promises: Promises
    rules: dict[str, RetentionRule]
    promises_digest: str
    rules_digest: str

    def rule(self, category: str) -> RetentionRule:
        """The category's rule; raises PolicyError where there is none, because a place without a rule is unknown."""
        if category not in self.rules:
            known = ", ".join(sorted(self.rules))
            raise PolicyError([Problem("policies", 1, "unknown_category", repr(category), f"one of: {known}")])
        return self.rules[category]


def load_policy(folder: Path) -> Policy:
    """Read `promises.yaml` and every rule beside it. Raises PolicyError with all problems found at once."""
    promises, promises_document = load_promises(folder)
    documents, problems = read_folder(folder, PolicyError, without=PROMISES_FILE)
    if not documents and not problems:
        problems.append(Problem(str(folder), 1, "no_rules", "no rule file", "one YAML file per data category"))
    rules: dict[str, RetentionRule] = {}
    for document in documents:
        try:
            rule = document.build(RetentionRule, PolicyError)
        except PolicyError as error:
            problems += error.problems
            continue
        problems += check_rule(document, rule, promises)
        if rule.category in rules:
            found = f"a second rule for category {rule.category!r}"
            problems.append(document.problem(("category",), "two_rules", found, "exactly one rule per category"))
        rules[rule.category] = rule
    if problems:
        raise PolicyError(problems)
    digest = hashlib.sha256(b"".join(hashlib.sha256(document.raw).digest() for document in documents)).hexdigest()
    return Policy(promises, rules, promises_document.digest, digest)


def load_promises(folder: Path) -> tuple[Promises, Document]:
    """Read `promises.yaml` alone: all that verification needs of the policy."""
    document = read_document(folder / PROMISES_FILE, PolicyError)
    promises = document.build(Promises, PolicyError)
    problems = [
        document.problem(
            ("promises", clause), "unknown_clause", repr(clause), "a clause of the privacy policy (clauses.md)"
        )
        for clause in promises.promises
        if clause not in CLAUSES
    ]
    for clause, promise in promises.promises.items():
        if promise.exemption is not None and promised_consents(promises, promise) is None:
            found = f"an exemption by {promise.exemption!r}, which asks for no consents"
            path = ("promises", clause, "exemption")
            problems.append(document.problem(path, "unknown_clause", found, "a clause in this file with `consents`"))
    if problems:
        raise PolicyError(problems)
    return promises, document
