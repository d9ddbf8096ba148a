"""Promises and rules from YAML: every problem is named with file, line, what was found and what was expected."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retention.documents import Document, read_document, read_folder
from retention.errors import PolicyError, Problem
from retention.policy.model import Promises, RetentionRule, TenantLimit, TenantTerms
from retention.policy.strength import check_rule, check_tenant, promised_consents
from retention.policy.words import WORDS_FILE, load_words

Tenants = dict[str, dict[str, tuple[TenantLimit, ...]]]
"""Shorter limits, by category and by the customer's id."""

PROMISES_FILE = "promises.yaml"
TENANTS_FOLDER = "tenants"


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
    documents, problems = read_folder(folder, PolicyError, without=(PROMISES_FILE, WORDS_FILE))
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
    agreed, tenants, more = _read_tenants(folder)
    problems += [*more, *_problems_of_words(folder)]
    if len(rules) == len(documents):  # what a customer agreed on can't be compared with rules that can't be read
        for document, terms in agreed:
            problems += check_tenant(document, terms, rules)
    if problems:
        raise PolicyError(problems)
    rules = {category: rule.with_tenants(tenants.get(category, {})) for category, rule in rules.items()}
    digest = _digest_of([*documents, *(document for document, _ in agreed)])
    return Policy(promises, rules, promises_digest(promises_document, folder), digest)


def load_tenants(folder: Path) -> Tenants:
    """Read the customers' shorter limits (`tenants/*.yaml` below the folder); none where there is no such folder.

    Both sides read them: they are promises to a customer. Raises PolicyError with all problems found at once.
    """
    _, tenants, problems = _read_tenants(folder)
    if problems:
        raise PolicyError(problems)
    return tenants


def _problems_of_words(folder: Path) -> list[Problem]:
    try:
        load_words(folder)
    except PolicyError as error:
        return list(error.problems)
    return []


def promises_digest(promises: Document, folder: Path) -> str:
    """What stands for all promises: to everybody (`promises.yaml`), and to single customers."""
    agreed, _, _ = _read_tenants(folder)
    return _digest_of([promises, *(document for document, _ in agreed)]) if agreed else promises.digest


def _digest_of(documents: Sequence[Document]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(document.raw).digest() for document in documents)).hexdigest()


def _read_tenants(folder: Path) -> tuple[list[tuple[Document, TenantTerms]], Tenants, list[Problem]]:
    documents, problems = read_folder(folder / TENANTS_FOLDER, PolicyError)
    agreed: list[tuple[Document, TenantTerms]] = []
    tenants: Tenants = {}
    for document in documents:
        try:
            terms = document.build(TenantTerms, PolicyError)
        except PolicyError as error:
            problems += error.problems
            continue
        if any(terms.tenant == other.tenant for _, other in agreed):
            found = f"a second file for tenant {terms.tenant!r}"
            problems.append(document.problem(("tenant",), "two_files", found, "one file for each customer"))
        agreed.append((document, terms))
        for category, limits in terms.limits.items():
            tenants.setdefault(category, {})[terms.tenant] = limits
    return agreed, tenants, problems


def load_promises(folder: Path) -> tuple[Promises, Document]:
    """Read `promises.yaml` alone: all that verification needs of the policy."""
    document = read_document(folder / PROMISES_FILE, PolicyError)
    promises = document.build(Promises, PolicyError)
    problems: list[Problem] = []
    for clause, promise in promises.promises.items():
        if promise.exemption is not None and promised_consents(promises, promise) is None:
            found = f"an exemption by {promise.exemption!r}, which asks for no consents"
            path = ("promises", clause, "exemption")
            problems.append(document.problem(path, "unknown_clause", found, "a clause in this file with `consents`"))
    if problems:
        raise PolicyError(problems)
    return promises, document
